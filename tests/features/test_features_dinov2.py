"""DINOv2 through the real path, held against transformers and numpy on the raw tokens."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.media.read import read_frames

FRAMES = 53


def raw_hidden(model, path):
    """Class token, registers and patch tokens one picture at a time, in double precision, by transformers alone."""
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    model, rows = model.double().eval(), []
    with torch.no_grad():
        for frame in np.concatenate(list(read_frames(path))):
            picture = ((torch.from_numpy(frame).double() / 255 - mean) / deviation).permute(2, 0, 1)[None]
            rows.append(model(pixel_values=picture).last_hidden_state[0].numpy())
    return np.array(rows)


def raw_tokens(model, path):
    """Patch tokens of `raw_hidden`."""
    return raw_hidden(model, path)[:, 1 + getattr(model.config, "num_register_tokens", 0):]


@pytest.fixture(scope="module", params=["plain", "registers", "gated"])
def saved(request, tmp_path_factory):
    """A small network saved as a folder of weights, and the network."""
    from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    small = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 42}
    torch.manual_seed(7)
    # The largest of the family, g, has gated layers (SwiGLU); S, B and L differ in size alone.
    model = {
        "plain": lambda: Dinov2Model(Dinov2Config(**small)),
        "gated": lambda: Dinov2Model(Dinov2Config(use_swiglu_ffn=True, **small)),
        "registers": lambda: Dinov2WithRegistersModel(
            Dinov2WithRegistersConfig(num_register_tokens=3, patch_size=14, **small)),
    }[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    model.save_pretrained(folder)
    return folder, model


def test_mean_and_scatter_are_those_of_all_raw_tokens(saved, film, dinov2_settings, extract_one):
    folder, model = saved
    path = film(FRAMES)
    stream = extract_one(dinov2_settings(weights=str(folder), batch=16), path, FRAMES)
    tokens = raw_tokens(model, path)
    assert tokens.shape == (FRAMES, 6, 24) and stream.values.shape == (FRAMES, 6, 8)
    flat = tokens.reshape(-1, 24)
    centred = flat - flat.mean(axis=0)
    scatter = centred.T @ centred
    np.testing.assert_allclose(stream.mean, flat.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(stream.scatter, scatter, atol=1e-5 * np.trace(scatter))
    assert stream.count == FRAMES * 6 and stream.valid.all()
    basis = stream.basis.astype(float)
    np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=1e-6)
    kept = np.trace(basis.T @ scatter @ basis) / np.trace(scatter)
    assert stream.attributes["kept_variance"] == pytest.approx(kept, abs=1e-4)
    assert kept > 0.8
    coordinates = (tokens - flat.mean(axis=0)) @ basis
    np.testing.assert_allclose(stream.values, coordinates, atol=1e-3 * np.abs(coordinates).max())


def test_a_full_basis_gives_the_tokens_back(saved, film, dinov2_settings, extract_one):
    folder, model = saved
    stream = extract_one(dinov2_settings(weights=str(folder), rank=99), film(FRAMES), FRAMES)
    assert stream.basis.shape == (24, 24) and stream.attributes["kept_variance"] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(stream.tokens(), raw_tokens(model, film(FRAMES)), atol=1e-2)


def test_the_basis_is_the_leading_one_of_every_fifth_frame_with_fixed_signs(
    saved, film, dinov2_settings, extract_one
):
    folder, model = saved
    stream = extract_one(dinov2_settings(weights=str(folder), rank=3, batch=7), film(FRAMES), FRAMES)
    sample = raw_tokens(model, film(FRAMES))[::5].reshape(-1, 24)
    _, _, rows = np.linalg.svd(sample - sample.mean(axis=0), full_matrices=False)
    for column, expected in zip(stream.basis.T, rows, strict=False):
        assert abs(column @ expected) == pytest.approx(1, abs=1e-3)
        assert column[np.abs(column).argmax()] > 0


def test_one_picture_at_a_time_gives_what_many_do(film, dinov2_settings, extract_one):
    one, many = (extract_one(dinov2_settings(batch=batch), film(FRAMES), FRAMES) for batch in (1, 32))
    np.testing.assert_allclose(one.mean, many.mean, atol=1e-5)
    np.testing.assert_allclose(one.scatter, many.scatter, atol=1e-4)
    np.testing.assert_allclose(one.tokens(), many.tokens(), atol=5e-3)


@pytest.mark.parametrize("batch", [1, 16])
def test_class_and_class_with_mean_are_dense_streams_of_transformers_numbers(
    saved, film, dinov2_settings, extract_one, batch
):
    folder, model = saved
    hidden, tokens = raw_hidden(model, film(FRAMES)), raw_tokens(model, film(FRAMES))
    for output, expected in {
        "class": hidden[:, 0], "class+mean": np.hstack([hidden[:, 0], tokens.mean(axis=1)]),
    }.items():
        settings = dinov2_settings(weights=str(folder), batch=batch, output=output)
        stream = extract_one(settings, film(FRAMES), FRAMES)
        assert stream.kind == "dense" and stream.values.dtype == np.float32 and stream.valid.all()
        np.testing.assert_allclose(stream.values, expected, atol=1e-5)


def test_a_view_of_another_size_than_the_networks_own_goes_through_whole(saved, film, dinov2_settings, extract_one):
    folder, model = saved
    path = film(11, size="112x70")
    stream = extract_one(dinov2_settings(weights=str(folder), rank=24), path, 11)
    assert stream.values.shape == (11, 8 * 5, 24)
    np.testing.assert_allclose(stream.tokens(), raw_tokens(model, path), atol=1e-2)
    np.testing.assert_allclose(stream.mean, raw_tokens(model, path).reshape(-1, 24).mean(axis=0), atol=1e-5)


def test_attention_is_the_fused_kind(saved, dinov2_settings):
    from dyadflow.features.registry import load_backbone

    for weights in (str(saved[0]), "untrained"):
        assert load_backbone(dinov2_settings(weights=weights))._model.config._attn_implementation == "sdpa"


def test_a_batch_that_does_not_fit_is_halved_and_gives_the_same(film, dinov2_settings, tmp_path, monkeypatch):
    from dyadflow.features.registry import load_backbone
    from dyadflow.features.stream import StreamWriter, open_stream
    from dyadflow.media.grid import FrameGrid

    streams, seen = [], []
    for room in (1000, 3):
        backbone = load_backbone(dinov2_settings(batch=16))
        forward = backbone._model.forward

        def cramped(*, pixel_values, forward=forward, room=room):
            if len(pixel_values) > room:
                raise torch.OutOfMemoryError("CUDA out of memory")
            seen.append(len(pixel_values))
            return forward(pixel_values=pixel_values)

        monkeypatch.setattr(backbone._model, "forward", cramped)
        with StreamWriter(tmp_path / "s.h5", FrameGrid(12.5, FRAMES), {}) as into:
            backbone.extract(film(FRAMES), FrameGrid(12.5, FRAMES), into)
        streams.append(open_stream(tmp_path / "s.h5"))
    assert 16 in seen and seen[-1] <= 2
    np.testing.assert_allclose(streams[0].tokens(), streams[1].tokens(), atol=5e-3)
    np.testing.assert_allclose(streams[0].mean, streams[1].mean, atol=1e-5)


#: Prints the most memory that a process of its own has held after each film, in MiB. VmHWM and not ru_maxrss, which
#: a child inherits from its parent.
MEASURE = r"""
import re, sys
from pathlib import Path
from dyadflow.features.registry import load_backbone
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.stream import StreamWriter
from dyadflow.media.grid import FrameGrid
config = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 224}
options = {"rank": 4, "config": config}
backbone = load_backbone(ExtractorSettings(
    backbone="dinov2", views=["scene"], weights="untrained", device="cpu", batch=8, options=options,
))
for film, frames in zip(sys.argv[1::2], sys.argv[2::2]):
    film, grid = Path(film), FrameGrid(12.5, int(frames))
    with StreamWriter(film.with_suffix(".h5"), grid, {}) as into:
        backbone.extract(film, grid, into)
    print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux")
def test_memory_does_not_grow_with_the_length(film):
    films = [part for frames in (40, 640) for part in (str(film(frames, size="224x224")), str(frames))]
    ran = subprocess.run([sys.executable, "-c", MEASURE, *films], capture_output=True, text=True, check=True)
    short, long = map(float, ran.stdout.split())
    # 600 more pictures are 86 MiB.
    assert long - short < 20, (short, long)


CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")


@CUDA
@pytest.mark.parametrize(("half", "within"), [(False, 1e-3), (True, 5e-2)])
def test_a_gpu_gives_what_a_cpu_gives(saved, film, dinov2_settings, extract_one, half, within):
    folder, model = saved
    expected = raw_tokens(model, film(FRAMES))
    settings = dinov2_settings(weights=str(folder), rank=24, half=half).model_copy(update={"device": "cuda"})
    stream = extract_one(settings, film(FRAMES), FRAMES)
    assert stream.attributes["precision"] == ("bfloat16" if half else "float32")
    np.testing.assert_allclose(stream.tokens(), expected, atol=within * np.abs(expected).max())


def test_untrained_weights_depend_on_the_seed_alone(film, dinov2_settings, extract_one):
    torch.manual_seed(1)
    first = extract_one(dinov2_settings(), film(20), 20)
    state = torch.random.get_rng_state()
    again = extract_one(dinov2_settings(), film(20), 20)
    assert torch.equal(state, torch.random.get_rng_state())
    other = extract_one(dinov2_settings(seed=1), film(20), 20)
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.allclose(first.mean, other.mean, atol=1e-3)


def test_a_view_of_the_wrong_size_is_answered_with_what_to_set(film, dinov2_settings, extract_one):
    with pytest.raises(DyadflowError, match=r"44 x 28 pixels.*multiples of 14.*Set width_px and height_px"):
        extract_one(dinov2_settings(), film(10, size="44x28"), 10)


def test_a_view_that_is_not_as_long_as_its_grid_is_refused(film, dinov2_settings, extract_one):
    with pytest.raises(DyadflowError, match="20 frames where the session's grid has 21"):
        extract_one(dinov2_settings(), film(20), 21)


def test_weights_that_do_not_fill_the_network_are_refused(tmp_path, film, dinov2_settings, extract_one):
    from safetensors.torch import load_file, save_file
    from transformers import Dinov2Config, Dinov2Model

    small = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 42}
    Dinov2Model(Dinov2Config(**small)).save_pretrained(tmp_path / "weights")
    kept = load_file(tmp_path / "weights" / "model.safetensors")
    dropped = next(name for name in kept if name.endswith("norm2.weight"))
    del kept[dropped]
    save_file(kept, tmp_path / "weights" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DyadflowError, match=r"1 parameters are missing, such as .*norm2.weight"):
        extract_one(dinov2_settings(weights=str(tmp_path / "weights")), film(10), 10)


def test_weights_of_another_architecture_are_refused(tmp_path, film, dinov2_settings, extract_one):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(DyadflowError, match="weights of vit, not of DINOv2"):
        extract_one(dinov2_settings(weights=str(tmp_path)), film(10), 10)


def test_weights_that_cannot_be_fetched_are_answered_with_how_to(
    film, dinov2_settings, extract_one, monkeypatch
):
    import huggingface_hub

    def fail(*arguments, **keywords):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    settings = dinov2_settings(weights="facebook/dinov2-large", revision="abc")
    with pytest.raises(DyadflowError, match=r"dinov2-large at revision abc: .*`dyadflow fetch-weights`") as caught:
        extract_one(settings, film(10), 10)
    assert "\n" not in str(caught.value)


def test_weights_from_the_hub_are_recorded_with_their_commit(saved, film, dinov2_settings, monkeypatch):
    import huggingface_hub

    from dyadflow.features.registry import load_backbone

    folder, _ = saved
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *arguments, **keywords: str(folder))
    backbone = load_backbone(dinov2_settings(weights="someone/some-dinov2", revision="v1"))
    assert backbone.attributes["weights"] == "someone/some-dinov2"
    assert backbone.attributes["revision"] == folder.name
    assert len(backbone.attributes["weights_sha256"]) == 64


@pytest.mark.parametrize(("config", "said"), [
    ({"num_hidden_layers": "two"}, "no model can be built .*num_hidden_layers"),
    ({"hiden_size": 24}, "no field 'hiden_size'. Did you mean 'hidden_size'"),
])
def test_a_configuration_that_cannot_be_built_is_a_sentence(film, dinov2_settings, extract_one, config, said):
    with pytest.raises(DyadflowError, match=said) as caught:
        extract_one(dinov2_settings(config=config), film(10), 10)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("output", ["tokens", "class", "class+mean"])
def test_a_network_that_gives_one_token_for_everything_is_refused(film, dinov2_settings, tmp_path, output):
    from dyadflow.features.registry import load_backbone
    from dyadflow.features.stream import StreamWriter
    from dyadflow.media.grid import FrameGrid

    backbone = load_backbone(dinov2_settings(output=output))
    with torch.no_grad():
        backbone._model.layernorm.weight.zero_()
        backbone._model.layernorm.bias.fill_(0.5)
    grid = FrameGrid(12.5, 10)
    with (
        pytest.raises(DyadflowError, match="the same token for every patch"),
        StreamWriter(tmp_path / "s.h5", grid, {}) as into,
    ):
        backbone.extract(film(10), grid, into)
    assert not list(tmp_path.iterdir())


def test_moments_stay_exact_far_from_zero():
    from dyadflow.features.token_store import Moments

    rows = np.random.default_rng(0).standard_normal((3000, 3)) + 1e4
    moments = Moments()
    for start in range(0, 3000, 170):
        moments.add(torch.from_numpy(rows[start:start + 170]))
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.scatter / 2999, np.cov(rows.T), rtol=1e-9, atol=1e-9)

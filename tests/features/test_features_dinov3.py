"""DINOv3 through the real path, held against transformers alone in double precision."""

import json
import shutil

import numpy as np
import pytest
import torch
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from dyadflow.errors import DyadflowError
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.weights import digest_folder
from dyadflow.media.read import read_frames

FRAMES, SIZE = 23, "48x32"
CONFIG = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
SATELLITE = ([0.43, 0.411, 0.296], [0.213, 0.156, 0.143])


def raw_hidden(model, path, mean=IMAGENET[0], deviation=IMAGENET[1]):
    """All tokens of each picture, one picture at a time, shape (frames, 1 + registers + patches, dims)."""
    model, rows = model.double().eval(), []
    with torch.no_grad():
        for frame in np.concatenate(list(read_frames(path))):
            pixels = (frame / 255 - np.array(mean)) / np.array(deviation)
            picture = torch.from_numpy(pixels).permute(2, 0, 1)[None]
            rows.append(model(pixel_values=picture).last_hidden_state[0].numpy())
    return np.array(rows)


def settings(weights, *, batch=64, device="cpu", half=False, **options):
    return ExtractorSettings(backbone="dinov3", views=["infant"], weights=str(weights), device=device, batch=batch,
                             half=half, options={"rank": 32, "basis_every": 5, **options})


@pytest.fixture(scope="module", params=[{"num_register_tokens": 4}, {"use_gated_mlp": True, "hidden_act": "silu"}],
                ids=["registers", "gated"])
def saved(request, tmp_path_factory):
    """A small network saved as a folder of weights, and the network."""
    torch.manual_seed(3)
    model = DINOv3ViTModel(DINOv3ViTConfig(**CONFIG, **request.param))
    with torch.no_grad():
        # Layer scales start at one and positions matter little: random ones, so that a wrong token shows.
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    folder = tmp_path_factory.mktemp("dinov3")
    model.save_pretrained(folder)
    return folder, model


@pytest.mark.parametrize("batch", [1, 16])
def test_a_full_store_gives_the_patch_tokens_back(saved, film, extract_one, batch):
    folder, model = saved
    path = film(FRAMES, size=SIZE)
    expected = raw_hidden(model, path)[:, -6:]
    stream = extract_one(settings(folder, batch=batch), path, FRAMES)
    assert stream.values.shape == (FRAMES, 6, 32)
    np.testing.assert_allclose(stream.tokens(), expected, atol=5e-3)
    flat = expected.reshape(-1, 32)
    np.testing.assert_allclose(stream.mean, flat.mean(axis=0), atol=1e-5)
    scatter = (flat - flat.mean(axis=0)).T @ (flat - flat.mean(axis=0))
    np.testing.assert_allclose(stream.scatter, scatter, atol=1e-5 * np.trace(scatter))


@pytest.mark.parametrize("batch", [1, 16])
def test_class_token_and_mean_are_those_of_transformers(saved, film, extract_one, batch):
    folder, model = saved
    hidden = raw_hidden(model, film(FRAMES, size=SIZE))
    stream = extract_one(settings(folder, batch=batch, output="class+mean"), film(FRAMES, size=SIZE), FRAMES)
    np.testing.assert_allclose(stream.values, np.hstack([hidden[:, 0], hidden[:, -6:].mean(axis=1)]), atol=1e-5)


def test_pixels_are_scaled_as_the_weights_say_and_their_digest_knows_it(saved, film, extract_one, tmp_path):
    folder, model = saved
    other = tmp_path / "satellite"
    shutil.copytree(folder, other)
    (other / "preprocessor_config.json").write_text(json.dumps(dict(zip(
        ("image_mean", "image_std"), SATELLITE, strict=True))))
    stream = extract_one(settings(other, output="class"), film(FRAMES, size=SIZE), FRAMES)
    expected = raw_hidden(model, film(FRAMES, size=SIZE), *SATELLITE)[:, 0]
    np.testing.assert_allclose(stream.values, expected, atol=1e-5)
    assert np.abs(expected - raw_hidden(model, film(FRAMES, size=SIZE))[:, 0]).max() > 1e-2
    assert digest_folder(other) != digest_folder(folder)


def test_untrained_weights_come_from_the_seed(film, extract_one):
    made = [extract_one(settings("untrained", output="class", config=CONFIG).model_copy(update={"seed": seed}),
                        film(FRAMES, size=SIZE), FRAMES).values for seed in (0, 0, 1)]
    np.testing.assert_array_equal(made[0], made[1])
    assert np.abs(made[0] - made[2]).max() > 0.1


def test_a_view_of_the_wrong_size_is_answered_with_what_to_set(saved, film, extract_one):
    with pytest.raises(DyadflowError, match="the view is 56 x 28 pixels, and DINOv3 takes multiples of 16"):
        extract_one(settings(saved[0]), film(5, size="56x28"), 5)


def test_weights_of_another_architecture_are_refused(film, extract_one, tmp_path):
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=42)
    Dinov2Model(config).save_pretrained(tmp_path / "dinov2")
    with pytest.raises(DyadflowError, match="these are weights of dinov2, not of a DINOv3 vision transformer"):
        extract_one(settings(tmp_path / "dinov2"), film(5, size=SIZE), 5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize(("half", "within"), [(False, 1e-3), (True, 5e-2)])
def test_a_gpu_gives_what_a_cpu_gives(saved, film, extract_one, half, within):
    folder, model = saved
    expected = raw_hidden(model, film(FRAMES, size=SIZE))[:, 0]
    stream = extract_one(settings(folder, device="cuda", half=half, output="class"), film(FRAMES, size=SIZE), FRAMES)
    np.testing.assert_allclose(stream.values, expected, atol=within * np.abs(expected).max())

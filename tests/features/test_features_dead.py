"""A network that is broken or dead stops the job with a sentence; silence and a still picture do not."""

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features import extract as extract_module
from dyadflow.features.dead import refuse_dead
from dyadflow.features.extract import extract_batch
from dyadflow.features.registry import BACKBONES, backbone_module
from dyadflow.features.stream import StreamWriter, open_stream
from dyadflow.media.grid import FrameGrid

FRAMES = 25  # two seconds

#: All but those whose models are to be had from nobody but their makers.
TRIED = sorted(set(BACKBONES) - {"landmarks"})
NETWORKS = [name for name in TRIED if backbone_module(name).NEEDS_WEIGHTS]
EARS = [name for name in TRIED if backbone_module(name).TAKES == "sound"]
EYES = [name for name in TRIED if backbone_module(name).TAKES == "pictures"]


@pytest.fixture
def run(tmp_path, film, sound, grid_file, small_settings, monkeypatch):
    """Extract one session with a backbone: run("hubert", spoil=change its parameters, picture=, heard=) -> stream."""
    import torch

    def extract(backbone, spoil=None, picture=None, heard=None, **options):
        settings = small_settings(backbone, **options)
        load = extract_module.load_backbone

        def spoiled(*arguments, **keywords):
            loaded = load(*arguments, **keywords)
            [model] = [value for value in vars(loaded).values() if isinstance(value, torch.nn.Module)]
            with torch.no_grad():
                spoil(model)
            return loaded

        if spoil:
            monkeypatch.setattr(extract_module, "load_backbone", spoiled)
        views = {"scene": picture or film(FRAMES, size="112x112"), "audio": heard or sound(2.0)}
        session = {"session": "one", "grid": str(grid_file(FRAMES)), "has_sound": True,
                   "views": {name: str(path) for name, path in views.items()}}
        extract_batch([session], settings, code="c", folder=tmp_path / "streams", index=tmp_path / "index.tsv",
                      say=lambda line: None)
        return open_stream(tmp_path / "streams" / settings.views[0] / "one.h5")

    return extract


def nothing_written(tmp_path):
    return not (tmp_path / "index.tsv").exists() and not [
        path for path in (tmp_path / "streams").rglob("*") if path.is_file()]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("backbone", NETWORKS)
def test_a_number_gone_bad_in_the_weights_stops_the_job(tmp_path, run, backbone, bad):
    def spoil(model):
        list(model.parameters())[-1].view(-1)[0] = bad

    with pytest.raises(DyadflowError, match=r"the backbone gave a value that is not a number at 0\.00 s") as caught:
        run(backbone, spoil)
    assert caught.value.where and caught.value.fix
    assert nothing_written(tmp_path)


@pytest.mark.parametrize("backbone", NETWORKS)
def test_a_network_that_lets_nothing_through_stops_the_job(tmp_path, run, backbone):
    import torch

    def spoil(model):  # nothing but the offset of the last norm is left
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm | torch.nn.GroupNorm):
                module.weight.zero_()

    with pytest.raises(DyadflowError, match=r"the backbone gave the same .* so no stream was written"):
        run(backbone, spoil)
    assert nothing_written(tmp_path)


@pytest.mark.parametrize(("backbone", "options"), [
    *((name, {}) for name in EYES if name in NETWORKS), ("dinov2", {"output": "class"})])
def test_a_network_that_does_not_look_at_the_picture_stops_the_job(tmp_path, run, backbone, options):
    import torch

    def spoil(model):  # what is left is where each patch lies
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d):
                module.weight.zero_()

    with pytest.raises(DyadflowError, match=r"the same numbers for every frame, though the picture|same token"):
        run(backbone, spoil, **options)
    assert nothing_written(tmp_path)


@pytest.mark.parametrize("backbone", EARS)
@pytest.mark.parametrize("kind", ["silence", "a sample", "as loud as it gets"])
def test_silence_and_clipping_give_numbers(tmp_path, run, write_sound, backbone, kind):
    samples = np.zeros(32_000)
    if kind == "a sample":
        samples[7_000] = 1
    elif kind == "as loud as it gets":
        samples[:] = np.sign(np.sin(np.arange(32_000) / 5))
    stream = run(backbone, heard=write_sound(tmp_path / "heard.wav", samples))
    assert len(stream.values) == FRAMES and stream.valid.all() and np.isfinite(stream.values).all()


@pytest.mark.parametrize("backbone", EYES)
def test_a_still_picture_gives_numbers(run, film, backbone):
    stream = run(backbone, picture=film(FRAMES, size="112x112", source="color"))
    assert len(stream.values) == FRAMES and np.isfinite(stream.values).all()


def write(path, values, source, *, sound=True, valid=None, rate_hz=12.5):
    """A stream of these rows, looked at before it is closed."""
    with StreamWriter(path, FrameGrid(rate_hz, len(values)), {}) as into:
        into.append(np.asarray(values), valid)
        refuse_dead(into, source, sound=sound)


@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_the_same_row_throughout_is_refused_only_if_there_was_something_to_hear(tmp_path, sound, write_sound, offset):
    same = np.full((FRAMES, 3), offset)
    with pytest.raises(DyadflowError, match=r"2\.0_0\.wav: .*though there is sound"):
        write(tmp_path / "s.h5", same, sound(2.0))
    assert not (tmp_path / "s.h5").exists()
    hiss = np.random.default_rng(0).uniform(-0.0009, 0.0009, 32_000)
    write(tmp_path / "s.h5", same, write_sound(tmp_path / "hiss.wav", hiss))


def test_the_same_row_throughout_is_refused_only_if_there_was_something_to_see(tmp_path, film):
    with pytest.raises(DyadflowError, match="though the picture changes"):
        write(tmp_path / "s.h5", np.ones((FRAMES, 2, 3)), film(FRAMES), sound=False)
    write(tmp_path / "s.h5", np.ones((FRAMES, 2, 3)), film(FRAMES, source="color"), sound=False)


@pytest.mark.parametrize(("what", "values", "valid"), [
    ("one number of one row differs", np.r_[np.ones((24, 3)), [[1, 1, 1.001]]], None),
    ("less than a second", np.ones((12, 3)), None),
    ("seen once", np.r_[np.ones((1, 3)), np.zeros((24, 3))], np.arange(25) < 1),
])
def test_a_stream_that_may_be_right_is_kept(tmp_path, sound, what, values, valid):
    write(tmp_path / "s.h5", values, sound(2.0), valid=valid)


def test_rows_that_are_not_valid_do_not_hide_a_dead_network(tmp_path, sound):
    valid = np.arange(FRAMES) % 2 == 0
    with pytest.raises(DyadflowError, match="though there is sound"):
        write(tmp_path / "s.h5", np.where(valid[:, None], 1.0, 0.0) * np.ones((FRAMES, 3)), sound(2.0), valid=valid)

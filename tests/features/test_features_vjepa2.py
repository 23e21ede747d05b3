"""V-JEPA 2 through the real path, held against transformers alone on one clip for every frame."""

import weakref

import numpy as np
import pytest
import torch
from transformers import VJEPA2Config, VJEPA2Model

from dyadflow.errors import DyadflowError
from dyadflow.features.backbones import vjepa2
from dyadflow.features.clips import ClipPlan, gather_clips
from dyadflow.features.settings import ExtractorSettings
from dyadflow.media.read import read_frames

FRAMES, SIZE, RATE_HZ = 41, "64x64", 12.5
CONFIG = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "crop_size": 64, "frames_per_clip": 8,
    "pred_hidden_size": 24, "pred_num_attention_heads": 2, "pred_num_hidden_layers": 1, "mlp_ratio": 2,
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small network saved as a folder of weights, and the network."""
    torch.manual_seed(5)
    model = VJEPA2Model(VJEPA2Config(**CONFIG))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    folder = tmp_path_factory.mktemp("vjepa2")
    model.save_pretrained(folder)
    return folder, model


def settings(weights, *, batch=64, device="cpu", half=False, **options):
    return ExtractorSettings(backbone="vjepa2", views=["infant"], weights=str(weights), device=device, batch=batch,
                             half=half, options={"clip_frames": 8, "pictures_per_s": 12.5, **options})


def tokens_of(model, pictures):
    """Patch tokens of one clip by transformers alone, shape (moments, side, side, dims), in double precision."""
    pixels = (np.stack(pictures) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        given = model.double().eval()(
            pixel_values_videos=torch.from_numpy(pixels).permute(0, 3, 1, 2)[None], skip_predictor=True)
    return given.last_hidden_state[0].numpy().reshape(len(pictures) // 2, 4, 4, -1)


@pytest.mark.parametrize("batch", [1, 64])
def test_a_causal_row_is_the_last_moment_of_the_clip_that_ends_with_its_frame(saved, film, extract_one, batch):
    folder, model = saved
    path = film(FRAMES, size=SIZE)
    frames = np.concatenate(list(read_frames(path)))
    stream = extract_one(settings(folder, batch=batch, look="causal", stride=1), path, FRAMES)
    expected = [
        tokens_of(model, [frames[max(0, frame - back)] for back in range(7, -1, -1)])[-1].mean(axis=(0, 1))
        for frame in range(FRAMES)
    ]
    assert stream.kind == "dense" and stream.valid.all()
    np.testing.assert_allclose(stream.values, expected, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 20, 64])
@pytest.mark.parametrize("stride", [1, 3, 8])
def test_a_centred_row_is_the_moment_that_its_frame_lies_in(saved, film, extract_one, batch, stride):
    folder, model = saved
    path = film(FRAMES, size=SIZE)
    frames = np.concatenate(list(read_frames(path)))
    stream = extract_one(settings(folder, batch=batch, stride=stride), path, FRAMES)
    before = {1: 4, 3: 3, 8: 0}[stride]  # frames of the clip before its own: half of the 8 - stride others
    expected = []
    for frame in range(FRAMES):
        first = frame // stride * stride - before
        clip = tokens_of(model, [frames[min(max(first + at, 0), FRAMES - 1)] for at in range(8)])
        expected.append(clip[(frame - first) // 2].mean(axis=(0, 1)))
    np.testing.assert_allclose(stream.values, expected, atol=1e-5)


def test_patches_are_averaged_into_cells_row_by_row(saved, film, extract_one):
    folder, model = saved
    path = film(FRAMES, size=SIZE)
    frames = np.concatenate(list(read_frames(path)))
    stream = extract_one(settings(folder, stride=8, cells=2), path, FRAMES)
    moment = tokens_of(model, frames[8:16])[2]
    expected = [moment[rows, columns].mean(axis=(0, 1)) for rows in (slice(0, 2), slice(2, 4))
                for columns in (slice(0, 2), slice(2, 4))]
    np.testing.assert_allclose(stream.values[12].reshape(4, 32), expected, atol=1e-5)
    np.testing.assert_array_equal(stream.values[12], stream.values[13])


def test_pictures_of_a_clip_are_as_far_apart_as_asked(saved, film, extract_one):
    """At 12.5 frames a second, 4 pictures a second are every third frame; a moment of two lasts six frames."""
    folder, model = saved
    path = film(FRAMES, size=SIZE)
    frames = np.concatenate(list(read_frames(path)))
    stream = extract_one(settings(folder, stride=24, pictures_per_s=4.0), path, FRAMES)
    clip = tokens_of(model, frames[1:24:3])
    for moment in range(4):
        np.testing.assert_allclose(stream.values[6 * moment:6 * moment + 6],
                                   np.tile(clip[moment].mean(axis=(0, 1)), (6, 1)), atol=1e-5)
    causal = extract_one(settings(folder, look="causal", stride=5, pictures_per_s=4.0), path, FRAMES)
    expected = tokens_of(model, frames[9:31:3])[-1].mean(axis=(0, 1))
    np.testing.assert_allclose(causal.values[30:35], np.tile(expected, (5, 1)), atol=1e-5)


@pytest.mark.parametrize(("look", "same"), [("causal", True), ("centred", False)])
def test_only_a_causal_row_knows_nothing_of_what_comes_later(saved, extract_one, monkeypatch, look, same):
    first = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8)
    second = np.concatenate([first[:20], 255 - first[20:]])
    streams = []
    for frames in (first, second):
        batches = [frames[:16], frames[16:]]
        monkeypatch.setattr(vjepa2, "read_frames", lambda path, batches=batches, **options: iter(batches))
        monkeypatch.setattr(vjepa2, "count_frames", lambda path: 30)
        streams.append(extract_one(settings(saved[0], look=look, stride=2), "film.mp4", 30).values)
    assert np.array_equal(streams[0][:20], streams[1][:20]) == same
    assert not np.array_equal(streams[0][20:22], streams[1][20:22])


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length", [2, 8])
def test_every_frame_takes_a_moment_that_its_clip_has_whatever_the_plan(length, causal):
    for step in range(1, 5):
        for stride in range(1, length * step + 1):
            plan = ClipPlan(length=length, step=step, stride=stride, tubelet=2, causal=causal)
            moments, pictures = plan.moments(), list(plan.pictures(50))
            assert len(pictures) == -(-50 // stride) and len(moments) == stride
            assert moments.min() >= 0 and moments.max() < length // 2
            starts = np.array([numbers[0] for numbers in pictures])
            assert (np.diff(starts) >= 0).all() and all(0 <= numbers[0] <= numbers[-1] < 50 for numbers in pictures)
            if causal:
                assert all(numbers[-1] == index * stride for index, numbers in enumerate(pictures))
                continue
            for index, numbers in enumerate(pictures):
                if numbers[0] > 0 and numbers[-1] < 49:
                    # A picture stands for `step` frames around it, and a moment for those of its two pictures.
                    since = index * stride + np.arange(stride) - (numbers[2 * moments] - step // 2)
                    assert (since >= 0).all() and (since < 2 * step).all()


def test_pictures_are_let_go_once_no_clip_needs_them():
    alive = []

    def batches():
        for _ in range(100):
            frames = np.zeros((10, 2, 2, 3), np.uint8)
            alive.append(weakref.ref(frames))
            yield torch.from_numpy(frames)

    plan = ClipPlan(length=8, step=3, stride=4, tubelet=2, causal=False)
    held = [sum(frames() is not None for frames in alive)
            for _ in gather_clips(batches(), plan.pictures(1000), at_once=2)]
    # A clip lasts 24 frames; 24 frames and one batch are spread over four at most, and one is on its way.
    assert len(held) == 125 and max(held) <= 5


def test_a_film_shorter_than_a_clip_has_a_row_a_frame(saved, film, extract_one):
    for look in ("centred", "causal"):
        stream = extract_one(settings(saved[0], look=look), film(3, size=SIZE), 3)
        assert stream.values.shape == (3, 32) and np.isfinite(stream.values).all()


@pytest.mark.parametrize(("options", "size", "frames", "said"), [
    ({}, "48x64", 9, "the view is 48 x 64 pixels, and this V-JEPA 2 takes 64 x 64"),
    ({}, SIZE, 12, "there are 9 frames where the session's grid has 12"),
    ({"clip_frames": 7}, SIZE, 9, "clip_frames must be a multiple of 2"),
    ({"cells": 5}, SIZE, 9, "cells at most 4"),
    ({"stride": 9}, SIZE, 9, "stride is 9, and a clip lasts 8 video frames"),
])
def test_what_does_not_fit_is_a_sentence(saved, film, extract_one, options, size, frames, said):
    with pytest.raises(DyadflowError, match=said):
        extract_one(settings(saved[0], **options), film(9, size=size), frames)


def test_weights_of_another_architecture_are_refused(film, extract_one, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "vivit"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(DyadflowError, match="these are weights of vivit, not of V-JEPA 2"):
        extract_one(settings(tmp_path), film(9, size=SIZE), 9)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize(("half", "within"), [(False, 1e-3), (True, 5e-2)])
def test_a_gpu_gives_what_a_cpu_gives(saved, film, extract_one, half, within):
    path = film(FRAMES, size=SIZE)
    there, here = (
        extract_one(settings(saved[0], device=device, half=half), path, FRAMES) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there.values, here.values, atol=within * np.abs(here.values).max())

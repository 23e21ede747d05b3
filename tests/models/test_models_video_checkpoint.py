"""Checkpoints of video networks: whole, told apart from others, and enough to predict from."""

import numpy as np
import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.models.checkpoint import Checkpoint, load_checkpoint
from dyadflow.models.packing import pack_checkpoint
from dyadflow.models.preparation import Preparation
from dyadflow.models.scaling import Scaler
from dyadflow.models.video.checkpoint import VideoCheckpoint, load_video_checkpoint
from dyadflow.models.video.predict import Predictor, predict_frames
from dyadflow.models.video.settings import VideoTraining
from dyadflow.models.video.snippets import cover
from dyadflow.models.video.statistics import PixelStatistics
from dyadflow.models.video.weights import start_network

RATE_HZ = 3.125
OPTIONS = {"widths": [2, 2, 4, 4]}


@pytest.fixture
def checkpoint():
    network = start_network(VideoTraining(weights="untrained", options=OPTIONS), seed=1)
    # A head that has an opinion.
    network.fc.weight.data.copy_(torch.randn(2, 4, generator=torch.Generator().manual_seed(0)))
    config = {
        "kind": "video", "network": "mc3_18", "options": OPTIONS, "target": "drum-task_engagement",
        "classes": ["no", "yes"], "phase": "drum", "frames": 6, "rate_hz": RATE_HZ, "test_crop_px": 20,
        "mean": [0.1, 0.3, 0.7], "deviation": [1 / 3, 0.2, 0.1],
    }
    return VideoCheckpoint(config, network.state_dict())


@pytest.fixture
def clips(make_clips):
    return make_clips("one", np.random.default_rng(0).integers(0, 256, (40, 20, 24, 3)).astype(np.uint8))


def test_a_checkpoint_comes_back_to_the_last_bit_and_makes_the_same_bytes(checkpoint, tmp_path):
    content = checkpoint.to_bytes()
    (tmp_path / "fold0.safetensors").write_bytes(content)
    loaded = load_video_checkpoint(tmp_path / "fold0.safetensors")
    assert loaded.config == checkpoint.config and loaded.to_bytes() == content
    assert loaded.classes == ("no", "yes")
    assert loaded.statistics == PixelStatistics((0.1, 0.3, 0.7), (1 / 3, 0.2, 0.1))
    assert (loaded.snippet_spec.frames, loaded.snippet_spec.shown_s) == (6, 6 / RATE_HZ)
    assert all(torch.equal(loaded.weights[name], value) for name, value in checkpoint.weights.items())
    assert not loaded.build_network().training


def test_the_two_kinds_of_checkpoint_are_told_apart(checkpoint, tmp_path):
    streams = ({"name": "scene.motion", "kind": "dense"},)
    other = Checkpoint({"classes": ["a"]}, Preparation(streams, {}, Scaler(np.zeros(1), np.ones(1)), 25.0), {})
    (tmp_path / "video.safetensors").write_bytes(checkpoint.to_bytes())
    (tmp_path / "streams.safetensors").write_bytes(other.to_bytes())
    with pytest.raises(DyadflowError, match="of a network that looks at pictures"):
        load_checkpoint(tmp_path / "video.safetensors")
    with pytest.raises(DyadflowError, match="of a network that reads streams"):
        load_video_checkpoint(tmp_path / "streams.safetensors")
    with pytest.raises(DyadflowError, match="there is no such checkpoint"):
        load_video_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", pack_checkpoint({}, {})[:-1]])
def test_other_files_are_refused(content):
    with pytest.raises(DyadflowError, match="not a checkpoint of dyadflow"):
        VideoCheckpoint.from_bytes(content)


def by_hand(checkpoint, clips, start, *, flip=False):
    """Probability of a yes of one snippet, worked out without any of the loading code."""
    pictures = torch.from_numpy(clips.read(start, 6)[:, :, 2:22]).double() / 255
    pictures = (pictures - torch.tensor(checkpoint.config["mean"])) / torch.tensor(checkpoint.config["deviation"])
    clip = pictures.permute(3, 0, 1, 2).float()[None]
    with torch.no_grad():
        logits = checkpoint.build_network()(clip.flip(-1) if flip else clip)
    return float(torch.softmax(logits, dim=1)[0, 1])


def test_a_frame_is_the_mean_over_the_snippets_that_show_it(checkpoint, clips):
    # Frames 4 to 17 have their centre within; snippets start at 4, 10 and, to end with the interval, 12.
    interval = (4.2 / RATE_HZ, 17.8 / RATE_HZ)
    starts = cover(*interval, spec=checkpoint.snippet_spec, frames=40)
    assert starts == [4, 10, 12]
    predicted = predict_frames(checkpoint, clips, [interval])
    yes = {start: by_hand(checkpoint, clips, start) for start in starts}
    assert len({round(value, 4) for value in yes.values()}) == 3, "the snippets look different"
    expected = np.full(40, np.nan)
    expected[4:10], expected[10:12], expected[16:18] = yes[4], yes[10], yes[12]
    expected[12:16] = (yes[10] + yes[12]) / 2
    np.testing.assert_allclose(predicted[:, 1], expected, atol=1e-5)
    np.testing.assert_allclose(predicted[4:18].sum(1), 1, rtol=1e-6)
    assert np.isnan(predicted[:4]).all() and np.isnan(predicted[18:]).all()


def test_an_interval_shorter_than_a_snippet_is_predicted_from_what_is_around_it(checkpoint, clips):
    predicted = predict_frames(checkpoint, clips, [(20 / RATE_HZ, 22 / RATE_HZ)])
    assert np.flatnonzero(~np.isnan(predicted[:, 1])).tolist() == [20, 21]
    assert predicted[20, 1] == pytest.approx(by_hand(checkpoint, clips, 20), abs=1e-5)


def test_several_intervals_or_none(checkpoint, clips):
    both = predict_frames(checkpoint, clips, [(0.0, 12 / RATE_HZ), (30 / RATE_HZ, 36 / RATE_HZ)])
    assert np.flatnonzero(~np.isnan(both[:, 1])).tolist() == [*range(12), *range(30, 36)]
    assert both.dtype == np.float32
    assert np.isnan(predict_frames(checkpoint, clips, [])).all()


def test_flips_and_statistics_may_be_given(checkpoint, clips):
    predictor = Predictor(checkpoint)
    flipped = predictor.predict_snippets(clips, [0, 6], flip=lambda start: start == 6)
    assert flipped[0] == pytest.approx(by_hand(checkpoint, clips, 0), abs=1e-5)
    assert flipped[1] == pytest.approx(by_hand(checkpoint, clips, 6, flip=True), abs=1e-5)
    assert abs(flipped[1] - by_hand(checkpoint, clips, 6)) > 1e-4
    other = PixelStatistics((0.5,) * 3, (0.5,) * 3)
    changed = VideoCheckpoint(checkpoint.config | {"mean": [0.5] * 3, "deviation": [0.5] * 3}, checkpoint.weights)
    np.testing.assert_allclose(
        predictor.predict_snippets(clips, [3], statistics=other), by_hand(changed, clips, 3), atol=1e-5
    )


def test_clips_of_another_rate_or_too_short_are_refused(checkpoint, clips, make_clips):
    other = VideoCheckpoint(checkpoint.config | {"rate_hz": 25.0}, checkpoint.weights)
    with pytest.raises(DyadflowError, match=r"trained on 25 frames a second, these clips have 3\.125"):
        predict_frames(other, clips, [(0, 1)])
    with pytest.raises(DyadflowError, match="5 frames, fewer than the 6"):
        predict_frames(checkpoint, make_clips("short", np.zeros((5, 20, 24, 3), np.uint8)), [(0, 1)])

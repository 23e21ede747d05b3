"""Landmarks: the real MediaPipe, where it is installed and a folder of its models is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from dyadflow.errors import DyadflowError
from dyadflow.features.backbones import landmarks
from dyadflow.features.registry import load_backbone
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.stream import StreamWriter, open_stream
from dyadflow.media.grid import FrameGrid

#: A folder with face_landmarker.task, pose_landmarker_full.task and person.png, a square picture of one smiling person.
MODELS = Path(os.environ.get("DYADFLOW_LANDMARK_MODELS", "nowhere"))

FRAMES = 6


def settings(part, weights=None, **options):
    weights = weights or MODELS / landmarks._BUNDLES[part]
    return ExtractorSettings(backbone="landmarks", views=["infant"], weights=str(weights),
                             options={"part": part, **options})


@pytest.fixture
def real():
    """Skip where there is no MediaPipe or none of its models."""
    pytest.importorskip("mediapipe")
    if not (MODELS / "person.png").exists():
        pytest.skip("DYADFLOW_LANDMARK_MODELS names no folder of MediaPipe's models")


@pytest.fixture
def person(tmp_path, monkeypatch):
    """A view: black, then a person, then the person 16 pixels further right, each two frames long."""
    from PIL import Image

    picture = np.array(Image.open(MODELS / "person.png").convert("RGB").resize((320, 320)))
    moved = np.roll(picture, 16, axis=1)
    frames = np.repeat(np.stack([np.zeros_like(picture), picture, moved]), 2, axis=0)
    monkeypatch.setattr(
        landmarks, "read_frames", lambda path, batch: (frames[at:at + batch] for at in range(0, FRAMES, batch)))
    return frames


def extract(folder, settings):
    backbone = load_backbone(settings)
    with StreamWriter(folder / "s.h5", FrameGrid(12.5, FRAMES), backbone.attributes) as into:
        backbone.extract("film.mp4", FrameGrid(12.5, FRAMES), into)
    return open_stream(folder / "s.h5")


@pytest.mark.parametrize(("part", "dims"), [("expression", 52), ("face", 1434), ("body", 132)])
def test_somebody_is_seen_where_somebody_is_and_every_run_says_the_same(real, person, tmp_path, part, dims):
    streams = [extract(tmp_path, settings(part).model_copy(update={"batch": batch})) for batch in (1, 4, 64)]
    for stream in streams:
        assert stream.values.shape == (FRAMES, dims) and len(stream.attributes["columns"].split()) == dims
        np.testing.assert_array_equal(stream.valid, [False, False, True, True, True, True])
        assert not stream.values[:2].any()
        np.testing.assert_array_equal(stream.values, streams[0].values)
        np.testing.assert_array_equal(stream.values[2], stream.values[3])


@pytest.mark.parametrize(("part", "nose", "per_point"), [("face", 1, 3), ("body", 0, 4)])
def test_a_nose_that_moves_16_of_320_pixels_moves_a_twentieth(real, person, tmp_path, part, nose, per_point):
    values = extract(tmp_path, settings(part)).values
    x, y = values[:, nose * per_point], values[:, nose * per_point + 1]
    # A joint is found to within a few pixels, and looking again a little further right finds it a little elsewhere.
    assert x[4] - x[2] == pytest.approx(16 / 320, abs=0.02)
    assert y[4] == pytest.approx(y[2], abs=0.02)


def test_a_smile_is_seen(real, person, tmp_path):
    stream = extract(tmp_path, settings("expression"))
    scores = dict(zip(stream.attributes["columns"].split(), stream.values[2], strict=True))
    assert scores["mouth_smile_left"] > 0.5 > scores["eye_blink_left"]


def test_the_models_of_another_part_are_refused(real):
    with pytest.raises(DyadflowError, match="MediaPipe finds no models of a body in this file"):
        load_backbone(settings("body", MODELS / "face_landmarker.task"))


def test_no_file_of_models_is_answered_with_which_one():
    for weights in ("untrained", "nowhere/face.task"):
        with pytest.raises(DyadflowError, match=r"no such file .*\. Download pose_landmarker_full.task"):
            load_backbone(settings("body", weights))


def test_without_mediapipe_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "face_landmarker.task").write_bytes(b"models")
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(DyadflowError, match=r"mediapipe, which is not installed\. .*dyadflow\[landmarks\]"):
        load_backbone(settings("face", tmp_path / "face_landmarker.task"))


def test_a_mistyped_part_is_named():
    with pytest.raises(ValidationError, match="option 'part' of landmarks"):
        settings("hands", "hand_landmarker.task")


def test_reading_settings_imports_no_mediapipe():
    program = (
        "import sys; from dyadflow.features.settings import ExtractorSettings as E; "
        f"E.model_validate_json({json.dumps(settings('face', 'f.task').model_dump_json())}); "
        "print('mediapipe' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""Weights of video networks fetched beforehand: from torch's cache, as the real loader finds them there."""

import hashlib

import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.models.video.fetch import fetch_starts
from dyadflow.models.video.settings import VideoTraining


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Torch's cache with a file under the published weights' name."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    file = tmp_path / "torch" / "hub" / "checkpoints" / "mc3_18-a90a0ba3.pth"
    file.parent.mkdir(parents=True)
    torch.save({"fc.bias": torch.zeros(400)}, file)
    return file


def test_published_weights_and_files_are_said_with_size_and_hash(cache, tmp_path):
    own = tmp_path / "own.pth"
    torch.save({}, own)
    fetched = list(fetch_starts({
        "mc3": VideoTraining(weights="kinetics400"), "random": VideoTraining(weights="untrained"),
        "own": VideoTraining(weights=str(own)),
    }))
    assert [(one.user, one.place) for one in fetched] == [("video network mc3", cache), ("video network own", own)]
    for one in fetched:
        assert one.size_bytes == one.place.stat().st_size
        assert one.sha256 == hashlib.sha256(one.place.read_bytes()).hexdigest()
    assert "video network mc3: kinetics400, " in fetched[0].sentence()


def test_a_folder_to_carry_holds_the_file(cache, tmp_path):
    fetched = next(fetch_starts({"mc3": VideoTraining(weights="kinetics400")}, into=tmp_path / "stick"))
    assert fetched.place == tmp_path / "stick" / cache.name
    assert fetched.place.read_bytes() == cache.read_bytes()


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DyadflowError, match="no such file of weights"):
        list(fetch_starts({"own": VideoTraining(weights=str(tmp_path / "none.pth"))}))

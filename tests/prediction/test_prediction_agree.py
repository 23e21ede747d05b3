"""What several folds say together about a session that nobody has coded."""

from types import SimpleNamespace

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid
from dyadflow.models.failure import FAILED_NOTE
from dyadflow.prediction import predict
from dyadflow.prediction.clips import predict_clips
from dyadflow.prediction.predict import agree, predict_codes
from dyadflow.prediction.segments import segments_from_probabilities

PLAIN = {"class_weights": [1.0, 1.0], "temperature": 1.0, "smoothing_frames": 1, "minimum_bout_frames": 1}


def test_codes_are_of_the_mean_vote_and_confidence_of_the_calibrated_one():
    votes = [np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.8, 0.2], [0.7, 0.3]])]
    weighted = PLAIN | {"class_weights": [1.0, 4.0], "temperature": 2.0}
    codes, sure = agree(votes, [PLAIN, weighted])
    assert codes.tolist() == [0, 0]
    # The second vote without its weights: odds 4 x 4 and 7/3 x 4; at temperature 2 their roots, 4 and 3.0551.
    assert sure[:, 0] == pytest.approx([(0.9 + 4 / 5) / 2, (0.4 + 3.0550505 / 4.0550505) / 2])


def test_codes_are_smoothed_as_the_middle_model_smooths():
    rows = np.array([[0.9, 0.1]] * 6 + [[0.4, 0.6]] * 2 + [[0.9, 0.1]] * 6)
    configs = [PLAIN, PLAIN | {"minimum_bout_frames": 3}, PLAIN | {"minimum_bout_frames": 9}]
    codes, _ = agree([rows] * 3, configs)
    assert set(codes) == {0}
    codes, _ = agree([rows], [PLAIN])
    assert codes.tolist() == [0] * 6 + [1] * 2 + [0] * 6


def test_segments_follow_the_codes_and_frames_without_one_are_left_out():
    sure = np.array([[0.9, 0.1], [0.3, 0.7], [0.8, 0.2], [np.nan, np.nan], [0.1, 0.9]])
    table = segments_from_probabilities(
        sure, FrameGrid(10.0, 5), ["no", "yes"], session="s", tier="t", codes=np.array([0, 0, 0, -1, 1])).table
    assert list(zip(table.code, table.onset_s.round(3), table.offset_s.round(3), strict=True)) == [
        ("no", 0.0, 0.3), ("yes", 0.4, 0.5)]
    assert table.confidence.tolist() == pytest.approx([(0.9 + 0.3 + 0.8) / 3, 0.9])


def test_a_cell_that_was_not_trained_codes_nothing_and_that_is_said(tmp_path, capsys):
    (tmp_path / FAILED_NOTE).write_text("it diverged\n")
    found = predict_codes("s", FrameGrid(10.0, 5), models=[tmp_path], tiers={"infant": "infant"}, features=[])
    assert len(found.table) == 0
    assert "Nothing is coded for infant: its cell was not trained (it diverged)" in capsys.readouterr().out


def test_neither_is_a_task_in_pictures_whose_network_was_not_trained(tmp_path, capsys):
    (tmp_path / FAILED_NOTE).write_text("no clip of 3 s\n")
    pictures = tmp_path / "clips.npy"
    np.save(pictures, np.zeros((5, 4, 4, 3), np.uint8))
    found = predict_clips(
        "s", FrameGrid(10.0, 5), models=[tmp_path], tiers={"dolls": "dolls"}, clips=pictures, phases=[])
    assert len(found.table) == 0
    assert "Nothing is coded for dolls: its cell was not trained (no clip of 3 s)" in capsys.readouterr().out


def test_a_checkpoint_that_says_nothing_of_smoothing_and_weights_changes_nothing():
    votes = [np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]]), np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])]
    codes, sure = agree(votes, [{}, {}])
    assert codes.tolist() == [0, 1, 1]
    np.testing.assert_allclose(sure, [[0.8, 0.2], [0.4, 0.6], [0.4, 0.6]])


def test_of_an_even_number_of_models_the_lower_middle_counts_so_that_it_stays_odd():
    rows = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]] + [[0.9, 0.1]] * 3)
    # A mean over 3 frames takes the single frame away; one over 1 does not. The middle of 1, 1, 3, 3 is 1.
    configs = [PLAIN | {"smoothing_frames": frames} for frames in (3, 1, 3, 1)]
    assert agree([rows] * 4, configs)[0].tolist() == [0, 0, 0, 1, 0, 0, 0]
    configs[1] = configs[0]
    assert agree([rows] * 4, configs)[0].tolist() == [0] * 7


def test_segments_of_two_targets_lie_on_edges_of_frames_without_a_gap(tmp_path, monkeypatch, capsys):
    # Two models: both flicker in frame 4; the second overstates itself, and its temperature says so.
    first = np.array([[0.8, 0.2]] * 4 + [[0.4, 0.6]] + [[0.8, 0.2]] * 3 + [[0.1, 0.9]] * 4)
    second = np.array([[0.9, 0.1]] * 4 + [[0.45, 0.55]] + [[0.9, 0.1]] * 3 + [[0.2, 0.8]] * 4)
    tuned = PLAIN | {"minimum_bout_frames": 2}
    models = [
        SimpleNamespace(config=config, rate_hz=10.0, recipe=("infant.motion",), classes=("no", "yes"), vote=vote)
        for config, vote in ((tuned, first), (tuned | {"temperature": 2.0}, second))
    ]
    monkeypatch.setattr(predict, "load_folds", lambda folder, load, target: models)
    monkeypatch.setattr(predict, "find_streams", lambda features, sessions, recipe: {})
    monkeypatch.setattr(predict, "predict_session", lambda model, streams, frames, where: model.vote)
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / FAILED_NOTE).write_text("one dyad only\n")
    found = predict_codes(
        "s", FrameGrid(10.0, 12), models=[tmp_path, tmp_path / "failed"], tiers={"smile": "Infant", "gaze": "Eyes"},
        features=[]).table
    assert list(zip(found.tier, found.code, found.coder, found.onset_s.round(6), found.offset_s.round(6), strict=True)
                ) == [("Infant", "no", "model", 0.0, 0.8), ("Infant", "yes", "model", 0.8, 1.2)]
    # At temperature 2, odds of 9 are 3, of 4 are 2, of 0.45 to 0.55 their root.
    root = np.sqrt(0.45) / (np.sqrt(0.45) + np.sqrt(0.55))
    assert found.confidence.tolist() == pytest.approx([
        (7 * (0.8 + 0.75) / 2 + (0.4 + root) / 2) / 8, (0.9 + 2 / 3) / 2])
    assert "Nothing is coded for gaze" in capsys.readouterr().out


def test_a_folder_with_neither_a_model_nor_a_note_is_an_error(tmp_path):
    with pytest.raises(DyadflowError, match="there is no trained model of target infant"):
        predict_codes("s", FrameGrid(10.0, 5), models=[tmp_path], tiers={"infant": "infant"}, features=[])

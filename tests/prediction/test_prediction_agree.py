"""What several folds say together about a session that nobody has coded."""

import numpy as np
import pytest

from dyadflow.media.grid import FrameGrid
from dyadflow.models.failure import FAILED_NOTE
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

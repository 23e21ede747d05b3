"""Bouts pooled over dyads, by hand."""

import h5py
import numpy as np
import pytest

from dyadflow.agreement.intervals import interval_from_left_out
from dyadflow.evaluation.bout_scores import BOUT_COLUMNS, score_bouts
from dyadflow.tables import read_table

from .conftest import draw_runs


def test_every_score_of_one_small_session_by_hand(ward, tmp_path):
    #         0 0 0 0 0 1 1 1 1 1 2 2 2 2 2
    truth = np.repeat([0, 1, 2], 5)
    # 0 lasts one frame longer; 1 begins late and ends early; 2 is lost but for two frames at the end.
    said = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 2, 2])
    ward.add("a", truth)
    ward.add("b", np.full(15, -1))
    ward.cell({"a": said, "b": said})
    score_bouts(ward.request(), level=0.95, bouts=tmp_path / "bouts.tsv")
    found = read_table(tmp_path / "bouts.tsv").query("smoothing == 'none'").set_index("metric")
    # Sequences 0 1 2 and 0 1 0 2: one edit, four at most.
    assert found.value.edit == pytest.approx(1 - 1 / 4)
    # Overlaps: 5/6, 3/5, none (another bout of 0), 2/5.
    assert found.value.f1_10 == found.value.f1_25 == pytest.approx(2 * 3 / (2 * 3 + 1 + 0), abs=1e-6)
    assert found.value.f1_50 == pytest.approx(2 * 2 / (2 * 2 + 2 + 1), abs=1e-6)
    # Matched at 25 %: onsets 0, 1 and 3 frames apart, offsets 1, 1 and 0; ten frames a second.
    assert found.value.onset_error_s == pytest.approx(0.4 / 3, abs=1e-6)
    assert found.value.offset_error_s == pytest.approx(0.2 / 3, abs=1e-6)
    assert found.value.bouts_ratio == pytest.approx(4 / 3, abs=1e-5)
    assert (found.bouts == 3).all() and (found.dyads == 1).all() and found.low.isna().all()


def test_smoothing_helps_flicker_and_intervals_hold_the_value(ward, tmp_path):
    rng, values = np.random.default_rng(0), {}
    for number in range(8):
        codes = draw_runs(rng, 300, 3)
        ward.add(f"s{number}", codes)
        values[f"s{number}"] = np.where(rng.random(300) < 0.15, rng.integers(0, 3, 300), codes)
    ward.cell(values, smoothing_frames=5, minimum_bout_frames=3)
    score_bouts(ward.request(), level=0.95, bouts=tmp_path / "bouts.tsv")
    found = read_table(tmp_path / "bouts.tsv").set_index(["smoothing", "metric"])
    for metric in ("edit", "f1_25"):
        assert found.value["tuned", metric] > found.value["none", metric] + 0.1
    assert (found.low < found.value).all() and (found.value < found.high).all()
    assert abs(found.value["tuned", "bouts_ratio"] - 1) < abs(found.value["none", "bouts_ratio"] - 1)


def scores(ward, path):
    score_bouts(ward.request(), level=0.95, bouts=path)
    return read_table(path)


def test_nobody_is_charged_for_frames_that_nobody_coded(ward, tmp_path):
    # What is said in the gap, and that it is one bout with what lies on either side, is nobody's business.
    truth = np.array([0, 0, 0, 0, -1, -1, -1, 0, 0, 0, 0, 2, 2, 2])
    said = np.array([0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 2, 2, 2])
    ward.add("a", truth)
    ward.cell({"a": said})
    found = scores(ward, tmp_path / "bouts.tsv").query("smoothing == 'none'").set_index("metric")
    assert found.value.to_dict() == {
        "edit": 1, "f1_10": 1, "f1_25": 1, "f1_50": 1, "onset_error_s": 0, "offset_error_s": 0, "bouts_ratio": 1}
    assert set(found.bouts) == {3}, "the gap ends a bout of 0, and another begins after it"


def test_two_sessions_of_a_dyad_count_as_one_and_leaving_a_dyad_out_leaves_both(ward, tmp_path):
    codes = np.repeat([0, 1, 0, 2], 6)
    # Bouts said and true: 4 and 4, 6 and 4 of dyad x; 5 and 4 of y; 2 and 4 of z.
    flicker, twice, half = codes.copy(), codes.copy(), codes.copy()
    twice[2] = 2
    flicker[0] = 1
    half[6:18] = 0
    half[12:18] = 2
    said = {"x1": codes, "x2": twice, "y": flicker, "z": half}
    for session in said:
        ward.add(session, codes, dyad=session[0])
    ward.cell(said)
    found = scores(ward, tmp_path / "bouts.tsv").query("smoothing == 'none'").set_index("metric")
    ratio = found.loc["bouts_ratio"]
    assert (ratio.value, ratio.dyads, ratio.bouts) == (pytest.approx(17 / 16, abs=1e-5), 3, 16)
    expected = interval_from_left_out(17 / 16, np.array([7 / 8, 12 / 12, 15 / 12]), bounds=(0, np.inf))
    assert (ratio.low, ratio.high) == pytest.approx(expected, abs=1e-4)
    # Sequences of x2 and y: 0 2 0 1 0 2 (two edits of 6), 1 0 1 0 2 (one of 5); of z: 0 2 (two of 4).
    assert found.value.edit == pytest.approx(1 - (0 + 2 + 1 + 2) / (4 + 6 + 5 + 4), abs=1e-6)


def test_a_cell_that_was_not_trained_has_no_row_and_the_others_have_two_a_metric(ward, tmp_path):
    for session in "ab":
        ward.add(session, np.repeat([0, 1], 10))
    ward.cell({session: np.repeat([0, 1], 10) for session in "ab"}, model="bilstm")
    ward.cell({session: np.repeat([0, 1], 10) for session in "ab"}, model="linear")
    with h5py.File(ward.cells[1]["probabilities"], "w") as file:
        file.attrs["failed"] = "it diverged"
    table = scores(ward, tmp_path / "bouts.tsv")
    assert tuple(table.columns) == BOUT_COLUMNS
    assert list(table.model.unique()) == ["bilstm"] and len(table) == 2 * 7
    ward.cells = ward.cells[1:]
    assert len(scores(ward, tmp_path / "none.tsv")) == 0
    assert tuple(read_table(tmp_path / "none.tsv").columns) == BOUT_COLUMNS


def test_where_only_the_last_fold_is_tested_the_others_are_not_scored(ward, tmp_path):
    for fold, session in enumerate("abc"):
        ward.add(session, np.repeat([0, 1, 2], 5), fold=fold)
    ward.cell({"c": np.repeat([0, 1, 2], 5)})
    ward.tested["corrected"] = "last"
    table = scores(ward, tmp_path / "bouts.tsv")
    assert set(table.dyads) == {1} and set(table.bouts) == {3}

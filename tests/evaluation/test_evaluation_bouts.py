"""Bouts pooled over dyads, by hand."""

import numpy as np
import pytest

from dyadflow.evaluation.bout_scores import score_bouts
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

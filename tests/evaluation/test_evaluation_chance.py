"""Chance with the rhythm left in: what knows nothing lies within it, however long its bouts."""

import numpy as np
import pytest

from dyadflow.evaluation.chance import compare_with_chance, derange
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.tables import read_table

from .conftest import draw_runs


def compared(ward, tmp_path, draws=300, seed=1):
    compare_with_chance(ward.request(), draws=draws, seed=seed, chance=tmp_path / "chance.tsv")
    return read_table(tmp_path / "chance.tsv").set_index(["model", "method", "metric"])


def test_a_model_that_knows_and_one_that_knows_nothing(ward, tmp_path):
    rng, good, idle = np.random.default_rng(0), {}, {}
    for number in range(10):
        codes = draw_runs(rng, 400, 3, weights=[1, 2, 4])
        ward.add(f"s{number}", codes)
        good[f"s{number}"] = np.where(rng.random(400) < 0.4, draw_runs(rng, 400, 3), codes)
        idle[f"s{number}"] = draw_runs(rng, 400, 3, weights=[1, 2, 4])
    ward.cell(good, model="good")
    ward.cell(idle, model="idle")
    found = compared(ward, tmp_path)
    for method in ("shift", "dyads"):
        assert found.p["good", method, "kappa"] == pytest.approx(1 / 301, abs=1e-6)
        assert found.value["good", method, "kappa"] > found.chance_high["good", method, "kappa"]
        assert found.p["idle", method, "kappa"] > 0.01
        assert abs(found.chance_mean["idle", method, "kappa"]) < 0.1
    assert (found.draws == 300).all()
    # Shuffled frames would be far below: chance with long bouts is wide.
    assert found.chance_high["idle", "shift", "accuracy"] - found.chance_low["idle", "shift", "accuracy"] > 0.04


def test_who_the_dyad_is_is_kept_by_shifts_and_lost_between_dyads(ward, tmp_path):
    # Each dyad has a class of its own, and the model knows which.
    for number in range(9):
        codes = np.full(200, number % 3)
        codes[::7] = (number + 1) % 3
        ward.add(f"s{number}", codes)
        ward.known = getattr(ward, "known", {}) | {f"s{number}": np.full(200, number % 3)}
    ward.cell(ward.known)
    found = compared(ward, tmp_path)
    assert found.value["m", "shift", "accuracy"] == pytest.approx(found.chance_mean["m", "shift", "accuracy"], abs=0.01)
    assert found.p["m", "shift", "accuracy"] > 0.3
    assert found.value["m", "dyads", "accuracy"] > found.chance_high["m", "dyads", "accuracy"]


def test_dyads_are_aligned_phase_by_phase(ward, tmp_path):
    # The code is the phase; lengths differ. Exchanged predictions are right to the last frame.
    for number, play in enumerate((30, 50, 80)):
        phase = np.r_[np.zeros(play, int), np.ones(40 + 10 * number, int), np.full(5, -1)]
        codes = np.where(phase < 0, -1, phase)
        ward.add(f"s{number}", codes, phase=phase)
        ward.known = getattr(ward, "known", {}) | {f"s{number}": np.maximum(codes, 0)}
    ward.cell(ward.known)
    found = compared(ward, tmp_path, draws=50)
    assert found.chance_low["m", "dyads", "accuracy"] == 1.0
    assert found.p["m", "dyads", "accuracy"] == 1.0


def test_shifted_confusions_are_those_of_rotated_predictions(ward):
    from dyadflow.evaluation.chance import _Sessions
    from dyadflow.evaluation.scored import gather_scored

    rng = np.random.default_rng(3)
    codes, said = draw_runs(rng, 150, 3), draw_runs(rng, 150, 3)
    codes[40:60] = -1
    ward.add("a", codes)
    ward.cell({"a": said})
    gathered = gather_scored(ward.request())
    by_lag = _Sessions(gathered.scored[0], gathered)._by_lag("a")
    for lag in (0, 1, 77, 149):
        rotated, known = np.roll(said, lag), codes >= 0
        expected = np.zeros((3, 3), int)
        np.add.at(expected, (codes[known], rotated[known]), 1)
        np.testing.assert_array_equal(by_lag[lag], expected)
    assert float(metrics_of(by_lag[0])["accuracy"]) == pytest.approx((codes == said)[codes >= 0].mean())


def test_the_same_seed_gives_the_same_table_no_draws_none_and_nobody_keeps_their_own(ward, tmp_path):
    for number in range(4):
        codes = draw_runs(np.random.default_rng(number), 300, 3)
        ward.add(f"s{number}", codes)
        ward.known = getattr(ward, "known", {}) | {f"s{number}": codes}
    ward.cell(ward.known)
    first, second = compared(ward, tmp_path), compared(ward, tmp_path)
    assert first.equals(second) and not first.equals(compared(ward, tmp_path, seed=2))
    assert compared(ward, tmp_path, draws=0).empty


def test_few_dyads_are_exchanged_in_every_way_once_and_p_is_no_smaller_than_that_allows(ward, tmp_path):
    rng = np.random.default_rng(0)
    # Subfactorials: 2, 9 and 44 ways for 3, 4 and 5.
    for dyads, ways in ((1, 0), (2, 1), (3, 2), (4, 9), (5, 44)):
        orders = derange(dyads, 100, rng)
        assert len({tuple(order) for order in orders}) == len(orders) == ways
        assert all(sorted(order) == list(range(dyads)) and (order != np.arange(dyads)).all() for order in orders)
    many = derange(5, 43, rng)
    assert len(many) == 43 and all((order != np.arange(5)).all() for order in many)
    for number in range(3):
        codes = draw_runs(rng, 300, 3)
        ward.add(f"s{number}", codes)
        ward.known = getattr(ward, "known", {}) | {f"s{number}": codes}
    ward.cell(ward.known)
    row = compared(ward, tmp_path).loc[("m", "dyads", "kappa")]
    assert (row.draws, row.value) == (2, 1) and row.p == pytest.approx(1 / 3, abs=1e-6)


def test_a_single_dyad_is_shifted_but_has_nobody_to_be_exchanged_with(ward, tmp_path):
    ward.add("a", draw_runs(np.random.default_rng(0), 300, 3))
    ward.cell({"a": np.zeros(300, int)})
    assert set(compared(ward, tmp_path, draws=20).index.get_level_values("method")) == {"shift"}


def test_shifts_are_of_ten_seconds_or_more_either_way(ward, tmp_path):
    # One event of 5 s in 100 s: no shift of 10 s or more lets prediction and truth meet.
    codes = np.zeros(1000, int)
    codes[300:350] = 1
    ward.add("a", codes)
    ward.cell({"a": codes})
    found = compared(ward, tmp_path, draws=400).loc[("m", "shift", "accuracy")]
    assert found.value == 1 and found.chance_low == found.chance_high == pytest.approx(0.9)


def test_frames_that_were_never_predicted_take_no_part_in_chance(ward, tmp_path):
    # Only the middle was coded and predicted: rotated, it stays among itself, and every frame is right.
    known = np.where(np.arange(200)[:, None] // 50 % 3 > 0, np.array([0.2, 0.6, 0.2]), np.nan)
    codes = np.where(np.isfinite(known[:, 0]), 1, -1)
    for name in "ab":
        ward.add(name, codes)
    ward.cell({name: known for name in "ab"})
    found = compared(ward, tmp_path, draws=30)
    for method in ("shift", "dyads"):
        assert found.chance_low["m", method, "accuracy"] == 1.0
    # Kappa of a single class is undefined: it is neither better nor worse than chance.
    assert found.p[("m", "shift", "kappa")] != found.p[("m", "shift", "kappa")]


def test_sessions_of_dyads_are_paired_in_order_and_what_has_no_partner_is_not_scored(ward, tmp_path):
    # First sessions are all neg, second ones all pos; a has a third, of neu, that nobody can be exchanged with.
    for name, dyad, code in (("a1", "a", 0), ("a2", "a", 2), ("a3", "a", 1), ("b1", "b", 0), ("b2", "b", 2)):
        ward.add(name, np.full(60, code), dyad=dyad)
    ward.cell({"a1": np.full(60, 0), "a2": np.full(60, 2), "a3": np.full(60, 0), "b1": np.full(60, 0),
               "b2": np.full(60, 2)})
    found = compared(ward, tmp_path, draws=10).loc[("m", "dyads", "accuracy")]
    assert found.value == pytest.approx(4 / 5) and found.chance_mean == 1 and found.draws == 1

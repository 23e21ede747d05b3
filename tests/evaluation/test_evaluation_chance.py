"""Chance with the rhythm left in: what knows nothing lies within it, however long its bouts."""

import numpy as np
import pytest

from dyadflow.evaluation.chance import _derange, compare_with_chance
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
    rng = np.random.default_rng(0)
    assert all((_derange(5, rng) != np.arange(5)).all() for _ in range(200))

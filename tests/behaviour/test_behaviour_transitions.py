"""Transitions: counted by hand, and held against statsmodels' tables and log-linear models."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import Table

from dyadflow.behaviour.quasi_independence import adjusted_residuals, fit_quasi_independence
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.transitions import TRANSITION_COLUMNS, tabulate_transitions


def counted(codings, scheme, **chosen):
    return tabulate_transitions(codings, scheme, BehaviourSettings(**chosen))


def counts_of(table):
    return {(row.from_code, row.to_code): row.count for row in table.itertuples(index=False) if row.count}


def touching(tier, *bouts, start_s=0.0):
    """Segments one after the other: code and seconds."""
    rows = []
    for code, length_s in bouts:
        rows.append((tier, code, start_s, start_s + length_s))
        start_s += length_s
    return rows


def test_transitions_by_hand(plain, gather, only):
    table = counted(gather(plain, {("s1", "A"): [
        *touching("infant", ("cry", 2), ("look", 3), ("smile", 1), ("look", 2), ("look", 1), ("cry", 2), ("hidden", 1),
                  ("smile", 2), ("cry", 1)),
        # Nobody coded 15 to 20: what follows is not known to follow.
        *touching("infant", ("smile", 1), ("cry", 1), start_s=20),
    ]}), plain)
    assert tuple(table.columns) == TRANSITION_COLUMNS
    mine = table[table.session == "s1"]
    assert counts_of(mine) == {("cry", "look"): 1, ("look", "smile"): 1, ("smile", "look"): 1, ("look", "cry"): 1,
                               ("smile", "cry"): 2}
    assert len(mine) == 9 and set(mine.tier) == {"infant"}
    assert only(mine, from_code="smile", to_code="cry").probability == pytest.approx(2 / 3)
    # A state does not follow itself: nothing is expected there, and there is no residual.
    own = mine[mine.from_code == mine.to_code]
    assert (own["count"] == 0).all() and (own.expected == 0).all() and own.adjusted_residual.isna().all()
    assert set(mine.expected_below_5) == {"yes"}


def test_phases_and_short_bouts(icep, gather):
    rows = {("s1", "A"): [
        ("phase", "play", 0, 10), ("phase", "turn-away", 10, 12), ("phase", "still-face", 12, 20),
        ("phase", "reunion", 20, 30),
        *touching("infant", ("Ineu", 4), ("Ipos", 6), ("Inon", 4), ("Ipro", 6), ("Ipos", 0.5), ("Ineu", 9.5)),
    ]}
    table = counted(gather(icep, rows), icep)
    by_phase = {phase: counts_of(mine) for phase, mine in table[table.session == "s1"].groupby("phase", sort=False)}
    # Into and out of turn-away nothing follows; at the edge that touches, only in all.
    assert by_phase == {
        "all": {("Ineu", "Ipos"): 1, ("Inon", "Ipro"): 1, ("Ipro", "Ipos"): 1, ("Ipos", "Ineu"): 1},
        "play": {("Ineu", "Ipos"): 1}, "still-face": {("Inon", "Ipro"): 1}, "reunion": {("Ipos", "Ineu"): 1},
    }
    short = counted(gather(icep, rows), icep, minimal_bout_s=1)
    assert counts_of(short[(short.session == "s1") & (short.phase == "all")]) == {
        ("Ineu", "Ipos"): 1, ("Inon", "Ipro"): 1}


def test_sessions_are_pooled_by_coder(plain, gather):
    one, two = touching("infant", ("cry", 1), ("look", 1)), touching("infant", ("cry", 1), ("look", 1), ("smile", 1))
    table = counted(gather(plain, {("s1", "A"): one, ("s2", "A"): two, ("s1", "B"): two}), plain)
    pooled = table[table.session == "all"]
    assert set(pooled.dyad) == {""}
    assert counts_of(pooled[pooled.coder == "A"]) == {("cry", "look"): 2, ("look", "smile"): 1}
    assert counts_of(pooled[pooled.coder == "B"]) == {("cry", "look"): 1, ("look", "smile"): 1}
    assert list(dict.fromkeys(table.session)) == ["all", "s1", "s2"]


def test_tiers_whose_codes_overlap_have_none(plain, gather):
    table = counted(gather(plain, {("s1", "A"): [("signs", "voice", 0, 2), ("signs", "touch", 2, 4)]}), plain)
    assert len(table) == 0 and tuple(table.columns) == TRANSITION_COLUMNS


@pytest.mark.parametrize("seed", range(5))
def test_margins_and_probabilities_add_up(plain, gather, seed):
    rng = np.random.default_rng(seed)
    bouts = [(str(rng.choice(["cry", "look", "smile", "hidden"], p=[0.3, 0.3, 0.3, 0.1])), int(rng.integers(1, 4)))
             for _ in range(60)]
    table = counted(gather(plain, {("s1", "A"): touching("infant", *bouts)}), plain)
    mine = table[table.session == "s1"]
    codes = [code for code, _ in bouts]
    changes = sum(a != b and "hidden" not in (a, b) for a, b in pairwise(codes))
    assert mine["count"].sum() == changes
    for end in ("from_code", "to_code"):
        sums = mine.groupby(end)[["count", "expected"]].sum()
        assert sums["expected"].to_numpy() == pytest.approx(sums["count"].to_numpy())
    assert mine.groupby("from_code").probability.sum().to_numpy() == pytest.approx(1)
    assert [*mine.expected_below_5] == ["yes" if expected < 5 else "no" for expected in mine.expected]
    assert set(mine[mine.from_code != mine.to_code].expected_below_5) != {"yes"}


@pytest.mark.parametrize("seed", range(8))
def test_without_structural_zeros_residuals_are_those_of_statsmodels(seed):
    counts = np.random.default_rng(seed).poisson(6, (3 + seed % 3, 4)) + 1
    expected = fit_quasi_independence(counts, np.ones(counts.shape, dtype=bool))
    table = Table(counts, shift_zeros=False)
    assert expected == pytest.approx(np.asarray(table.fittedvalues))
    assert adjusted_residuals(counts, expected) == pytest.approx(np.asarray(table.standardized_resids))


@pytest.mark.parametrize("mean", [0.5, 2, 20])
@pytest.mark.parametrize("size", [3, 4, 6])
def test_with_structural_zeros_both_are_those_of_the_log_linear_model(size, mean):
    rng = np.random.default_rng(size)
    tables = rng.poisson(mean, (15, size, size)) * ~np.eye(size, dtype=bool)
    expected = fit_quasi_independence(tables, ~np.eye(size, dtype=bool))
    residuals = adjusted_residuals(tables, expected)
    compared = 0
    for counts, fitted, found in zip(tables, expected, residuals, strict=True):
        assert fitted.sum(0) == pytest.approx(counts.sum(0)) and fitted.sum(1) == pytest.approx(counts.sum(1))
        row, column = np.nonzero(fitted > 0)
        if not len(row):
            continue
        design = np.column_stack([row[:, None] == np.arange(size), column[:, None] == np.arange(size)]).astype(float)
        start = np.log(np.concatenate([counts.sum(1) + 0.5, (counts.sum(0) + 0.5) / (counts.sum() + 1)]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model = sm.GLM(counts[row, column], design, family=sm.families.Poisson()).fit(
                    start_params=start, tol=1e-13, maxiter=300)
            except ValueError:
                # On some processors its steps run away where a table is nearly empty; then there is nothing to compare.
                continue
            room = 1 - model.get_hat_matrix_diag()
        assert model.mu == pytest.approx(fitted[row, column], abs=1e-6)
        free = np.isfinite(found[row, column])
        assert (room[~free] < 1e-6).all() and (room[free] > 1e-7).all()
        independent = (counts[row, column] - model.mu) / np.sqrt(model.mu * np.where(free, room, 1))
        assert found[row, column][free] == pytest.approx(independent[free], abs=1e-6)
        compared += free.sum()
    assert compared > 10


def test_a_cell_that_the_margins_leave_empty_is_expected_to_be_empty():
    # Only look leads to smile and smile only to look: then cry to smile is allowed, yet 0 in every such table.
    counts = np.array([[0, 5, 0], [5, 0, 3], [0, 3, 0]])
    expected = fit_quasi_independence(counts, ~np.eye(3, dtype=bool))
    assert expected == pytest.approx(counts, abs=1e-9)
    assert np.isnan(adjusted_residuals(counts, expected)).all()


def test_two_codes_that_take_turns_have_no_residual():
    counts = np.array([[0, 7], [6, 0]])
    expected = fit_quasi_independence(counts, ~np.eye(2, dtype=bool))
    assert expected == pytest.approx(counts) and np.isnan(adjusted_residuals(counts, expected)).all()


def test_three_codes_by_hand():
    # Equal margins of 20: by symmetry 10 are expected wherever a code can go. The model has one degree of freedom, in
    # which every cell has the leverage 5/6: residuals of 4 / sqrt(10 / 6).
    counts = np.array([[0, 14, 6], [6, 0, 14], [14, 6, 0]])
    expected = fit_quasi_independence(counts, ~np.eye(3, dtype=bool))
    assert expected == pytest.approx(10 * (1 - np.eye(3)))
    residuals = adjusted_residuals(counts, expected)
    # To rounding, which differs between processors.
    assert residuals[0, 1] == pytest.approx(4 / np.sqrt(10 / 6)) and residuals[0, 2] == pytest.approx(-residuals[0, 1])

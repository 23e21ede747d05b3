"""The dyad-level interval: what it is, where there is none, and that it covers what it says."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from dyadflow.agreement.intervals import interval_from_left_out, jackknife_interval, sum_by_dyad
from dyadflow.agreement.kappa import cohen_kappa, percent_agreement

BENCH = Path(__file__).parents[2] / "bench" / "interval_coverage.py"


def share(counts):
    """Hits among tries."""
    return counts[0] / counts.sum() if counts.sum() else np.nan


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("interval_coverage", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_three_dyads_worked_by_hand():
    # Hits 5, 6, 7 of 10. Pooled 0.6; without each: 13/20, 12/20, 11/20, with logits log(13/7), log(1.5),
    # log(11/9). Student's t with 2 degrees of freedom at 97.5 %: 4.302653.
    logits = np.log([13 / 7, 1.5, 11 / 9])
    error = np.sqrt(2 / 3 * ((logits - logits.mean()) ** 2).sum())
    ends = np.log(1.5) + np.array([-1, 1]) * 4.302653 * error
    low, high = jackknife_interval([[5, 5], [6, 4], [7, 3]], share)
    assert (low, high) == pytest.approx(tuple(1 / (1 + np.exp(-ends))), abs=1e-6)


def test_the_scale_of_the_statistic_does_not_change_the_interval():
    tables = np.random.default_rng(2).integers(1, 40, (10, 3, 3))
    low, high = jackknife_interval(
        tables, lambda table: percent_agreement(table) / 100, bounds=(0, 1), level=0.9)
    assert jackknife_interval(tables, percent_agreement, bounds=(0, 100), level=0.9) == pytest.approx(
        (100 * low, 100 * high))


def test_kappa_has_an_interval_within_minus_one_and_one_round_its_value():
    tables = np.random.default_rng(3).integers(0, 40, (8, 2, 2))
    low, high = jackknife_interval(tables, cohen_kappa, bounds=(-1, 1))
    assert -1 < low < cohen_kappa(tables.sum(0)) < high < 1
    assert low < 0


def test_a_wider_level_is_a_wider_interval():
    tables = np.random.default_rng(4).integers(1, 40, (8, 2, 2))
    narrow, wide = (
        jackknife_interval(tables, cohen_kappa, bounds=(-1, 1), level=level) for level in (0.8, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_all_dyads_left_out_at_once_give_the_same_interval():
    tables = np.random.default_rng(5).integers(0, 40, (9, 3, 3))
    one_by_one = jackknife_interval(tables, cohen_kappa, bounds=(-1, 1))
    assert jackknife_interval(tables, cohen_kappa, bounds=(-1, 1), at_once=True) == one_by_one


def test_sessions_of_one_dyad_are_summed():
    counts = [[1, 2], [3, 4], [5, 6]]
    assert sum_by_dyad(counts, ["d10", "d2", "d10"]).tolist() == [[6, 8], [3, 4]]


def test_a_dyad_without_frames_changes_nothing():
    dyads = [[5, 5], [6, 4], [7, 3]]
    assert jackknife_interval([*dyads, [0, 0]], share) == jackknife_interval(dyads, share)


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [[5, 5]],
        [[10, 0], [10, 0], [8, 0]],
        [[0, 10], [0, 7]],
        [[5, 5], [5, 5], [5, 5]],
        [[0, 0], [0, 0]],
    ],
    ids=["no dyad", "one dyad", "never wrong", "never right", "all alike", "no frames"],
)
def test_where_dyads_say_nothing_about_the_spread_there_is_no_interval(counts):
    assert np.isnan(jackknife_interval(counts, share)).all()


def test_where_the_statistic_is_undefined_without_some_dyad_there_is_no_interval():
    # Only the last dyad has a second class: without it, kappa is 0 / 0.
    tables = [[[9, 0], [0, 0]], [[9, 0], [0, 0]], [[9, 1], [1, 5]]]
    assert np.isnan(jackknife_interval(tables, cohen_kappa, bounds=(-1, 1))).all()


def test_one_dyad_with_all_the_errors_gives_an_interval_cut_at_the_bound():
    # Without the third dyad the share is 1, which has no logit.
    low, high = jackknife_interval([[10, 0], [10, 0], [5, 5]], share)
    assert 0 <= low < 25 / 30 < high == 1


@pytest.fixture(scope="module")
def populations(coverage):
    return {kind: coverage.simulate_population(kind, dyads=800, frames=1200, seed=11) for kind in ("ordinary", "rare")}


def test_at_twelve_unlike_dyads_with_runs_of_frames_the_interval_covers_nearly_what_it_says(coverage, populations):
    # 95 % nominal; with 250 studies the share itself is uncertain by about 3 points.
    found = coverage.measure_coverage(populations["ordinary"], dyads=12, studies=250, seed=12)
    assert set(found) >= {"accuracy", "f1_macro", "kappa", "mcc", "average precision", "ROC AUC", "ece", "bouts f1_25"}
    assert all(0.88 <= share <= 1 and given > 0.98 for share, _, given in found.values()), found


def test_with_a_rare_class_unweighted_means_cover_where_they_have_an_interval_and_have_none_where_they_would_not(
    coverage, populations
):
    # Twelve dyads may lack the rare class, or one of them alone may show it: then no spread among them shows what
    # others would add, and there is no interval.
    found = coverage.measure_coverage(populations["rare"], dyads=12, studies=250, seed=14)
    assert all(found[name][0] >= 0.88 for name in ("accuracy", "f1_weighted", "kappa", "mcc")), found
    assert 0.5 < found["f1_macro"][2] < 0.95
    assert all(found[name][0] >= 0.86 for name in ("f1_macro", "precision_macro", "recall_macro")), found


def test_taking_frames_as_independent_would_cover_far_less(coverage, populations):
    assert coverage.measure_naive_coverage(populations["ordinary"], dyads=12, studies=500, seed=12) < 0.6


def test_without_an_upper_bound_the_interval_is_worked_out_on_logarithms():
    # Means of three dyads' times: 1, 2 and 4 s; left out in turn, 3, 2.5 and 1.5 s.
    left_out = np.array([3.0, 2.5, 1.5])
    low, high = interval_from_left_out(7 / 3, left_out, bounds=(0.0, np.inf))
    apart = np.log(left_out) - np.log(left_out).mean()
    # Equal pull would give two degrees of freedom; these give 2 (sum d2)^2 / sum d4, at most two.
    freedom = min(2 * (apart**2).sum() ** 2 / (apart**4).sum(), 2)
    from scipy.stats import t

    reach = t.ppf(0.975, freedom) * np.sqrt(2 / 3 * (apart**2).sum())
    assert (low, high) == pytest.approx((7 / 3 * np.exp(-reach), 7 / 3 * np.exp(reach)))
    assert low > 0

"""The dyad-level interval: what it is, and where there is none."""

import numpy as np
import pytest

from dyadflow.agreement.intervals import interval_from_left_out, jackknife_interval, sum_by_dyad
from dyadflow.agreement.kappa import cohen_kappa, percent_agreement


def share(counts):
    """Hits among tries."""
    return counts[0] / counts.sum() if counts.sum() else np.nan


def test_three_dyads_worked_by_hand():
    # Hits 5, 6, 7 of 10. Pooled 0.6; without each: 13/20, 12/20, 11/20, with logits log(13/7), log(1.5),
    # log(11/9). Student's t with 2 degrees of freedom at 97.5 %: 4.302653.
    logits = np.log([13 / 7, 1.5, 11 / 9])
    error = np.sqrt(2 / 3 * ((logits - logits.mean()) ** 2).sum())
    # Their mean is above log(1.5), so the bias, twice the difference, is taken off the lower end.
    correction = 2 * (logits.mean() - np.log(1.5))
    assert correction > 0
    ends = np.log(1.5) + np.array([-1, 1]) * 4.302653 * error - [correction, 0]
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


def test_without_an_upper_bound_the_interval_is_worked_out_on_logarithms():
    # Means of three dyads' times: 1, 2 and 4 s; left out in turn, 3, 2.5 and 1.5 s.
    left_out = np.array([3.0, 2.5, 1.5])
    low, high = interval_from_left_out(7 / 3, left_out, bounds=(0.0, np.inf))
    apart = np.log(left_out) - np.log(left_out).mean()
    # Any three deviations that sum to 0 have (sum d2)^2 = 2 sum d4, so 3 degrees of freedom are cut to n - 1 = 2.
    reach = 4.302653 * np.sqrt(2 / 3 * (apart**2).sum())
    correction = 2 * (np.log(7 / 3) - np.log(left_out).mean())
    assert correction > 0
    assert (low, high) == pytest.approx((7 / 3 * np.exp(-reach), 7 / 3 * np.exp(reach + correction)), rel=1e-5)
    assert low > 0


def test_a_spread_that_one_dyad_makes_has_one_and_a_half_degrees_of_freedom():
    # On logarithms five dyads pull a little, by turns up and down, and the sixth by far the most.
    from scipy.stats import t

    pulls = np.array([0.01, -0.01, 0.01, -0.01, 0.01, 0.9])
    apart = pulls - pulls.mean()
    low, high = interval_from_left_out(np.exp(pulls.mean()), np.exp(pulls), bounds=(0.0, np.inf))
    freedom = 1.5 * (apart**2).sum() ** 2 / (apart**4).sum()
    assert 1.5 < freedom < 2.2
    reach = t.ppf(0.975, freedom) * np.sqrt(5 / 6 * (apart**2).sum())
    assert (np.log(low), np.log(high)) == pytest.approx((pulls.mean() - reach, pulls.mean() + reach))

"""The balance of folds, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from dyadflow.folds.assign import assign_folds
from dyadflow.folds.balance import balance_table, imbalance


def make(rows, *names):
    return pd.DataFrame(rows, columns=["session", "dyad", *names])


def put(counts, outer):
    return pd.DataFrame({"session": counts.session, "dyad": counts.dyad, "outer": outer})


@pytest.fixture
def counts():
    """Three sessions of two dyads; yes is 40 of 100 frames, in fold 0 30 of 50, in fold 1 10 of 50."""
    return make([("s0", "d0", 10, 20), ("s1", "d1", 40, 10), ("s2", "d0", 10, 10)], "dolls-task:no", "dolls-task:yes")


def test_every_fold_and_class_stands_beside_the_whole(counts):
    table = balance_table(counts, put(counts, [0, 1, 0]))
    assert [*table.columns] == [
        "fold", "target", "class", "share", "whole_share", "relative_deviation", "sessions", "dyads"]
    assert table[["fold", "target", "class"]].to_numpy().tolist() == [
        [0, "dolls-task", "no"], [0, "dolls-task", "yes"], [1, "dolls-task", "no"], [1, "dolls-task", "yes"]]
    assert list(table.share) == pytest.approx([0.4, 0.6, 0.8, 0.2])
    assert list(table.whole_share) == pytest.approx([0.6, 0.4, 0.6, 0.4])
    assert list(table.relative_deviation) == pytest.approx([-1 / 3, 0.5, 1 / 3, -0.5])
    assert list(table.sessions) == [2, 2, 1, 1]
    assert list(table.dyads) == [1, 1, 1, 1]


def test_the_objective_is_twice_the_squared_deviations_plus_that_of_the_number_of_sessions(counts):
    # Both folds are half as much off as there is; of 1.5 sessions expected, one fold has 2 and one 1.
    by_hand = 2 * (0.5**2 + 0.5**2) + (0.5 / 1.5) ** 2 + (0.5 / 1.5) ** 2
    assert imbalance(counts, put(counts, [0, 1, 0])) == pytest.approx(by_hand)


def test_the_objective_adds_up_targets_and_does_not_care_for_the_order_of_the_fold_table(counts):
    doubled = counts.assign(**{"drum-task:no": counts["dolls-task:no"], "drum-task:yes": counts["dolls-task:yes"]})
    folds = put(counts, [0, 1, 0])
    one, two = imbalance(counts, folds), imbalance(doubled, folds.iloc[::-1])
    assert two - one == pytest.approx(2 * (0.5**2 + 0.5**2))


def test_a_class_that_never_occurs_and_a_fold_that_nobody_coded_have_numbers():
    counts = make([("s0", "d0", 5, 0, 0, 0), ("s1", "d1", 5, 0, 3, 1)], "a:no", "a:yes", "b:no", "b:yes")
    table = balance_table(counts, put(counts, [0, 1])).set_index(["fold", "target", "class"])
    assert table.loc[(0, "a", "yes"), ["share", "whole_share"]].tolist() == [0, 0]
    assert np.isnan(table.loc[(0, "a", "yes"), "relative_deviation"])
    assert np.isnan(table.loc[(0, "b", "yes"), "share"])
    # Target a is perfectly balanced; b has its class in one fold only, where it is as in the whole.
    assert imbalance(counts, put(counts, [0, 1])) == pytest.approx(2 * 1)


def test_folds_that_are_like_the_whole_have_no_imbalance_and_dealt_folds_can_be_judged_too():
    counts = make([(f"s{number}", f"d{number}", 10, 30) for number in range(4)], "a:no", "a:yes")
    folds = assign_folds(counts, outer=2, inner=2)
    assert imbalance(counts, folds) == 0
    assert (balance_table(counts, folds).relative_deviation == 0).all()


def test_a_target_s_name_may_hold_a_colon():
    counts = make([("s0", "d0", 1, 1), ("s1", "d1", 1, 1)], "in:fant:no", "in:fant:yes")
    assert balance_table(counts, put(counts, [0, 1]))[["target", "class"]].iloc[1].tolist() == ["in:fant", "yes"]

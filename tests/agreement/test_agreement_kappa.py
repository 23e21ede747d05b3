"""Percent agreement and kappa, plain and weighted, against hand-worked tables, scikit-learn and statsmodels."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dyadflow.agreement.kappa import cohen_kappa, one_against_rest, percent_agreement, weighted_kappa

TABLES = st.integers(2, 5).flatmap(lambda size: arrays(np.int64, (size, size), elements=st.integers(0, 40)))
WEIGHTS = st.sampled_from(["linear", "quadratic"])


def test_a_table_worked_by_hand():
    # 50 units: 20 yes-yes, 15 no-no; observed 0.7, chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5, kappa 0.2 / 0.5.
    table = [[20, 5], [10, 15]]
    assert percent_agreement(table) == pytest.approx(70.0)
    assert cohen_kappa(table) == pytest.approx(0.4)


def test_kappa_is_that_of_scikit_learn_on_random_coders():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(5)
    for classes in (2, 3, 5):
        a = rng.integers(0, classes, 400)
        b = np.where(rng.random(400) < 0.6, a, rng.integers(0, classes, 400))
        table = np.zeros((classes, classes), int)
        np.add.at(table, (a, b), 1)
        assert cohen_kappa(table) == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)


def test_many_tables_at_once_are_the_same_as_one_by_one():
    tables = np.random.default_rng(1).integers(0, 50, (3, 4, 5, 5))
    assert cohen_kappa(tables).shape == (3, 4)
    assert cohen_kappa(tables)[2, 1] == cohen_kappa(tables[2, 1])
    assert percent_agreement(tables)[0, 3] == percent_agreement(tables[0, 3])


def test_two_coders_who_only_ever_used_one_and_the_same_class_have_no_kappa():
    table = [[120, 0], [0, 0]]
    assert np.isnan(cohen_kappa(table))
    assert percent_agreement(table) == 100.0


def test_two_coders_who_each_used_one_class_but_not_the_same_have_kappa_zero():
    # Nothing observed, nothing expected: agreement is exactly what chance gives.
    assert cohen_kappa([[0, 80], [0, 0]]) == 0.0


def test_a_table_without_units_has_neither():
    assert np.isnan(cohen_kappa(np.zeros((3, 3))))
    assert np.isnan(percent_agreement(np.zeros((3, 3))))


def test_perfect_and_opposite_coders_reach_the_ends_of_the_scale():
    assert cohen_kappa([[10, 0], [0, 10]]) == 1.0
    assert cohen_kappa([[0, 10], [10, 0]]) == -1.0


@settings(max_examples=80, deadline=None)
@given(TABLES)
def test_kappa_is_that_of_statsmodels_on_any_table(table):
    from statsmodels.stats.inter_rater import cohens_kappa

    assume(np.isfinite(cohen_kappa(table)))
    found = cohens_kappa(table, return_results=False)
    assert cohen_kappa(table) == pytest.approx(found, abs=1e-12)
    assert percent_agreement(table) == pytest.approx(100 * np.trace(table) / table.sum())


@settings(max_examples=80, deadline=None)
@given(TABLES, WEIGHTS)
def test_weighted_kappa_is_that_of_statsmodels_and_scikit_learn_on_any_table(table, weights):
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import cohens_kappa

    mine = weighted_kappa(table, weights)
    assume(np.isfinite(mine))
    assert mine == pytest.approx(cohens_kappa(table, wt=weights, return_results=False), abs=1e-12)
    a, b = (np.repeat(said, table.ravel()) for said in np.indices(table.shape).reshape(2, -1))
    classes = list(range(len(table)))
    assert mine == pytest.approx(cohen_kappa_score(a, b, labels=classes, weights=weights), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(TABLES, WEIGHTS, st.randoms(use_true_random=False))
def test_kappa_does_not_mind_swapped_coders_and_plain_kappa_not_renamed_classes(table, weights, random):
    order = list(range(len(table)))
    random.shuffle(order)
    same = {"nan_ok": True, "abs": 1e-12}
    assert cohen_kappa(table.T) == pytest.approx(cohen_kappa(table), **same)
    assert weighted_kappa(table.T, weights) == pytest.approx(weighted_kappa(table, weights), **same)
    assert cohen_kappa(table[np.ix_(order, order)]) == pytest.approx(cohen_kappa(table), **same)
    assert weighted_kappa(table[::-1, ::-1], weights) == pytest.approx(weighted_kappa(table, weights), **same)


def test_a_weighted_table_worked_by_hand():
    # 4, 3, 3 and 5, 3, 2 of ten; steps apart: two frames by 1, one by 2.
    table = [[3, 1, 0], [1, 2, 0], [1, 0, 2]]
    # Linear by chance: (4 * 3 + 4 * 2 * 2 + 3 * 5 + 3 * 2 + 3 * 5 * 2 + 3 * 3) / 10 = 8.8; observed 4.
    assert weighted_kappa(table, "linear") == pytest.approx(1 - 4 / 8.8)
    # Quadratic: (12 + 32 + 15 + 6 + 60 + 9) / 10 = 13.4; observed 1 + 1 + 4.
    assert weighted_kappa(table, "quadratic") == pytest.approx(1 - 6 / 13.4)


def test_of_two_classes_weights_change_nothing():
    tables = np.random.default_rng(6).integers(0, 30, (20, 2, 2))
    for weights in ("linear", "quadratic"):
        assert weighted_kappa(tables, weights) == pytest.approx(cohen_kappa(tables), nan_ok=True)


def test_weighted_kappa_is_missing_where_kappa_is():
    for table in (np.zeros((3, 3)), [[9, 0, 0], [0, 0, 0], [0, 0, 0]]):
        assert np.isnan(weighted_kappa(table, "linear")) and np.isnan(weighted_kappa(table, "quadratic"))


def test_one_class_against_the_rest_is_a_sum_of_cells():
    table = np.arange(16).reshape(4, 4)
    assert one_against_rest(table, 1).tolist() == [[5, 4 + 6 + 7], [1 + 9 + 13, 0 + 2 + 3 + 8 + 10 + 11 + 12 + 14 + 15]]
    many = np.random.default_rng(2).integers(0, 9, (3, 2, 4, 4))
    assert one_against_rest(many, 3).shape == (3, 2, 2, 2)
    assert (one_against_rest(many, 3)[1, 1] == one_against_rest(many[1, 1], 3)).all()

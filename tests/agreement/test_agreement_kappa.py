"""Percent agreement and Cohen's kappa, against hand-worked tables and scikit-learn."""

import numpy as np
import pytest

from dyadflow.agreement.kappa import cohen_kappa, percent_agreement


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

"""Fleiss' kappa and Krippendorff's alpha from counts, against hand-worked tables, statsmodels and krippendorff."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dyadflow.agreement.kappa import cohen_kappa, one_against_rest
from dyadflow.agreement.many import coincidences, fleiss_kappa, krippendorff_alpha

MISSING = -1
#: Coders in rows, units in columns.
RATINGS = st.tuples(st.integers(2, 5), st.integers(2, 25), st.integers(2, 4)).flatmap(
    lambda shape: arrays(np.int64, shape[:2], elements=st.integers(MISSING, shape[2] - 1)))
METRICS = ("nominal", "ordinal", "interval")


def products(ratings, classes):
    """Sums over units of how many gave one class times how many gave the other, a table a number of coders."""
    coders = len(ratings)
    found = np.zeros((coders - 1, classes, classes), dtype=np.int64)
    for unit in np.asarray(ratings).T:
        given = np.bincount(unit[unit != MISSING], minlength=classes)
        if given.sum() > 1:
            found[given.sum() - 2] += np.outer(given, given)
    return found


def test_the_table_of_fleiss_1971_in_the_form_that_is_usually_printed():
    # 10 units, 14 raters, 5 classes: kappa .210.
    counts = np.array([
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ])
    assert fleiss_kappa(counts.T @ counts, 14) == pytest.approx(0.210, abs=5e-4)


def test_the_example_of_krippendorff_with_missing_ratings():
    # Three coders, 15 units, four classes: .691 nominal, .811 interval.
    lines = ["* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4"]
    ratings = np.array([[MISSING if said == "*" else int(said) - 1 for said in line.split()] for line in lines])
    table = coincidences(products(ratings, 4))
    assert table.sum() == pytest.approx(26)
    assert krippendorff_alpha(table) == pytest.approx(0.691, abs=5e-4)
    assert krippendorff_alpha(table, "interval") == pytest.approx(0.811, abs=5e-4)


@settings(max_examples=80, deadline=None)
@given(st.tuples(st.integers(2, 5), st.integers(1, 25), st.integers(2, 4)).flatmap(
    lambda shape: arrays(np.int64, shape[:2], elements=st.integers(0, shape[2] - 1))))
def test_fleiss_kappa_is_that_of_statsmodels(ratings):
    from statsmodels.stats.inter_rater import aggregate_raters
    from statsmodels.stats.inter_rater import fleiss_kappa as by_statsmodels

    coders, classes = len(ratings), 4
    mine = fleiss_kappa(products(ratings, classes)[coders - 2], coders)
    if len(np.unique(ratings)) == 1:
        assert np.isnan(mine)
        return
    assert mine == pytest.approx(by_statsmodels(aggregate_raters(ratings.T)[0]), abs=1e-12)
    assert fleiss_kappa(products(ratings[::-1], classes)[coders - 2], coders) == mine


@settings(max_examples=80, deadline=None)
@given(RATINGS)
def test_alpha_is_that_of_krippendorff(ratings):
    import krippendorff

    classes = 4
    table = coincidences(products(ratings, classes))
    paired = ratings[:, (ratings != MISSING).sum(0) > 1]
    if len(np.unique(paired[paired != MISSING])) < 2:
        assert all(np.isnan(krippendorff_alpha(table, metric)) for metric in METRICS)
        return
    data = np.where(ratings == MISSING, np.nan, ratings.astype(float))
    for metric in METRICS:
        theirs = krippendorff.alpha(
            reliability_data=data, level_of_measurement=metric, value_domain=np.arange(classes, dtype=float))
        assert krippendorff_alpha(table, metric) == pytest.approx(theirs, abs=1e-10), metric


def test_alpha_of_two_classes_does_not_depend_on_the_metric():
    table = coincidences(products(np.array([[0, 1, 1, 0, 1], [0, 1, 0, 0, 1], [1, 1, 1, 0, -1]]), 2))
    values = [krippendorff_alpha(table, metric) for metric in METRICS]
    assert values == pytest.approx([values[0]] * 3)


def test_with_two_coders_and_many_units_alpha_and_fleiss_come_near_the_kappa_of_coders_with_like_margins():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, 30_000)
    b = np.where(rng.random(30_000) < 0.6, a, rng.integers(0, 3, 30_000))
    table, confusion = products(np.stack([a, b]), 3), np.zeros((3, 3))
    np.add.at(confusion, (a, b), 1)
    kappa = cohen_kappa(confusion)
    assert fleiss_kappa(table[0], 2) == pytest.approx(kappa, abs=1e-3)
    assert krippendorff_alpha(coincidences(table)) == pytest.approx(kappa, abs=1e-3)


def test_one_class_against_the_rest_may_be_taken_before_or_after_the_ratings_are_counted():
    ratings = np.random.default_rng(3).integers(-1, 3, (4, 60))
    merged = np.where(ratings == MISSING, MISSING, (ratings != 1).astype(int))
    assert (one_against_rest(products(ratings, 3), 1) == products(merged, 2)).all()


def test_many_tables_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(4)
    tables = np.stack([products(rng.integers(-1, 3, (3, 40)), 3) for _ in range(5)])
    whole = coincidences(tables)
    assert whole.shape == (5, 3, 3)
    for metric in METRICS:
        assert krippendorff_alpha(whole, metric) == pytest.approx(
            [krippendorff_alpha(coincidences(table), metric) for table in tables])
    assert fleiss_kappa(tables[:, 1], 3) == pytest.approx([fleiss_kappa(table[1], 3) for table in tables])


def test_without_units_there_is_nothing():
    empty = np.zeros((2, 3, 3))
    assert np.isnan(fleiss_kappa(empty[0], 2)) and np.isnan(krippendorff_alpha(coincidences(empty), "ordinal"))

"""Metrics from confusions, against scikit-learn."""

from typing import get_args

import numpy as np
import pytest

from dyadflow.evaluation.metrics import BOUNDS, metrics_of
from dyadflow.evaluation.settings import Metric


def judged_by_scikit_learn(confusion):
    from sklearn.metrics import (
        accuracy_score,
        cohen_kappa_score,
        matthews_corrcoef,
        precision_recall_fscore_support,
    )

    classes = range(len(confusion))
    truth = np.repeat([row for row in classes for _ in classes], np.ravel(confusion))
    said = np.repeat([column for _ in classes for column in classes], np.ravel(confusion))
    found = {"accuracy": accuracy_score(truth, said), "kappa": cohen_kappa_score(truth, said),
             "mcc": matthews_corrcoef(truth, said)}
    for average in ("macro", "weighted"):
        values = precision_recall_fscore_support(
            truth, said, labels=list(classes), average=average, zero_division=0)[:3]
        found |= {f"{name}_{average}": value
                  for name, value in zip(("precision", "recall", "f1"), values, strict=True)}
    return found


def random_confusions():
    rng = np.random.default_rng(8)
    for classes in (2, 4, 6):
        table = rng.integers(0, 30, (classes, classes))
        yield table
        never_true = table.copy()
        never_true[1] = 0
        yield never_true
        never_said = table.copy()
        never_said[:, 0] = 0
        yield never_said
        if classes > 2:  # with one class left of two, kappa is undefined
            neither = never_true.copy()
            neither[:, 1] = 0
            yield neither


@pytest.mark.parametrize("confusion", random_confusions())
def test_every_metric_is_that_of_scikit_learn_also_where_a_class_is_absent(confusion):
    expected = judged_by_scikit_learn(confusion)
    found = metrics_of(confusion)
    assert set(found) == set(expected)
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected, abs=1e-12)


def test_many_confusions_at_once_are_the_same_as_one_by_one():
    tables = np.random.default_rng(1).integers(0, 9, (5, 3, 4, 4))
    together = metrics_of(tables)
    for name, value in metrics_of(tables[4, 2]).items():
        assert together[name].shape == (5, 3)
        assert together[name][4, 2] == value


def test_no_frames_is_no_value_rather_than_zero():
    assert all(np.isnan(value) for value in metrics_of(np.zeros((3, 3))).values())


def test_a_study_may_name_exactly_the_metrics_that_exist():
    assert get_args(Metric) == tuple(BOUNDS)

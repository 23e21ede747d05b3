"""Each class against all others: scikit-learn's curves, pooled over dyads."""

import numpy as np
import pytest

from dyadflow.evaluation.classes import LEVELS, average_precision, roc_auc, score_classes
from dyadflow.tables import read_table

from .conftest import draw_runs


@pytest.fixture
def tables(ward, tmp_path):
    rng, values = np.random.default_rng(3), {}
    for number in range(9):
        codes = draw_runs(rng, 120, 3)
        codes[rng.random(120) < 0.1] = -1
        ward.add(f"s{number}", codes, fold=number % 3, dyad=f"d{number // 2}", phase=np.arange(120) // 60)
        hint = np.eye(3)[np.maximum(codes, 0)] * 1.5
        odds = np.exp(hint + rng.normal(size=(120, 3)))
        values[f"s{number}"] = odds / odds.sum(1, keepdims=True)
        ward.truth = getattr(ward, "truth", {}) | {f"s{number}": codes}
    ward.cell(values)
    score_classes(
        ward.request(), instructed=["still-face"], level=0.95, classes=tmp_path / "classes.tsv",
        curves=tmp_path / "curves.tsv")
    return ward, values, read_table(tmp_path / "classes.tsv"), read_table(tmp_path / "curves.tsv")


def pooled(ward, values, frames=slice(None)):
    truth = np.concatenate([ward.truth[name][frames] for name in values])
    scores = np.concatenate([each[frames].astype(np.float32) for each in values.values()])
    return truth[truth >= 0], np.rint(scores[truth >= 0] * (LEVELS - 1)) / (LEVELS - 1)


def test_areas_under_curves_are_scikit_learn_s_with_and_without_the_instructed_phase(tables):
    from sklearn.metrics import average_precision_score, roc_auc_score

    ward, values, found, _ = tables
    for phase, frames in (("all", slice(None)), ("without still-face", slice(0, 60))):
        truth, scores = pooled(ward, values, frames)
        for place, name in enumerate(ward.classes):
            own = found[(found.phase == phase) & (found["class"] == name)].set_index("metric")
            right, score = truth == place, scores[:, place]
            assert own.value.average_precision == pytest.approx(average_precision_score(right, score), abs=1e-5)
            assert own.value.roc_auc == pytest.approx(roc_auc_score(right, score), abs=1e-5)
            assert own.frames.roc_auc == right.sum() and own.dyads.roc_auc <= 5
            assert (own.low < own.value).all() and (own.value < own.high).all()


def test_precision_recall_and_f1_of_each_class_are_scikit_learn_s(tables):
    from sklearn.metrics import precision_recall_fscore_support

    ward, values, found, _ = tables
    truth = np.concatenate([ward.truth[name] for name in values])
    said = np.concatenate([each.astype(np.float32).argmax(1) for each in values.values()])[truth >= 0]
    expected = precision_recall_fscore_support(truth[truth >= 0], said, labels=[0, 1, 2])
    for number, metric in enumerate(("precision", "recall", "f1")):
        own = found[(found.phase == "all") & (found.metric == metric)]
        np.testing.assert_allclose(own.value, expected[number], atol=1e-5)


def test_curves_run_from_nothing_to_everything_and_through_scikit_learn_s_points(tables):
    from sklearn.metrics import roc_curve

    ward, values, _, curves = tables
    truth, scores = pooled(ward, values)
    roc = curves[(curves["class"] == "neg") & (curves.curve == "roc")]
    assert (roc.x.iloc[0], roc.y.iloc[0], roc.x.iloc[-1], roc.y.iloc[-1]) == (0, 0, 1, 1)
    assert roc.x.is_monotonic_increasing and roc.y.is_monotonic_increasing and len(roc) <= 200
    false, true, _ = roc_curve(truth == 0, scores[:, 0], drop_intermediate=False)
    # Tables are rounded to six digits.
    points = np.stack([false, true], axis=1)
    assert max(np.abs(points - (row.x, row.y)).max(axis=1).min() for row in roc.itertuples()) < 2e-6
    precision = curves[(curves["class"] == "neg") & (curves.curve == "pr")]
    assert precision.x.iloc[-1] == 1 and precision.y.iloc[-1] == pytest.approx((truth == 0).mean(), abs=1e-5)


def test_a_class_without_frames_has_no_area():
    histogram = np.zeros((2, LEVELS))
    histogram[0, 5] = 3
    assert np.isnan(average_precision(histogram)) and np.isnan(roc_auc(histogram))

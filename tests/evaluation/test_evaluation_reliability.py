"""Probabilities that say what they know, and ones that say too much."""

import numpy as np
import pytest

from dyadflow.evaluation.reliability import BINS, score_calibration
from dyadflow.models.calibration import calibrate, fit_temperature
from dyadflow.tables import read_table


def draw_world(rng, frames):
    """True probabilities, and a class drawn from them in each frame."""
    odds = np.exp(1.5 * rng.normal(size=(frames, 3)))
    shares = odds / odds.sum(1, keepdims=True)
    return shares, (shares.cumsum(1) > rng.random((frames, 1))).argmax(1)


def overstate(shares, power, weights=(1, 1, 1)):
    """What an over-confident network says that was trained with class weights."""
    said = shares ** power * np.asarray(weights, float)
    return said / said.sum(1, keepdims=True)


def test_an_over_confident_cell_is_told_and_its_fitted_temperature_mends_it(ward, tmp_path):
    rng, weights = np.random.default_rng(1), [1.0, 3.0, 0.5]
    shares, codes = draw_world(rng, 30_000)
    # The network first overstates what it knows; then the weights of its loss shift its odds.
    said = overstate(overstate(shares, 2.0), 1.0, weights)
    temperature = fit_temperature([said[:15_000]], [codes[:15_000]], [weights])
    assert temperature == pytest.approx(2.0, rel=0.05)
    # Probabilities below one in ten million are taken as that.
    np.testing.assert_allclose(calibrate(said, weights, 2.0), shares, atol=1e-3)
    for number in range(10):
        part = slice(15_000 + 1_500 * number, 16_500 + 1_500 * number)
        ward.add(f"s{number}", codes[part])
        ward.values = getattr(ward, "values", {}) | {f"s{number}": said[part]}
    ward.cell(ward.values, temperature=temperature, class_weights=weights)
    score_calibration(ward.request(), level=0.95, calibration=tmp_path / "c.tsv", bins=tmp_path / "b.tsv")
    found = read_table(tmp_path / "c.tsv").set_index(["probabilities", "metric"])
    assert found.value["raw", "ece"] > 0.12 and found.value["calibrated", "ece"] < 0.02
    for metric in ("brier", "nll"):
        assert found.value["calibrated", metric] < found.value["raw", metric]
    assert found.low["calibrated", "accuracy"] < found.value["calibrated", "accuracy"] < found.high[
        "calibrated", "accuracy"]
    # By another way: mean gap of confidence and accuracy over bins, weighed by their frames.
    truth, raw = codes[15_000:], said[15_000:].astype(np.float32)
    top, right = raw.max(1), raw.argmax(1) == truth
    which = np.minimum((top.astype(float) * BINS).astype(int), BINS - 1)
    gaps = [abs(top[which == k].mean() - right[which == k].mean()) * (which == k).mean()
            for k in np.unique(which)]
    assert found.value["raw", "ece"] == pytest.approx(sum(gaps), abs=1e-5)
    assert found.value["raw", "brier"] == pytest.approx(((raw - np.eye(3)[truth]) ** 2).sum(1).mean(), abs=1e-5)
    assert found.value["raw", "nll"] == pytest.approx(-np.log(raw[np.arange(15_000), truth]).mean(), abs=1e-4)
    bins = read_table(tmp_path / "b.tsv")
    calibrated = bins[(bins.probabilities == "calibrated") & (bins.frames > 300)]
    assert (abs(calibrated.confidence - calibrated.accuracy) < 0.05).all() and len(calibrated) > 5
    assert bins[bins.probabilities == "raw"].frames.sum() == 15_000


def test_nothing_coded_leaves_probabilities_as_they_are():
    assert fit_temperature([np.full((5, 2), 0.5)], [np.full(5, -1)], [[1, 1]]) == 1.0
    rows = np.array([[0.2, 0.8], [np.nan, np.nan]])
    found = calibrate(rows, [1, 1], 1.0)
    np.testing.assert_allclose(found[0], rows[0])
    assert np.isnan(found[1]).all()


def test_class_weights_are_those_of_a_weighted_loss():
    # Two kinds of frames; the weighted loss of a free network is least at w p / sum of w p.
    shares, weights = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0.5, 4.0])
    learned = shares * weights / (shares * weights).sum(1, keepdims=True)
    np.testing.assert_allclose(calibrate(learned, weights, 1.0), shares)

"""Temperatures that were planted, and class weights taken back, in closed form."""

import numpy as np
import pytest

from dyadflow.models.calibration import HIGHEST, LOWEST, calibrate, fit_temperature


def shares_of(rng, frames, classes=3):
    odds = np.exp(1.2 * rng.normal(size=(frames, classes)))
    return odds / odds.sum(1, keepdims=True)


def draw(rng, shares):
    """A class of each frame, as often as its share says."""
    return (shares.cumsum(1) > rng.random((len(shares), 1))).argmax(1)


def powered(shares, power):
    raised = shares**power
    return raised / raised.sum(1, keepdims=True)


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found(planted):
    # p ** T, scaled to sum to 1, is what a network says that must be divided by T.
    rng = np.random.default_rng(0)
    shares = shares_of(rng, 40_000)
    codes = draw(rng, shares)
    assert fit_temperature([powered(shares, planted)], [codes], [np.ones(3)]) == pytest.approx(planted, rel=0.04)


def test_of_two_kinds_of_frames_the_temperature_is_that_of_the_share_that_is_right():
    # Said with 0.9, right in 4 of 5: 0.9 at temperature T is 0.8 where 9 ** (1 / T) = 4.
    said, codes = np.tile([0.9, 0.1], (5, 1)), np.array([0, 0, 0, 0, 1])
    found = fit_temperature([said], [codes], np.ones(2))
    assert found == pytest.approx(np.log(9) / np.log(4), abs=1e-4)
    np.testing.assert_allclose(calibrate(said[:1], [1, 1], found), [[0.8, 0.2]], atol=1e-5)


def test_the_weights_of_a_weighted_logistic_regression_are_divided_out():
    # One feature that is 0 or 1 and a free intercept: the weighted fit is the weighted share in each group.
    from sklearn.linear_model import LogisticRegression

    feature = np.repeat([0, 1], [400, 200])
    codes = np.concatenate([np.repeat([0, 1], [360, 40]), np.repeat([0, 1], [60, 140])])
    model = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000, class_weight={0: 0.5, 1: 3.0})
    said = model.fit(feature[:, None], codes).predict_proba(np.array([[0], [1]]))
    assert said[0, 1] == pytest.approx(40 * 3 / (40 * 3 + 360 * 0.5), abs=1e-4)
    np.testing.assert_allclose(calibrate(said, [0.5, 3.0], 1.0), [[0.9, 0.1], [0.3, 0.7]], atol=1e-4)
    # Without its weights this model is right as it is.
    assert fit_temperature([said[feature]], [codes], [[0.5, 3.0]]) == pytest.approx(1, abs=1e-3)
    assert abs(fit_temperature([said[feature]], [codes], np.ones(2)) - 1) > 0.1


def test_each_session_has_the_weights_of_its_own_model_and_one_array_stands_for_all():
    rng, weights = np.random.default_rng(2), [np.array([1.0, 4.0, 0.5]), np.array([2.0, 0.3, 1.0])]
    shares = [shares_of(rng, 20_000) for _ in weights]
    codes = [draw(rng, each) for each in shares]
    said = [each * own / (each * own).sum(1, keepdims=True) for each, own in zip(shares, weights, strict=True)]
    assert fit_temperature(said, codes, weights) == pytest.approx(1, abs=0.03)
    assert fit_temperature(said[:1] * 2, codes[:1] * 2, weights[0]) == pytest.approx(
        fit_temperature(said[:1], codes[:1], weights[:1]), abs=1e-6)


def test_what_is_not_coded_or_not_predicted_teaches_nothing():
    rng = np.random.default_rng(3)
    said, codes = powered(shares_of(rng, 2_000), 2), rng.integers(0, 3, 2_000)
    alone = fit_temperature([said], [codes], np.ones(3))
    wrong = np.full((500, 3), [1.0, 0.0, 0.0])
    gaps = np.full((10, 3), np.nan)
    more = [np.concatenate([said, wrong]), wrong, gaps]
    masked = [np.concatenate([codes, np.full(500, -2)]), np.full(500, -1), np.zeros(10, np.int64)]
    assert fit_temperature(more, masked, np.ones(3)) == pytest.approx(alone, abs=1e-9)
    assert fit_temperature([wrong], [np.full(500, -1)], np.ones(3)) == 1.0
    assert fit_temperature([], [], []) == 1.0


def test_a_temperature_stays_within_its_bounds_where_everything_or_nothing_is_right():
    said = np.tile([0.9, 0.1], (50, 1))
    assert LOWEST <= fit_temperature([said], [np.zeros(50, np.int64)], np.ones(2)) < 0.1
    assert 19 < fit_temperature([said], [np.ones(50, np.int64)], np.ones(2)) <= HIGHEST


def test_a_probability_of_nought_is_no_error_and_a_row_that_is_no_number_stays_so():
    rows = np.array([[1.0, 0.0, 0.0], [np.nan] * 3, [0.2, 0.3, 0.5]], np.float32)
    found = calibrate(rows, [1, 1, 1], 2.0)
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2]].sum(1), 1)
    roots = np.sqrt([0.2, 0.3, 0.5])
    np.testing.assert_allclose(found[2], roots / roots.sum(), rtol=1e-6)
    assert found.dtype == np.float64 and found[0].argmax() == 0

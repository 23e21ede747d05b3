"""Pooled windows: mean and spread round each frame, and the frames that classical models learn from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyadflow.models.blocks import stack_sessions
from dyadflow.models.pooling import mean_loss, pool_frames, spread_classes, take_examples, thin_frames
from dyadflow.models.training import FitRequest


def _pool(values, lengths, **settings):
    pooled = np.full((len(values), 2 * values.shape[1]), np.nan, np.float32)
    for rows, part in pool_frames(values, lengths, **settings):
        assert np.isnan(pooled[rows]).all(), "no frame comes twice"
        pooled[rows] = part
    return pooled


def test_three_frames_by_hand():
    values = np.array([[0], [3], [6], [0]], np.float32)
    pooled = _pool(values, [4], window=3)
    np.testing.assert_allclose(pooled[:, 0], [1.5, 3, 3, 3])
    # Deviations (-1.5, 1.5), (-3, 0, 3), (0, 3, -3), (3, -3): divided by n.
    np.testing.assert_allclose(pooled[:, 1], [1.5, np.sqrt(6), np.sqrt(6), 3], rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=4), window=st.integers(1, 40),
    frames_at_once=st.integers(1, 11),
)
def test_each_frame_has_the_mean_and_spread_of_its_own_session_however_it_is_cut(lengths, window, frames_at_once):
    values = np.random.default_rng(sum(lengths)).normal(size=(sum(lengths), 3)).astype(np.float32)
    pooled = _pool(values, lengths, window=window, frames_at_once=frames_at_once)
    first = 0
    for frames in lengths:
        session = values[first:first + frames].astype(np.float64)
        for frame in range(frames):
            low = frame - window // 2
            own = session[max(0, low):low + window]
            np.testing.assert_allclose(
                pooled[first + frame], np.concatenate([own.mean(axis=0), own.std(axis=0)]), rtol=1e-5, atol=1e-6)
        first += frames


def test_a_spread_keeps_its_digits_beside_a_large_mean():
    values = np.tile(np.array([[1000000.0625], [1000000.5625]], np.float32), (3000, 1))
    pooled = _pool(values, [6000], window=50)
    np.testing.assert_allclose(pooled[25:-25, 1], 0.25, rtol=1e-6)


def test_a_column_that_stands_still_has_no_spread_at_all_and_not_that_of_rounding():
    rng = np.random.default_rng(0)
    values = np.full((300, 2), 0.1, np.float32)
    values[200:, 1] = rng.normal(size=100)
    pooled = _pool(values, [300], window=20)
    assert (pooled[:, 2] == 0).all()
    assert (pooled[:190, 3] == 0).all() and (pooled[191:, 3] > 0).all()


def test_every_second_frame_of_those_that_coders_labelled_alike_is_taken_and_stands_for_the_others():
    labels = np.array([[0, 0, 0, -1, 1, -100, 0, 0, 1, 1, 1, 1, 1]])
    rows, stands_for = thin_frames(labels, [6, 7], stride=2)
    # First session: class 0 at 0 1 2, class 1 at 4. Second: class 0 at 6 7, class 1 at 8 to 12.
    np.testing.assert_array_equal(rows, [0, 2, 4, 6, 8, 10, 12])
    np.testing.assert_allclose(stands_for, [1.5, 1.5, 1, 2, 5 / 3, 5 / 3, 5 / 3])
    assert stands_for.sum() == pytest.approx((labels >= 0).sum())


def test_a_class_of_one_frame_is_not_passed_over():
    labels = np.zeros((1, 500), int)
    labels[0, 137] = 1
    rows, _ = thin_frames(labels, [500], stride=250)
    assert 137 in rows and len(rows) == 3


def _request(codes, class_weights=None):
    values = [np.arange(codes.shape[-1], dtype=np.float32)[:, None]]
    block = stack_sessions(values, [codes])
    return FitRequest(block, block, {}, class_weights, 0)


def test_a_frame_on_which_coders_differ_comes_once_for_each_class_weighted_by_their_share():
    codes = np.array([[0, 0, -1, -1], [0, 1, 1, -1], [0, 1, -1, -1]])
    asked = {"classes": 2, "window": 1, "stride": 1}
    first = take_examples(_request(codes), labels="first", **asked)
    np.testing.assert_array_equal(first.values[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(first.codes, [0, 0, 1])
    np.testing.assert_allclose(first.weights, 1)
    soft = take_examples(_request(codes, np.array([1, 3], np.float32)), labels="soft", **asked)
    np.testing.assert_array_equal(soft.values[:, 0], [0, 1, 1, 2])
    np.testing.assert_array_equal(soft.codes, [0, 0, 1, 1])
    # Shares 1, 1/3, 2/3, 1 times class weights 1, 1, 3, 3 are 1, 1/3, 2, 3: on average 19/12.
    np.testing.assert_allclose(soft.weights, np.array([1, 1 / 3, 2, 3]) * 12 / 19, rtol=1e-6)
    drawn = take_examples(_request(codes, np.array([1, 3], np.float32)), labels="drawn", **asked)
    np.testing.assert_array_equal(drawn.weights, soft.weights)


def test_thinned_frames_are_pooled_with_all_of_their_neighbours():
    codes = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    examples = take_examples(_request(codes), classes=2, labels="first", window=5, stride=5)
    # Frames 0 and 5: means of 0 1 2 and of 3 4 5 6 7.
    np.testing.assert_allclose(examples.values[:, 0], [1, 5])
    np.testing.assert_allclose(examples.values[:, 1], [np.sqrt(2 / 3), np.sqrt(2)], rtol=1e-6)


def test_classes_that_were_not_learned_get_nothing():
    spread = spread_classes(np.array([[0.25, 0.75]]), np.array([0, 2]), 4)
    np.testing.assert_array_equal(spread, [[0.25, 0, 0.75, 0]])


def test_the_loss_is_that_of_scikit_learn():
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(0)
    examples = take_examples(
        _request(rng.choice([0, 2, 3], size=60), np.array([1, 1, 2, 5], np.float32)),
        classes=4, labels="first", window=3, stride=2,
    )
    shares = rng.dirichlet(np.ones(3), size=len(examples.codes))
    assert mean_loss(shares, examples, np.array([0, 2, 3])) == pytest.approx(
        log_loss(examples.codes, shares, sample_weight=examples.weights))

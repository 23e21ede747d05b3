"""Logistic regression and boosted trees against scikit-learn, and the one front for models of both kinds."""

import numpy as np
import pytest
import torch

from dyadflow.models.blocks import stack_sessions
from dyadflow.models.learning import fit_all, predict_rows
from dyadflow.models.networks import logreg, trees
from dyadflow.models.packing import pack_checkpoint, unpack_checkpoint
from dyadflow.models.registry import NETWORKS
from dyadflow.models.scoring import macro_f1
from dyadflow.models.space import SearchSpace, draw_candidates
from dyadflow.models.training import FitRequest

LOGREG = {"C": 0.5, "window": 5, "stride": 3}
TREES = {"max_iter": 12, "shrinkage": 0.3, "max_leaf_nodes": 6, "l2": 0.1, "window": 5, "stride": 2}
COMMON = {"optimiser": "adam", "learning_rate": 1e-2, "weight_decay": 0.0, "dropout": 0.1, "focal_gamma": 0.0}
CHOICES = {
    "logreg": LOGREG, "trees": TREES, "linear": COMMON | {"layers": [8], "batch": 64},
    "bilstm": COMMON | {"hidden": 4, "window": 20, "stride": 10, "batch": 8},
    "tcn": COMMON | {"hidden": 4, "layers": 3, "kernel": 3, "window": 40, "stride": 20, "batch": 4},
}


def _block(seed, classes=(0, 1, 2), lengths=(150, 110), unlabelled=0.2):
    rng = np.random.default_rng(seed)
    codes = [np.repeat(rng.choice(classes, size=frames // 10 + 1), 10)[:frames] for frames in lengths]
    shift = np.random.default_rng(99).normal(size=(4, 3))
    values = [(shift[part] + rng.normal(size=(len(part), 3))).astype(np.float32) for part in codes]
    codes = [np.where(rng.random(len(part)) < unlabelled, -1, part) for part in codes]
    return stack_sessions(values, codes)


def _request(hyperparameters, classes=(0, 1, 2), class_weights=None, seed=0):
    return FitRequest(_block(1, classes), _block(2, classes), hyperparameters, class_weights, seed)


def _pooled(block, window):
    """Mean and deviation of every frame's window, frame by frame."""
    values, found, first = block.values[:-1].numpy().astype(np.float64), [], 0
    for frames in block.lengths:
        for frame in range(frames):
            low = frame - window // 2
            own = values[first + max(0, low):first + min(frames, low + window)]
            found.append(np.concatenate([own.mean(axis=0), own.std(axis=0)]))
        first += frames
    return np.array(found)


def _weighted(block, class_weights):
    truth = block.truth()
    kept = np.flatnonzero(truth >= 0)
    return kept, truth[kept], np.ones(len(kept)) if class_weights is None else class_weights[truth[kept]]


@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 1)])
@pytest.mark.parametrize("class_weights", [None, np.array([1, 4, 0.5], np.float32)])
def test_logistic_regression_is_scikit_learn_s_on_standardised_pooled_frames(classes, class_weights):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    own = None if class_weights is None else class_weights[: len(classes)]
    request = _request(LOGREG | {"stride": 1}, classes, own)
    fit = logreg.fit_one(request, classes=len(classes), labels="first")
    kept, codes, weights = _weighted(request.training, own)
    reference = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, tol=1e-8, max_iter=5000))
    reference.fit(
        _pooled(request.training, 5)[kept], codes, logisticregression__sample_weight=weights / weights.mean())
    np.testing.assert_allclose(
        fit.probabilities, reference.predict_proba(_pooled(request.validation, 5)), atol=2e-3)
    assert fit.score == macro_f1(request.validation.truth(), fit.probabilities.argmax(axis=1), len(classes)) > 0.7
    assert fit.epochs == 1 and len(fit.history) == 1


@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 1)])
@pytest.mark.parametrize("class_weights", [None, np.array([1, 4, 0.5], np.float32)])
def test_trees_are_scikit_learn_s_up_to_the_round_that_was_best_on_the_sessions_set_aside(classes, class_weights):
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score, log_loss

    own = None if class_weights is None else class_weights[: len(classes)]
    request = _request(TREES | {"stride": 1}, classes, own)
    fit = trees.fit_one(request, classes=len(classes), labels="first")
    kept, codes, weights = _weighted(request.training, own)
    weights = weights / np.mean(weights, dtype=np.float64)
    learned = _pooled(request.training, 5)[kept].astype(np.float32)
    reference = HistGradientBoostingClassifier(
        max_iter=12, learning_rate=0.3, max_leaf_nodes=6, l2_regularization=0.1, early_stopping=False)
    reference.fit(learned, codes, sample_weight=weights)
    held, truth = _pooled(request.validation, 5).astype(np.float32), request.validation.truth()
    rounds = list(reference.staged_predict_proba(held))
    scores = [f1_score(truth[truth >= 0], shares.argmax(axis=1)[truth >= 0], average="macro") for shares in rounds]
    assert fit.epochs == 1 + int(np.argmax(scores)) and fit.score == pytest.approx(max(scores))
    np.testing.assert_allclose(fit.probabilities, rounds[fit.epochs - 1], atol=1e-6)
    losses = [
        log_loss(codes, shares, sample_weight=weights) for shares in reference.staged_predict_proba(learned)]
    np.testing.assert_allclose(fit.history, np.stack([losses, scores], axis=1), rtol=1e-5)


@pytest.mark.parametrize(("name", "chosen"), [("logreg", LOGREG), ("trees", TREES)])
@pytest.mark.parametrize("present", [(0, 3), (0, 1, 3), (2,)])
def test_a_class_that_training_never_saw_has_no_probability(name, chosen, present):
    request = _request(chosen, present)
    fit = fit_all(name, [request], classes=4, max_epochs=1, patience=1)[0]
    absent = [code for code in range(4) if code not in present]
    assert fit.probabilities.shape == (260, 4)
    assert (fit.probabilities[:, absent] == 0).all()
    np.testing.assert_allclose(fit.probabilities.sum(axis=1), 1, rtol=1e-6)
    assert fit.score > 0.7


@pytest.mark.parametrize(("name", "chosen"), [("logreg", LOGREG), ("trees", TREES)])
def test_coders_who_differ_half_of_the_time_are_learned_as_a_half(name, chosen):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(400, 2)).astype(np.float32)]
    block = stack_sessions(values, [np.stack([np.zeros(400, int), np.ones(400, int)])])
    request = FitRequest(block, block, chosen | {"window": 1, "stride": 1}, None, 0)
    fits = {
        labels: fit_all(name, [request], classes=2, max_epochs=1, patience=1, labels=labels)[0]
        for labels in ("first", "soft", "drawn")
    }
    assert (fits["first"].probabilities[:, 0] == 1).all()
    np.testing.assert_allclose(fits["soft"].probabilities, 0.5, atol=1e-4)
    np.testing.assert_array_equal(fits["drawn"].probabilities, fits["soft"].probabilities)


@pytest.mark.parametrize(("name", "chosen"), [("logreg", LOGREG), ("trees", TREES)])
def test_nothing_is_learned_from_frames_without_a_class(name, chosen):
    request = _request(chosen | {"window": 1})
    masked = request.training.labels[0] < 0
    poisoned = request.training.values.clone()
    poisoned[masked] = 1e3
    assert masked[:-1].any()
    other = FitRequest(
        type(request.training)(poisoned, request.training.labels, request.training.lengths), request.validation,
        request.hyperparameters, None, 0,
    )
    first, second = (fit_all(name, [each], classes=3, max_epochs=1, patience=1)[0] for each in (request, other))
    for part in first.weights:
        assert torch.equal(first.weights[part], second.weights[part])


def test_the_number_of_threads_does_not_change_the_trees():
    from threadpoolctl import threadpool_limits

    request, found = FitRequest(_block(1, lengths=(3000,)), _block(2), TREES | {"stride": 1}, None, 0), []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fit = trees.fit_one(request, classes=3, labels="first")
        found.append(pack_checkpoint({}, fit.weights))
    assert found[0] == found[1]


def test_classical_spaces_have_no_steps_of_gradient_descent_and_can_be_drawn_from():
    for module in (logreg, trees):
        # A protocol's own learning rates are of networks; they must not end up in a model that means another thing.
        assert not set(SearchSpace.model_fields) & set(module.Space.model_fields)
        drawn = draw_candidates(module.Space(window=[25, 50], stride=[25, 50]), 10, seed=0)
        assert len(drawn) == 3 and all(choice["stride"] <= choice["window"] for choice in drawn)


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_a_fit_says_of_the_sessions_set_aside_what_its_weights_predict_from_a_file(name):
    requests = [_request(CHOICES[name], seed=seed) for seed in (1, 2)]
    for request, fit in zip(requests, fit_all(name, requests, classes=3, max_epochs=4, patience=4), strict=True):
        held = request.validation
        config, weights = unpack_checkpoint(pack_checkpoint({"hyperparameters": CHOICES[name]}, fit.weights))
        values = held.values[:-1].numpy()
        predicted = predict_rows(name, config["hyperparameters"], weights, values, held.lengths, classes=3)
        np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
        # Networks on windows leave out, while they train, windows that nobody labelled.
        known = np.isfinite(fit.probabilities).all(axis=1)
        assert known[held.truth() >= 0].all()
        np.testing.assert_allclose(predicted[known], fit.probabilities[known], atol=1e-5)
        assert macro_f1(held.truth(), predicted.argmax(axis=1), 3) == pytest.approx(fit.score)
        assert 1 <= fit.epochs <= len(fit.history)
        alone = predict_rows(name, CHOICES[name], weights, values[150:], held.lengths[1:], classes=3)
        np.testing.assert_allclose(alone, predicted[150:], atol=1e-6)


def test_every_network_of_the_registry_is_asked_here():
    assert set(CHOICES) == set(NETWORKS)


@pytest.mark.parametrize("name", ["logreg", "trees"])
def test_a_classical_model_is_fitted_the_same_whatever_the_sessions_set_aside_say(name):
    request = _request(CHOICES[name])
    other = FitRequest(request.training, _block(7), request.hyperparameters, None, 0)
    first, second = (fit_all(name, [each], classes=3, max_epochs=1, patience=1)[0] for each in (request, other))
    shared = "coefficients" if name == "logreg" else "value"
    nodes = min(len(first.weights[shared]), len(second.weights[shared]))
    assert nodes > 0
    # Of trees the sessions set aside choose the number, and nothing else.
    assert torch.equal(first.weights[shared][:nodes], second.weights[shared][:nodes])

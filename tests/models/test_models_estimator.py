"""The estimator: scikit-learn's conventions, dyads kept together, nothing learned from what is held out."""

import numpy as np
import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.models.estimator import SequenceClassifier, choose_hyperparameters
from dyadflow.models.networks import bilstm

SMALL = {
    "logreg": {"window": 5, "stride": 2}, "trees": {"window": 5, "stride": 2, "max_iter": 5},
    "linear": {"layers": [8], "batch": 32, "learning_rate": 1e-2},
    "bilstm": {"hidden": 4, "window": 20, "stride": 10, "batch": 4, "learning_rate": 1e-2},
    "tcn": {"hidden": 4, "layers": 2, "window": 20, "stride": 10, "batch": 4, "learning_rate": 1e-2},
}


def _sessions(count=8, *, frames=80, codes=(0, 1, 2), seed=0):
    rng = np.random.default_rng(seed)
    shift = np.random.default_rng(5).normal(size=(10, 3)) * 2
    y = [np.repeat(rng.choice(codes, size=frames // 10), 10) for _ in range(count)]
    X = [shift[part] * [1, 10, 100] + rng.normal(size=(frames, 3)) * [1, 10, 100] + [0, 50, -500] for part in y]
    return X, [np.where(rng.random(frames) < 0.1, -1, part) for part in y]


DYADS = np.array(["a", "a", "b", "c", "c", "d", "e", "f"])


def _classifier(network="linear", **changes):
    return SequenceClassifier(**{"network": network, "hyperparameters": SMALL[network], "max_epochs": 5} | changes)


def test_parameters_are_read_set_and_cloned_as_scikit_learn_s_are():
    from sklearn.base import clone, is_classifier

    classifier = _classifier("tcn", patience=3)
    assert is_classifier(classifier)
    assert SequenceClassifier().get_params() == {
        "network": "bilstm", "hyperparameters": None, "max_epochs": 50, "patience": 8, "class_weight": "balanced",
        "labels": "first", "validation_share": 0.2, "random_state": 0, "device": "cpu",
    }
    X, y = _sessions()
    copy = clone(_classifier("logreg").fit(X, y)).set_params(network="trees", hyperparameters=SMALL["trees"])
    assert not hasattr(copy, "classes_") and copy.network == "trees"
    assert clone(classifier).get_params() == classifier.get_params()


@pytest.mark.parametrize("network", sorted(SMALL))
def test_every_network_learns_predicts_and_comes_back_from_a_file(network, tmp_path):
    X, y = _sessions(codes=(2, 5, 9))
    classifier = _classifier(network, max_epochs=15).fit(X, y, groups=DYADS)
    np.testing.assert_array_equal(classifier.classes_, [2, 5, 9])
    unseen, truth = _sessions(3, codes=(2, 5, 9), seed=1)
    shares, codes = classifier.predict_proba(unseen), classifier.predict(unseen)
    for part, own, values in zip(shares, codes, unseen, strict=True):
        assert part.shape == (len(values), 3) and own.shape == (len(values),)
        np.testing.assert_array_equal(own, np.array([2, 5, 9])[part.argmax(axis=1)])
    assert classifier.score(unseen, truth) > 0.6
    classifier.save(tmp_path / "model.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    loaded = SequenceClassifier.load(tmp_path / "model.safetensors")
    for part, own in zip(shares, loaded.predict_proba(unseen), strict=True):
        np.testing.assert_array_equal(own, part)
    assert loaded.get_params() == classifier.get_params()
    assert loaded.history_ == classifier.history_ and loaded.epochs_ == classifier.epochs_
    np.testing.assert_array_equal(loaded.set_aside_, classifier.set_aside_)


def test_the_score_is_macro_f1_over_labelled_frames_and_counts_a_class_never_trained():
    from sklearn.metrics import f1_score

    X, y = _sessions()
    classifier = _classifier("logreg").fit(X, y)
    unseen, truth = _sessions(2, codes=(0, 4), seed=1)
    every, found = np.concatenate(truth), np.concatenate(classifier.predict(unseen))
    known = every >= 0
    own = [f1_score(every[known] == code, found[known] == code) for code in (0, 4)]
    assert own[0] > 0 and own[1] == 0
    assert classifier.score(unseen, truth) == pytest.approx(np.mean(own))
    assert np.isnan(classifier.score(unseen, [np.full(80, -1)] * 2))


def test_it_runs_in_scikit_learn_s_cross_validation_by_dyad():
    from sklearn.model_selection import GroupKFold, cross_val_score

    X, y = _sessions()
    scores = cross_val_score(
        _classifier("logreg"), X, y, groups=DYADS, cv=GroupKFold(3), params={"groups": DYADS}, error_score="raise")
    assert scores.shape == (3,) and (scores > 0.6).all()
    # By hand, the same folds.
    by_hand = []
    for training, test in GroupKFold(3).split(X, groups=DYADS):
        fitted = _classifier("logreg").fit([X[n] for n in training], [y[n] for n in training], DYADS[training])
        by_hand.append(fitted.score([X[n] for n in test], [y[n] for n in test]))
    np.testing.assert_allclose(scores, by_hand)


def test_a_grid_search_finds_its_way_into_the_hyperparameters():
    from sklearn.model_selection import GridSearchCV, GroupKFold

    X, y = _sessions()
    search = GridSearchCV(
        _classifier("logreg"), {"hyperparameters": [{"C": 1e-6}, {"C": 1.0}]}, cv=GroupKFold(2), error_score="raise")
    search.fit(X, y, groups=DYADS)
    assert search.best_params_ == {"hyperparameters": {"C": 1.0}}


@pytest.mark.parametrize("network", ["linear", "logreg"])
@pytest.mark.parametrize("seed", range(4))
def test_poisoned_dyads_that_are_set_aside_leave_all_that_is_fitted_as_it_was(network, seed):
    X, y = _sessions()
    asked = {"max_epochs": 1, "random_state": seed}
    clean = _classifier(network, **asked).fit(X, y, groups=DYADS)
    assert 1 <= len(clean.set_aside_) < 6
    aside = np.isin(DYADS, clean.set_aside_)
    assert aside.sum() >= len(clean.set_aside_)
    rng = np.random.default_rng(1)
    poisoned_X = [values * 1e3 + 7 if gone else values for values, gone in zip(X, aside, strict=True)]
    poisoned_y = [rng.permutation(codes) * 0 + (codes >= 0) - 1 if gone else codes
                  for codes, gone in zip(y, aside, strict=True)]
    poisoned = _classifier(network, **asked).fit(poisoned_X, poisoned_y, groups=DYADS)
    np.testing.assert_array_equal(poisoned.set_aside_, clean.set_aside_)
    np.testing.assert_array_equal(poisoned.scaler_.mean, clean.scaler_.mean)
    np.testing.assert_array_equal(poisoned.scaler_.scale, clean.scaler_.scale)
    assert all(torch.equal(poisoned.weights_[name], clean.weights_[name]) for name in clean.weights_)
    # The same poison in a dyad that is learned from does show.
    other = [values * 1e3 + 7 if not gone else values for values, gone in zip(X, aside, strict=True)]
    refitted = _classifier(network, **asked).fit(other, y, groups=DYADS)
    assert not np.array_equal(refitted.scaler_.mean, clean.scaler_.mean)


@pytest.mark.parametrize(("share", "count"), [(0.01, 1), (0.2, 1), (0.5, 3), (0.99, 5)])
def test_dyads_are_set_aside_whole_by_their_number_and_not_by_that_of_their_sessions(share, count):
    X, y = _sessions()
    for seed in range(10):
        classifier = _classifier("logreg", validation_share=share, random_state=seed).fit(X, y, groups=DYADS)
        assert len(classifier.set_aside_) == count
        assert set(classifier.set_aside_) < set("abcdef")


def test_a_dyad_without_any_class_is_never_what_training_stops_on():
    X, y = _sessions()
    y = [np.full(80, -1) if dyad in "acd" else codes for dyad, codes in zip(DYADS, y, strict=True)]
    for seed in range(10):
        chosen = _classifier("logreg", validation_share=0.5, random_state=seed).fit(X, y, groups=DYADS).set_aside_
        assert set(chosen) < set("bef") and len(chosen) == 2


def test_a_prediction_of_a_session_does_not_hang_on_the_others():
    X, y = _sessions()
    classifier = _classifier("bilstm").fit(X, y)
    together = classifier.predict_proba(X)
    alone = classifier.predict_proba([X[3]])[0]
    np.testing.assert_allclose(alone, together[3], atol=1e-6)
    poisoned = classifier.predict_proba([*[values * 100 for values in X[:3]], X[3]])[3]
    np.testing.assert_allclose(poisoned, alone, atol=1e-6)


def test_codes_of_frames_without_a_class_may_be_any_negative_number():
    X, y = _sessions()
    first = _classifier().fit(X, y)
    second = _classifier().fit(X, [np.where(codes < 0, -3, codes) for codes in y])
    assert all(torch.equal(first.weights_[name], second.weights_[name]) for name in first.weights_)


def test_frames_that_were_not_recorded_move_no_mean_and_are_predicted_all_the_same():
    X, y = _sessions()
    holes = [values.copy() for values in X]
    for values in holes:
        values[10:20, 1] = np.nan
    classifier = _classifier("logreg", hyperparameters={"window": 5, "stride": 1}).fit(holes, y)
    kept = [values[np.r_[0:10, 20:80]] for number, values in enumerate(X) if number not in classifier.set_aside_]
    expected = np.concatenate(kept).mean(axis=0)
    np.testing.assert_allclose(classifier.scaler_.mean, expected, rtol=1e-4)
    assert all(np.isfinite(part).all() for part in classifier.predict_proba(holes))


def test_the_same_random_state_gives_the_same_fit_and_another_does_not():
    X, y = _sessions()
    first, second, other = (_classifier(random_state=state).fit(X, y) for state in (3, 3, 4))
    assert all(torch.equal(first.weights_[name], second.weights_[name]) for name in first.weights_)
    assert not all(torch.equal(first.weights_[name], other.weights_[name]) for name in first.weights_)


def test_class_weights_come_from_the_dyads_learned_from_and_can_be_left_out(monkeypatch):
    from dyadflow.models import estimator

    X, y = _sessions(codes=(0, 1, 1, 1))
    asked, real = [], estimator.fit_all
    monkeypatch.setattr(
        estimator, "fit_all", lambda name, requests, **rest: asked.extend(requests) or real(name, requests, **rest))
    classifier = _classifier("logreg").fit(X, y)
    kept = np.concatenate([codes for number, codes in enumerate(y) if number not in classifier.set_aside_])
    counts = np.bincount(kept[kept >= 0])
    np.testing.assert_allclose(asked[0].class_weights, counts.sum() / (2 * counts), rtol=1e-6)
    _classifier("logreg", class_weight=None).fit(X, y)
    assert asked[1].class_weights is None


def test_several_coders_are_taken_as_labels_says():
    X, _ = _sessions()
    y = [np.stack([np.full(80, -1), np.repeat([0, 1], 40)]) for _ in X]
    for codes in y:
        codes[0, :10] = 1
    classifier = _classifier("logreg", labels="soft").fit(X, y)
    np.testing.assert_array_equal(classifier.classes_, [0, 1])
    truth = np.r_[np.ones(10, int), np.zeros(30, int), np.ones(40, int)]
    np.testing.assert_allclose(classifier.score(X, y), classifier.score(X, [truth] * 8))


@pytest.mark.parametrize(("change", "words"), [
    ({"groups": ["a"] * 8}, "1 dyad with a class cannot be split"),
    ({"groups": ["a", "b"]}, "dyads of shape"),
    ({"y": [np.full(80, -1)] * 8}, "0 dyads with a class"),
    ({"y": [np.zeros(79, int)] * 8}, "it has 80 frames"),
    ({"y": [np.zeros(80)] * 8}, "float64 and not whole numbers"),
    ({"y": [np.zeros(80, int)] * 7}, "8 sessions and codes of 7"),
    ({"X": []}, "there is no session"),
    ({"X": [np.zeros((80, 3))] * 7 + [np.zeros((80, 2))]}, "session 7 has shape"),
])
def test_what_does_not_fit_together_is_a_sentence(change, words):
    X, y = _sessions()
    with pytest.raises(DyadflowError, match=words):
        _classifier().fit(**{"X": X, "y": y} | change)


@pytest.mark.parametrize(("change", "words"), [
    ({"network": "lstm"}, "no network is called 'lstm'"),
    ({"hyperparameters": {"depth": 3}}, "linear cannot have depth=3.*Give one of optimiser, learning_rate"),
    ({"hyperparameters": {"learning_rate": -1}}, "learning_rate=-1"),
    ({"class_weight": "even"}, "class_weight is 'even'"),
    ({"labels": "mean"}, "labels is 'mean'"),
    ({"validation_share": 1}, "validation_share is 1"),
    ({"hyperparameters": {"learning_rate": 1e38, "optimiser": "sgd"}}, "not finite. Lower the learning rate"),
])
def test_choices_that_make_no_sense_are_a_sentence(change, words):
    X, y = _sessions()
    with pytest.raises(DyadflowError, match=words):
        _classifier().set_params(**change).fit(X, y)


def test_an_unfitted_classifier_and_other_features_are_refused(tmp_path):
    from sklearn.exceptions import NotFittedError

    X, y = _sessions()
    with pytest.raises(NotFittedError):
        _classifier().predict(X)
    classifier = _classifier("logreg").fit(X, y)
    with pytest.raises(DyadflowError, match="a frame has 2 values, and the classifier was fitted to 3"):
        classifier.predict([values[:, :2] for values in X])
    (tmp_path / "other").write_bytes(b"nothing")
    for name, words in (("other", "not a checkpoint"), ("none", "no such checkpoint")):
        with pytest.raises(DyadflowError, match=words):
            SequenceClassifier.load(tmp_path / name)


def test_hyperparameters_left_out_are_the_first_of_the_network_s_own():
    space = bilstm.Space()
    chosen = choose_hyperparameters("bilstm", {"hidden": 7})
    assert chosen["hidden"] == 7 and chosen["window"] == space.window[0]
    assert set(chosen) == set(bilstm.Space.model_fields)
    assert choose_hyperparameters("linear", None)["layers"] == [512, 256, 128]

"""Gradient-boosted trees on pooled windows, kept as plain arrays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.models.pooling import Examples, mean_loss, pool_frames, spread_classes, take_examples
from dyadflow.models.scoring import macro_f1
from dyadflow.models.seeds import derive_seed
from dyadflow.models.space import NotNegative, Positive, Whole
from dyadflow.models.training import Fit, FitRequest, Labels

if TYPE_CHECKING:
    import torch
    from sklearn.ensemble import HistGradientBoostingClassifier

#: Frames that walk down all trees together.
_FRAMES_AT_ONCE = 1024


class Space(BaseModel):
    """Hyperparameters of boosted trees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_iter: list[Whole] = Field([100], min_length=1, description="Rounds at most; each adds a tree for each class.")
    shrinkage: list[Positive] = Field(
        [0.1], min_length=1,
        description="How much of each round's correction is kept; scikit-learn's learning_rate, which here names the "
        "step of gradient descent.",
    )
    max_leaf_nodes: list[Annotated[int, Field(ge=2)]] = Field([31], min_length=1, description="Leaves of a tree.")
    l2: list[NotNegative] = Field([0.0], min_length=1, description="L2 penalty on the leaves' values.")
    window: list[Whole] = Field([50], min_length=1, description="Frames that are pooled round each frame.")
    stride: list[Whole] = Field([25], min_length=1, description="Of so many labelled frames one is learned from.")


def fit_one(request: FitRequest, *, classes: int, labels: Labels) -> Fit:
    """Grow trees on one request's training sessions, and keep the round that was best on those set aside.

    Parameters
    ----------
    request
        Its seed decides which frames set the bounds of the bins, if there are very many.
    classes
        How many.
    labels
        As `pooling.take_examples` has it.

    Returns
    -------
    Fit
        Its epochs are rounds. Classes that no training frame has are given probability 0.
    """
    chosen = request.hyperparameters
    examples = take_examples(
        request, classes=classes, labels=labels, window=chosen["window"], stride=chosen["stride"])
    present, held = np.unique(examples.codes), request.validation
    values, truth = held.values[:-1].cpu().numpy(), held.truth()
    if len(present) == 1:
        weights = _pack(present, np.zeros(1), [])
        predicted = predict(weights, chosen, values, held.lengths, classes=classes)
        score = macro_f1(truth, predicted.argmax(axis=1), classes)
        return Fit(weights, score, 1, ((0.0, score),), predicted)
    model = _grow(examples, chosen, derive_seed(request.seed, "bins") % 2**32)
    guesses = np.empty((chosen["max_iter"], len(values)), np.int16)
    for rows, pooled in pool_frames(values, held.lengths, window=chosen["window"]):
        for number, shares in enumerate(model.staged_predict_proba(pooled)):
            guesses[number, rows] = present[shares.argmax(axis=1)]
    scores = [macro_f1(truth, guess, classes) for guess in guesses]
    losses = [mean_loss(shares, examples, present) for shares in model.staged_predict_proba(examples.values)]
    best = int(np.argmax(scores))
    weights = _pack(present, model._baseline_prediction.ravel(), model._predictors[: best + 1])
    predicted = predict(weights, chosen, values, held.lengths, classes=classes)
    return Fit(weights, scores[best], best + 1, tuple(zip(losses, scores, strict=True)), predicted)


def predict(
    weights: "Mapping[str, torch.Tensor]", hyperparameters: Mapping[str, Any], values: NDArray[np.float32],
    lengths: Sequence[int], *, classes: int,
) -> NDArray[np.float32]:
    """Class probabilities of every row of some sessions, shape (rows, classes).

    Parameters
    ----------
    weights
        From `fit_one`.
    hyperparameters
        The window is read.
    values
        Sessions one below the other, shape (rows, dims).
    lengths
        Frames of each session.
    classes
        How many.
    """
    arrays = {name: value.numpy() for name, value in weights.items()}
    found = np.empty((len(values), classes), np.float32)
    for rows, pooled in pool_frames(
        values, lengths, window=hyperparameters["window"], frames_at_once=_FRAMES_AT_ONCE
    ):
        found[rows] = spread_classes(_shares(arrays, pooled), arrays["present"], classes)
    return found


def _grow(examples: Examples, chosen: Mapping[str, Any], seed: int) -> "HistGradientBoostingClassifier":
    """All rounds; early stopping is ours, because scikit-learn's would set frames aside and not dyads."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=chosen["max_iter"], learning_rate=chosen["shrinkage"], max_leaf_nodes=chosen["max_leaf_nodes"],
        l2_regularization=chosen["l2"], early_stopping=False, categorical_features=None, random_state=seed,
    )
    return model.fit(examples.values, examples.codes, sample_weight=examples.weights)


def _pack(
    present: NDArray[np.int64], baseline: NDArray[np.float64], rounds: Sequence[Any]
) -> "dict[str, torch.Tensor]":
    """Trees as arrays over all their nodes, one tree behind the other.

    A leaf leads to itself, whatever the value: walking on changes nothing.
    """
    import torch

    trees = [tree.nodes for grown in rounds for tree in grown]
    sizes = np.array([len(nodes) for nodes in trees], np.int64)
    roots = np.cumsum(sizes) - sizes
    nodes = np.concatenate(trees) if trees else None
    if nodes is None:
        nothing = np.zeros(0)
        parts = {"feature": nothing, "threshold": nothing, "left": nothing, "right": nothing, "value": nothing}
    else:
        own, offset = np.arange(len(nodes)), np.repeat(roots, sizes)
        leaf = nodes["is_leaf"].astype(bool)
        parts = {
            "feature": np.where(leaf, 0, nodes["feature_idx"]),
            "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
            "left": np.where(leaf, own, nodes["left"] + offset), "right": np.where(leaf, own, nodes["right"] + offset),
            "value": nodes["value"],
        }
    kinds = {"feature": np.int32, "threshold": np.float64, "left": np.int32, "right": np.int32, "value": np.float64}
    arrays = {name: parts[name].astype(kind) for name, kind in kinds.items()}
    arrays |= {"roots": roots.astype(np.int32), "baseline": baseline.astype(np.float64), "present": present}
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _shares(arrays: Mapping[str, NDArray[Any]], pooled: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of the classes that were learned: the sum of the leaves that a frame reaches, squashed."""
    from scipy.special import expit, softmax

    if len(arrays["present"]) == 1:
        return np.ones((len(pooled), 1))
    values, rows = pooled.astype(np.float64), np.arange(len(pooled))[:, None]
    at = np.broadcast_to(arrays["roots"], (len(pooled), len(arrays["roots"])))
    while True:
        left = values[rows, arrays["feature"][at]] <= arrays["threshold"][at]
        below = np.where(left, arrays["left"][at], arrays["right"][at])
        if np.array_equal(below, at):
            break
        at = below
    scores = arrays["value"][at].reshape(len(pooled), -1, len(arrays["baseline"])).sum(axis=1) + arrays["baseline"]
    if scores.shape[1] == 1:
        return np.concatenate([expit(-scores), expit(scores)], axis=1)
    return softmax(scores, axis=1)

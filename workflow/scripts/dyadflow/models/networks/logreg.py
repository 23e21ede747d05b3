"""Multinomial logistic regression on pooled windows: what every other model has to beat."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.models.pooling import Examples, mean_loss, pool_frames, spread_classes, take_examples
from dyadflow.models.scoring import macro_f1
from dyadflow.models.space import Positive, Whole
from dyadflow.models.training import Fit, FitRequest, Labels

if TYPE_CHECKING:
    import torch

#: Steps of L-BFGS at most.
_STEPS = 1000


class Space(BaseModel):
    """Hyperparameters of logistic regression."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    C: list[Positive] = Field(
        [1.0], min_length=1, description="As scikit-learn's: the smaller, the closer the weights are held to zero."
    )
    window: list[Whole] = Field([50], min_length=1, description="Frames that are pooled round each frame.")
    stride: list[Whole] = Field([25], min_length=1, description="Of so many labelled frames one is learned from.")


def fit_one(request: FitRequest, *, classes: int, labels: Labels) -> Fit:
    """Fit the regression to one request's training sessions, and score it on those set aside.

    Parameters
    ----------
    request
        Its seed is not used: nothing is drawn.
    classes
        How many.
    labels
        As `pooling.take_examples` has it.

    Returns
    -------
    Fit
        With one epoch. Classes that no training frame has are given probability 0.
    """
    import torch

    chosen = request.hyperparameters
    examples = take_examples(
        request, classes=classes, labels=labels, window=chosen["window"], stride=chosen["stride"])
    present = np.unique(examples.codes)
    coefficients, intercepts = _regress(examples, present, chosen["C"])
    if not (np.isfinite(coefficients).all() and np.isfinite(intercepts).all()):
        return Fit(None, 0.0, 0)
    weights = {
        "coefficients": torch.from_numpy(coefficients), "intercepts": torch.from_numpy(intercepts),
        "present": torch.from_numpy(present),
    }
    held = request.validation
    predicted = predict(weights, chosen, held.values[:-1].cpu().numpy(), held.lengths, classes=classes)
    score = macro_f1(held.truth(), predicted.argmax(axis=1), classes)
    loss = mean_loss(_shares(examples.values, coefficients, intercepts), examples, present)
    return Fit(weights, score, 1, ((loss, score),), predicted)


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
    coefficients, intercepts, present = (
        weights[name].numpy() for name in ("coefficients", "intercepts", "present"))
    found = np.empty((len(values), classes), np.float32)
    for rows, pooled in pool_frames(values, lengths, window=hyperparameters["window"]):
        found[rows] = spread_classes(_shares(pooled, coefficients, intercepts), present, classes)
    return found


def _regress(
    examples: Examples, present: NDArray[np.int64], c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (present, 2 * dims) and intercepts (present,) for pooled frames as they are."""
    from sklearn.linear_model import LogisticRegression

    values = examples.values.astype(np.float64)
    if len(present) == 1:
        return np.zeros((1, values.shape[1])), np.zeros(1)
    # The penalty holds all weights alike, so columns must be of one size: means vary less than frames.
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread <= 1e-6 * np.abs(centre)] = 1.0
    model = LogisticRegression(C=c, max_iter=_STEPS)
    model.fit((values - centre) / spread, examples.codes, sample_weight=examples.weights)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(present) == 2:
        # Of two classes scikit-learn keeps the odds of the second alone.
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    coefficients = coefficients / spread
    return coefficients, intercepts - coefficients @ centre


def _shares(
    pooled: NDArray[np.float32], coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.special import softmax

    return softmax(pooled.astype(np.float64) @ coefficients.T + intercepts, axis=1)

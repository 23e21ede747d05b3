"""Probabilities that mean what they say: the shift by class weights taken back, and one temperature for the rest."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Between these a temperature is sought.
LOWEST, HIGHEST = 0.05, 20.0
_TINY = 1e-7


def calibrate(probabilities: ArrayLike, class_weights: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Calibrated probabilities.

    Parameters
    ----------
    probabilities
        As a network gave them, shape (frames, classes).
    class_weights
        Of the network's loss, shape (classes,). A loss weighted by w teaches p(class) * w, scaled to sum to 1; so the
        weights are divided out.
    temperature
        By which logarithms are then divided: above 1 for a network that is too sure of itself.

    Returns
    -------
    ndarray, shape (frames, classes)
        Rows sum to 1. A row that is not a number stays so.

    Notes
    -----
    Temperature scaling: Guo et al. (2017), "On calibration of modern neural networks".
    """
    logs = _unweighted(np.asarray(probabilities, np.float64), np.asarray(class_weights, np.float64)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    shares = np.exp(logs)
    return shares / shares.sum(axis=1, keepdims=True)


def fit_temperature(
    probabilities: Sequence[NDArray[Any]],
    codes: Sequence[NDArray[Any]],
    class_weights: Sequence[ArrayLike] | NDArray[Any],
) -> float:
    """The temperature that makes the truth most likely.

    Parameters
    ----------
    probabilities, codes
        For each session what a model that had not seen it gave, shape (frames, classes), and the class of each frame,
        shape (frames,), negative where there is none.
    class_weights
        For each session those of its model; or, with the shape (classes,), of one for all.

    Returns
    -------
    float
        The one with the least mean negative log likelihood between `LOWEST` and `HIGHEST`; 1 where nothing is coded.
    """
    from scipy.optimize import minimize_scalar

    logs, truth = [], []
    each_weights = np.asarray(class_weights, np.float64)
    if each_weights.ndim == 1:
        each_weights = np.tile(each_weights, (len(probabilities), 1))
    for given, said, weights in zip(probabilities, codes, each_weights, strict=True):
        known = (said >= 0) & np.isfinite(given).all(axis=1)
        logs.append(_unweighted(np.asarray(given, np.float64)[known], weights))
        truth.append(said[known].astype(np.int64))
    if not sum(map(len, truth)):
        return 1.0
    every, right = np.concatenate(logs), np.concatenate(truth)

    def surprise(log_temperature: float) -> float:
        cooled = every / np.exp(log_temperature)
        highest = cooled.max(axis=1, keepdims=True)
        total = np.log(np.exp(cooled - highest).sum(axis=1)) + highest[:, 0]
        return float((total - cooled[np.arange(len(right)), right]).mean())

    found = minimize_scalar(surprise, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    return float(np.exp(found.x))


def _unweighted(probabilities: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms without the shift by class weights, up to a constant a row."""
    return np.log(np.clip(probabilities, _TINY, None)) - np.log(weights)

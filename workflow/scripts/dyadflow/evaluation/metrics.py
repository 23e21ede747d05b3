"""Metrics from confusion matrices with a fixed class list, many matrices at once."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.agreement.kappa import cohen_kappa

#: Every metric, in the order of tables, with the least and greatest value that it can take.
BOUNDS: dict[str, tuple[float, float]] = {
    "accuracy": (0.0, 1.0),
    "precision_macro": (0.0, 1.0),
    "recall_macro": (0.0, 1.0),
    "f1_macro": (0.0, 1.0),
    "precision_weighted": (0.0, 1.0),
    "recall_weighted": (0.0, 1.0),
    "f1_weighted": (0.0, 1.0),
    "kappa": (-1.0, 1.0),
    "mcc": (-1.0, 1.0),
}

#: Unweighted means over the classes: they rest on the class that the fewest dyads show.
UNWEIGHTED = ("precision_macro", "recall_macro", "f1_macro")


def metrics_of(confusion: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Every metric of one or many confusion matrices.

    Parameters
    ----------
    confusion
        Counts, shape (..., classes, classes): rows are the truth, columns what was predicted.

    Returns
    -------
    dict of ndarray, each of shape (...)
        The keys of `BOUNDS`. All are NaN for a matrix without units, kappa also where it is undefined
        (`dyadflow.agreement.kappa.cohen_kappa`).

    Notes
    -----
    The class list is fixed, so a class that never occurs counts in the unweighted means, with a precision,
    recall and F1 of 0: dropping it would let the mean rise where there is less to find. In a phase where a
    class does not occur, read the weighted metrics or the confusion itself. The weighted means take each
    class as often as it truly occurs. A precision without predictions, or a recall without occurrences, is 0.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    true, said = counts.sum(-1), counts.sum(-2)
    each = {
        "precision": _share(hits, said), "recall": _share(hits, true), "f1": _share(2 * hits, true + said)}
    units = true.sum(-1)
    empty = units == 0
    weights = _share(true, units[..., None])
    found = {"accuracy": _share(hits.sum(-1), units), "kappa": cohen_kappa(counts), "mcc": matthews(counts)}
    for name, values in each.items():
        found[f"{name}_macro"] = values.mean(-1)
        found[f"{name}_weighted"] = (values * weights).sum(-1)
    return {name: np.where(empty, np.nan, found[name]) for name in BOUNDS}


def matthews(confusion: ArrayLike) -> NDArray[np.float64]:
    """Matthews' correlation of truth and prediction, for any number of classes.

    Parameters
    ----------
    confusion
        Counts, shape (..., classes, classes).

    Returns
    -------
    ndarray, shape (...)
        From -1 to 1. 0 where either is one and the same class throughout, as in scikit-learn: a constant prediction
        knows nothing. NaN where both are, or without units.

    Notes
    -----
    Gorodkin (2004), Computational Biology and Chemistry 28, 367-374.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    true, said, units = counts.sum(-1), counts.sum(-2), counts.sum((-2, -1))
    agreed = np.trace(counts, axis1=-2, axis2=-1)
    of_truth, of_prediction = units**2 - (true**2).sum(-1), units**2 - (said**2).sum(-1)
    room = np.sqrt(of_truth * of_prediction)
    value = np.divide(units * agreed - (true * said).sum(-1), room, out=np.zeros(units.shape), where=room > 0)
    return np.where((of_truth == 0) & (of_prediction == 0), np.nan, value)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """`part` / `whole`, 0 where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0)

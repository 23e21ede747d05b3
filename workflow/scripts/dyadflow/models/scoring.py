"""The score that searches and early stopping go by."""

import numpy as np
from numpy.typing import NDArray


def macro_f1(truth: NDArray[np.integer], predicted: NDArray[np.integer], classes: int) -> float:
    """Mean F1 over the classes that occur in `truth`.

    Parameters
    ----------
    truth, predicted
        Class of each frame, shape (frames,). Frames whose truth is negative are not counted.
    classes
        How many classes there are.

    Returns
    -------
    float
        NaN if no frame is labelled. A class that these dyads never show says nothing about a candidate, so it
        is left out rather than counted as 0; frames wrongly given to it lower the recall of the others. (The
        published metrics, on pooled dyads with the fixed class list, are those of room `evaluation`.)
    """
    labelled = truth >= 0
    pairs = truth[labelled].astype(np.int64) * classes + predicted[labelled].astype(np.int64)
    confusion = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    occurs = confusion.sum(axis=1) > 0
    if not occurs.any():
        return float("nan")
    hits, both = np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.mean(2 * hits[occurs] / both[occurs]))


def balanced_weights(codes: NDArray[np.integer], classes: int) -> NDArray[np.float32]:
    """Weight of each class, inverse to its frames; 1 for a class without frames, which meets no loss.

    Notes
    -----
    frames / (classes * frames of the class), over the classes that occur: with all of them there, the same as
    scikit-learn's ``class_weight="balanced"``.
    """
    counts = np.bincount(codes[codes >= 0].astype(np.int64), minlength=classes).astype(np.float64)
    occurs = counts > 0
    weights = np.ones(classes)
    weights[occurs] = counts.sum() / (occurs.sum() * counts[occurs])
    return weights.astype(np.float32)

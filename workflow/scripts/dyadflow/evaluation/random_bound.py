"""The best that a classifier can do which does not look, and whether another does better over dyads."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def best_random_accuracy(positive: float) -> float:
    """The highest accuracy that a classifier can expect which answers at random.

    Parameters
    ----------
    positive
        q, the probability of the positive class.

    Returns
    -------
    float
        max(q, 1 - q): that of always answering the commoner class. Whoever answers yes with probability r is
        right in r q + (1 - r)(1 - q) of all cases, which is greatest at r = 0 or r = 1.

    Notes
    -----
    Fraile et al. (ICMI 2022, doi 10.1145/3536221.3556629), Section 4.1.
    """
    return max(positive, 1 - positive)


def best_random_f1(positive: float) -> float:
    """The highest F1 of the positive class that a classifier can expect which answers at random.

    Parameters
    ----------
    positive
        q, the probability of the positive class.

    Returns
    -------
    float
        2 q / (1 + q): that of always answering yes, whose precision is q and whose recall is 1.

    Notes
    -----
    Fraile et al. (ICMI 2022), Section 4.1.
    """
    return 2 * positive / (1 + positive)


def gain_over_constant(confusion: ArrayLike) -> NDArray[np.float64]:
    """What each dyad's accuracy gains over always answering the commoner class.

    Parameters
    ----------
    confusion
        Counts, shape (dyads, 2, 2): truth in rows, answers in columns.

    Returns
    -------
    ndarray, shape (dyads,)
        Accuracy in the dyad minus that of the constant answer in the same dyad; NaN for a dyad without counts. The
        constant answer is the class that is commoner over all dyads together; the first, if both are as common.

    Notes
    -----
    This is what makes the random bound a matter of dyads. The accuracy max(q, 1 - q) is reached by one classifier,
    the constant one, and no classifier that answers at random does better than it on the same cases, whatever its
    rate of yes. So a classifier is above the bound if it is above the constant one; both are scored on the same
    snippets of the same dyads, so the difference can be taken dyad by dyad, and dyads, not snippets, are the units
    that were sampled. The class of the constant answer is read off the very cases that are scored: a choice in its
    favour, which works against the classifier that is tested.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    cases, by_truth = counts.sum((-2, -1)), counts.sum(-1)
    common = int(by_truth.sum(0).argmax())
    gained = np.trace(counts, axis1=-2, axis2=-1) - by_truth[:, common]
    return np.divide(gained, cases, out=np.full(cases.shape, np.nan), where=cases > 0)

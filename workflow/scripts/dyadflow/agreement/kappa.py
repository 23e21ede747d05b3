"""Percent agreement and Cohen's kappa, plain and weighted, from a table of who said what.

statsmodels and scikit-learn work out one table at a time, from ratings. Here it is counts, and many tables at
once, because an interval needs the same number once more for every dyad that is left out. The tests hold these
functions against both libraries.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def percent_agreement(confusion: ArrayLike) -> NDArray[np.float64]:
    """Share of units on which both coders agree, in percent.

    Parameters
    ----------
    confusion
        Counts, shape (..., classes, classes): rows are one coder's classes, columns the other's. Leading
        axes are kept, so that many tables are worked out at once.

    Returns
    -------
    ndarray, shape (...)
        From 0 to 100; NaN for a table without units.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    units = counts.sum((-2, -1))
    agreed = np.trace(counts, axis1=-2, axis2=-1)
    return np.divide(100 * agreed, units, out=np.full(units.shape, np.nan), where=units > 0)


def cohen_kappa(confusion: ArrayLike) -> NDArray[np.float64]:
    """Cohen's kappa: agreement beyond what the two coders' own class frequencies give by chance.

    Parameters
    ----------
    confusion
        Counts, shape (..., classes, classes): rows are one coder's classes, columns the other's.

    Returns
    -------
    ndarray, shape (...)
        From -1 to 1. NaN for a table without units, and where both coders used one and the same class
        throughout: chance agreement is then 1, and kappa would be 0 / 0. That is not perfect agreement but
        no information about it, so it is left empty rather than called 1 or 0.

    Notes
    -----
    Cohen (1960), Educational and Psychological Measurement 20, 37-46. Kept in counts up to the one
    division, (n * agreed - chance) / (n * n - chance), so that the degenerate case is exactly 0 / 0.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    units = counts.sum((-2, -1))
    agreed = np.trace(counts, axis1=-2, axis2=-1)
    chance = (counts.sum(-1) * counts.sum(-2)).sum(-1)
    room = units * units - chance
    return np.divide(units * agreed - chance, room, out=np.full(units.shape, np.nan), where=room > 0)


def weighted_kappa(confusion: ArrayLike, weights: Literal["linear", "quadratic"]) -> NDArray[np.float64]:
    """Kappa that takes a disagreement for the graver, the further apart the two classes are.

    Parameters
    ----------
    confusion
        Counts, shape (..., classes, classes): rows are one coder's classes, columns the other's, in the order
        that gives the classes their distance.
    weights
        ``linear``: a disagreement weighs as many steps as there are between the classes. ``quadratic``: the
        square of that.

    Returns
    -------
    ndarray, shape (...)
        At most 1. NaN where `cohen_kappa` is. Of two classes it is `cohen_kappa`.

    Notes
    -----
    Cohen (1968), Psychological Bulletin 70, 213-220: 1 - observed / expected weighted disagreement.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    place = np.arange(counts.shape[-1])
    distance = np.abs(place[:, None] - place) ** (2 if weights == "quadratic" else 1)
    units = counts.sum((-2, -1))
    observed = units * (counts * distance).sum((-2, -1))
    expected = (counts.sum(-1)[..., :, None] * counts.sum(-2)[..., None, :] * distance).sum((-2, -1))
    return np.divide(expected - observed, expected, out=np.full(units.shape, np.nan), where=expected > 0)


def one_against_rest(counts: ArrayLike, place: int) -> NDArray[Any]:
    """Tables of two classes: one of the classes, and all others together.

    Parameters
    ----------
    counts
        Shape (..., classes, classes).
    place
        Index of the class.

    Returns
    -------
    ndarray, shape (..., 2, 2)
        The class first, then the rest.
    """
    table = np.asarray(counts)
    both, row, column = table[..., place, place], table[..., place, :].sum(-1), table[..., :, place].sum(-1)
    cells = [both, row - both, column - both, table.sum((-2, -1)) - row - column + both]
    return np.stack(cells, axis=-1).reshape(*table.shape[:-2], 2, 2)

"""Percent agreement and Cohen's kappa, from a table of who said what."""

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

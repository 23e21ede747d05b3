"""Is a paired difference more than chance: the sign-flip test, and Holm's correction over several."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

EXACT_UP_TO = 16
FLIPS = 20_000


def sign_flip_p(differences: ArrayLike, *, seed: int = 0) -> float:
    """Two-sided p value of a mean difference, if either sign of each difference were equally likely.

    Parameters
    ----------
    differences
        One difference a dyad, shape (dyads,).
    seed
        Of the random flips; unused where all can be tried.

    Returns
    -------
    float
        Share of sign patterns whose mean is at least as far from 0 as the observed one. With up to 16 dyads
        all patterns are tried, so 1 / 2**(dyads - 1) is the least value; with more, 20,000 random ones, among
        which the observed pattern is counted, so that p is never 0. NaN without dyads.
    """
    values = np.asarray(differences, dtype=np.float64)
    dyads = len(values)
    if not dyads:
        return float("nan")
    # A hair's breadth, so that the mirror pattern of the observed one is not lost to rounding.
    observed = abs(values.sum()) - 1e-12 * np.abs(values).sum()
    if dyads <= EXACT_UP_TO:
        patterns = (np.arange(2 ** (dyads - 1))[:, None] >> np.arange(dyads)) & 1
        return float((np.abs((1 - 2 * patterns) @ values) >= observed).mean())
    rng = np.random.default_rng(seed)
    sums = (1 - 2 * rng.integers(0, 2, (FLIPS, dyads), dtype=np.int8)) @ values
    return float((1 + (np.abs(sums) >= observed).sum()) / (1 + FLIPS))


def correct_by_holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction: p values that hold for all comparisons together.

    Parameters
    ----------
    p
        Uncorrected p values; NaN, for a comparison that could not be made, stays NaN and is not counted.

    Returns
    -------
    list of float
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    corrected = [float("nan")] * len(p)
    made = [index for index, value in enumerate(p) if not np.isnan(value)]
    order = sorted(made, key=lambda index: p[index])
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p[index]))
        corrected[index] = highest
    return corrected

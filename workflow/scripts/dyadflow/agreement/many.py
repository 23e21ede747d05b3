"""Agreement of any number of coders at once: Fleiss' kappa and Krippendorff's alpha, from counts.

statsmodels and krippendorff take every rating. Here one small array of counts a dyad is enough for either measure,
so that the measure without each dyad costs nothing; the tests hold these functions against both libraries.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def fleiss_kappa(products: ArrayLike, coders: int) -> NDArray[np.float64]:
    """Fleiss' kappa: how far several coders agree beyond what the pooled class frequencies give by chance.

    Parameters
    ----------
    products
        Shape (..., classes, classes): for every two classes the sum, over units, of how many coders gave the one
        times how many gave the other.
    coders
        How many coders gave each unit a class: the same for all, and at least two.

    Returns
    -------
    ndarray, shape (...)
        From -1 / (coders - 1) to 1. NaN without units, and where all ratings are of one class.

    Notes
    -----
    Fleiss (1971), Psychological Bulletin 76, 378-382. Its sums over units are on the diagonal of `products`, and
    the class frequencies are its row sums, because the classes of a unit add up to `coders`.
    """
    table = np.asarray(products, dtype=np.float64)
    ratings = table.sum(-1) / coders
    total = ratings.sum(-1)
    # Pairs of coders of one unit, in order, that agree: n (n - 1) summed over classes and units.
    agreed = np.trace(table, axis1=-2, axis2=-1) - total
    chance = np.square(ratings).sum(-1) * (coders - 1)
    room = total * total * (coders - 1) - chance
    return np.divide(total * agreed - chance, room, out=np.full(total.shape, np.nan), where=room > 0)


def coincidences(products: ArrayLike) -> NDArray[np.float64]:
    """Krippendorff's coincidence matrix of units that two or more coders gave a class.

    Parameters
    ----------
    products
        Shape (..., numbers, classes, classes): as in `fleiss_kappa`, the first of units that two coders gave a
        class, the second of those that three did, and so on.

    Returns
    -------
    ndarray, shape (..., classes, classes)
        Symmetric; adds up to the number of ratings that can be paired.

    Notes
    -----
    Krippendorff (2019), Content Analysis, 4th ed., section 12.3: every ordered pair of ratings of a unit counts
    1 / (m - 1), where m coders gave the unit a class. Units of one coder alone count nothing: so missing ratings
    need not be filled in.
    """
    table = np.asarray(products, dtype=np.float64)
    found = np.zeros((*table.shape[:-3], *table.shape[-2:]))
    diagonal = np.arange(table.shape[-1])
    for place in range(table.shape[-3]):
        mine, coders = table[..., place, :, :].copy(), place + 2
        # A rating makes no pair with itself; the row sum is `coders` times the ratings of the class.
        mine[..., diagonal, diagonal] -= mine.sum(-1) / coders
        found += mine / (coders - 1)
    return found


def krippendorff_alpha(
    table: ArrayLike, metric: Literal["nominal", "ordinal", "interval"] = "nominal"
) -> NDArray[np.float64]:
    """Krippendorff's alpha: 1 minus observed over expected disagreement.

    Parameters
    ----------
    table
        From `coincidences`, shape (..., classes, classes).
    metric
        How far apart two classes are. ``nominal``: 1 if they differ. ``ordinal``: by how many ratings lie between
        them. ``interval``: the square of the steps between them, so that every step is as long as any other.

    Returns
    -------
    ndarray, shape (...)
        At most 1. NaN where nothing can be paired, and where all ratings are of one class.

    Notes
    -----
    Krippendorff (2019), Content Analysis, 4th ed., sections 12.3 and 12.4.
    """
    pairs = np.asarray(table, dtype=np.float64)
    ratings = pairs.sum(-1)
    total = ratings.sum(-1)
    if metric == "ordinal":
        # Ratings between the middles of two classes.
        middle = ratings.cumsum(-1) - ratings / 2
    else:
        middle = np.broadcast_to(np.arange(pairs.shape[-1], dtype=np.float64), ratings.shape)
    apart = middle[..., :, None] - middle[..., None, :]
    distance = (apart != 0).astype(np.float64) if metric == "nominal" else np.square(apart)
    expected = (ratings[..., :, None] * ratings[..., None, :] * distance).sum((-2, -1))
    observed = (total - 1) * (pairs * distance).sum((-2, -1))
    return np.divide(expected - observed, expected, out=np.full(total.shape, np.nan), where=expected > 0)

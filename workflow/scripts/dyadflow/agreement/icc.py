"""Intraclass correlation: how far coders agree on a number, such as how long an infant protests."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Estimate(NamedTuple):
    """A value with its confidence limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Icc:
    """Six intraclass correlations of the same table, with F-based limits.

    Parameters
    ----------
    icc1
        ICC(1): one-way, raters differ from subject to subject. ICC(1,1) of Shrout & Fleiss.
    icc_a1
        ICC(A,1): two-way, absolute agreement: a rater who always gives more lowers it. ICC(2,1).
    icc_c1
        ICC(C,1): two-way, consistency: what a rater always adds does not count. ICC(3,1).
    icc_k, icc_ak, icc_ck
        The same for the mean of all raters.
    subjects, raters
        On how many the numbers rest.
    """

    icc1: Estimate
    icc_a1: Estimate
    icc_c1: Estimate
    icc_k: Estimate
    icc_ak: Estimate
    icc_ck: Estimate
    subjects: int
    raters: int


def icc(values: ArrayLike, *, level: float = 0.95) -> Icc:
    """Intraclass correlations from a two-way analysis of variance.

    Parameters
    ----------
    values
        Shape (subjects, raters). Subjects with a missing value (NaN) are left out.
    level
        Nominal coverage of the limits.

    Returns
    -------
    Icc
        Values and limits are NaN with fewer than two subjects or raters, and where they would be a number divided
        by 0: no two values differ, or of the mean of raters where subjects do not differ. Without error the limits
        are 1 and 1.

    Raises
    ------
    ValueError
        If `values` has not two axes.

    Notes
    -----
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428; names and limits by McGraw & Wong (1996),
    Psychological Methods 1, 30-46, tables 4 and 7 (and the correction of the same year, 1, 390). The limits take
    subjects for independent and errors for normal: where a dyad has several sessions they are too narrow.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"values have shape {table.shape}, not (subjects, raters)")
    table = table[np.isfinite(table).all(1)]
    n, k = table.shape
    if n < 2 or k < 2:
        missing = Estimate(np.nan, np.nan, np.nan)
        return Icc(missing, missing, missing, missing, missing, missing, subjects=n, raters=k)
    grand, rows, columns = table.mean(), table.mean(1), table.mean(0)
    between = k * np.square(rows - grand).sum() / (n - 1)
    raters = n * np.square(columns - grand).sum() / (k - 1)
    error = np.square(table - rows[:, None] - columns + grand).sum() / ((n - 1) * (k - 1))
    within = np.square(table - rows[:, None]).sum() / (n * (k - 1))
    # Sums of squares of numbers that do not differ come out as rounding, not as 0.
    hair = 1e-24 * max(np.square(table).max(), 1e-300) * table.size
    between, raters, error, within = (0.0 if mean <= hair else float(mean) for mean in (between, raters, error, within))

    one_way = _from_ratio(between, within, k, n - 1, n * (k - 1), level)
    consistent = _from_ratio(between, error, k, n - 1, (n - 1) * (k - 1), level)
    absolute = _absolute(between, raters, error, n, k, level)
    return Icc(
        one_way, absolute, consistent, _of_mean(one_way, k), _of_mean(absolute, k), _of_mean(consistent, k),
        subjects=n, raters=k,
    )


def _from_ratio(between: float, error: float, k: int, df_between: int, df_error: int, level: float) -> Estimate:
    """ICC(1) or ICC(C,1) from the ratio of two mean squares, F = between / error."""
    from scipy.special import fdtri

    if not between + error:
        return Estimate(np.nan, np.nan, np.nan)
    if not error:
        return Estimate(1.0, 1.0, 1.0)
    ratio, sure = between / error, 0.5 + level / 2
    limits = (ratio, ratio / fdtri(df_between, df_error, sure), ratio * fdtri(df_error, df_between, sure))
    return Estimate(*(float((each - 1) / (each + k - 1)) for each in limits))


def _absolute(between: float, raters: float, error: float, n: int, k: int, level: float) -> Estimate:
    """ICC(A,1), with limits after Satterthwaite (Fleiss & Shrout 1978; McGraw & Wong 1996, table 7)."""
    from scipy.special import fdtri

    spread = between + (k - 1) * error + k / n * (raters - error)
    if not spread:
        return Estimate(np.nan, np.nan, np.nan)
    value = (between - error) / spread
    if not raters + error:
        return Estimate(1.0, 1.0, 1.0)
    # a and b of McGraw & Wong, both times n (1 - value), so that a value of 1 needs no division by 0.
    a, b = k * value, n * (1 - value) + k * value * (n - 1)
    weight = a * raters + b * error
    # Where the two cancel (subjects do not differ), what is left is rounding, and would decide the degrees of freedom.
    if abs(weight) <= 1e-12 * (abs(a) * raters + b * error):
        return Estimate(float(value), np.nan, np.nan)
    df = weight**2 / ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    sure = 0.5 + level / 2
    below, above = fdtri(n - 1, df, sure), fdtri(df, n - 1, sure)
    other = k * raters + (k * n - k - n) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        low = n * (between - below * error) / (below * other + n * between)
        high = n * (above * between - error) / (other + n * above * between)
    return Estimate(float(value), float(low), float(high))


def _of_mean(single: Estimate, k: int) -> Estimate:
    """The same for the mean of k raters (Spearman-Brown), which holds for the limits as well."""
    room = [1 + (k - 1) * each for each in single]
    return Estimate(*(k * each / left if left > 1e-12 else np.nan for each, left in zip(single, room, strict=True)))

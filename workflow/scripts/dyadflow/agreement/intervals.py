"""Intervals from dyads: a jackknife-t on the logit scale."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NO_INTERVAL = (float("nan"), float("nan"))


def jackknife_interval(
    counts: ArrayLike,
    statistic: Callable[[NDArray[Any]], float | NDArray[Any]],
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
    at_once: bool = False,
) -> tuple[float, float]:
    """Interval of a statistic of summed counts, with the dyad as the unit that was sampled.

    Parameters
    ----------
    counts
        One array of counts a dyad, shape (dyads, ...): a confusion matrix, for instance.
    statistic
        What is wanted of counts summed over dyads, which have the shape (...): ``cohen_kappa``.
    bounds
        Least and greatest value that the statistic can take.
    level
        Nominal coverage.
    at_once
        Whether the statistic also takes counts of many tables, shape (tables, ...), and gives a value for each:
        the same numbers, sooner.

    Returns
    -------
    low, high
        NaN and NaN where there is no interval; see `interval_from_left_out`.

    Notes
    -----
    Frames are strongly autocorrelated, dyads are not: so each dyad in turn is left out, never a frame.
    Dyads without any count have nothing to say and are not counted among the dyads.

    The interval says how the value would vary over other dyads. It leaves out that training again, with
    another seed or other training dyads, would give another model.
    """
    table = nonempty(counts)
    if not len(table):
        return NO_INTERVAL
    rests = leave_one_out(table)
    left_out = np.asarray(statistic(rests)) if at_once else np.array([float(statistic(rest)) for rest in rests])
    return interval_from_left_out(float(statistic(table.sum(0))), left_out, bounds=bounds, level=level)


def sum_by_dyad(counts: ArrayLike, dyads: Sequence[str]) -> NDArray[Any]:
    """Counts of sessions, shape (sessions, ...), summed to shape (dyads, ...), dyads in order of their names."""
    table = np.asarray(counts)
    names, place = np.unique(np.array(dyads, dtype=object).astype(str), return_inverse=True)
    summed = np.zeros((len(names), *table.shape[1:]), dtype=table.dtype)
    np.add.at(summed, place, table)
    return summed


def nonempty(counts: ArrayLike) -> NDArray[Any]:
    """The dyads, along the first axis, that have any count at all."""
    table = np.asarray(counts)
    return table[table.reshape(len(table), -1).any(1)] if len(table) else table


def leave_one_out(counts: NDArray[Any]) -> NDArray[Any]:
    """Sums over all dyads but one: for counts of shape (dyads, ...), the same shape, row i without dyad i."""
    return counts.sum(0) - counts


def interval_from_left_out(
    estimate: float,
    left_out: NDArray[Any],
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
) -> tuple[float, float]:
    """Jackknife-t interval from a statistic and its values with each dyad left out.

    Parameters
    ----------
    estimate
        The statistic over all dyads.
    left_out
        The statistic without each dyad in turn, shape (dyads,).
    bounds
        Least and greatest value that the statistic can take; the greatest may be infinite.
    level
        Nominal coverage.

    Returns
    -------
    low, high
        Within `bounds` and round the estimate. NaN and NaN where the dyads say nothing about the spread:

        - fewer than two dyads;
        - the statistic is undefined, over all dyads or with one of them left out;
        - the statistic lies at one of its bounds, where the logit is infinite (no dyad shows an error, so
          their spread of errors is unknown, not zero);
        - it is the same whichever dyad is left out.

        If it reaches a bound only with some dyad left out, the interval is worked out without the logit and
        cut at the bounds. Otherwise it lies within the bounds, and the estimate within it, not always midway.

    Notes
    -----
    Tukey's jackknife standard error, sqrt((n - 1) / n * sum(d ** 2)) with d the left out minus their mean, taken on the
    logit scale (with no upper bound, on that of logarithms), with a quantile of Student's t. Two things make up for
    what a spread of few unlike dyads leaves out:

    - Degrees of freedom are n - 1 where all dyads pull alike; where a few of them make most of the spread they are 1.5
      times the effective number of dyads, sum(d ** 2) ** 2 / sum(d ** 4), and at least 1: a spread that rests on few is
      known from few. With 2 in place of 1.5 this would be Satterthwaite's (1946) approximation.
    - On the side to which Quenouille's (1956) correction of bias moves the estimate the interval reaches as far as one
      round the corrected estimate: the mean over classes of F1 is too low where few dyads show a class.

    `bench/interval_coverage.py` shows what a nominal 95 % covers.
    """
    from scipy.special import expit, logit, stdtrit

    low, high = bounds
    values = np.asarray(left_out, dtype=np.float64)
    dyads = len(values)
    if dyads < 2 or not np.isfinite(estimate) or not np.isfinite(values).all():
        return NO_INTERVAL
    # Weighted means of ones may come out as 1 - 1e-16, whose logit is large and means nothing.
    open_ended = np.isinf(high)
    hair = 1e-9 * (estimate - low if open_ended else high - low)
    if not low + hair < estimate < high - hair or np.ptp(values) <= hair:
        return NO_INTERVAL
    if values.min() <= low + hair or values.max() >= high - hair:
        least, greatest = _ends(estimate, values, level, stdtrit)
        return max(low, least), min(high, greatest)
    if open_ended:
        least, greatest = _ends(np.log(estimate - low), np.log(values - low), level, stdtrit)
        return float(low + np.exp(least)), float(low + np.exp(greatest))
    least, greatest = _ends(
        logit((estimate - low) / (high - low)), logit((values - low) / (high - low)), level, stdtrit)
    return float(low + (high - low) * expit(least)), float(low + (high - low) * expit(greatest))


def _ends(
    estimate: float, values: NDArray[Any], level: float, quantile: Callable[[float, float], float]
) -> tuple[float, float]:
    """Both ends, from the statistic and its leave-one-out values, shape (dyads,), all on one scale."""
    dyads, apart = len(values), values - values.mean()
    spread = np.square(apart).sum()
    freedom = np.clip(1.5 * spread**2 / (apart**4).sum(), 1, dyads - 1)
    reach = quantile(freedom, 0.5 + level / 2) * np.sqrt((dyads - 1) / dyads * spread)
    correction = (dyads - 1) * (estimate - values.mean())
    return float(estimate - reach + min(correction, 0)), float(estimate + reach + max(correction, 0))

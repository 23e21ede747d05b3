"""From rows by session and coder to one value a session, their mean over dyads, and where the dots of them lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import NO_INTERVAL, jackknife_interval


@dataclass(frozen=True)
class SessionValues:
    """One value a session, and what they come to.

    Parameters
    ----------
    values
        One a session, in the order of the table: the mean over the coders of the session. Shape (sessions,).
    sessions
        Their names.
    dyads
        How many dyads they are of.
    mean
        Mean over dyads of each dyad's mean over its sessions; NaN without any value.
    low, high
        Its 95 % interval over dyads; NaN where there is none.
    """

    values: NDArray[np.float64]
    sessions: tuple[str, ...]
    dyads: int
    mean: float
    low: float
    high: float


def value_by_session(rows: pd.DataFrame, column: str, *, bounds: tuple[float, float] | None = None) -> SessionValues:
    """Gather one column of a behaviour table.

    Parameters
    ----------
    rows
        Columns session, dyad and `column`: at most one row a session and coder.
    column
        What is wanted. Rows where it is empty say nothing.
    bounds
        Least and greatest possible value: then the interval is a jackknife-t on the logit scale
        (`jackknife_interval`). Without, it is that of the t distribution, and never reaches below 0 where no value
        does.

    Notes
    -----
    Two coders of one session saw the same behaviour, and two sessions of one dyad resemble each other: so neither
    counts as a unit of its own.
    """
    known = rows[rows[column].notna()]
    by_session = known.groupby(["dyad", "session"], sort=False)[column].mean()
    by_dyad = by_session.groupby(level="dyad", sort=False).mean().to_numpy(dtype=np.float64)
    mean = float(by_dyad.mean()) if len(by_dyad) else float("nan")
    low, high = _interval(by_dyad, bounds)
    names = tuple(by_session.index.get_level_values("session"))
    return SessionValues(by_session.to_numpy(dtype=np.float64), names, len(by_dyad), mean, low, high)


def _interval(values: NDArray[np.float64], bounds: tuple[float, float] | None) -> tuple[float, float]:
    """95 % interval of the mean of one value a dyad."""
    if len(values) < 2 or np.ptp(values) == 0:
        return NO_INTERVAL
    if bounds is not None:
        counts = np.column_stack([values, np.ones(len(values))])
        return jackknife_interval(counts, lambda sums: sums[0] / sums[1], bounds=bounds)
    from scipy.special import stdtrit

    mean, reach = values.mean(), stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values))
    low = mean - reach
    return float(max(low, 0.0) if values.min() >= 0 else low), float(mean + reach)


def units(parts: Sequence[SessionValues]) -> tuple[int, int]:
    """Most sessions and most dyads that any of several values rests on."""
    return max((len(part.values) for part in parts), default=0), max((part.dyads for part in parts), default=0)


def spread_dots(places: NDArray[np.float64], dot: float, reach: float) -> NDArray[np.float64]:
    """How far up or down each dot is set, so that dots beside each other overlap as little as may be.

    Parameters
    ----------
    places
        Where the dots lie along the scale, shape (dots,); all in one unit of length.
    dot
        Their diameter.
    reach
        How far up or down at most.

    Returns
    -------
    ndarray, shape (dots,)
        0 where there is room. The same places always give the same.
    """
    step = 0.55 * dot
    steps = [0.0, *(sign * step * number for number in range(1, int(reach / step) + 1) for sign in (1, -1))]
    height_of = np.zeros(len(places))
    done: list[int] = []
    for place in np.argsort(places, kind="stable"):
        near = [other for other in done if places[place] - places[other] < dot]

        def clearance(height: float, place: int = int(place), near: list[int] = near) -> float:
            gaps = [np.hypot(places[place] - places[other], height - height_of[other]) for other in near]
            return min([*gaps, dot])

        height_of[place] = max(steps, key=lambda height: (round(clearance(height), 9), -abs(height)))
        done.append(int(place))
    return height_of

"""Arithmetic of intervals in time: joined, cut, taken away, and one value a moment."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Onset and offset in seconds, half open; equal for a point event.
Interval = tuple[float, float]
#: Onset and offset in seconds, and what holds between them.
Run = tuple[float, float, str]

#: Less than the microsecond to which segments are written: no gap, only arithmetic.
SLACK_S = 1e-6


def join(intervals: Iterable[Interval], gap_s: float = 0.0) -> list[Interval]:
    """Sorted intervals of which none touches the next: what overlaps, touches, or lies up to `gap_s` apart, is one."""
    joined: list[Interval] = []
    for onset_s, offset_s in sorted(intervals):
        if joined and onset_s <= joined[-1][1] + gap_s + SLACK_S:
            joined[-1] = (joined[-1][0], max(joined[-1][1], offset_s))
        else:
            joined.append((onset_s, offset_s))
    return joined


def join_runs(runs: Iterable[Run]) -> list[Run]:
    """Sorted runs, those that touch and have the same value made one."""
    joined: list[Run] = []
    for onset_s, offset_s, value in runs:
        if joined and joined[-1][2] == value and onset_s <= joined[-1][1] + SLACK_S:
            joined[-1] = (joined[-1][0], offset_s, value)
        else:
            joined.append((onset_s, offset_s, value))
    return joined


def clip(timed: Sequence[tuple[Any, ...]], spans: Sequence[Interval]) -> list[tuple[Any, ...]]:
    """What of intervals, or of runs, lies within spans.

    Parameters
    ----------
    timed
        Intervals or runs, sorted and disjoint.
    spans
        Sorted and disjoint.

    Returns
    -------
    list
        Pieces of the same kind. A point event belongs to the span that holds it, onset included, offset not;
        nothing else comes out without a length.
    """
    pieces, first = [], 0
    for begin_s, end_s in spans:
        while first < len(timed) and timed[first][1] < begin_s:
            first += 1
        for item in timed[first:]:
            if item[0] >= end_s:
                break
            onset_s, offset_s = max(item[0], begin_s), min(item[1], end_s)
            if offset_s > onset_s or item[0] == item[1]:
                pieces.append((onset_s, offset_s, *item[2:]))
    return pieces


def subtract(intervals: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What is left of intervals without others; all sorted and disjoint."""
    left, first = [], 0
    for onset_s, offset_s in intervals:
        while first < len(taken) and taken[first][1] <= onset_s:
            first += 1
        for begin_s, end_s in taken[first:]:
            if begin_s >= offset_s:
                break
            if begin_s > onset_s:
                left.append((onset_s, begin_s))
            onset_s = max(onset_s, end_s)
        if offset_s > onset_s:
            left.append((onset_s, offset_s))
    return left


def total_s(timed: Iterable[tuple[Any, ...]]) -> float:
    """Seconds that disjoint intervals, or runs, last together."""
    return sum(item[1] - item[0] for item in timed)


def single_runs(held: Mapping[str, Sequence[Interval]]) -> list[Run]:
    """The moments at which exactly one value holds.

    Parameters
    ----------
    held
        For each value its intervals, sorted and disjoint; point events are passed over.

    Returns
    -------
    list of Run
        Sorted and disjoint. Moments at which two values hold are in none: nothing chooses between them.
    """
    changes: list[tuple[float, int, str]] = []
    for value, intervals in held.items():
        for onset_s, offset_s in intervals:
            if offset_s > onset_s:
                changes += [(onset_s, 1, value), (offset_s, -1, value)]
    changes.sort()
    runs: list[Run] = []
    active: dict[str, None] = {}
    for number, (time_s, step, value) in enumerate(changes):
        if step > 0:
            active[value] = None
        else:
            del active[value]
        upcoming_s = changes[number + 1][0] if number + 1 < len(changes) else time_s
        if len(active) == 1 and upcoming_s > time_s:
            runs.append((time_s, upcoming_s, next(iter(active))))
    return join_runs(runs)

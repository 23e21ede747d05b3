"""Whether two coders of a session agree best as their files lie, or with one of them moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.doctor.lags import agree_by_lag, kappa_at, overlap
from dyadflow.annotations.doctor.timeline import NOTHING, Timeline

#: Two coders whose best agreement, phases included, stays below this tell nothing about each other's timing: files of
#: different sessions reach .5 at some shift (made-up studies, 99.9 % of pairs), coders of one session .6 and more.
LEAST_KAPPA = 0.4
#: Smaller shifts are how people differ: some press the key when they see a change begin, others when they are sure.
LEAST_SHIFT_S = 0.75
#: A shift is clear if moving the file gains this much kappa: files without a shift gained .06 at most.
CLEAR_GAIN = 0.1
#: In a long session a smaller gain is clear too, if it comes from everywhere in it: this many standard errors over
#: blocks of the session. Files without a shift reached 3.
SMALL_GAIN, CLEAR_ERRORS, BLOCK_S = 0.03, 5.0, 5.0


@dataclass(frozen=True)
class Alignment:
    """How two coders' files of one session fit.

    Parameters
    ----------
    shift_s
        How much later the second lies where they agree best.
    kappa, kappa_as_is
        Agreement there, and as the files lie: all tiers with phases.
    behaviour
        The higher of the agreements on behaviour alone, without phases, at these two places; NaN without behaviour.
    tells
        Whether they agree enough at the best place for the one to check the other.
    shifted
        Whether `shift_s` is a finding.
    """

    shift_s: float
    kappa: float
    kappa_as_is: float
    behaviour: float
    tells: bool
    shifted: bool


def align(first: Timeline, second: Timeline) -> Alignment | None:
    """Lay two coders' timelines of one session against each other.

    Returns
    -------
    Alignment or None
        None if they have not coded enough of the same tiers and moments.
    """
    curve = agree_by_lag(first, second, first.codes)
    if curve is None:
        return None
    lag, shift_s = curve.best()
    best, now = curve.at(lag), curve.at(0)
    moved = second.moved(-lag * second.step_s)
    behaviour = [kappa_at(first, line, first.behaviours) for line in (second, moved)]
    tells = best >= LEAST_KAPPA
    gain = best - now
    far = abs(shift_s) >= LEAST_SHIFT_S
    clear = gain >= CLEAR_GAIN or (gain >= SMALL_GAIN and _standard_errors(first, second, moved) >= CLEAR_ERRORS)
    known = [kappa for kappa in behaviour if np.isfinite(kappa)]
    return Alignment(
        round(shift_s, 3), best, now, max(known, default=float("nan")), tells, bool(tells and far and clear)
    )


def _standard_errors(first: Timeline, second: Timeline, moved: Timeline) -> float:
    """Mean gain in equal moments over blocks of the session, by its standard error."""
    gain = _equal_moments(first, moved) - _equal_moments(first, second)
    block = round(BLOCK_S / first.step_s)
    blocks = gain[: len(gain) // block * block].reshape(-1, block).sum(axis=1)
    error = float(np.std(blocks, ddof=1)) / np.sqrt(len(blocks)) if len(blocks) > 2 else 0.0
    return float(np.mean(blocks)) / error if error > 0 else 0.0


def _equal_moments(first: Timeline, second: Timeline) -> NDArray[np.int64]:
    """At each moment of the first: in how many tiers the second has the same code."""
    equal = np.zeros(len(next(iter(first.codes.values()))), dtype=np.int64)
    for tier in first.codes.keys() & second.codes.keys():
        one, other, place = overlap(first, second, tier)
        equal[place:place + len(one)] += (one == other) & (one != NOTHING)
    return equal

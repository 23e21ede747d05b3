"""Mutual regulation: matches lost and regained, and how the partners' levels move together."""

from collections.abc import Sequence
from math import ceil, nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import Interval, clip, total_s
from dyadflow.behaviour.dyadic import MATCH, MISMATCH, DyadicCoding, value_runs, values_of_merges
from dyadflow.behaviour.phases import paradigm_phases
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import TierCoding, scorable_codes
from dyadflow.behaviour.transitions import following_pairs

REGULATION_COLUMNS = (
    "session", "dyad", "coder", "phase", "observed_s", "match_proportion", "mismatch_proportion", "ruptures",
    "reparations", "reparation_rate_per_min", "reparation_latency_s", "synchrony", "synchrony_lag_s",
    "synchrony_zero", "infant_leads", "caregiver_leads", "synchrony_moments",
)


def tabulate_regulation(
    states: Sequence[DyadicCoding], scheme: Scheme, settings: BehaviourSettings
) -> pd.DataFrame:
    """How often and how soon mismatches are repaired, and how the levels of both go together.

    Parameters
    ----------
    states
        From `find_dyadic_states`.
    scheme
        The coding scheme.
    settings
        What the study says about it.

    Returns
    -------
    DataFrame
        Columns `REGULATION_COLUMNS`, in ``all`` and in every phase that is not excluded.

    Notes
    -----
    A rupture is a match that turns into a mismatch, a reparation a mismatch that turns into a match, at once and
    within the phase: what lies on either side of time that was not observed is neither. Both need bouts that are
    long enough to count. Reparations are counted in a minute of the time in which both are observed; their latency
    is the mean length of the mismatches that end in one, each from where it begins in the phase. Tronick & Cohn
    (1989); Weinberg & Tronick (1996).

    Synchrony is the cross-correlation of both partners' levels (`correlate_levels`): at its greatest, with the lag
    at which it is, and at lag 0; ``infant_leads`` is the greatest at positive lags, where the caregiver, who is the
    scheme's second tier, follows, and ``caregiver_leads`` at negative ones. It is that of the levels themselves, not
    of what a time-series model leaves of them: each partner's own inertia makes it larger, so that it is to be
    compared between dyads and phases, or with dyads put together at random, never with 0. Feldman (2007).
    """
    rows = []
    for coding in states:
        assert scheme.dyadic is not None  # there are no states without it
        tiers = scheme.dyadic.tiers
        levels = [level_runs(its, scheme, tier) for its, tier in zip(coding.tiers, tiers, strict=True)]
        matching = coding.matching()
        for phase in paradigm_phases(scheme):
            if phase in coding.spans:
                spans = coding.spans[phase]
                first, second = (sample_levels(its, spans, settings.synchrony_step_s) for its in levels)
                rows.append((
                    coding.session, coding.dyad, coding.coder, phase,
                    *_describe_repair(clip(matching, spans), settings.minimal_bout_s),
                    *_describe_synchrony(first, second, settings),
                ))
    return pd.DataFrame(rows, columns=list(REGULATION_COLUMNS))


def _describe_repair(runs: Sequence[tuple[Any, ...]], minimal_s: float) -> tuple[Any, ...]:
    observed_s = total_s(runs)
    turns = following_pairs(runs, minimal_s)
    ruptures = sum(following[2] == MISMATCH for _, following in turns)
    repaired = [run for run, following in turns if following[2] == MATCH]
    if not observed_s > 0:
        return observed_s, nan, nan, 0, 0, nan, nan
    matched = total_s(run for run in runs if run[2] == MATCH) / observed_s
    return (
        observed_s, matched, total_s(run for run in runs if run[2] == MISMATCH) / observed_s, ruptures, len(repaired),
        60 * len(repaired) / observed_s, total_s(repaired) / len(repaired) if repaired else nan,
    )


def level_runs(coding: TierCoding, scheme: Scheme, tier: str) -> list[tuple[float, float, float]]:
    """Onset, offset and level of each run of codes with a level; a merge has that of its codes, if they share one."""
    coded = scheme.dyadic.levels if scheme.dyadic else {}
    codes = {code: coded[code] for code in scorable_codes(scheme, tier) if code in coded}
    levels = codes | values_of_merges(scheme, tier, codes)
    names = {code: repr(level) for code, level in levels.items()}
    values = {repr(level): float(level) for level in levels.values()}
    return [(onset_s, offset_s, values[name]) for onset_s, offset_s, name in value_runs(coding, names)]


def sample_levels(
    runs: Sequence[tuple[float, float, float]], spans: Sequence[Interval], step_s: float
) -> NDArray[np.float64]:
    """The level at even moments on the recording's clock, NaN outside spans and where there is none.

    Moments lie in the middle of steps of `step_s` that begin at 0, whatever the phase, so that those of both partners
    are the same. The last is in the last span.
    """
    moments = (np.arange(ceil(max((end_s for _, end_s in spans), default=0.0) / step_s)) + 0.5) * step_s
    sampled = np.full(len(moments), np.nan)
    for onset_s, offset_s, level in clip(runs, spans):
        first, stop = np.searchsorted(moments, [onset_s, offset_s])
        sampled[first:stop] = level
    return sampled


def correlate_levels(
    first: NDArray[np.float64], second: NDArray[np.float64], lags: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cross-correlation of two series with gaps.

    Parameters
    ----------
    first, second
        Levels at the same moments, shape (moments,); NaN where there is none.
    lags
        The greatest lag, in moments.

    Returns
    -------
    correlations, pairs
        Shape (2 lags + 1,), for lags from ``-lags`` to ``lags``: Pearson's correlation of the first series with the
        second so many moments later, over the pairs of moments at which both have a level, and how many these are.
        NaN where there are fewer than three, or where either does not vary.
    """
    size = 2 * lags + 1
    correlations, pairs = np.full(size, np.nan), np.zeros(size, dtype=np.int64)
    for number, lag in enumerate(range(-lags, lags + 1)):
        if abs(lag) >= len(first):
            continue
        x = first[max(0, -lag):len(first) - max(0, lag)]
        y = second[max(0, lag):len(second) - max(0, -lag)]
        both = ~(np.isnan(x) | np.isnan(y))
        pairs[number] = count = int(both.sum())
        if count >= 3:
            x, y = x[both], y[both]
            if np.ptp(x) > 0 and np.ptp(y) > 0:
                x, y = x - x.mean(), y - y.mean()
                correlations[number] = np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0)
    return correlations, pairs


def _describe_synchrony(
    first: NDArray[np.float64], second: NDArray[np.float64], settings: BehaviourSettings
) -> tuple[float, float, float, float, float, int]:
    lags = int(settings.synchrony_lag_s / settings.synchrony_step_s + 1e-9)
    correlations, pairs = correlate_levels(first, second, lags)
    moments = int(pairs[lags])
    # The longest lags of a short phase rest on so few pairs that chance makes the greatest of them.
    usable = np.where(2 * pairs >= moments, correlations, np.nan)
    best = _best(usable, np.arange(-lags, lags + 1))
    return (
        nan if best is None else float(usable[lags + best]),
        nan if best is None else best * settings.synchrony_step_s,
        float(correlations[lags]),
        _greatest(usable[lags + 1:]), _greatest(usable[:lags]), moments,
    )


def _best(correlations: NDArray[np.float64], lags: NDArray[np.int64]) -> int | None:
    """The lag of the greatest correlation; of equally great ones the shortest, and of a pair the positive one."""
    finite = [(-round(float(value), 9), abs(int(lag)), -int(lag)) for value, lag in zip(correlations, lags, strict=True)
              if np.isfinite(value)]
    return -min(finite)[2] if finite else None


def _greatest(correlations: NDArray[np.float64]) -> float:
    finite = correlations[np.isfinite(correlations)]
    return float(finite.max()) if len(finite) else nan

"""What follows an onset within a window of time: responses of one partner to the other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import SLACK_S, Interval, clip
from dyadflow.behaviour.codings import SessionCoding, by_session, pair_up
from dyadflow.behaviour.measures import count_bouts
from dyadflow.behaviour.phases import ALL, paradigm_phases
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import TierCoding
from dyadflow.behaviour.transitions import SMALL, Key, pool_counts, sequence_codes

LAG_COLUMNS = (
    "session", "dyad", "coder", "phase", "given_tier", "given_code", "lag_from_s", "lag_to_s", "target_tier",
    "target_code", "given", "given_followed", "others", "others_followed", "probability", "base_probability",
    "odds_ratio", "yules_q", "expected", "adjusted_residual", "expected_below_5",
)


def tabulate_lags(codings: Sequence[SessionCoding], scheme: Scheme, settings: BehaviourSettings) -> pd.DataFrame:
    """Count how often the onset of one code is followed, within a window, by the onset of another tier's code.

    Parameters
    ----------
    codings
        From `gather_codings`.
    scheme
        The coding scheme.
    settings
        What the study says about it.

    Returns
    -------
    DataFrame
        Columns `LAG_COLUMNS`, for every two tiers, in either order, and each tier with itself if its codes may
        overlap. First all sessions of a coder pooled (session ``all``, dyad empty), in the window of responses and in
        each step up to the greatest lag; then each session in the window of responses, only codes with an onset
        there. In ``all`` and in every phase that is not excluded.

    Notes
    -----
    The unit is an onset in the given tier. One counts if it lies within the phase (what is under way when the phase
    begins has no onset in it) and if the target tier is observed over the whole window after it, within the same
    stretch of the phase. It is followed if the target code has an onset more than ``lag_from_s`` and at most
    ``lag_to_s`` after it. These units make a table of two by two: onsets of the given code and of all other codes of
    its tier, followed or not. The base probability is that of all onsets of the tier, the odds ratio compares the
    given code with the others, Yule's Q is (ad - bc) / (ad + bc), and the adjusted residual that of the first cell.
    It is marked where any of the four expected counts is below 5.

    Windows of neighbouring onsets may overlap, so that units are not independent: an index for each session is the
    score of that session, and no test. Bakeman & Quera (2011), chapters 9 and 11; Bakeman, Deckner & Quera (2005).
    """
    sessions = by_session(codings)
    windows = [(0.0, settings.lag_s), *settings.lag_windows()]
    tables = []
    for tier, other in _tier_pairs(scheme):
        codes, targets = sequence_codes(codings, scheme, tier), sequence_codes(codings, scheme, other)
        keys: list[Key] = []
        counts: list[NDArray[Any]] = []
        for those in sessions.values():
            for coder, coding, partner, spans in pair_up(those, tier, other):
                given, response = coding.tiers[tier], partner.tiers[other]
                for phase in paradigm_phases(scheme):
                    if phase in spans:
                        keys.append((coding.session, coding.dyad, coder, phase))
                        counts.append(np.stack(list(_count(
                            given, response, spans[phase], codes, targets, windows, settings.minimal_bout_s))))
        if keys:
            tables.append(_tabulate(*pool_counts(keys, counts, scheme), (tier, codes), (other, targets), windows))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(LAG_COLUMNS))


def _tier_pairs(scheme: Scheme) -> list[tuple[str, str]]:
    return [
        (tier, other) for tier, details in scheme.tiers.items() for other in scheme.tiers
        if tier != other or not details.exclusive
    ]


def _count(
    given: TierCoding,
    response: TierCoding,
    spans: Sequence[Interval],
    codes: Sequence[str],
    targets: Sequence[str],
    windows: Sequence[tuple[float, float]],
    minimal_s: float,
) -> Iterator[NDArray[np.int64]]:
    """For each window the onsets of each given code and how many each target follows, shape (codes, 1 + targets)."""
    onsets = find_onsets(given, spans, codes, minimal_s)
    times = np.concatenate([onsets[code] for code in codes])
    owner = np.repeat(np.arange(len(codes)), [len(onsets[code]) for code in codes])
    answers = find_onsets(response, spans, targets, minimal_s)
    seen = np.array(clip(response.observed, spans), dtype=np.float64).reshape(-1, 2)
    stretch = np.searchsorted(seen[:, 0], times + SLACK_S, side="right") - 1
    until = np.where(stretch >= 0, seen[stretch, 1] if len(seen) else -np.inf, -np.inf)
    for from_s, to_s in windows:
        held = until >= times + to_s - SLACK_S
        mine, moments = owner[held], times[held]
        counts = [np.bincount(mine, minlength=len(codes))]
        for target in targets:
            first, last = (np.searchsorted(answers[target], moments + edge_s + SLACK_S, side="right")
                           for edge_s in (from_s, to_s))
            counts.append(np.bincount(mine[last > first], minlength=len(codes)))
        yield np.stack(counts, axis=1)


def find_onsets(
    coding: TierCoding, spans: Sequence[Interval], codes: Sequence[str], minimal_s: float
) -> Mapping[str, NDArray[np.float64]]:
    """When each code begins within spans: seconds, sorted. What is on as a span begins does not begin in it."""
    begins = [onset_s for onset_s, _ in spans]
    return {
        code: np.array([
            onset_s for onset_s, _ in count_bouts(clip(coding.bouts.get(code, ()), spans), minimal_s)
            if onset_s not in begins
        ], dtype=np.float64)
        for code in codes
    }


def _tabulate(
    keys: Sequence[Key],
    tables: Sequence[NDArray[np.int64]],
    given: tuple[str, Sequence[str]],
    target: tuple[str, Sequence[str]],
    windows: Sequence[tuple[float, float]],
) -> pd.DataFrame:
    (tier, codes), (other, targets) = given, target
    # Keys, windows, given codes, targets; then those with a row.
    counts = np.stack(tables)
    units = np.broadcast_to(counts[..., :1], (*counts.shape[:-1], len(targets)))
    followed = counts[..., 1:]
    others, others_followed = units.sum(2, keepdims=True) - units, followed.sum(2, keepdims=True) - followed
    pooled = np.array([session == ALL and dyad == "" for session, dyad, *_ in keys])
    shown = np.broadcast_to(pooled[:, None, None, None], units.shape).copy()
    shown[:, 0] |= units[:, 0] > 0
    if tier == other:
        shown &= ~np.eye(len(codes), dtype=bool)
    key, window, code, target_code = np.nonzero(shown)
    names = [np.array(values, dtype=object) for values in zip(*keys, strict=True)]
    edges = np.array(windows)
    cells = [part[shown] for part in (followed, units - followed, others_followed, others - others_followed)]
    columns = {
        "session": names[0][key], "dyad": names[1][key], "coder": names[2][key], "phase": names[3][key],
        "given_tier": tier, "given_code": np.array(codes, dtype=object)[code],
        "lag_from_s": edges[window, 0], "lag_to_s": edges[window, 1],
        "target_tier": other, "target_code": np.array(targets, dtype=object)[target_code],
        "given": units[shown], "given_followed": cells[0], "others": others[shown], "others_followed": cells[2],
    }
    return pd.DataFrame(columns | describe_two_by_two(*cells))[list(LAG_COLUMNS)]


def describe_two_by_two(
    a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Indices of tables of two by two.

    Parameters
    ----------
    a, b
        Units with the given code that are followed by the target, and that are not; shape (tables,).
    c, d
        The same of all other units.

    Returns
    -------
    dict
        probability a / (a + b), base_probability (a + c) / n, odds_ratio ad / bc, yules_q (ad - bc) / (ad + bc),
        expected and adjusted_residual of a, and expected_below_5 (yes or no) for any of the four cells; NaN where
        undefined.

    Notes
    -----
    Bakeman & Quera (2011), chapter 9.
    """
    a, b, c, d = (np.asarray(part, dtype=np.float64) for part in (a, b, c, d))
    total, given, followed = a + b + c + d, a + b, a + c
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = given * followed / total
        error = np.sqrt(expected * (1 - given / total) * (1 - followed / total))
        least = np.minimum(given, total - given) * np.minimum(followed, total - followed) / total
        found = {
            "probability": a / given,
            "base_probability": followed / total,
            "odds_ratio": a * d / (b * c),
            "yules_q": (a * d - b * c) / (a * d + b * c),
            "expected": expected,
            "adjusted_residual": (a - expected) / error,
        }
    found = {name: np.where(np.isfinite(values), values, np.nan) for name, values in found.items()}
    return found | {"expected_below_5": np.where(least >= SMALL, "no", "yes")}

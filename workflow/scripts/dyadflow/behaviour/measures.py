"""How much of each code: bouts, rate, duration, proportion, latency and the lengths of bouts."""

from collections.abc import Iterator, Sequence
from math import nan, sqrt
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import SLACK_S, Interval, clip, total_s
from dyadflow.behaviour.codings import SessionCoding
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import TierCoding, scorable_codes, scorable_terms

MEASURE_COLUMNS = (
    "session", "dyad", "coder", "tier", "phase", "code", "observed_s", "bouts", "carried_in", "rate_per_min",
    "duration_s", "proportion", "latency_s", "censored", "bout_mean_s", "bout_median_s", "bout_sd_s", "bout_min_s",
    "bout_max_s",
)


def tabulate_measures(
    codings: Sequence[SessionCoding], scheme: Scheme, settings: BehaviourSettings
) -> pd.DataFrame:
    """What each coder saw of each code and each merge, session by session and phase by phase.

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
        Columns `MEASURE_COLUMNS`: a row for each code of each tier that the coder coded, then each merge, in ``all``
        and in every phase, the excluded ones too. Times in seconds. What is undefined is empty: rate and proportion
        without observed time, lengths without a bout, and the rate, proportion and latency of a code that is not
        scorable, whose time is not observed.

    Notes
    -----
    Every phase is measured as if it had been observed by itself. A bout that is under way when a phase begins is cut
    there and counts as a bout of that phase; ``carried_in`` says how many these are, so that ``bouts - carried_in``
    began in it. A bout that runs over a phase's end is cut there. So phases may hold more bouts together than
    ``all``, where a bout that runs from one phase into the next is one; their durations add up exactly. The lengths
    of bouts are those of the cut bouts.

    A bout of a merge is a stretch in which any of its scorable codes holds: protest that turns into withdrawal is one
    bout of negative engagement. A merge's own name in a coding file counts as the merge and as none of its codes.

    Rate: bouts in a minute of observed time. Proportion: duration in observed time. Latency: time in the phase until
    the code first holds, 0 if it does so from the start; where it never holds, it is empty and ``censored``. In
    ``all`` latency counts the time of the phases only, not what lies between them.

    Bakeman & Quera (2011), chapter 8.
    """
    rows = [
        (coding.session, coding.dyad, coding.coder, tier, phase, code, *values)
        for coding in codings
        for tier, its in coding.tiers.items()
        for phase, spans in coding.spans.items()
        for code, values in _measure_tier(its, spans, scheme, tier, settings.minimal_bout_s)
    ]
    return pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))


def measured_codes(scheme: Scheme, tier: str) -> dict[str, list[str]]:
    """Codes of a tier, then its merges, each with the codes that count as it, in the order of tables."""
    codes, scorable = scheme.tiers[tier].codes, scorable_codes(scheme, tier)
    found = {code: [code] for code in codes}
    for name, merge in scheme.merges_of(tier).items():
        members = [code for code in merge.codes if code in codes]
        found[name] = [name, *([code for code in members if code in scorable] or members)]
    return found


def count_bouts(pieces: Sequence[tuple[Any, ...]], minimal_s: float) -> list[tuple[Any, ...]]:
    """Pieces, intervals or runs, that are long enough to count as bouts; point events, which have no length, are."""
    return [piece for piece in pieces if piece[1] - piece[0] >= minimal_s - SLACK_S or piece[1] == piece[0]]


def _measure_tier(
    coding: TierCoding, spans: Sequence[Interval], scheme: Scheme, tier: str, minimal_s: float
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    observed_s = total_s(clip(coding.observed, spans))
    begins, scorable = {onset_s for onset_s, _ in spans}, scorable_terms(scheme, tier)
    for code, members in measured_codes(scheme, tier).items():
        bouts = coding.bouts_of(members)
        pieces = clip(bouts, spans)
        counted = count_bouts(pieces, minimal_s)
        onsets = {onset_s for onset_s, _ in bouts}
        carried = sum(onset_s in begins and onset_s not in onsets for onset_s, _ in counted)
        duration_s = total_s(pieces)
        per_min, share, latency_s, censored = nan, nan, nan, ""
        if code in scorable and observed_s > 0:
            per_min, share = 60 * len(counted) / observed_s, duration_s / observed_s
            latency_s = _elapsed_s(counted[0][0], spans) if counted else nan
            censored = "no" if counted else "yes"
        lengths_s = sorted(offset_s - onset_s for onset_s, offset_s in counted)
        yield code, (observed_s, len(counted), carried, per_min, duration_s, share, latency_s, censored,
                     *describe_lengths(lengths_s))


def describe_lengths(lengths_s: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Mean, median, standard deviation (n - 1), least and greatest of sorted lengths; NaN where undefined."""
    count = len(lengths_s)
    if not count:
        return nan, nan, nan, nan, nan
    mean = sum(lengths_s) / count
    median = (lengths_s[(count - 1) // 2] + lengths_s[count // 2]) / 2
    deviation = sqrt(sum((length - mean) ** 2 for length in lengths_s) / (count - 1)) if count > 1 else nan
    return mean, median, deviation, lengths_s[0], lengths_s[-1]


def _elapsed_s(time_s: float, spans: Sequence[Interval]) -> float:
    """Seconds of the spans before a moment in one of them."""
    return sum(min(time_s, end_s) - begin_s for begin_s, end_s in spans if begin_s < time_s)

"""States that both partners share: when their codes match, and when they do not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TypeVar

import pandas as pd

from dyadflow.annotations.scheme import Dyadic, Scheme
from dyadflow.behaviour.bouts import Interval, Run, clip, join, join_runs, single_runs, total_s
from dyadflow.behaviour.codings import SessionCoding, by_session, pair_up
from dyadflow.behaviour.measures import count_bouts
from dyadflow.behaviour.phases import paradigm_phases
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import TierCoding, scorable_codes
from dyadflow.errors import DyadflowError

DYADIC_COLUMNS = (
    "session", "dyad", "coder", "phase", "state", "observed_s", "bouts", "duration_s", "proportion", "rate_per_min",
    "bout_mean_s",
)
#: Any matched state, and none.
MATCH, MISMATCH = "match", "mismatch"

V = TypeVar("V")


@dataclass(frozen=True)
class DyadicCoding:
    """What two partners make together in one session, by one coder or by one of each.

    Parameters
    ----------
    session, dyad, coder
        Whose it is; ``A+B`` where one coded the first tier and another the second.
    runs
        When both tiers are observed: runs of the matched state, or of ``mismatch``. Sorted and disjoint; two that
        touch differ.
    tiers
        The coding of the first and of the second tier.
    spans
        The time of ``all`` and of each phase.
    """

    session: str
    dyad: str
    coder: str
    runs: Sequence[Run]
    tiers: tuple[TierCoding, TierCoding]
    spans: Mapping[str, Sequence[Interval]]

    def matching(self) -> list[Run]:
        """Runs of ``match`` and ``mismatch``: one matched state that turns into another is one match."""
        return join_runs((onset_s, offset_s, state if state == MISMATCH else MATCH)
                         for onset_s, offset_s, state in self.runs)


def find_dyadic_states(codings: Sequence[SessionCoding], scheme: Scheme) -> list[DyadicCoding]:
    """When both partners are in a state that matches, session by session.

    Parameters
    ----------
    codings
        From `gather_codings`.
    scheme
        The coding scheme; without ``dyadic`` nothing is found.

    Raises
    ------
    DyadflowError
        If a state of the scheme is called match or mismatch.

    Notes
    -----
    A moment is in a matched state if the codes of both tiers belong to it, and a mismatch if both tiers are observed
    and it is in none. Where either tier is uncoded or not scorable, or holds two states at once, there is no dyadic
    state at all. Matching states: Weinberg & Tronick (1996); Tronick & Cohn (1989).
    """
    if scheme.dyadic is None:
        return []
    for name in (MATCH, MISMATCH):
        if name in scheme.dyadic.states:
            raise DyadflowError(
                f"a dyadic state may not be called {name!r}, which stands for {'all' if name == MATCH else 'none'} of "
                "them", where="coding scheme, dyadic", fix="give it another name",
            )
    first, second = scheme.dyadic.tiers
    states = {tier: states_of_codes(scheme, scheme.dyadic, tier) for tier in (first, second)}
    found = []
    for those in by_session(codings).values():
        for coder, coding, partner, spans in pair_up(those, first, second):
            tiers = (coding.tiers[first], partner.tiers[second])
            held = [value_runs(its, states[tier]) for its, tier in zip(tiers, (first, second), strict=True)]
            found.append(DyadicCoding(coding.session, coding.dyad, coder, _cross(*held), tiers, spans))
    return found


def states_of_codes(scheme: Scheme, dyadic: Dyadic, tier: str) -> dict[str, str]:
    """The dyadic state of each scorable code of a tier, ``""`` if it is in none.

    A merge that a coding file holds has the state of its codes, and is left out if they are in several.
    """
    codes = {
        code: next((name for name, state in dyadic.states.items() if code in state.codes[tier]), "")
        for code in scorable_codes(scheme, tier)
    }
    return codes | values_of_merges(scheme, tier, codes)


def values_of_merges(scheme: Scheme, tier: str, codes: Mapping[str, V]) -> dict[str, V]:
    """The value that all scorable codes of a merge share, for each merge of the tier of which that holds."""
    found = {}
    for name, merge in scheme.merges_of(tier).items():
        members = [code for code in merge.codes if code in scorable_codes(scheme, tier)]
        if all(code in codes for code in members) and len({codes[code] for code in members}) == 1:
            found[name] = codes[members[0]]
    return found


def value_runs(coding: TierCoding, values: Mapping[str, str]) -> list[Run]:
    """The moments at which exactly one value holds, given the value of each code; other codes are passed over."""
    held: dict[str, list[Interval]] = {}
    for code, bouts in coding.bouts.items():
        if code in values:
            held.setdefault(values[code], []).extend(bout for bout in bouts if bout[1] > bout[0])
    return single_runs({value: join(bouts) for value, bouts in held.items()})


def _cross(first: Sequence[Run], second: Sequence[Run]) -> list[Run]:
    """Runs of the state that both are in, or of ``mismatch``, while both last."""
    runs, place = [], 0
    for onset_s, offset_s, state in first:
        while place < len(second) and second[place][1] <= onset_s:
            place += 1
        for begin_s, end_s, other in second[place:]:
            if begin_s >= offset_s:
                break
            runs.append((max(onset_s, begin_s), min(offset_s, end_s), state if state and state == other else MISMATCH))
    return join_runs(runs)


def tabulate_dyadic(
    states: Sequence[DyadicCoding], scheme: Scheme, settings: BehaviourSettings
) -> pd.DataFrame:
    """How much of each dyadic state, session by session and phase by phase.

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
        Columns `DYADIC_COLUMNS`: a row for each matched state, then ``match`` and ``mismatch``, in ``all`` and in
        every phase that is not excluded. Times in seconds. The matched states' proportions add up to that of
        ``match``, and that and ``mismatch`` to 1. Bouts are cut at phases as in `tabulate_measures`; a bout of
        ``match`` may hold several matched states.
    """
    names = list(scheme.dyadic.states) if scheme.dyadic else []
    rows = [
        (coding.session, coding.dyad, coding.coder, phase, *values)
        for coding in states
        for phase in paradigm_phases(scheme) if phase in coding.spans
        for values in _measure(coding, coding.spans[phase], names, settings.minimal_bout_s)
    ]
    return pd.DataFrame(rows, columns=list(DYADIC_COLUMNS))


def _measure(
    coding: DyadicCoding, spans: Sequence[Interval], names: Sequence[str], minimal_s: float
) -> Iterator[tuple[str, float, int, float, float, float, float]]:
    own, matching = clip(coding.runs, spans), clip(coding.matching(), spans)
    observed_s = total_s(matching)
    for state in (*names, MATCH, MISMATCH):
        runs = [run for run in (own if state in names else matching) if run[2] == state]
        bouts, duration_s = count_bouts(runs, minimal_s), total_s(runs)
        share, per_min = (duration_s / observed_s, 60 * len(bouts) / observed_s) if observed_s > 0 else (nan, nan)
        mean_s = total_s(bouts) / len(bouts) if bouts else nan
        yield state, observed_s, len(bouts), duration_s, share, per_min, mean_s

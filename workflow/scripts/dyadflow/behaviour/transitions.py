"""Which code follows which, and how much more often than by chance."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import SLACK_S, Run, clip
from dyadflow.behaviour.codings import SessionCoding
from dyadflow.behaviour.measures import count_bouts
from dyadflow.behaviour.phases import ALL, paradigm_phases
from dyadflow.behaviour.quasi_independence import adjusted_residuals, fit_quasi_independence
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import scorable_terms

TRANSITION_COLUMNS = (
    "session", "dyad", "coder", "tier", "phase", "from_code", "to_code", "count", "probability", "expected",
    "adjusted_residual", "expected_below_5",
)
#: The expected count below which a residual is no longer nearly normal, and is marked.
SMALL = 5.0


def tabulate_transitions(
    codings: Sequence[SessionCoding], scheme: Scheme, settings: BehaviourSettings
) -> pd.DataFrame:
    """Count how often each code of a tier is followed by each other one.

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
        Columns `TRANSITION_COLUMNS`: for every coder and tier first all sessions pooled (session ``all``, dyad
        empty), then each session; in ``all`` and in every phase that is not excluded; for every two scorable codes
        of the tier. Only tiers whose codes exclude each other have transitions.

    Notes
    -----
    One code follows another if it begins where that ends: across time that was not observed, or out of one phase into
    another that does not touch it, nothing follows anything. A bout too short to count is neither end of a
    transition. In ``all`` a bout may follow one of the phase before.

    A state cannot follow itself, because touching bouts of a code are one bout: the diagonal are structural zeros.
    Expected counts are those of quasi-independence (`fit_quasi_independence`), residuals account for it
    (`adjusted_residuals`). A residual whose expected count is below 5 is marked: the normal distribution is no guide
    to it. Pooled counts take all transitions as alike, whichever dyad they come from; their residuals are no test
    over dyads, for which each session's own index is the score.

    Allison & Liker (1982); Bakeman & Quera (2011), chapters 9 and 10.
    """
    tables = []
    for tier, details in scheme.tiers.items():
        mine = [coding for coding in codings if tier in coding.tiers]
        if not details.exclusive or not mine:
            continue
        codes = sequence_codes(mine, scheme, tier)
        keys, counts = _count_sessions(mine, tier, codes, paradigm_phases(scheme), settings.minimal_bout_s)
        if keys:
            keys, counts = pool_counts(keys, counts, scheme)
            tables.append(_tabulate(keys, counts, tier, codes))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(TRANSITION_COLUMNS))


def sequence_codes(codings: Sequence[SessionCoding], scheme: Scheme, tier: str) -> list[str]:
    """Scorable codes of a tier, and the merges that coding files hold in their place."""
    held = {code for coding in codings if tier in coding.tiers for code in coding.tiers[tier].bouts}
    codes = scheme.tiers[tier].codes
    return [term for term in scorable_terms(scheme, tier) if term in codes or term in held]


#: Session, dyad, coder and phase.
Key = tuple[str, str, str, str]


def pool_counts(
    keys: Sequence[Key], counts: Sequence[NDArray[Any]], scheme: Scheme
) -> tuple[list[Key], list[NDArray[Any]]]:
    """Counts of every session, after those of all sessions of each coder together: session ``all``, dyad empty."""
    pooled: dict[Key, NDArray[Any]] = {}
    for (_, _, coder, phase), table in zip(keys, counts, strict=True):
        key = (ALL, "", coder, phase)
        pooled[key] = pooled[key] + table if key in pooled else table
    order = paradigm_phases(scheme)
    first = sorted(pooled, key=lambda key: (key[2], order.index(key[3])))
    return [*first, *keys], [*(pooled[key] for key in first), *counts]


def _count_sessions(
    codings: Sequence[SessionCoding], tier: str, codes: Sequence[str], phases: Sequence[str], minimal_s: float
) -> tuple[list[Key], list[NDArray[np.int64]]]:
    place = {code: number for number, code in enumerate(codes)}
    keys, counts = [], []
    for coding in codings:
        for phase in phases:
            if phase in coding.spans:
                keys.append((coding.session, coding.dyad, coding.coder, phase))
                counts.append(_count(clip(coding.tiers[tier].runs, coding.spans[phase]), place, minimal_s))
    return keys, counts


def _count(runs: Sequence[Run], place: Mapping[str, int], minimal_s: float) -> NDArray[np.int64]:
    """Transitions, shape (codes, codes): from in rows, to in columns."""
    counts = np.zeros((len(place), len(place)), dtype=np.int64)
    for run, following in following_pairs(runs, minimal_s):
        counts[place[run[2]], place[following[2]]] += 1
    return counts


def following_pairs(runs: Sequence[Run], minimal_s: float) -> list[tuple[Run, Run]]:
    """Every two runs of which the second begins where the first ends, both long enough to count."""
    return [
        (run, following) for run, following in pairwise(runs)
        if following[0] - run[1] <= SLACK_S and len(count_bouts([run, following], minimal_s)) == 2
    ]


def _tabulate(
    keys: Sequence[Key], tables: Sequence[NDArray[np.int64]], tier: str, codes: Sequence[str]
) -> pd.DataFrame:
    counts = np.stack(tables)
    expected = fit_quasi_independence(counts, ~np.eye(len(codes), dtype=bool))
    totals = counts.sum(2, keepdims=True)
    cells = len(codes) ** 2
    columns: dict[str, NDArray[Any] | str] = {
        name: np.repeat(np.array(values, dtype=object), cells)
        for name, values in zip(("session", "dyad", "coder", "phase"), zip(*keys, strict=True), strict=True)
    }
    columns |= {
        "tier": tier,
        "from_code": np.tile(np.repeat(np.array(codes, dtype=object), len(codes)), len(keys)),
        "to_code": np.tile(np.array(codes, dtype=object), len(codes) * len(keys)),
        "count": counts.ravel(),
        "probability": np.divide(
            counts, totals, out=np.full(counts.shape, np.nan), where=np.broadcast_to(totals > 0, counts.shape)).ravel(),
        "expected": expected.ravel(),
        "adjusted_residual": adjusted_residuals(counts, expected).ravel(),
        "expected_below_5": np.where(expected.ravel() < SMALL - 1e-9, "yes", "no"),
    }
    return pd.DataFrame(columns)[list(TRANSITION_COLUMNS)]

"""What the page and the figures of a paper take from the tables of room behaviour: which rows, and in which order."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.wording import is_missing
from dyadflow.tables import read_table

#: Text columns of the table of measures, and of those of both partners.
MEASURE_TEXT = ["session", "dyad", "coder", "tier", "phase", "code"]
BOTH_TEXT = ["session", "dyad", "coder", "phase"]
_TRANSITION_TEXT = [*MEASURE_TEXT[:-1], "from_code", "to_code", "expected_below_5"]
#: Columns of the table of regulation that are drawn: name, title, unit, and bounds of what has them.
REGULATION: tuple[tuple[str, str, str, tuple[float, float] | None], ...] = (
    ("match_proportion", "Matched", "share of the time (%)", (0.0, 1.0)),
    ("reparation_rate_per_min", "Reparations", "a minute", None),
    ("reparation_latency_s", "Time to repair", "seconds", None),
    ("synchrony", "Synchrony", "correlation at the best lag", (-1.0, 1.0)),
)
#: An adjusted residual beyond this is marked: 5 % of a normal distribution lie outside.
NOTABLE = 1.96
MISMATCH = "mismatch"
MISMATCH_COLOUR = "#d5d8d5"


def measured_codes(scheme: Scheme, tier: str) -> list[str]:
    """Codes of a tier that a figure shows: all that can be observed, but what a tier coded by presence has otherwise,
    which says the same again."""
    spec = scheme.tiers[tier]
    return [code for code, own in spec.codes.items() if own.status == "scorable" and code != spec.otherwise]


def shown_phases(scheme: Scheme, table: pd.DataFrame) -> list[str]:
    """Phases of the paradigm that the table has rows of, in the scheme's order; ``all`` where there are none."""
    names = [name for name, phase in (scheme.phases.codes if scheme.phases else {}).items() if not phase.excluded]
    return [name for name in names if (table.phase == name).any()] or ["all"]


@dataclass(frozen=True)
class PooledTransitions:
    """All sessions of one tier together, as one coder coded them."""

    tier: str
    coder: str
    rows: pd.DataFrame
    sessions: int
    dyads: int

    @property
    def total(self) -> int:
        """How many transitions there are."""
        return int(self.rows["count"].sum())


def pool_transitions(path: Path, scheme: Scheme) -> list[PooledTransitions]:
    """Each tier's transitions over all phases and sessions, of the coder who coded most sessions.

    Of two codes each always follows the other, so that tiers with fewer than three codes are left out. Transitions
    of two coders of one session are not put together: they are the same behaviour, counted twice.
    """
    text = _TRANSITION_TEXT
    table = read_table(path, [*text, "count", "probability", "expected", "adjusted_residual"], text=text)
    table = table[table.phase == "all"]
    found = []
    for tier in scheme.tiers:
        own = table[table.tier == tier]
        single = own[own.session != "all"]
        if single.empty:
            continue
        by_coder = single.groupby("coder").session.nunique()
        coder = by_coder.index[by_coder == by_coder.max()][0]
        mine = single[single.coder == coder]
        pooled = PooledTransitions(
            tier, coder, own[(own.session == "all") & (own.coder == coder)], mine.session.nunique(), mine.dyad.nunique()
        )
        if pooled.rows.from_code.nunique() >= 3 and pooled.total:
            found.append(pooled)
    return found


def residual_arrow(row: Any) -> int:
    """1 where a transition is notably more frequent than expected, -1 where less; 0 else, and where too little is
    expected to say."""
    if is_missing(row.adjusted_residual) or row.expected_below_5 == "yes" or abs(row.adjusted_residual) < NOTABLE:
        return 0
    return 1 if row.adjusted_residual > 0 else -1


@dataclass(frozen=True)
class State:
    """A state that both share, or none: its name, what people call it, its colour."""

    name: str
    title: str
    colour: str


def shared_states(scheme: Scheme) -> list[State]:
    """The matched states in the scheme's order, then mismatch; nothing where the scheme names none."""
    if scheme.dyadic is None:
        return []
    own = [State(name, state.title or name, state.colour) for name, state in scheme.dyadic.states.items()]
    return [*own, State(MISMATCH, "No match", MISMATCH_COLOUR)]


def read_both(dyadic: Path, regulation: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of shared states and of regulation."""
    states = read_table(dyadic, [*BOTH_TEXT, "state", "proportion"], text=[*BOTH_TEXT, "state"])
    return states, read_table(regulation, [*BOTH_TEXT, *(name for name, *_ in REGULATION)], text=BOTH_TEXT)

"""Coders' spans of one task, and when inside them they saw what a two-class target is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.labels import select_tier
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import pandas as pd

#: The class index of `no` and `yes` in a two-class target.
NEGATIVE, POSITIVE = 0, 1


@dataclass(frozen=True)
class CodedSpan:
    """One coder's span of one task in one session, for one two-class target.

    Parameters
    ----------
    session, coder
        Whose it is.
    onset_s, offset_s
        When the task begins and ends by this coder: seconds on the recording's clock.
    positive
        Shape (n, 2), seconds: where the second class holds. Sorted, disjoint, and within the span; the rest
        of the span is of the first class.
    """

    session: str
    coder: str
    onset_s: float
    offset_s: float
    positive: NDArray[np.float64]

    def positive_share(self, onset_s: float, offset_s: float) -> float:
        """Share of ``[onset_s, offset_s)`` that is of the second class, from 0 to 1.

        Raises
        ------
        ValueError
            If the interval has no length, or reaches out of the span, where nothing is coded.
        """
        if not offset_s > onset_s:
            raise ValueError(f"an interval from {onset_s} to {offset_s} s has no length")
        slack_s = 1e-6
        if onset_s < self.onset_s - slack_s or offset_s > self.offset_s + slack_s:
            raise ValueError(
                f"{onset_s} to {offset_s} s is not inside the span, {self.onset_s} to {self.offset_s} s"
            )
        held = np.clip(self.positive, onset_s, offset_s)
        return float(min(1.0, (held[:, 1] - held[:, 0]).sum() / (offset_s - onset_s)))

    def until(self, end_s: float) -> "CodedSpan":
        """The part of the span before a moment, such as the end of the last frame."""
        held = np.minimum(self.positive, end_s)
        return replace(self, offset_s=min(self.offset_s, end_s), positive=held[held[:, 1] > held[:, 0]])


#: Session -> coder -> span; coders in order of their names, and only those who marked the task.
Spans = Mapping[str, Mapping[str, CodedSpan]]


def coded_spans(
    segments: Segments, target: Mapping[str, Any], *, sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None
) -> dict[str, dict[str, CodedSpan]]:
    """Each coder's span of a target's task in each session, with its positive moments.

    Parameters
    ----------
    segments
        Of any sessions and coders.
    target
        One of the targets of `label_spec`: two classes, one phase, on a tier coded by presence.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each. They hold
        for every coder of the session who has any segment.

    Returns
    -------
    dict
        Session to coder to span, sessions and coders in order of their names. A coder who did not mark the
        task is not there: nothing of theirs is negative. A session in which nobody marked it is not there.

    Raises
    ------
    DyadflowError
        If the target does not tell two classes apart, belongs to another number of phases than one, or is on
        a tier not coded by presence, where unlabelled is not negative; if a coder marks the task twice, or
        gives a moment of it a code that is neither class.
    """
    (phase,) = _require_one_phase(target)
    found: dict[str, dict[str, CodedSpan]] = {}
    values = select_tier(segments, target)
    coding = {key: table for key, table in values.groupby(["session", "coder"], sort=False)}
    for session, by_coder in phase_spans(segments, phase, sheet_phases=sheet_phases).items():
        for coder, (onset_s, offset_s) in by_coder.items():
            table = coding.get((session, coder), values.iloc[:0])
            table = table[(table.onset_s < offset_s) & (table.offset_s > onset_s)]
            positive = _positive(table, target["otherwise"], onset_s, offset_s)
            found.setdefault(session, {})[coder] = CodedSpan(session, coder, onset_s, offset_s, positive)
    return found


def phase_spans(
    segments: Segments, phase: str, *, sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None
) -> dict[str, dict[str, tuple[float, float]]]:
    """When a phase begins and ends by each coder of each session.

    Parameters
    ----------
    segments
        Of any sessions and coders.
    phase
        Its name in the scheme.
    sheet_phases
        As in `coded_spans`.

    Returns
    -------
    dict
        Session to coder to onset_s and offset_s, sorted by name; only who marked the phase.

    Raises
    ------
    DyadflowError
        If a coder, or the sheet, gives the phase twice in one session.
    """
    table = segments.table
    given = sheet_phases or {}
    marked = table[(table.tier == PHASE_TIER) & (table.code == phase) & (table.offset_s > table.onset_s)]
    rows = [(row.session, row.coder, row.onset_s, row.offset_s)
            for row in marked.itertuples() if not given.get(row.session)]
    coders = table[["session", "coder"]].drop_duplicates()
    rows += [(session, coder, float(onset_s), float(offset_s))
             for session, coder in coders.itertuples(index=False)
             for name, onset_s, offset_s in given.get(session, ()) if name == phase]
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for session, coder, onset_s, offset_s in sorted(rows):
        if coder in found.setdefault(session, {}):
            first_s, last_s = found[session][coder]
            raise DyadflowError(
                f"phase {phase!r} is marked twice, {first_s:.3f} to {last_s:.3f} s and "
                f"{onset_s:.3f} to {offset_s:.3f} s",
                where=f"session {session}, coder {coder}",
                fix="leave the one span that is meant, in the coding file or in the sheet of phases",
            )
        found[session][coder] = (onset_s, offset_s)
    return found


def minimal_interval(spans: Mapping[str, CodedSpan]) -> tuple[float, float] | None:
    """What all coders' spans of one session's task have in common: onset_s and offset_s, or None.

    Notes
    -----
    Fraile et al. (2022), section 3.2: "the intersection of all available annotations for that task and
    session". None if the spans do not meet, or there are none.
    """
    return intersect((span.onset_s, span.offset_s) for span in spans.values())


def maximal_interval(spans: Mapping[str, CodedSpan]) -> tuple[float, float] | None:
    """From the first onset to the last offset of all coders' spans of one session's task, or None without any.

    Notes
    -----
    Fraile et al. (2022), section 3.2: the "union over all available annotations". Where the spans do not
    meet, what lies between them is part of it.
    """
    return unite((span.onset_s, span.offset_s) for span in spans.values())


def intersect(intervals: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    """What intervals have in common, or None if that has no length."""
    listed = list(intervals)
    if not listed:
        return None
    onset_s, offset_s = max(first for first, _ in listed), min(last for _, last in listed)
    return (onset_s, offset_s) if onset_s < offset_s else None


def unite(intervals: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    """From the first onset to the last offset, or None if there is no interval."""
    listed = list(intervals)
    return (min(first for first, _ in listed), max(last for _, last in listed)) if listed else None


def _require_one_phase(target: Mapping[str, Any]) -> Sequence[str]:
    phases = target["phases"] or ()
    wrong = (
        f"has {len(target['classes'])} classes, not two" if len(target["classes"]) != 2
        else f"belongs to {len(phases) or 'all'} phases, not to one" if len(phases) != 1
        else "is on a tier that is not coded by presence, where unlabelled is not negative"
        if target["otherwise"] not in (NEGATIVE, POSITIVE)
        else ""
    )
    if wrong:
        raise DyadflowError(
            f"a target with the classes {', '.join(target['classes'])} {wrong}",
            where=f"coding scheme, tier {target['tier']}",
            fix="give the target two classes and one phase, and its tier the code of what is not marked (otherwise)",
        )
    return phases


def _positive(table: "pd.DataFrame", otherwise: int, onset_s: float, offset_s: float) -> NDArray[np.float64]:
    """Sorted, disjoint intervals of the second class within a span, shape (n, 2)."""
    neither = table[~table.value.isin([NEGATIVE, POSITIVE])]
    if len(neither):
        first = neither.iloc[0]
        raise DyadflowError(
            f"{first.code!r} in tier {first.tier!r} ({first.onset_s:.3f} to {first.offset_s:.3f} s) is neither class "
            "of the target, and a snippet cannot leave a moment out",
            where=f"session {first.session}, coder {first.coder}",
            fix="correct the code, or make it part of a class in the scheme",
        )
    marked = table[table.value != otherwise].sort_values("onset_s")
    merged: list[list[float]] = []
    for first_s, last_s in np.clip(marked[["onset_s", "offset_s"]].to_numpy(), onset_s, offset_s):
        if merged and first_s <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], last_s)
        elif last_s > first_s:
            merged.append([first_s, last_s])
    intervals = np.array(merged, dtype=np.float64).reshape(-1, 2)
    if otherwise == NEGATIVE:
        return intervals
    edges = np.concatenate([[onset_s], intervals.ravel(), [offset_s]]).reshape(-1, 2)
    return edges[edges[:, 1] > edges[:, 0]]

"""The spans of tasks that every coder marks for themselves: how long they are, and how far they agree."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.agreement.clock import ALL, compare_on_clock
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.spans import intersect, phase_spans, unite
from dyadflow.tables import write_table

SPAN_COLUMNS = (
    "session", "phase", "coders", "minimal_onset_s", "minimal_offset_s", "maximal_onset_s", "maximal_offset_s",
    "minimal_s", "maximal_s", "ratio",
)
DURATION_COLUMNS = (
    "phase", "coded_mean_s", "coded_sd_s", "ratio_mean", "minimal_total_s", "sessions", "codings",
)


def compare_task_spans(
    *,
    segments: str | Path,
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    coders: Mapping[str, Sequence[str]],
    spec: Mapping[str, Any],
    phases: Sequence[str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None,
    spans: str | Path,
    durations: str | Path,
    clock: str | Path,
) -> None:
    """Write how long tasks last by each coder, how far the spans meet, and how far coders agree inside.

    Parameters
    ----------
    segments
        Table of segments of all sessions and coders.
    dyads
        The dyad of each session.
    kinds
        Kind of each (session, coder). Only ``human`` counts, in all three tables.
    coders
        Coders of each session.
    spec
        From `label_spec`.
    phases
        The scheme's phases, in the order of the tables.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.
    spans, durations, clock
        Where to write what `span_table`, `duration_table` and `compare_on_clock` give.
    """
    coded = Segments.read(segments)
    human = {
        session: [coder for coder in named if kinds.get((session, coder)) == "human"]
        for session, named in coders.items()
    }
    intervals = span_table(coded, human, phases, sheet_phases)
    write_table(intervals, spans)
    write_table(duration_table(_own_marks(coded, human, sheet_phases), intervals), durations)
    write_table(compare_on_clock(coded, spec, dyads, kinds, sheet_phases=sheet_phases), clock)


def span_table(
    segments: Segments,
    coders: Mapping[str, Sequence[str]],
    phases: Sequence[str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None,
) -> pd.DataFrame:
    """Minimal and maximal interval of every phase in every session.

    Parameters
    ----------
    segments
        Of all sessions and coders.
    coders
        For each session the coders that count.
    phases
        Names of the phases, in the order of the rows of a session.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each; they hold
        for all of the session's coders.

    Returns
    -------
    DataFrame
        Columns session, phase, coders, minimal_onset_s, minimal_offset_s, maximal_onset_s, maximal_offset_s,
        minimal_s, maximal_s, ratio. A row for each phase of each session that has coders; `coders` is how
        many marked the phase. If none did, the intervals are empty. If their spans do not meet, the minimal
        interval is empty and lasts 0 s. `ratio` is minimal_s / maximal_s; it is empty where fewer than two
        coders marked the phase for themselves, which leaves nothing to compare.

    Notes
    -----
    Fraile et al. (2022), section 3.2 and table 1 (intersection over union).
    """
    given = sheet_phases or {}
    marked = {phase: phase_spans(segments, phase, sheet_phases=given) for phase in phases}
    rows = []
    for session, named in coders.items():
        for phase in phases if named else ():
            spans = [span for coder, span in marked[phase].get(session, {}).items() if coder in named]
            minimal, maximal = intersect(spans), unite(spans)
            maximal_s = maximal[1] - maximal[0] if maximal else np.nan
            minimal_s = minimal[1] - minimal[0] if minimal else 0.0 if maximal else np.nan
            compared = len(spans) > 1 and not given.get(session)
            rows.append((
                session, phase, len(spans), *(minimal or (np.nan, np.nan)), *(maximal or (np.nan, np.nan)),
                minimal_s, maximal_s, minimal_s / maximal_s if compared else np.nan,
            ))
    return pd.DataFrame(rows, columns=list(SPAN_COLUMNS))


def duration_table(segments: Segments, spans: pd.DataFrame) -> pd.DataFrame:
    """How long each phase lasts, by each coder's own account and in what the coders share.

    Parameters
    ----------
    segments
        Of the coders that count.
    spans
        From `span_table`.

    Returns
    -------
    DataFrame
        A row for each phase, and one for ``all``: columns phase; coded_mean_s and coded_sd_s, mean and standard
        deviation (n - 1) over every coder's span in every session; ratio_mean, the mean ratio of sessions,
        where each phase of each session counts once; minimal_total_s, the sum of minimal intervals; sessions
        in which anybody marked the phase; codings, the number of coders' spans.

    Notes
    -----
    Fraile et al. (2022), table 1.
    """
    table = segments.table
    marked = table[(table.tier == PHASE_TIER) & (table.offset_s > table.onset_s)]
    names = list(dict.fromkeys(spans.phase))
    rows = []
    for name in (*names, ALL):
        mine = spans if name == ALL else spans[spans.phase == name]
        own = marked[marked.code.isin(names if name == ALL else [name])]
        lengths_s = own.offset_s - own.onset_s
        rows.append((
            name, lengths_s.mean(), lengths_s.std(ddof=1), mine.ratio.mean(), mine.minimal_s.sum(),
            mine.session[mine.coders > 0].nunique(), len(own),
        ))
    return pd.DataFrame(rows, columns=list(DURATION_COLUMNS))


def _own_marks(
    segments: Segments, coders: Mapping[str, Sequence[str]], sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None
) -> Segments:
    """Segments of these coders, where they marked the phases for themselves."""
    given = sheet_phases or {}
    table = segments.table
    keep = [coder in coders.get(session, ()) and not given.get(session)
            for session, coder in zip(table.session, table.coder, strict=True)]
    return Segments(table[np.array(keep, dtype=bool)])

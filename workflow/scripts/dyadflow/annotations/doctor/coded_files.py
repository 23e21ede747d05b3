"""Every coder's file of every session, with all that the checks across files look at."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.doctor.headers import Header, read_header
from dyadflow.annotations.doctor.timeline import Timeline, draw_timeline, step_for
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe

#: Session and coder.
Key = tuple[str, str]


@dataclass(frozen=True)
class CodedFile:
    """One coder's file of one session.

    Parameters
    ----------
    session, coder, file
        Names.
    table
        Its segments, as `Segments.table`.
    timeline
        The same on a grid; None if nothing in it has a length.
    header
        What it says of itself.
    offset_s
        What was added to its times.
    """

    session: str
    coder: str
    file: str
    table: pd.DataFrame
    timeline: Timeline | None
    header: Header
    offset_s: float

    @property
    def key(self) -> Key:
        """Session and coder."""
        return self.session, self.coder

    @property
    def place(self) -> dict[str, str]:
        """Session, coder and file, as an issue names them."""
        return {"session": self.session, "coder": self.coder, "file": self.file}


def coded_files(
    segments: Segments,
    accounts: Iterable[pd.DataFrame],
    probes: "Mapping[str, Probe]",
    *,
    vocabulary: Vocabulary,
    kinds: Mapping[Key, str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
) -> dict[Key, CodedFile]:
    """The files of a study that people coded, by session and coder; a file without segments is left out.

    Parameters
    ----------
    segments
        Of all sessions and coders, on the clock of the recordings.
    accounts
        Of the imports.
    probes
        What each session's recording is like.
    vocabulary
        Of the scheme.
    kinds
        Kind of every (session, coder); predictions are no file that a person coded.
    sheet_phases
        For sessions whose phases stand in the sheet: name, onset_s and offset_s on the recording's clock.
    """
    told = {
        (row["session"], row["coder"]): row for account in accounts for row in account.to_dict("records")
    }
    recordings = {session: probe.file for session, probe in probes.items()}
    tables = {
        key: table for key, table in segments.table.groupby(["session", "coder"], sort=False)
        if kinds.get(key, "human") != "model"
    }
    step_s = step_for(tables.values())
    found = {}
    for (session, coder), table in tables.items():
        row = told.get((session, coder), {})
        media = [name for name in str(row.get("media", "")).split("; ") if name]
        lengths_s = [float(part) if part else None for part in str(row.get("media_lengths_s", "")).split("; ")]
        header = read_header(
            session, media, lengths_s[: len(media)], json.loads(row.get("calls_session") or "[]"), recordings
        )
        timeline = draw_timeline(table, vocabulary, step_s, sheet_phases.get(session) or ())
        found[session, coder] = CodedFile(
            session, coder, str(row.get("file", "")), table, timeline, header, float(row.get("offset_s", 0.0))
        )
    return found

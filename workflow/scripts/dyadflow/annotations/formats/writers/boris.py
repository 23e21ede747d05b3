"""Segments written as BORIS exports aggregated events."""

import csv
import io
import re
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.boris_columns import NO_CATEGORY, NO_SUBJECT
from dyadflow.annotations.formats.delimited import Record
from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.issues import Issue, Issues, count_of
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

#: The columns of BORIS 8 and 9; `observer` is an independent variable, where those of a lab stand.
COLUMNS = (
    "Observation id", "Observation date", "Description", "Observation type", "Source", "Time offset (s)",
    "Coding duration", "Media duration (s)", "FPS (frame/s)", "observer", "Subject",
    "Observation duration by subject by observation", "Behavior", "Behavioral category", "Behavior type", "Start (s)",
    "Stop (s)", "Duration (s)", "Media file name", "Image index start", "Image index stop", "Image file path start",
    "Image file path stop", "Comment start", "Comment stop",
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufeff\ufffe\uffff]")


@writes(name="boris", title="BORIS, aggregated events")
def write_boris(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write segments as a table of aggregated events, as BORIS 8 and 9 export them.

    Of the two tables that BORIS writes this is the one with a row for each state, so that no reader has to pair
    starts with stops, and the one that programs beside BORIS take. BORIS itself reads no table, only projects.
    Commas separate the cells of a ``.csv``, tabs those of any other file; UTF-8, as BORIS writes.

    Parameters
    ----------
    segments
        Of any number of sessions and coders. The session is the observation, the tier the subject, the code the
        behaviour, and the coder an independent variable *observer*. Times are rounded to the millisecond; a
        segment of no length is a point.
    path
        Where to write.
    options
        `media` and `media_length_s` become source and media duration.

    Returns
    -------
    Writing
        The file, and an issue each if confidences or the recording's name were left out.

    Raises
    ------
    DyadflowError
        If a segment is shorter than half a millisecond but not a point, a name begins or ends with a blank or is
        what BORIS calls no subject, or a text has control characters.
    """
    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    table.writerow(COLUMNS)
    rows = segments.table.to_dict("records")
    media = options.media if options.media and not re.search(r"[;|\r\n]", options.media) else ""
    for row in rows:
        _check(row, delimiter)
        table.writerow(_cells(row, media, options.media_length_s))
    path.write_bytes(text.getvalue().encode())
    issues = []
    confident = sum(row["confidence"] == row["confidence"] for row in rows)
    if confident:
        what = f"BORIS has no place for the confidence of {count_of(confident, 'segment')}"
        issues.append(Issue("not_held", what, "write .tsv to keep it"))
    if options.media and not media:
        what = f"the recording's name, {options.media!r}, is left out: BORIS lists recordings between ; and |"
        issues.append(Issue("not_held", what, "rename the recording"))
    return Writing((path,), Issues.of(issues))


def _check(row: dict[str, Any], delimiter: str) -> None:
    where = f"{row['code']!r} at {row['onset_s']:.3f} s, tier {row['tier']!r}, session {row['session']!r}"
    names = [row[column] for column in ("session", "coder", "tier", "code")]
    if any(_FORBIDDEN.search(text) for text in [*names, row["comment"]]):
        raise DyadflowError("a BORIS table cannot hold control characters", where=where, fix="remove them")
    if any(name != name.strip() or name.splitlines()[1:] for name in names):
        raise DyadflowError(
            "a BORIS table cannot hold a name of several lines, or with blanks around it", where=where,
            fix="rename it",
        )
    if row["tier"] == NO_SUBJECT:
        raise DyadflowError(f"BORIS takes {NO_SUBJECT!r} for no tier at all", where=where, fix="rename the tier")
    if row["offset_s"] > row["onset_s"] and f"{row['offset_s']:.3f}" == f"{row['onset_s']:.3f}":
        raise DyadflowError(
            "a BORIS table cannot hold a segment shorter than a millisecond", where=where,
            fix="give it a length or write .tsv",
        )
    if Record((row["comment"],), 1, 2).swallows(delimiter, len(COLUMNS)):
        raise DyadflowError(
            "this comment looks like a row of the table", where=where, fix="take tabs or commas out of it"
        )


def _cells(row: dict[str, Any], media: str, length_s: float | None) -> tuple[str, ...]:
    point = row["offset_s"] == row["onset_s"]
    onset, offset = f"{row['onset_s']:.3f}", f"{row['offset_s']:.3f}"
    length = f"{length_s:.3f}" if media and length_s is not None else "NA"
    known = {
        "Observation id": row["session"],
        "Observation type": "Media file" if media else "NA",
        "Source": f"player #1:{media}" if media else "NA",
        "Time offset (s)": "0",
        "Coding duration": "NA",
        "Media duration (s)": length,
        "FPS (frame/s)": "NA",
        "observer": row["coder"],
        "Subject": row["tier"] or NO_SUBJECT,
        "Observation duration by subject by observation": "NA",
        "Behavior": row["code"],
        "Behavioral category": NO_CATEGORY,
        "Behavior type": "POINT" if point else "STATE",
        "Start (s)": onset,
        "Stop (s)": offset,
        "Duration (s)": "NA" if point else f"{float(offset) - float(onset):.3f}",
        "Media file name": media or "NA",
        "Image index start": "NA",
        "Image index stop": "NA",
        "Image file path start": "NA",
        "Image file path stop": "NA",
        "Comment start": row["comment"],
    }
    return tuple(known.get(column, "") for column in COLUMNS)

"""Segments written like an event export of Noldus Observer XT (columns of version 14)."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.issues import Issue, Issues, count_of
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

COLUMNS = (
    "Date_Time_Absolute_dmy_hmsf",
    "Date_dmy",
    "Time_Absolute_hms",
    "Time_Absolute_f",
    "Time_Relative_hmsf",
    "Time_Relative_hms",
    "Time_Relative_f",
    "Time_Relative_sf",
    "Duration_sf",
    "Result_Container",
    "Observation",
    "Event_Log",
    "Subject",
    "Behavior",
    "Modifier_1",
    "Modifier_2",
    "Event_Type",
    "Comment",
)
_NAMES = ("session", "coder", "tier", "code")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


@writes(name="observer", title="Noldus Observer XT, text")
def write_observer(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write segments as rows of state starts, state stops and points.

    The file is for scripts and spreadsheets that expect an export of The Observer XT. It has commas, quotes where
    a cell needs them, decimal points, and is UTF-8 with a byte order mark: pandas and R read that as it is, and
    without the mark Excel takes UTF-8 for Windows-1252. The tier is the subject, the code the behaviour, the
    session the observation and the coder the event log. A segment of no length is a point. Columns of absolute
    times are there and empty, because a segment does not say when it was recorded.

    Parameters
    ----------
    segments
        Of any number of sessions and coders. Times are rounded to the millisecond, as in the vendor's exports.
    path
        Where to.
    options
        Not used: such a file holds neither vocabularies nor recordings.

    Returns
    -------
    Writing
        The file, and issues for confidences, for coders (an event log is read as a coder only where an observation
        has several), and for blanks and line breaks of comments that do not stay as they were.

    Raises
    ------
    DyadflowError
        If a segment would come back as another one: it is shorter than a millisecond, overlaps one of the same
        code (starts and stops do not say which belongs to which), or has a name with blanks at its ends or control
        characters.

    Notes
    -----
    For every other table of segments `read_observer` gives back what was written, to the millisecond.
    """
    table = segments.table.copy()
    for edge in ("onset", "offset"):
        table[f"{edge}_ms"] = (table[f"{edge}_s"] * 1000).round().astype("int64")
    _check(table)
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(table))
    Path(path).write_bytes(stream.getvalue().encode("utf-8-sig"))
    return Writing((Path(path),), Issues.of(_not_held(table)))


def _check(table: pd.DataFrame) -> None:
    def refuse(row: dict[str, Any], what: str, fix: str) -> DyadflowError:
        where = ", ".join(f"{name} {row[name]}" for name in ("session", "coder") if row[name])
        named = f"segment {row['code']!r} of tier {row['tier']!r} at {row['onset_s']:.3f} s"
        return DyadflowError(f"an Observer export cannot hold {named}: {what}", where=where, fix=fix)

    last: dict[tuple[Any, ...], int] = {}
    points: set[tuple[Any, ...]] = set()
    for row in table.sort_values(["onset_ms", "offset_ms"], kind="stable").to_dict("records"):
        if any(row[name] != row[name].strip() or _FORBIDDEN.search(row[name]) for name in _NAMES):
            raise refuse(row, "a name has blanks at its ends or control characters", "rename it")
        same = tuple(row[name] for name in _NAMES)
        if row["onset_ms"] == row["offset_ms"]:
            if row["onset_s"] != row["offset_s"]:
                raise refuse(row, "it is shorter than a millisecond", "give it a length or write .tsv")
            point = (*same, row["onset_ms"], _comment(row["comment"]))
            if point in points:
                raise refuse(row, "it is there twice", "leave one out")
            points.add(point)
            continue
        if row["onset_ms"] < last.get(same, row["onset_ms"]):
            raise refuse(row, "it overlaps another one of the same code", "end the first where the second begins")
        last[same] = row["offset_ms"]


def _rows(table: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Rows by observation, event log and time; where one state ends and another begins, the end comes first."""
    events = []
    for number, row in enumerate(table.to_dict("records")):
        begin = (row["session"], row["coder"], row["onset_ms"], 1, number)
        if row["onset_ms"] == row["offset_ms"]:
            events.append((begin, row, "Point"))
        else:
            events.append((begin, row, "State start"))
            events.append(((row["session"], row["coder"], row["offset_ms"], 0, number), row, "State stop"))
    for (session, coder, time_ms, *_), row, kind in sorted(events, key=lambda event: event[0]):
        length_ms = 0 if kind == "State stop" else row["offset_ms"] - row["onset_ms"]
        sign = "-" if time_ms < 0 else ""
        seconds, fraction = divmod(abs(time_ms), 1000)
        clock = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        yield {
            "Time_Relative_hmsf": f"{clock}.{fraction:03d}",
            "Time_Relative_hms": clock,
            "Time_Relative_f": f"{fraction:03d}",
            "Time_Relative_sf": f"{sign}{seconds}.{fraction:03d}",
            "Duration_sf": f"{length_ms / 1000:.3f}",
            "Observation": session,
            "Event_Log": coder,
            "Subject": row["tier"],
            "Behavior": row["code"],
            "Event_Type": kind,
            "Comment": "" if kind == "State stop" else _comment(row["comment"]),
        }


def _comment(written: str) -> str:
    """A comment on one line, without blanks at its ends."""
    return re.sub(f"\\s*{_FORBIDDEN.pattern}+\\s*", " ", written).strip()


def _not_held(table: pd.DataFrame) -> Iterator[Issue]:
    coders = table.groupby("session").coder.transform("nunique")
    losses = (
        (table.confidence.notna(), "the confidence of {} is not written, because an export has no column for it"),
        (
            (table.coder != "") & (coders == 1),
            "the coder of {} is written as the event log, which is read as a coder only beside another one",
        ),
        (
            table.comment != table.comment.map(_comment),
            "line breaks and control characters in comments, and blanks at their ends, are left out ({})",
        ),
    )
    for concerned, what in losses:
        if concerned.any():
            count = count_of(int(concerned.sum()), "segment")
            yield Issue("not_held", what.format(count), fix="write .tsv or .eaf to keep it")

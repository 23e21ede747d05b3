"""Lines of INTERACT made into rows: groups and sets name the session, events hold a code for each class."""

import re
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dyadflow.annotations.formats.delimited import Record, name_places
from dyadflow.annotations.formats.interact_columns import Columns, parse_days
from dyadflow.annotations.formats.reading import Reading, make_rows
from dyadflow.annotations.issues import Issue, Issues

#: Onset, offset and duration are each rounded to the millisecond.
_ROUNDING_S = 0.002
#: No frame is longer: ten a second.
_LONGEST_FRAME_S = 0.1
_VIDEO = re.compile(r'video:\s*"([^"]*)"(?:\s*,\s*OffsetMs:\s*(-?\d{1,12}))?[;,\s]*', re.IGNORECASE)


@dataclass
class _Set:
    """A DataSet, which INTERACT makes for each session: its group, its own name and when it ends."""

    group: str
    name: str
    end_s: float | None = None
    lines: list[Record] = field(default_factory=list)


def read_events(
    records: Iterable[Record], columns: Columns, parse: Callable[[str], float | None], delimiter: str
) -> Reading:
    """Rows of all events (level 3), with what groups (level 1) and sets (level 2) say of the session.

    Parameters
    ----------
    records
        Lines below the one that names the columns.
    columns
        From `find_columns`.
    parse
        Seconds of a time as written, or None.
    delimiter
        What stands between cells.

    Returns
    -------
    Reading
        For each class in which an event has a code one row, with the class as tier. The session is the set's
        description, else its group's; sets without any are called ``set 1``, ``set 2`` where there are several,
        and the group is put before where sets of two groups have the same name. Description, memo and transcript
        are the comment. ``media`` are the videos that groups and sets link.
    """
    issues: list[Issue] = []
    media: dict[str, None] = {}
    sets: list[_Set] = []
    group, current = "", None
    for record in records:
        level = columns.cell(record.cells, "level")
        if record.empty:
            continue
        if record.swallows(delimiter, columns.width):
            issues.append(_refuse(record, "a quotation mark is not closed"))
        elif any(cell.strip() for cell in record.cells[columns.width :]):
            what = f"this line has {len(record.cells)} cells under {columns.width} columns"
            issues.append(_refuse(record, f"{what} (decimal commas between commas?)"))
        elif level == "1":
            group, current = _describe(record, columns, media, issues), None
            issues.append(_note_level(record, "group", group))
        elif level == "2":
            current = _Set(group, _describe(record, columns, media, issues), _time_s(record, "offset", columns, parse))
            sets.append(current)
            issues.append(_note_level(record, "set", current.name))
        elif level == "3":
            if current is None:
                current = _Set(group, "")
                sets.append(current)
            current.lines.append(record)
        else:
            issues.append(_refuse(record, f"level {level!r} is not 1 (group), 2 (set) or 3 (event)"))
    rows: list[dict[str, Any]] = []
    for one, session in zip(sets, _name_sessions(sets), strict=True):
        rows += _read_set(one, session, columns, parse, issues)
    issues += _check_durations([record for one in sets for record in one.lines], columns, parse)
    return Reading(make_rows(rows), Issues.of(issues), tuple(media))


def _describe(record: Record, columns: Columns, media: dict[str, None], issues: list[Issue]) -> str:
    """Name of a group or set: its description or memo without links to videos, else its first cell of a class."""
    texts = _notes(record, columns)
    for text in texts:
        for name, shift_ms in _VIDEO.findall(text):
            media[name] = None
            if shift_ms and int(shift_ms):
                issues.append(
                    Issue(
                        "media_origins",
                        f"INTERACT shifts the recording {name!r} by {shift_ms} ms; the shift is not applied",
                        fix="state the offset of this session's coding in the coding sheet",
                        where=_where(record),
                    )
                )
    texts = [_VIDEO.sub("", text).strip() for text in texts]
    return next((text for text in [*texts, *(code for _, code in _codes(record, columns))] if text), "")


def _name_sessions(sets: list[_Set]) -> list[str]:
    names = [one.name or one.group for one in sets]
    if len(sets) > 1:
        names = [name or f"set {number}" for number, name in enumerate(names, start=1)]
    groups: dict[str, set[str]] = {}
    for one, name in zip(sets, names, strict=True):
        groups.setdefault(name, set()).add(one.group)
    return [
        f"{one.group}, {name}" if len(groups[name]) > 1 and one.group else name
        for one, name in zip(sets, names, strict=True)
    ]


def _read_set(
    one: _Set, session: str, columns: Columns, parse: Callable[[str], float | None], issues: list[Issue]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for record in one.lines:
        onset_s, offset_s = (_time_s(record, column, columns, parse) for column in ("onset", "offset"))
        ongoing = not columns.cell(record.cells, "offset")
        if onset_s is None or (offset_s is None and not ongoing):
            issues.append(_refuse(record, "this event has no onset and offset that can be read"))
            continue
        unnamed = [record.cells[place] for place in columns.unnamed if place < len(record.cells)]
        if any(cell.strip() for cell in unnamed):
            issues.append(_refuse(record, "a cell of this event stands in a column without a name; it is not read"))
        codes = _codes(record, columns)
        if not codes:
            issues.append(
                Issue(
                    "unread_part", f"the event at {onset_s:.3f} s has no code in any class; it is not a segment",
                    fix="give it a code in INTERACT if one is missing", where=_where(record),
                )
            )
        rows += [
            {
                "session": session,
                "tier": name,
                "code": code,
                "onset_s": onset_s,
                "offset_s": float("nan") if offset_s is None else offset_s,
                "comment": "; ".join(dict.fromkeys(note for note in _notes(record, columns) if note)),
                "where": _where(record),
            }
            for name, code in codes
        ]
    times_s = [time_s for row in rows for time_s in (row["onset_s"], row["offset_s"]) if time_s == time_s]
    end_s = max([*times_s, one.end_s if one.end_s is not None else -float("inf")], default=0.0)
    return [row | ({} if row["offset_s"] == row["offset_s"] else {"latest_s": end_s}) for row in rows]


def _codes(record: Record, columns: Columns) -> list[tuple[str, str]]:
    """Class and code of every class that has one."""
    filled = {place: cell.strip() for place, cell in enumerate(record.cells) if cell.strip()}
    return [(name, filled[place]) for place, name in columns.classes.items() if place in filled]


def _notes(record: Record, columns: Columns) -> list[str]:
    return [record.cells[place].strip() for place in columns.notes if place < len(record.cells)]


def _time_s(record: Record, column: str, columns: Columns, parse: Callable[[str], float | None]) -> float | None:
    time_s = parse(columns.cell(record.cells, column))
    days_s = parse_days(columns.cell(record.cells, f"{column}_date"))
    return None if time_s is None or days_s is None else time_s + days_s


def _check_durations(records: list[Record], columns: Columns, parse: Callable[[str], float | None]) -> list[Issue]:
    """Durations that are not offset less onset.

    Some versions of INTERACT count the last frame of an event and others do not: where durations are as a rule
    longer by the same amount of at most a frame, one note says so, and only exceptions from it are told.
    """
    found: list[tuple[Record, float, float]] = []
    for record in records:
        onset_s, offset_s = (_time_s(record, column, columns, parse) for column in ("onset", "offset"))
        duration_s = parse(columns.cell(record.cells, "duration"))
        if onset_s is not None and offset_s is not None and duration_s is not None:
            found.append((record, duration_s, offset_s - onset_s))
    usual_s = statistics.median(stated_s - own_s for _, stated_s, own_s in found) if found else 0.0
    if not _ROUNDING_S < usual_s <= _LONGEST_FRAME_S:
        usual_s = 0.0
    issues = [
        Issue(
            "duration_disagrees",
            f"durations are as a rule {usual_s:.3f} s longer than from onset to offset: they count the last frame; "
            "onset and offset are read",
            where=_where(found[0][0]),
            severity="note",
        )
    ] if usual_s else []
    for record, stated_s, own_s in found:
        if abs(stated_s - own_s - usual_s) > _ROUNDING_S:
            issues.append(
                Issue(
                    "duration_disagrees",
                    f"the duration {stated_s:.3f} s is not the time from onset to offset, {own_s:.3f} s; onset and "
                    "offset are read",
                    fix="correct the event in INTERACT",
                    where=_where(record),
                )
            )
    return issues


def _note_level(record: Record, kind: str, name: str) -> Issue:
    what = f"this line begins the {kind} {name!r}" if name else f"this line begins a {kind} without a name"
    return Issue("unread_part", what, where=_where(record))


def _refuse(record: Record, what: str) -> Issue:
    shown = " | ".join(cell.strip() for cell in record.cells if cell.strip())
    fix = "correct the line or export the file again"
    return Issue("unreadable_row", f"{what}: {shown[:200]}", fix, where=_where(record))


def _where(record: Record) -> str:
    return name_places("line", [(record.first, record.last)])

"""Noldus Observer XT event exports as Excel workbooks: one sheet an observation, or all in one."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.observer_columns import (
    find_columns,
    missing_columns,
    named_width,
    note_before,
    note_unread,
    only_frames,
)
from dyadflow.annotations.formats.observer_events import Event, Place, parse_event
from dyadflow.annotations.formats.observer_pairing import pair_events
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.workbooks import is_workbook, read_workbook
from dyadflow.annotations.issues import Issue

#: Dates that programs put before a mere time of day when they save it as a date.
_NO_DATES = {datetime.date(1899, 12, 30), datetime.date(1899, 12, 31), datetime.date(1900, 1, 1)}
_CLOCKS = ("time_hmsf", "time_hms")


#: Far more than any export has above its column names.
_SNIFFED_ROWS = 200


def _is_export(head: bytes, path: Path) -> bool:
    if not is_workbook(head, path):
        return False
    try:
        sheets = read_workbook(path, _SNIFFED_ROWS)
    except CodingFileError:
        return False
    return any(find_columns(cells) for rows in sheets.values() for cells in rows)


@reads(
    name="observer_xlsx",
    title="Noldus Observer XT, Excel",
    suffixes={".xlsx"},
    sniff=_is_export,
    vendor_files=False,
    tried="only files made to the description",
)
def read_observer_workbook(path: Path, options: ReadOptions) -> Reading:
    """Read the events of all sheets of an Observer workbook, as `read_observer` does those of a text.

    A sheet without an observation column is an observation of the sheet's own name, if several sheets hold
    events. A sheet that holds something else is an issue. Clock times may be text or times of Excel's.

    Raises
    ------
    CodingFileError
        If this is no workbook, or no sheet of it names the columns of an event log.
    """
    sheets = {title: rows for title, rows in read_workbook(path).items() if any(map(_filled, rows))}
    if not sheets:
        raise CodingFileError("empty_file", "the workbook is empty", where=path.name, fix="export it again")
    found: dict[str, list[Event]] = {}
    unnamed: list[str] = []
    issues: list[Issue] = []
    for title, rows in sheets.items():
        header = next((number for number, cells in enumerate(rows) if find_columns(cells)), None)
        if header is None:
            issues.append(_unread_sheet(title))
            continue
        columns = find_columns(rows[header])
        assert columns is not None  # it is the header for these columns
        if not {"time_sf", "time_hmsf", "time_hms"} & set(columns):
            raise only_frames(f"{path.name}, sheet {title!r}")
        found[title] = _read_events(f"sheet {title!r}", rows, header, columns, issues)
        if "observation" not in columns:
            unnamed.append(title)
    if not found:
        raise missing_columns(path.name)
    for title in unnamed if len(found) > 1 else ():
        found[title] = [replace(event, observation=title) for event in found[title]]
    return pair_events([event for events in found.values() for event in events], issues)


def _read_events(
    within: str, rows: list[tuple[Any, ...]], header: int, columns: dict[str, int], issues: list[Issue]
) -> list[Event]:
    before = [(number, number) for number, cells in enumerate(rows[:header], start=1) if _filled(cells)]
    if before:
        issues.append(note_before(name_places("row", before, within)))
    width = named_width(rows[header])
    clocks = _undated(rows[header + 1 :], [columns[key] for key in _CLOCKS if key in columns])
    events: list[Event] = []
    filled: set[int] = set()
    for number, cells in enumerate(clocks, start=header + 2):
        if not _filled(cells):
            continue
        event = parse_event(cells, columns, width, Place("row", number, number, within))
        if isinstance(event, Event):
            events.append(event)
        else:
            issues.append(event)
        filled |= {position for position, cell in enumerate(cells) if _filled((cell,))}
    issues += note_unread(rows[header], columns, filled, within)
    return events


def _undated(given: list[tuple[Any, ...]], positions: Sequence[int]) -> list[list[Any]]:
    """Rows in which dated clock times are mere clock times, if their date is everywhere the same and none at all.

    A date that differs from row to row, or beside times without one, can mean a time beyond 24 hours; such cells
    are left as they are, and their rows become issues.
    """
    rows = [list(row) for row in given]
    for position in positions:
        cells = [row[position] for row in rows if position < len(row) and row[position] is not None]
        dates = {cell.date() for cell in cells if isinstance(cell, datetime.datetime)}
        if len(dates) == 1 and dates <= _NO_DATES and not any(isinstance(cell, datetime.time) for cell in cells):
            for row in rows:
                if position < len(row) and isinstance(row[position], datetime.datetime):
                    row[position] = row[position].time()
    return rows


def _unread_sheet(title: str) -> Issue:
    return Issue(
        "unread_sheet",
        f"sheet {title!r} does not name the columns of an event log; nothing of it is read",
        fix="nothing, if it holds no events",
        where=f"sheet {title!r}",
    )


def _filled(cells: Sequence[Any]) -> bool:
    return any(str(cell).strip() for cell in cells if cell is not None)

"""Noldus Observer XT event exports as Excel workbooks: one sheet an observation, or all in one."""

import zipfile
from pathlib import Path

from dyadflow.annotations.formats.readers.observer import missing_columns
from dyadflow.annotations.formats.observer_columns import find_columns
from dyadflow.annotations.formats.observer_events import Event, pair_events, parse_event
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.issues import Issue


def _is_workbook(head: bytes, path: Path) -> bool:
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


@reads(
    name="observer_xlsx", title="Noldus Observer XT, Excel", suffixes={".xlsx"}, sniff=_is_workbook, vendor_files=False,
    tried="only files made to the description",
)
def read_observer_workbook(path: Path, options: ReadOptions) -> Reading:
    """Read the events of all sheets of an Observer workbook.

    A sheet without an observation column is an observation of the sheet's own name, if there are several
    sheets. A sheet that holds something else is an issue.

    Raises
    ------
    CodingFileError
        If this is no workbook, or no sheet of it names the columns of an event log.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        raise CodingFileError(
            "unreadable_file",
            f"this is not an Excel workbook, or a damaged one ({error})",
            where=path.name,
            fix="export it again as .xlsx",
        ) from None
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    sheets = {title: rows for title, rows in sheets.items() if any(_filled(row) for row in rows)}
    if not sheets:
        raise CodingFileError("empty_file", "the workbook is empty", where=path.name, fix="export it again")
    events: list[Event] = []
    issues: list[Issue] = []
    found = 0
    for title, rows in sheets.items():
        found += _read_sheet(title, rows, len(sheets) > 1, events, issues)
    if not found:
        raise missing_columns(path.name)
    return pair_events(events, issues)


def _read_sheet(
    title: str, rows: list[tuple], several: bool, events: list[Event], issues: list[Issue]
) -> bool:
    columns, width = None, 0
    for number, cells in enumerate(rows, start=1):
        if columns is None:
            columns, width = find_columns(cells), len(cells)
        elif _filled(cells):
            event = parse_event(cells, columns, width, f"sheet {title!r}, row {number}")
            if isinstance(event, Event) and "observation" not in columns and several:
                event = Event(**{**event.__dict__, "observation": title})
            (issues if isinstance(event, Issue) else events).append(event)
    if columns is None:
        issues.append(
            Issue(
                "unread_sheet",
                f"sheet {title!r} does not name the columns of an event log; nothing of it is read",
                fix="nothing, if it holds no events",
                where=f"sheet {title!r}",
            )
        )
    return columns is not None


def _filled(cells: tuple) -> bool:
    return any(str(cell).strip() for cell in cells if cell is not None)

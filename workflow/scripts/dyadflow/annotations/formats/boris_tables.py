"""Tables of BORIS exports, whether text or workbook: the row that names the columns, and the rows below it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.boris_columns import Columns, as_text
from dyadflow.annotations.formats.delimited import find_header, name_places, read_records
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import decode_text, read_text
from dyadflow.annotations.formats.workbooks import is_workbook, read_workbook
from dyadflow.annotations.issues import Issue

Find = Callable[[Sequence[object]], Columns | None]

#: Far more than any export has above its column names.
_SNIFFED_ROWS = 200


@dataclass(frozen=True)
class Row:
    """One row below the names: its cells and where it stands, as `name_places` takes it."""

    cells: tuple[object, ...]
    within: str
    noun: str
    span: tuple[int, int]

    @property
    def where(self) -> str:
        """The line or the sheet and row."""
        return name_places(self.noun, [self.span], self.within)

    def refuse(self, what: str) -> Issue:
        """An issue that says why this row is no event."""
        shown = " | ".join(as_text(cell) for cell in self.cells if as_text(cell).strip())
        fix = "correct the row or export the events again"
        return Issue("unreadable_row", f"{what}: {shown[:200]}", fix, where=self.where)


@dataclass(frozen=True)
class Table:
    """A table of events.

    Parameters
    ----------
    columns
        What the row of names says.
    above
        Rows above it.
    rows
        Rows below it that hold something.
    issues
        Rows that cannot be told apart, because a quotation mark is not closed.
    """

    columns: Columns
    above: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    issues: tuple[Issue, ...] = ()


def looks_like(head: bytes, path: Path, find: Find) -> bool:
    """Whether a text file or workbook has a row that names the columns."""
    try:
        if head.startswith(b"PK"):
            sheets = read_workbook(path, _SNIFFED_ROWS).values() if is_workbook(head, path) else ()
            return any(find(cells) is not None for rows in sheets for cells in rows)
        text = decode_text(head)
        named = {"behavior", "subject"} <= set(re.findall("behavior|subject", text.casefold()))
        return named and find_header(text, find) is not None
    except (UnicodeDecodeError, CodingFileError):
        return False


def read_tables(path: Path, find: Find, missing: str) -> tuple[list[Table], list[Issue]]:
    """Every table of a file that has a row of column names.

    Parameters
    ----------
    path
        Text or an Excel workbook.
    find
        Tells the row of names.
    missing
        What to tell a user whose file has none.

    Returns
    -------
    tables, issues
        Tables, and an issue for each sheet of a workbook that is none.

    Raises
    ------
    CodingFileError
        If there is no table.
    """
    issues: list[Issue] = []
    if path.read_bytes()[:2] == b"PK":
        tables = []
        for title, rows in read_workbook(path).items():
            table = _read_sheet(title, rows, find)
            if table:
                tables.append(table)
            elif any(as_text(cell).strip() for cells in rows for cell in cells):
                issues.append(
                    Issue(
                        "unread_sheet", f"sheet {title!r} has no row that names the columns of events",
                        fix="check that it holds no coding", where=f"sheet {title!r}",
                    )
                )
    else:
        text = read_text(path)
        found = find_header(text, find)
        tables = [_read_text(text, found[0], find)] if found else []
    if not tables:
        raise CodingFileError("unreadable_file", missing, where=path.name, fix="export the events again, with BORIS")
    return tables, issues


def _read_text(text: str, delimiter: str, find: Find) -> Table:
    above: list[tuple[str, ...]] = []
    rows: list[Row] = []
    issues: list[Issue] = []
    columns: Columns | None = None
    for record in read_records(text, delimiter):
        row = Row(record.cells, "", "line", (record.first, record.last))
        if columns is None:
            columns = find(record.cells)
            above += [record.cells] if columns is None else []
        elif record.swallows(delimiter, columns.width):
            issues.append(row.refuse("a quotation mark is not closed"))
        elif not record.empty:
            rows.append(row)
    return Table(columns or Columns({}), tuple(above), tuple(rows), tuple(issues))


def _read_sheet(title: str, sheet: list[tuple[Any, ...]], find: Find) -> Table | None:
    above: list[tuple[str, ...]] = []
    for number, cells in enumerate(sheet, start=1):
        columns = find(cells)
        if columns is not None:
            rows = tuple(
                Row(tuple(below), f"sheet {title!r}", "row", (position, position))
                for position, below in enumerate(sheet[number:], start=number + 1)
                if any(as_text(cell).strip() for cell in below)
            )
            return Table(columns, tuple(above), rows)
        above.append(tuple(as_text(cell) for cell in cells))
    return None

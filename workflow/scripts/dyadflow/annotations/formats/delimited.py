"""Delimited text record by record: which lines a record takes, and where the row with the columns' names is."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass

from dyadflow.annotations.formats.reading import CodingFileError

DELIMITERS = "\t;,"


@dataclass(frozen=True)
class Record:
    """The cells of one record and the lines that it takes, counted from 1.

    `unclosed` says that it takes several lines only because a quotation mark is not closed, or closed too late.
    """

    cells: tuple[str, ...]
    first: int
    last: int
    unclosed: bool = False

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything but blanks."""
        return not any(cell.strip() for cell in self.cells)

    def swallows(self, delimiter: str, width: int) -> bool:
        """Whether this record has swallowed others: an unclosed cell, or one with a whole record of its own in it."""
        return self.unclosed or (self.first != self.last and any(
            line.count(delimiter) >= max(width - 1, 1) for cell in self.cells for line in re.split(r"[\r\n]+", cell)
        ))


def read_records(text: str, delimiter: str) -> Iterator[Record]:
    """Cut a text into records; a quoted cell may hold delimiters and line breaks.

    Raises
    ------
    CodingFileError
        If a cell is longer than any cell can be, as when a quotation mark is not closed.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    first = 1
    try:
        for cells in csv.reader(lines(), delimiter=delimiter):
            last = first + len(taken) - 1
            yield Record(tuple(cells), first, last, len(taken) > 1 and not _is_well_quoted(taken, delimiter))
            first = last + 1
            taken.clear()
    except csv.Error as error:
        raise CodingFileError(
            "unreadable_file", f"this is not a table of cells between {delimiter!r} ({error})", where=f"line {first}",
            fix="close the quotation marks, or export the file again",
        ) from None


def _is_well_quoted(lines: list[str], delimiter: str) -> bool:
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def find_header(text: str, find: Callable[[Sequence[str]], Sized | None]) -> tuple[str, Record] | None:
    """The delimiter and the first record that names columns, of the delimiter with which it names the most.

    Parameters
    ----------
    text
        The file, or its beginning.
    find
        Takes the cells of a record; a sized collection of the columns that it names, or None if it names none.

    Raises
    ------
    CodingFileError
        If the names of the columns run over into the lines below.
    """
    best: tuple[int, str, Record] | None = None
    for delimiter in DELIMITERS:
        for record in read_records(text, delimiter):
            columns = find(record.cells)
            if columns is not None:
                if best is None or len(columns) > best[0]:
                    best = len(columns), delimiter, record
                break
    if best and best[2].swallows(best[1], len(best[2].cells)):
        raise CodingFileError(
            "unreadable_file", "a quotation mark among the names of the columns is not closed",
            where=f"line {best[2].first}", fix="close it, or export the file again",
        )
    return best[1:] if best else None


def name_places(noun: str, spans: Iterable[tuple[int, int]], within: str = "") -> str:
    """Lines, rows or events in words: ``line 3``, ``lines 3 and 7``, ``sheet 'x', rows 2 to 4 and 9``.

    Parameters
    ----------
    noun
        What is counted, in the singular.
    spans
        First and last of each.
    within
        Where they are counted, such as ``sheet 'x'``.
    """
    spans = sorted(set(spans))
    parts = [str(first) if first == last else f"{first} to {last}" for first, last in spans]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    plural = len(spans) > 1 or spans[0][0] != spans[0][1]
    return f"{within}{', ' if within else ''}{noun}{'s' if plural else ''} {listed}"

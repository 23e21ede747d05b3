"""Noldus Observer XT event exports as text: any encoding, delimiter, quoting and decimal sign."""

import csv
import io
from pathlib import Path

from dyadflow.annotations.formats.observer_columns import find_columns
from dyadflow.annotations.formats.observer_events import Event, pair_events, parse_event
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text, read_text
from dyadflow.annotations.issues import Issue

_DELIMITERS = "\t;,"


def _looks_like_observer(head: bytes, path: Path) -> bool:
    try:
        return _find_header(decode_text(head)) is not None
    except (UnicodeDecodeError, csv.Error):
        return False


def _find_header(text: str) -> tuple[str, dict[str, int]] | None:
    """Delimiter and columns for which some row names the most of what is known."""
    best: tuple[str, dict[str, int]] | None = None
    for delimiter in _DELIMITERS:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            columns = find_columns(cells)
            if columns:
                if best is None or len(columns) > len(best[1]):
                    best = delimiter, columns
                break
    return best


@reads(
    name="observer", title="Noldus Observer XT, text", suffixes={".txt", ".csv"}, sniff=_looks_like_observer, vendor_files=False,
    tried="only files made to the description",
)
def read_observer(path: Path, options: ReadOptions) -> Reading:
    """Read the events of an Observer export.

    Columns are found by name, wherever they stand and whatever stands above them. The subject is the tier,
    the behaviour the code; modifiers are kept in the comment.

    Parameters
    ----------
    path
        The exported text file.

    Returns
    -------
    Reading
        One row a state or point event, with the observation as session; an issue for every row that is
        neither.

    Raises
    ------
    CodingFileError
        If no row names the columns for behaviour, event type and relative time.
    """
    text = read_text(path)
    try:
        found = _find_header(text)
        if found is None:
            raise missing_columns(path.name)
        events, issues = _read_events(text, found[0])
    except csv.Error as error:
        raise CodingFileError(
            "unreadable_file",
            f"this is not a table ({error})",
            where=path.name,
            fix="export it again as text",
        ) from None
    return pair_events(events, issues)


def missing_columns(where: str) -> CodingFileError:
    """What to tell a user whose file has no row of column names."""
    return CodingFileError(
        "unreadable_file",
        "no row names the columns of an Observer export: Behavior, Event_Type, and Time_Relative_sf or "
        "another relative time (older and German names will do)",
        where=where,
        fix="export the event log with its column names",
    )


def _read_events(text: str, delimiter: str) -> tuple[list[Event], list[Issue]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns, width, line = None, 0, 1
    events, issues = [], []
    for cells in lines:
        where, line = f"line {line}", lines.line_num + 1
        if columns is None:
            columns, width = find_columns(cells), len(cells)
        elif any(cell.strip() for cell in cells):
            event = parse_event(cells, columns, width, where)
            (issues if isinstance(event, Issue) else events).append(event)
    return events, issues

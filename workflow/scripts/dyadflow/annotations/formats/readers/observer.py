"""Noldus Observer XT event exports as text: any encoding, delimiter, quoting and decimal sign."""

import re
from pathlib import Path

from dyadflow.annotations.formats.delimited import Record, find_header, name_places, read_records
from dyadflow.annotations.formats.observer_columns import (
    COLUMN_NAMES,
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
from dyadflow.annotations.formats.text import decode_text, read_text
from dyadflow.annotations.issues import Issue


def _looks_like_observer(head: bytes, path: Path) -> bool:
    try:
        text = decode_text(head)
        # Cutting any text into records costs far more than looking for words that there must be.
        words = text.casefold()
        if not any(name in words for name in COLUMN_NAMES["behavior"]) or not re.search("event|ereignis", words):
            return False
        return find_header(text, find_columns) is not None
    except (UnicodeDecodeError, CodingFileError):
        return False


@reads(
    name="observer",
    title="Noldus Observer XT, text",
    suffixes={".txt", ".csv"},
    sniff=_looks_like_observer,
    vendor_files=False,
    tried="only files made to the description",
)
def read_observer(path: Path, options: ReadOptions) -> Reading:
    """Read the events of an Observer export.

    Columns are found by name, wherever they stand and whatever stands above them. The observation is the
    session, the subject the tier, the behaviour the code; modifiers are kept in the comment. Several event logs
    of one observation are told apart as coders. Columns that are not read, such as independent variables, and
    lines above the column names are named in a note.

    Parameters
    ----------
    path
        The exported text file: UTF-8, UTF-16 or Windows-1252; commas, semicolons or tabs; quoted or not; decimal
        points or commas.

    Returns
    -------
    Reading
        One row a state or point event; an issue for every row that is neither. A state without a stop and
        without a duration is open: it can have lasted to the last moment that the file gives for its
        observation.

    Raises
    ------
    CodingFileError
        If no row names the columns for behaviour, event type and relative time, or the only time is
        ``Time_Relative_f``.
    """
    text = read_text(path)
    found = find_header(text, find_columns)
    if found is None:
        raise missing_columns(path.name)
    delimiter, header = found
    columns = find_columns(header.cells)
    assert columns is not None  # it is the header for these columns
    if not {"time_sf", "time_hmsf", "time_hms"} & set(columns):
        raise only_frames(path.name)
    events: list[Event] = []
    issues: list[Issue] = []
    before: list[tuple[int, int]] = []
    filled: set[int] = set()
    width = named_width(header.cells)
    for record in read_records(text, delimiter):
        if record.empty or (record.cells == header.cells and (record == header or "observation" in columns)):
            continue  # exports put one after the other repeat the names; without observations nothing parts them
        if record.first < header.first:
            before.append((record.first, record.last))
            continue
        event = _read_record(record, columns, width, delimiter)
        if isinstance(event, Event):
            events.append(event)
        else:
            issues.append(event)
        filled |= {position for position, cell in enumerate(record.cells) if cell.strip()}
    if before:
        issues.append(note_before(name_places("line", before)))
    issues += note_unread(header.cells, columns, filled)
    return pair_events(events, issues)


def _read_record(record: Record, columns: dict[str, int], width: int, delimiter: str) -> Event | Issue:
    place = Place("line", record.first, record.last)
    if record.swallows(delimiter, width):
        return Issue(
            "unreadable_row",
            "a quotation mark too many joins rows, so that none of them can be read",
            fix="delete the quotation mark, or export the file again",
            where=str(place),
        )
    return parse_event(record.cells, columns, width, place)

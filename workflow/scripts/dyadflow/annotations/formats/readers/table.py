"""Plain tables of any origin: a row a segment, columns found by well-known names or by what the user says."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import nan
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.delimited import DELIMITERS, Record, find_header, name_places, read_records
from dyadflow.annotations.formats.observer_columns import note_before
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.table_columns import (
    Column,
    Columns,
    check_said,
    find_columns,
    find_positions,
    refuse_columns,
)
from dyadflow.annotations.formats.table_times import MISSING, UnreadableLine, read_time, unit_of_numbers
from dyadflow.annotations.formats.text import decode_text, parse_number, read_text
from dyadflow.annotations.issues import Issue, Issues

_SNIFFED_LINES = 30


def _is_table(head: bytes, path: Path) -> bool:
    """Whether two lines that follow each other have a delimiter equally often, or the only line names columns."""
    try:
        lines = [line for line in decode_text(head[:8192]).splitlines()[:_SNIFFED_LINES] if line.strip()]
    except UnicodeDecodeError:
        return False
    if not lines or lines[0].lstrip()[:1] in ("<", "{", "["):
        return False
    if len(lines) == 1:
        return any(not find_columns(lines[0].split(delimiter), {}).lacks() for delimiter in DELIMITERS)
    counts = [[line.count(delimiter) for line in lines] for delimiter in DELIMITERS]
    return any(one == other >= 2 for each in counts for one, other in pairwise(each))


@reads(
    name="table", title="Table with named columns", suffixes={".csv", ".tsv", ".txt"}, sniff=_is_table,
    vendor_files=False, tried="only files made to the description", fallback=True,
)
def read_plain_table(path: Path, options: ReadOptions) -> Reading:
    """Read a table with a row a segment.

    Columns are found by what the user says (``options.columns``: a key of `table_columns.KEYS`, and what the file
    calls the column) or else by well-known names such as onset, start or begin time; offset, stop or end time;
    duration; code, label, behavior, value or annotation; tier, subject or participant; coder, rater or annotator;
    session or observation; comment; confidence. Several columns of codes (``code=infant,caregiver``) are tiers of
    their own, called as the column, with what stands in a column for the tier before it.

    Times are seconds, milliseconds or ``hh:mm:ss`` as the column's name says (``onset_ms``, ``Begin Time - ss.msec``);
    a time that stands there in several units must be the same in each. Numbers in a column whose name says nothing
    are seconds if any of them has a fraction.

    Parameters
    ----------
    path
        Text with tabs, semicolons or commas, decimal points or commas, in UTF-8, UTF-16 or Windows-1252.
    options
        Which column is which, as far as the names do not say it.

    Returns
    -------
    Reading
        One row a line (and column of codes); an issue for every line that is none. Columns and lines that are not
        read are named in a note.

    Raises
    ------
    CodingFileError
        If it is not certain which column is the onset, the offset or the duration, and the code, or whether times
        are seconds or milliseconds.
    """
    text, said = read_text(path), options.columns
    check_said(said, path.name)
    found = _find_header(text, said)
    if found is None:
        raise refuse_columns(_likely_header(text), said, path.name)
    delimiter, header = found
    columns = find_columns(header.cells, said)
    if columns.unclear:
        raise refuse_columns(header.cells, said, path.name)
    records = [record for record in read_records(text, delimiter) if not record.empty]
    below = [record for record in records if record.first > header.first]
    unit = unit_of_numbers([record.cells for record in below], columns.of)
    if not unit:
        raise CodingFileError(
            "unreadable_file", "times are whole numbers, and no column says whether of seconds or milliseconds",
            where=path.name, fix="say it: --columns onset_s=... or onset_ms=..., and so on for the offset or duration",
        )
    rows, issues = [], []
    for record in below:
        where = name_places("line", [(record.first, record.last)])
        if record.swallows(delimiter, len(header.cells)):
            issues.append(_refuse(record, "a quotation mark too many joins lines", where))
            continue
        try:
            found_rows, doubts = _read_record(record.cells, len(header.cells), columns, unit, where)
        except UnreadableLine as error:
            issues.append(_refuse(record, str(error), where))
        else:
            rows.extend(found_rows)
            issues.extend(doubts)
    above = [(record.first, record.last) for record in records if record.first < header.first]
    issues += [note_before(name_places("line", above))] if above else []
    issues += _note_unread(header, columns, below)
    return Reading(make_rows(rows), Issues.of(issues))


def _find_header(text: str, said: Mapping[str, str]) -> tuple[str, Record] | None:
    def find(cells: Sequence[str]) -> Columns | None:
        columns = find_columns(cells, said)
        there = all(find_positions(cells, name, several=key == "code") for key, name in said.items())
        return columns if there and not columns.lacks() else None

    return find_header(text, find)


def _likely_header(text: str) -> tuple[str, ...]:
    """The first record that has cells, with the delimiter that gives the most."""
    firsts = [
        next((record.cells for record in read_records(text, delimiter) if not record.empty), ())
        for delimiter in DELIMITERS
    ]
    return max(firsts, key=len)


def _read_record(
    cells: Sequence[str], width: int, columns: Columns, unit: str, where: str
) -> tuple[list[dict[str, Any]], list[Issue]]:
    """Rows of a record, a row a column of codes, and what is odd about them.

    Raises
    ------
    UnreadableLine
        If it has no onset and offset, no code, or cells too many or too few.
    """
    last = max(column.position for mine in columns.of.values() for column in mine)
    if len(cells) <= last or any(cell.strip() for cell in cells[width:]):
        raise UnreadableLine(f"there are {len(cells)} cells and {width} columns")
    onset, offset, duration = (
        read_time(cells, columns.of.get(field, ()), unit) for field in ("onset", "offset", "duration")
    )
    if onset is None or (offset is None and duration is None):
        raise UnreadableLine("there is no onset" if onset is None else "there is no offset")
    texts = {
        field: cells[mine[0].position].strip() for field, mine in columns.of.items()
        if field in ("tier", "coder", "session", "comment", "confidence")
    }
    confidence = texts.pop("confidence", "")
    sure = nan if confidence.casefold() in MISSING else parse_number(confidence)
    if sure is None:
        raise UnreadableLine(f"{confidence!r} is no number for the confidence")
    codes = [(column, cells[column.position].strip()) for column in columns.of["code"]]
    if not any(code for _, code in codes):
        raise UnreadableLine("there is no code")
    if offset is not None:
        offset_s = offset.seconds
    else:
        assert duration is not None  # one of the two is there
        offset_s = round(onset.seconds + duration.seconds, 6)
    times = {"onset_s": onset.seconds, "offset_s": offset_s, "confidence": sure, "where": where}
    several = len(codes) > 1
    rows = [
        texts | times | {"code": code, "tier": _tier(texts.get("tier", ""), column, several)}
        for column, code in codes if code
    ]
    doubts = []
    if offset is not None and duration is not None:
        precision = 10 ** -min(onset.decimals, offset.decimals, duration.decimals)
        if abs(onset.seconds + duration.seconds - offset.seconds) > 1.6 * precision:
            doubts.append(Issue(
                "duration_disagrees",
                f"offset less onset is {offset.seconds - onset.seconds:.3f} s, and the duration "
                f"{duration.seconds:.3f} s; the offset is taken",
                fix="correct the line, or say which column to take",
                where=where,
            ))
    return rows, doubts


def _tier(tier: str, column: Column, several: bool) -> str:
    return " ".join(filter(None, (tier, column.name))) if several else tier


def _refuse(record: Record, what: str, where: str) -> Issue:
    return Issue(
        "unreadable_row", f"{what}, in the line {' | '.join(record.cells)}", fix="correct the line", where=where
    )


def _note_unread(header: Record, columns: Columns, below: Sequence[Record]) -> Iterator[Issue]:
    """A note on columns that hold something and are not read."""
    read = {column.position for mine in columns.of.values() for column in mine}
    filled = {
        position for record in below for position, cell in enumerate(record.cells)
        if cell.strip() and position not in read and position < len(header.cells)
    }
    if filled:
        names = ", ".join(header.cells[position].strip() or f"number {position + 1}" for position in sorted(filled))
        yield Issue(
            "unread_part", f"not read: {'column' if len(filled) == 1 else 'columns'} {names}",
            fix="say with --columns what they are, if they are needed", where="columns",
        )

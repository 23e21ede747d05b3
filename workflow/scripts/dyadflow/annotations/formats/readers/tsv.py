"""The library's own tidy table of segments, as `Segments.write` and ``dyadflow convert`` write it."""

import re
from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.delimited import Record, name_places, read_records
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, parse_number, read_text
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import COLUMNS

REQUIRED = ("tier", "code", "onset_s", "offset_s")
#: Very small numbers, as the table has them.
_EXPONENT = re.compile(r"-?\d(?:\.\d+)?e-\d\d")


def _looks_like_segments(head: bytes, path: Path) -> bool:
    try:
        first = re.split(r"[\r\n]", decode_text(head), maxsplit=1)[0]
    except UnicodeDecodeError:
        return False
    return set(REQUIRED) <= {name.strip().strip('"') for name in first.split("\t")}


@reads(
    name="tsv", title="dyadflow's own table", suffixes={".tsv"}, sniff=_looks_like_segments, vendor_files=True,
    tried="tables that dyadflow wrote",
)
def read_tsv(path: Path, options: ReadOptions) -> Reading:
    """Read a tab-separated table with the columns tier, code, onset_s, offset_s.

    Columns session, coder, confidence and comment are read too if they are there; a note names any others. A line
    without a number where one belongs, or with more or fewer cells than there are columns, is an issue.

    Raises
    ------
    CodingFileError
        If a column is missing or there twice, or the file is not text.
    """
    records = [record for record in read_records(read_text(path), "\t") if not record.empty]
    header = [name.strip() for name in records[0].cells] if records else []
    wrong = [name for name in COLUMNS if header.count(name) > 1 or (name in REQUIRED and name not in header)]
    if wrong:
        raise CodingFileError(
            "unreadable_file",
            f"column {', '.join(map(repr, wrong))} is missing, or there twice; there are "
            f"{', '.join(map(repr, header))}",
            where=path.name,
            fix="correct the header line, with tabs between the names",
        )
    rows, issues = [], []
    for record in records[1:]:
        where = name_places("line", [(record.first, record.last)])
        row = None if record.swallows("\t", len(header)) else _read_cells(record, header)
        if row is None:
            issues.append(
                Issue(
                    "unreadable_row",
                    f"this line has no onset_s and offset_s in seconds, or not {len(header)} cells: "
                    f"{' | '.join(record.cells)}",
                    fix="correct the line",
                    where=where,
                )
            )
        else:
            rows.append(row | {"where": where})
    unread = [name for name in header if name not in COLUMNS]
    if unread:
        issues.append(Issue("unread_part", f"not read: columns {', '.join(map(repr, unread))}", where="columns"))
    return Reading(make_rows(rows), Issues.of(issues))


def _read_cells(record: Record, header: Sequence[str]) -> dict[str, Any] | None:
    if len(record.cells) != len(header):
        return None
    row: dict[str, Any] = {name: cell for name, cell in zip(header, record.cells, strict=True) if name in COLUMNS}
    numbers = {name: _number(row.get(name, "")) for name in ("onset_s", "offset_s", "confidence")}
    if numbers["onset_s"] is None or numbers["offset_s"] is None:
        return None
    if numbers["confidence"] is None and row.get("confidence", "").strip():
        return None
    return row | numbers | {"confidence": nan if numbers["confidence"] is None else numbers["confidence"]}


def _number(cell: str) -> float | None:
    return float(cell) if _EXPONENT.fullmatch(cell.strip()) else parse_number(cell)

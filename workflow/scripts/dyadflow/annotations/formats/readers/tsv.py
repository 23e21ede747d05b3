"""The library's own tidy table of segments, as `Segments.write` and ``dyadflow convert`` write it."""

import csv
import io
from pathlib import Path

from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, parse_number, read_text
from dyadflow.annotations.issues import Issue, Issues

REQUIRED = ("tier", "code", "onset_s", "offset_s")


def _looks_like_segments(head: bytes, path: Path) -> bool:
    try:
        first = decode_text(head).split("\n", 1)[0]
    except UnicodeDecodeError:
        return False
    return set(REQUIRED) <= {name.strip().strip('"') for name in first.split("\t")}


@reads(
    name="tsv", title="dyadflow's own table", suffixes={".tsv"}, sniff=_looks_like_segments, vendor_files=True,
    tried="tables that dyadflow wrote",
)
def read_tsv(path: Path, options: ReadOptions) -> Reading:
    """Read a tab-separated table with the columns tier, code, onset_s, offset_s.

    Columns session, coder, confidence and comment are read too if they are there. A line without a number
    where one belongs is an issue.

    Raises
    ------
    CodingFileError
        If a column is missing or the file is not text.
    """
    lines = csv.reader(io.StringIO(read_text(path), newline=""), delimiter="\t")
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise CodingFileError(
            "unreadable_file",
            f"column {', '.join(repr(name) for name in missing)} is missing; there are "
            f"{', '.join(repr(name) for name in header)}",
            where=path.name,
            fix="add it to the header line, separated by tabs",
        )
    rows, issues, line = [], [], lines.line_num + 1
    for cells in lines:
        where, line = f"line {line}", lines.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, cells, strict=False)) | {"where": where}
        onset_s, offset_s = parse_number(row.get("onset_s")), parse_number(row.get("offset_s"))
        confidence = parse_number(row.get("confidence"))
        if (
            len(cells) > len(header)
            or onset_s is None
            or offset_s is None
            or (confidence is None and row.get("confidence", "").strip())
        ):
            issues.append(
                Issue(
                    "unreadable_row",
                    f"this line has no onset_s and offset_s in seconds, or too many cells: "
                    f"{' | '.join(cells)}",
                    fix="correct the line",
                    where=where,
                )
            )
            continue
        row |= {
            "onset_s": onset_s,
            "offset_s": offset_s,
            "confidence": float("nan") if confidence is None else confidence,
        }
        rows.append({name: value for name, value in row.items() if value is not None})
    return Reading(make_rows(rows), Issues.of(issues))


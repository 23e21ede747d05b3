"""Tables for EasyDIAg: the tier with its rater, begin, end and value, tabs between them and no names of columns.

What the layout rests on is said in `writers/easydiag`.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from dyadflow.annotations.formats.reading import Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, read_text
from dyadflow.annotations.issues import Issue, Issues

_LINE = re.compile(
    r"(?P<tier>[^\t]*?)_?(?P<coder>R[12])[ ]*\t+ *(?P<onset>-?[0-9]{1,12})[ ]*\t+ *(?P<offset>-?[0-9]{1,12})[ ]*"
    r"\t+(?P<code>[^\t]+)(?:\t+(?P<file>[^\t]+))?\t*"
)
#: Of ELAN, and of Datavyu, for which the toolbox was adapted.
_ENDING = re.compile(r"\.(?:eaf|opf)$", re.IGNORECASE)


def _is_easydiag(head: bytes, path: Path) -> bool:
    try:
        lines = list(_lines(decode_text(head)))
    except UnicodeDecodeError:
        return False
    return bool(lines) and _LINE.fullmatch(lines[0][1]) is not None


@reads(
    name="easydiag",
    title="EasyDIAg",
    suffixes={".txt"},
    sniff=_is_easydiag,
    vendor_files=False,
    tried="only files made to the description",
)
def read_easydiag(path: Path, options: ReadOptions) -> Reading:
    """Read a table for EasyDIAg.

    A tier ends in its rater, ``R1`` or ``R2``, which is the coder; an underscore before it belongs to neither.
    Times are whole milliseconds. The file that a line names is the session, without folder and ending. Several tabs
    are one, as in EasyDIAg, so that an ELAN export with an empty column of participants is read too.

    Returns
    -------
    Reading
        One row a line, and an issue for each line that is none.
    """
    rows, issues = [], []
    for number, line in _lines(read_text(path)):
        match = _LINE.fullmatch(line)
        if match is None:
            issues.append(
                Issue(
                    "unreadable_row",
                    f"this line is no tier ending in R1 or R2 with begin and end in milliseconds and a value: {line}",
                    fix="correct the line",
                    where=f"line {number}",
                )
            )
            continue
        rows.append({
            "session": _ENDING.sub("", PureWindowsPath((match["file"] or "").strip()).name),
            "coder": match["coder"],
            "tier": match["tier"].strip(),
            "code": match["code"].strip(),
            "onset_s": int(match["onset"]) / 1000,
            "offset_s": int(match["offset"]) / 1000,
            "where": f"line {number}",
        })
    return Reading(make_rows(rows), Issues.of(issues))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with their numbers."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip(" \t"):
            yield number, line

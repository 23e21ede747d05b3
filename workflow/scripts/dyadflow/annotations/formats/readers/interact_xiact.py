"""Mangold INTERACT data files (.xiact): a line of settings, then a table between tabs with times in ticks."""

import re
from pathlib import Path

from dyadflow.annotations.formats.delimited import Record
from dyadflow.annotations.formats.interact_columns import Columns, find_columns, find_rate, parse_time
from dyadflow.annotations.formats.interact_events import read_events
from dyadflow.annotations.formats.readers.interact_csv import OWN_FILE
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text, read_text


def _is_data_file(head: bytes, path: Path) -> bool:
    try:
        text = decode_text(head)
    except UnicodeDecodeError:
        return False
    return OWN_FILE in text.upper() and _split(text) is not None


def _split(text: str) -> tuple[str, Columns, list[Record]] | None:
    """What stands above the row that names the columns, the columns, and the records below; None without that row."""
    lines = [
        Record(tuple(line.split("\t")), number, number)
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1)
    ]
    for place, record in enumerate(lines):
        columns = find_columns(record.cells)
        if columns is not None:
            return "\n".join("\t".join(above.cells) for above in lines[:place]), columns, lines[place + 1 :]
    return None


@reads(
    name="interact_xiact", title="Mangold INTERACT, data file", suffixes={".xiact"}, sniff=_is_data_file,
    vendor_files=False, tried="only files made to the description",
)
def read_interact_xiact(path: Path, options: ReadOptions) -> Reading:
    """Read the events of a data file.

    Lines and columns mean what they mean in `read_interact_csv`; the memo names groups and sets, and links their
    videos (``Video: "name"``). There is no public description of the format by its maker. As read here, the first
    line holds ``FPS, n`` among other settings, ``[INDVAR]`` comes before the row Level, Onset, Offset, Memo and the
    classes, cells stand between tabs and are never quoted, a line is a record, and whole numbers are times in
    units of 100 nanoseconds; times written ``hh:mm:ss:ff`` or ``hh:mm:ss.fff`` are read too.

    Parameters
    ----------
    path
        The data file.

    Returns
    -------
    Reading
        As `read_events` of ``interact_events`` gives it.

    Raises
    ------
    CodingFileError
        If no row names level, onset, offset and memo.
    """
    found = _split(read_text(path))
    if found is None:
        raise CodingFileError(
            "unreadable_file",
            "no row names the columns of an INTERACT data file: Level, Onset, Offset, Memo",
            where=path.name,
            fix="open the file in INTERACT and save it again",
        )
    above, columns, below = found
    rate_hz = find_rate(above)
    return read_events(below, columns, lambda written: parse_time(written, rate_hz, ticks=True), "\t")

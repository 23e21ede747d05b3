"""Mangold INTERACT tables as text: a line for each group, set and event, a column for each class of codes."""

from pathlib import Path

from dyadflow.annotations.formats.delimited import find_header, read_records
from dyadflow.annotations.formats.interact_columns import find_columns, find_rate, parse_time
from dyadflow.annotations.formats.interact_events import read_events
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text, read_text

#: A line above the columns of a data file of INTERACT's own, which exported tables do not have.
OWN_FILE = "[INDVAR]"


def _is_table(head: bytes, path: Path) -> bool:
    try:
        text = decode_text(head)
        named = "level" in text.casefold() and OWN_FILE not in text.upper()
        return named and find_header(text, find_columns) is not None
    except (UnicodeDecodeError, CodingFileError):
        return False


@reads(
    name="interact_csv", title="Mangold INTERACT, CSV", suffixes={".csv", ".txt"}, sniff=_is_table, vendor_files=True,
    tried="a mother-infant file exported from INTERACT",
)
def read_interact_csv(path: Path, options: ReadOptions) -> Reading:
    """Read the events of an exported table.

    Lines of level 3 are events: each code in a class's column is a segment, with the class as tier. Columns are
    found by name, wherever they stand; every column that INTERACT itself does not have is a class. Lines of level 1
    and 2 are groups and sets, whose descriptions name the session. Times are seconds, ``hh:mm:ss`` with or without
    a fraction, or ``hh:mm:ss:ff``; the last can be read only if a line ``FPS, 25`` stands above the column names.
    Offsets are read as they stand: INTERACT leaves the frame between two events that touch to neither.

    Parameters
    ----------
    path
        Text with commas, semicolons or tabs, decimal points or commas.

    Returns
    -------
    Reading
        As `read_events` of ``interact_events`` gives it. A duration that is not offset less onset is an issue, as
        is an event without a code.

    Raises
    ------
    CodingFileError
        If no row names level, onset and offset.
    """
    text = read_text(path)
    found = find_header(text, find_columns)
    if found is None:
        raise CodingFileError(
            "unreadable_file",
            "no row names the columns of an INTERACT table: Level, Onset_Time, Offset_Time, and Description or "
            "Duration_Time",
            where=path.name,
            fix="export the data again with the column names",
        )
    delimiter, header = found
    columns = find_columns(header.cells)
    assert columns is not None  # it is the header for these columns
    records = list(read_records(text, delimiter))
    rate_hz = find_rate("\n".join(",".join(record.cells) for record in records if record.first < header.first))
    below = [record for record in records if record.first > header.first]
    return read_events(below, columns, lambda written: parse_time(written, rate_hz, ticks=False), delimiter)

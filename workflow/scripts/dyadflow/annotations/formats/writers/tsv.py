"""The library's own tidy table of segments."""

from pathlib import Path

from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.segments import TEXT, Segments
from dyadflow.errors import DyadflowError


@writes(name="tsv", title="dyadflow's own table", suffixes={".tsv"})
def write_tsv(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write segments as the tidy table, times to the microsecond.

    It holds any number of sessions and coders, confidence to six decimals, and any text without carriage returns.

    Raises
    ------
    DyadflowError
        If a text has a carriage return.
    """
    for name in TEXT:
        torn = segments.table[segments.table[name].str.contains("\r")]
        if len(torn):
            raise DyadflowError(
                f"a table cannot hold a carriage return, as in {torn[name].iloc[0]!r}",
                where=f"column {name}, session {torn.session.iloc[0]!r}", fix="remove it",
            )
    segments.write(path)
    return Writing((path,))

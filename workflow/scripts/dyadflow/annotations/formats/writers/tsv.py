"""The library's own tidy table of segments."""

from pathlib import Path

from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.segments import Segments


@writes(name="tsv", title="dyadflow's own table", suffixes={".tsv"})
def write_tsv(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write segments as the tidy table, times to the microsecond."""
    segments.write(path)
    return Writing((path,))

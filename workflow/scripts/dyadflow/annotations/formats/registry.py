"""The front door of the formats: whichever tool a coding file comes from, `read_coding` reads it."""

from pathlib import Path

# Imported for the sake of their registration: a new format is one module and one name in this line.
from dyadflow.annotations.formats import eaf_reader, observer, observer_xlsx, tsv  # noqa: F401
from dyadflow.annotations.formats.reading import FORMATS, CodingFileError, Format, Reading

_HEAD_BYTES = 65536


def read_coding(path: str | Path, format: str = "auto") -> Reading:
    """Read a coding file of any known format.

    Parameters
    ----------
    path
        The file.
    format
        A name in `FORMATS`, or ``auto``: chosen by what the file holds, and by its ending only where the
        content leaves more than one choice or none.

    Returns
    -------
    Reading
        Rows in the file's own words, and issues.

    Raises
    ------
    CodingFileError
        If the file is missing, empty, or of no known format.
    """
    path = Path(path)
    if not path.is_file():
        raise CodingFileError(
            "missing_file",
            "there is no such coding file",
            where=str(path),
            fix="check the path in the coding sheet",
        )
    if path.stat().st_size == 0:
        raise CodingFileError(
            "empty_file", "the coding file is empty", where=path.name, fix="export it again"
        )
    if format != "auto":
        if format not in FORMATS:
            raise CodingFileError(
                "unreadable_file",
                f"no format is called {format!r}",
                where=path.name,
                fix=f"choose one of auto, {', '.join(FORMATS)}",
            )
        return FORMATS[format].read(path)
    return _choose_format(path).read(path)


def _choose_format(path: Path) -> Format:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise CodingFileError(
            "empty_file", "the coding file holds nothing but blanks", where=path.name, fix="export it again"
        )
    by_suffix = [known for known in FORMATS.values() if path.suffix.lower() in known.suffixes]
    by_content = [known for known in FORMATS.values() if known.sniff(head, path)]
    both = [known for known in by_content if known in by_suffix]
    for choice in (both, by_content, by_suffix):
        if choice:
            return choice[0]
    raise CodingFileError(
        "unreadable_file",
        "this is a coding file of no known format",
        where=path.name,
        fix=f"give one of these: {', '.join(FORMATS)}",
    )

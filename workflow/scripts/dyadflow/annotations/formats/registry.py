"""The front door of the formats: whichever tool a coding file comes from or goes to."""

import pkgutil
from importlib import import_module
from pathlib import Path

from dyadflow.annotations.formats import readers, writers
from dyadflow.annotations.formats.reading import FORMATS, CodingFileError, Format, Reading, ReadOptions
from dyadflow.annotations.formats.writing import WRITERS, WriteOptions, Writer, Writing
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

#: One module for each file in `readers/` and `writers/`: a new format is one new file, and no list names it.
READER_MODULES: tuple[str, ...] = tuple(
    f"{readers.__name__}.{module.name}" for module in pkgutil.iter_modules(readers.__path__)
)
WRITER_MODULES: tuple[str, ...] = tuple(
    f"{writers.__name__}.{module.name}" for module in pkgutil.iter_modules(writers.__path__)
)
for _module in READER_MODULES:
    import_module(_module)

_HEAD_BYTES = 65536


def read_coding(path: str | Path, format: str = "auto", options: ReadOptions | None = None) -> Reading:
    """Read a coding file of any known format.

    Parameters
    ----------
    path
        The file.
    format
        A name in `FORMATS`, or ``auto``: chosen by what the file holds, and by its ending only where the
        content leaves more than one choice or none.
    options
        What the user says of the file.

    Returns
    -------
    Reading
        Rows in the file's own words, and issues.

    Raises
    ------
    CodingFileError
        If the file is missing, empty, or of no known format.
    """
    path, options = Path(path), options or ReadOptions()
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
        return FORMATS[format].read(path, options)
    return choose_format(path).read(path, options)


def choose_format(path: Path) -> Format:
    """The format of a file that is there and holds something.

    Raises
    ------
    CodingFileError
        If it is of no known format.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise CodingFileError(
            "empty_file", "the coding file holds nothing but blanks", where=path.name, fix="export it again"
        )
    by_suffix = [known for known in FORMATS.values() if path.suffix.lower() in known.suffixes]
    # The formats of the ending are asked first: to ask all takes longer than to read a small file.
    for known in by_suffix:
        if not known.fallback and known.sniff(head, path):
            return known
    by_content = [known for known in FORMATS.values() if known.sniff(head, path)]
    for choice in ([known for known in by_content if not known.fallback], by_content):
        if choice:
            return choice[0]
    # What only the ending speaks for: if one format, its reader says what the file lacks.
    if len(by_suffix) == 1:
        return by_suffix[0]
    could_be = ", ".join(f"{known.title} ({known.name})" for known in by_suffix)
    raise CodingFileError(
        "unreadable_file",
        f"the content is that of no known format; by its ending it could be {could_be}"
        if could_be else "this is a coding file of no known format",
        where=path.name,
        fix="name the format, to be told what the file lacks for it" if could_be
        else f"give one of these: {', '.join(FORMATS)}",
    )


def write_coding(
    segments: Segments, path: str | Path, format: str = "auto", options: WriteOptions | None = None
) -> Writing:
    """Write segments in any known format.

    Parameters
    ----------
    segments
        Of one session, for most formats.
    path
        Where to.
    format
        A name in `WRITERS`, or ``auto``: by the ending of the path.
    options
        What is known beside the segments.

    Raises
    ------
    DyadflowError
        If no format has that name or ending, or the format cannot hold the segments.
    """
    return choose_writer(path, format).write(segments, Path(path), options or WriteOptions())


def load_writers() -> dict[str, Writer]:
    """Every writer, by name."""
    for module in WRITER_MODULES:
        import_module(module)
    return WRITERS


def choose_writer(path: str | Path, format: str = "auto") -> Writer:
    """The writer of that name, or the one that a path's ending means.

    Raises
    ------
    DyadflowError
        If there is none.
    """
    load_writers()
    if format in WRITERS:
        return WRITERS[format]
    if format != "auto":
        raise DyadflowError(
            f"no format that is written is called {format!r}", where=str(path),
            fix=f"choose one of {', '.join(WRITERS)}",
        )
    ending = Path(path).suffix.lower()
    for writer in WRITERS.values():
        if ending in writer.suffixes:
            return writer
    endings = ", ".join(sorted({suffix for writer in WRITERS.values() for suffix in writer.suffixes}))
    raise DyadflowError(
        f"the ending {ending!r} does not tell which format to write" if ending else "the name has no ending",
        where=str(path),
        fix=f"choose a name that ends in one of {endings}, or say which of {', '.join(WRITERS)} is wanted (--to)",
    )

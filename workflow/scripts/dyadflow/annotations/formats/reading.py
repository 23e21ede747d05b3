"""What every reader gives, and how a reader makes itself known."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.issues import Issues
from dyadflow.errors import DyadflowError

#: Columns of `Reading.rows`, text first.
TEXT_COLUMNS = ("session", "coder", "tier", "code", "comment", "where")
TIME_COLUMNS = ("onset_s", "offset_s", "latest_s", "confidence")
ROW_COLUMNS = (
    "session",
    "coder",
    "tier",
    "code",
    "onset_s",
    "offset_s",
    "latest_s",
    "confidence",
    "comment",
    "where",
)


class CodingFileError(DyadflowError):
    """A coding file that cannot be read at all.

    Parameters
    ----------
    rule
        The issue that it becomes: ``missing_file``, ``empty_file`` or ``unreadable_file``.
    what, where, fix
        As for `DyadflowError`.
    """

    def __init__(self, rule: str, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, fix=fix)
        self.rule = rule


@dataclass(frozen=True)
class Reading:
    """What stands in one coding file, in the file's own words.

    Parameters
    ----------
    rows
        One row an annotation. ``tier`` and ``code`` are as written in the file; ``session`` and ``coder`` are
        what the file says of them, empty if it says nothing. Times in seconds on the file's own clock, to its
        own precision. A state whose end is not in the file has no ``offset_s``, and in ``latest_s`` the
        latest moment at which it can have ended. ``where`` is the line, row or annotation.
    issues
        What was wrong with lines and annotations; together with `rows` they account for every one of them.
    media
        Recordings that the file names, as it names them.
    origins_s
        For each of `media`, where in that recording the file's zero lies, in seconds.
    lengths_s
        For media whose length the file states: seconds.
    vocabularies
        For tiers that the file gives a closed list of codes: each code and what the file says of it.
    """

    rows: pd.DataFrame
    issues: Issues = field(default_factory=Issues)
    media: tuple[str, ...] = ()
    origins_s: Mapping[str, float] = field(default_factory=dict)
    lengths_s: Mapping[str, float] = field(default_factory=dict)
    vocabularies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadOptions:
    """What a user may say of a coding file.

    Parameters
    ----------
    columns
        For plain tables: which column of the file is which (`onset_s`, `offset_s`, `duration_s`, `tier`, `code`,
        ...); see the reader `table`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """One registered format.

    Parameters
    ----------
    name, title
        What the coding sheet calls it, and what people do.
    suffixes
        Endings that such files usually have.
    sniff, read
        See `reads`.
    vendor_files
        Whether its reader was tried on files that the vendor's own program wrote.
    tried
        On which files, in a clause: ``"documents of ELAN 4 to 6 (versions 2.7, 2.8 and 3.0)"``.
    fallback
        Whether it is chosen only where no other format knows the content.
    """

    name: str
    title: str
    suffixes: frozenset[str]
    sniff: Callable[[bytes, Path], bool]
    read: Callable[[Path, ReadOptions], Reading]
    vendor_files: bool
    tried: str
    fallback: bool = False


#: Takes a path and what a user may say of the file.
Reader = Callable[[Path, ReadOptions], Reading]
#: Every format, by name, in the order of their modules' names; filled when `registry` is imported.
FORMATS: dict[str, Format] = {}


def reads(
    *,
    name: str,
    title: str,
    suffixes: Iterable[str],
    sniff: Callable[[bytes, Path], bool],
    vendor_files: bool,
    tried: str,
    fallback: bool = False,
) -> Callable[[Reader], Reader]:
    """Register a function that takes a path and `ReadOptions` and gives a `Reading`.

    Parameters
    ----------
    name
        What the coding sheet calls the format.
    title
        What people call it.
    suffixes
        Endings that such files usually have, with the dot, in lower case.
    sniff
        Takes the first 64 KiB and the path; whether this is such a file. Never raises.
    vendor_files, tried, fallback
        As in `Format`.
    """

    def register(function: Reader) -> Reader:
        FORMATS[name] = Format(name, title, frozenset(suffixes), sniff, function, vendor_files, tried, fallback)
        return function

    return register


def make_rows(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of `Reading.rows` from dictionaries; text left out is empty, numbers left out are missing."""
    rows = list(rows)
    return pd.DataFrame(
        {
            name: pd.Series(
                [row.get(name, "" if name in TEXT_COLUMNS else math.nan) for row in rows],
                dtype=object if name in TEXT_COLUMNS else float,
            )
            for name in ROW_COLUMNS
        }
    )

"""What every writer takes and gives, and how a writer makes itself known."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dyadflow.annotations.issues import Issues
from dyadflow.annotations.scheme import Scheme
from dyadflow.annotations.segments import Segments


@dataclass(frozen=True)
class WriteOptions:
    """What may be known beside the segments; a writer uses what its format can hold.

    Parameters
    ----------
    scheme
        Titles, colours and closed lists of codes.
    vocabularies
        For tiers without a scheme: each code and what it means, as `Reading.vocabularies`.
    media
        The recording, as the reader of the file should find it: best relative to the file.
    media_length_s
        How long it is, in seconds.
    """

    scheme: Scheme | None = None
    vocabularies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    media: str | None = None
    media_length_s: float | None = None


@dataclass(frozen=True)
class Writing:
    """What was written.

    Parameters
    ----------
    files
        Every file, the one that was asked for first.
    issues
        What the format cannot hold and the files therefore lack (rule ``not_held``).
    """

    files: tuple[Path, ...]
    issues: Issues = field(default_factory=Issues)


#: Takes segments, where to write them, and what may be known beside them.
Write = Callable[[Segments, Path, WriteOptions], Writing]


@dataclass(frozen=True)
class Writer:
    """One registered writer; see `writes`."""

    name: str
    title: str
    suffixes: frozenset[str]
    write: Write


#: Every writer, by name; filled when `registry` is imported.
WRITERS: dict[str, Writer] = {}


def writes(*, name: str, title: str, suffixes: Iterable[str] = ()) -> Callable[[Write], Write]:
    """Register a function that takes segments, a path and `WriteOptions` and gives a `Writing`.

    Parameters
    ----------
    name
        What ``dyadflow convert --to`` calls the format.
    title
        What people call it.
    suffixes
        Endings that mean this format and no other; none where several formats share an ending.
    """

    def register(function: Write) -> Write:
        WRITERS[name] = Writer(name, title, frozenset(suffixes), function)
        return function

    return register

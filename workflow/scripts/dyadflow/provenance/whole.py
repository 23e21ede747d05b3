"""Files that are whole or absent: written beside their place, and renamed when they are finished.

Every process writes under a name of its own, so that a job whose Snakemake was killed, and which goes on, does not mix
what it writes with what the next run's job writes. What a killed process has left is cleared by the next that writes
the same file, unless it is one that several jobs write at the same time.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dyadflow.errors import DyadflowError

UNFINISHED = ".part-"
#: No result may depend on it.
_OWN = secrets.token_hex(4)

#: What is said of it in place of a MemoryError: by torch, by Python's threads (they need a stack), by the loader.
_NO_MEMORY = (
    "CUDA out of memory", "DefaultCPUAllocator: can't allocate memory", "can't start new thread",
    os.strerror(errno.ENOMEM), "failed to map segment from shared object",
)

_FIXES = {
    errno.ENOSPC: ("the disk is full", "make room, then run the same command again; what is finished stays"),
    errno.EDQUOT: ("the quota of this disk is used up", "make room, then run the same command again"),
    errno.EROFS: ("this folder can only be read", "make it writable, or work in a copy of the project"),
    errno.EACCES: ("this may not be written", "allow writing into the folder of results"),
}


def unfinished(place: Path) -> Path:
    """The name under which this process writes a file or folder before it is whole: same folder, same suffix."""
    return place.with_name(f"{UNFINISHED}{_OWN}-{place.name}")


def clear(place: Path) -> None:
    """Remove what this or a killed process has begun to write."""
    if not place.parent.is_dir():
        return
    # Compared by name and not by pattern, because names of files may hold what patterns mean.
    for begun in list(place.parent.iterdir()):
        if begun.name.startswith(UNFINISHED) and begun.name[len(UNFINISHED) + 9 :] == place.name:
            remove(begun)


def put(*places: Path) -> None:
    """Rename what was written into place, when the disk has it.

    A name can reach the disk before what it names: after a power cut there would be a file of the right name with
    nothing in it.
    """
    for written in map(unfinished, places):
        for path in [*(written.rglob("*") if written.is_dir() else ()), written]:
            _settle(path)
    for place in places:
        _rename(place)
    for folder in {place.parent for place in places}:
        _settle(folder)


def _rename(place: Path) -> None:
    written = unfinished(place)
    # A file takes another's place in one step: whoever reads it meanwhile finds the one or the other. A folder cannot.
    if place.is_dir() or written.is_dir():
        remove(place)
    os.replace(written, place)


def _settle(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot be asked about folders; about a file, a network's says only here that it is full.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) and not path.is_dir():
            raise
    finally:
        os.close(descriptor)


@contextmanager
def whole(place: Path, *, shared: bool = False, checked: bool = False) -> Iterator[Path]:
    """The name to write to; renamed to `place` when the block ends well, removed if it does not.

    Parameters
    ----------
    place
        The file or folder.
    shared
        Several processes may be writing it at this moment. What others have begun is then left alone.
    checked
        Whoever reads it finds out by what it holds whether it is whole. It is then not waited for until the disk has
        it, which takes longer than to write a small file.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if not shared:
        clear(place)
    try:
        yield unfinished(place)
        if checked:
            _rename(place)
        else:
            put(place)
    except BaseException:
        remove(unfinished(place))
        raise


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def as_mistake(error: BaseException) -> DyadflowError | None:
    """The sentence for an error that comes from the machine and not from the code; None for any other.

    Libraries wrap errors of the system in ones of their own (HDF5 keeps their text only), so that is looked at, too.
    """
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return DyadflowError(
            "there is not enough memory for this job",
            fix="run fewer jobs at once (--cores, --resources mem_mb), or give this rule more (--set-resources)",
        )
    if isinstance(error, OSError):
        for code, (what, fix) in _FIXES.items():
            if error.errno == code or os.strerror(code) in str(error):
                writes = error.filename or error.filename2
                return DyadflowError(what, where=os.path.relpath(writes) if isinstance(writes, str) else "", fix=fix)
    return None

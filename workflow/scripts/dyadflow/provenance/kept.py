"""What a job has taken over from earlier ones: it was not computed by this job's code now, nor on its device.

Some jobs find work of an earlier job that has the right key (streams of a batch, fits of a search that was killed),
and leave it alone. What their manifest says of device and versions then holds for the rest only, and it says so.
"""

import time
from pathlib import Path

_began = time.time()
_kept: dict[str, set[Path]] = {}


def begin_counting() -> None:
    """Forget what was kept: a job begins."""
    global _began
    _began = time.time()
    _kept.clear()


def note_kept(what: str, path: str | Path) -> None:
    """Note that a file is used as an earlier job has left it; one that was written since the job began is not meant.

    Parameters
    ----------
    what
        What it holds, in the plural: ``streams``.
    path
        The file.
    """
    path = Path(path)
    if path.stat().st_mtime < _began:
        _kept.setdefault(what, set()).add(path)


def kept_by_now() -> dict[str, int]:
    """How many files of each kind were kept since the job began."""
    return {what: len(paths) for what, paths in sorted(_kept.items())}

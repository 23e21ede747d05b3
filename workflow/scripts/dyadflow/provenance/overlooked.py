"""Jobs that a run has overlooked, because of a job before them that they only wait for.

Decoding and labelling wait for the check of all coding through ``ancient()``, which is no reason to run again. But
Snakemake 9 does not look at the settings of any job behind one that has to run; it finds what else has to run by going
on from that one, and stops at ``ancient()``. So where coding and another setting change at once, some jobs are not run,
and only the next run sees it.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

#: Words on the command line after which a second look would find jobs whatever was run.
_FORCED = (
    "-f", "-F", "-R", "-n", "-U", "-O", "--force", "--forceall", "--forcerun", "--dry-run", "--until", "--omit-from",
)


def count_overlooked(checks: Iterable[str | Path], since: float, arguments: Sequence[str]) -> int:
    """How many jobs the same command would run now.

    Parameters
    ----------
    checks
        What the job writes that others only wait for. If none of them was written in this run, nothing can have been
        overlooked, and no second look is taken.
    since
        When the run began, in seconds since the epoch.
    arguments
        Of the command that ran.
    """
    written = [path for path in map(Path, checks) if path.exists() and path.stat().st_mtime >= since]
    if not written or any(word.split("=")[0] in _FORCED for word in arguments):
        return 0
    look = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--dry-run"], capture_output=True, text=True, check=False
    )
    found = re.search(r"^total +(\d+)$", look.stdout + look.stderr, flags=re.MULTILINE)
    return int(found[1]) if found else 0

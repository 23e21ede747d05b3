"""What every job of a run starts with: which copy of the library it loads, and how many threads it may take."""

import os
from pathlib import Path

#: Read by the numerical libraries as they load. Where a study allows a network more, it says so itself.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare_jobs(scripts: str | Path) -> None:
    """Make every job of this run load the library that lies beside the scripts, with one thread.

    Snakemake puts a script's folder behind everything installed, so an installed copy, of this project or of
    another checkout of it, would come first; the digests that jobs carry are of the copy beside the scripts.

    How many threads add up numbers decides the last bits of a sum. Left alone, each job takes as many as the
    machine has cores: results would differ between machines, and jobs that run side by side would be in each
    other's way.
    """
    found = os.environ.get("PYTHONPATH", "")
    if str(scripts) not in found.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(scripts), found]))
    for name in THREADS:
        os.environ[name] = "1"

"""Which copy of the library a run's jobs load."""

import os
from pathlib import Path


def load_from(scripts: str | Path) -> None:
    """Make every job of this run load the library that lies beside the scripts.

    Snakemake puts a script's folder behind everything installed, so an installed copy, of this project or of
    another checkout of it, would come first; the digests that jobs carry are of the copy beside the scripts.
    """
    found = os.environ.get("PYTHONPATH", "")
    if str(scripts) not in found.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(scripts), found]))

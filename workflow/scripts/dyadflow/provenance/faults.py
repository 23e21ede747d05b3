"""Users' mistakes that stopped jobs, kept until the run ends.

So that they are said once more after all that Snakemake itself says about a failed job.
"""

from pathlib import Path

SUFFIX = ".fault"


def keep_fault(log: Path, sentence: str) -> None:
    """Keep what stopped a job beside its log."""
    log.with_name(log.name + SUFFIX).write_text(sentence + "\n", encoding="utf-8")


def take_faults(results: str | Path = "results") -> str:
    """All that was kept, in the order of the logs' names; afterwards nothing is."""
    files = sorted(Path(results).glob(f"*/logs/**/*{SUFFIX}"))
    found = "".join(file.read_text(encoding="utf-8") for file in files)
    for file in files:
        file.unlink()
    return found

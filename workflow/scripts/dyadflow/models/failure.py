"""A cell that cannot be trained: its outputs say so, and the rest of the study goes on."""

import sys
from pathlib import Path

import h5py

from dyadflow.errors import DyadflowError
from dyadflow.provenance.secrets import scrub

#: In the folder of checkpoints, where there is none.
FAILED_NOTE = "not_trained.txt"


def record_failure(error: DyadflowError, *, models: str | Path, probabilities: str | Path) -> None:
    """Write why a cell was not trained where its results would be, and say so.

    What failed follows from inputs, settings and code, so trying again without a change would end the same; a change
    of any of these trains the cell again.

    Parameters
    ----------
    error
        What went wrong.
    models
        Folder of checkpoints; those that are in it already are removed, because half a cell is none.
    probabilities
        HDF5 to write, with the one attribute ``failed``.
    """
    for path in Path(models).glob("fold*.safetensors"):
        path.unlink()
    reason = scrub(str(error))
    (Path(models) / FAILED_NOTE).write_text(f"{reason}\n", encoding="utf-8")
    with h5py.File(probabilities, "w") as file:
        file.attrs["failed"] = reason
    print(f"This cell was not trained: {error}", file=sys.stderr, flush=True)


def read_failure(models: str | Path) -> str | None:
    """Why the cell whose folder of checkpoints this is was not trained; None if it was."""
    note = Path(models) / FAILED_NOTE
    return note.read_text(encoding="utf-8").strip() if note.exists() else None


def clear_failure(models: str | Path) -> None:
    """Remove the note of an earlier attempt."""
    (Path(models) / FAILED_NOTE).unlink(missing_ok=True)

"""The models of a cell's outer folds, and whether they fit a session."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid
from dyadflow.models.failure import read_failure

Model = TypeVar("Model")


def load_folds(folder: str | Path, load: Callable[[Path], Model], *, target: str) -> list[Model]:
    """Every outer fold's model of a target, in the order of file names.

    Raises
    ------
    DyadflowError
        If the folder holds none.
    """
    models = [load(path) for path in sorted(Path(folder).glob("fold*.safetensors"))]
    if not models:
        raise DyadflowError(f"there is no trained model of target {target}", where=str(folder), fix="train it first")
    return models


def require_rate(rate_hz: float, grid: FrameGrid, session: str) -> None:
    """Raise `DyadflowError` if a session has another frame rate than the model was trained at."""
    if rate_hz != grid.rate_hz:
        raise DyadflowError(
            f"the model was trained at {rate_hz:g} frames a second, this session has {grid.rate_hz:g}",
            where=f"session {session}", fix=f"set media.rate_hz to {rate_hz:g}",
        )


def tell_untrained(folder: str | Path, *, target: str) -> bool:
    """Whether a cell could not be trained; that nothing is coded for it is printed."""
    reason = read_failure(folder)
    if reason is not None:
        print(f"Nothing is coded for {target}: its cell was not trained ({reason})", flush=True)
    return reason is not None

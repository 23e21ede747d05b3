"""Motion energy: how much each part of the picture changed since the frame before. Needs no weights.

A baseline that a foundation model has to beat, and a curve that a psychologist can check by eye.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import StreamWriter
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import read_frames

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "pictures"
NEEDS_WEIGHTS = False

#: Luminance of red, green and blue (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Options(BaseModel):
    """Options of motion energy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cells: int = Field(default=4, ge=1, description="The picture is cut into cells x cells, one number each.")


class Backbone:
    """Mean absolute change of luminance (0 to 1) a cell, row by row of the picture."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        self._options = Options.model_validate(settings.options)
        self._batch = settings.batch
        self.dims = self._options.cells**2
        self.attributes = {"weights": "none", "revision": ""}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, cells * cells); the first frame has none before it."""
        before: NDArray[np.floating[Any]] | None = None
        for frames in read_frames(path, batch=self._batch):
            luma = (frames @ _LUMA) / 255
            shown = np.concatenate([luma[:1] if before is None else before, luma])
            valid = np.ones(len(luma), bool)
            valid[0] = before is not None
            into.append(average_cells(np.abs(np.diff(shown, axis=0)), self._options.cells), valid)
            before = luma[-1:]


def average_cells(pictures: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """Mean of each cell of a cells x cells grid, shape (n, height, width) -> (n, cells * cells).

    Raises
    ------
    DyadflowError
        If the picture has fewer pixels than cells along a side.
    """
    _, height, width = pictures.shape
    if cells > min(height, width):
        raise DyadflowError(
            f"a picture of {width} x {height} pixels cannot be cut into {cells} x {cells} cells",
            fix="set cells lower, or the view larger",
        )
    rows, columns = (np.arange(cells) * size // cells for size in (height, width))
    sums = np.add.reduceat(np.add.reduceat(pictures, rows, axis=1), columns, axis=2)
    pixels = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    return (sums / pixels).reshape(len(pictures), -1).astype(np.float32)

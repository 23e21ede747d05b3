"""What the pictures of streams are drawn from: one small file a stream, of a session's own principal components."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

#: The first paper's figures show the first four.
COMPONENTS = 4


@dataclass(frozen=True)
class Components:
    """The leading principal components of one session's stream, over all its own values.

    They are for looking at. What models are trained on is fitted in room `models`, on training dyads.

    Parameters
    ----------
    rate_hz
        Frames a second.
    basis
        Orthonormal columns, shape (dims, components); the largest loading of each is positive. No column where no
        frame is valid.
    mean
        What is taken off first, shape (dims,).
    explained
        Share of the variance that each component has, shape (components,).
    values
        Each component by frame, of tokens the mean over the frame's patches; shape (frames, components), NaN where
        the stream is not valid.
    level
        Mean of all numbers of a frame, shape (frames,), NaN where the stream is not valid. Of motion energy it is
        the energy of the whole picture.
    """

    rate_hz: float
    basis: NDArray[np.float64]
    mean: NDArray[np.float64]
    explained: NDArray[np.float64]
    values: NDArray[np.float32]
    level: NDArray[np.float32]

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return len(self.level) / self.rate_hz

    def write(self, path: str | Path, *, key: str, numbers: Mapping[str, Any]) -> None:
        """Write as HDF5.

        Parameters
        ----------
        path
            Where to; its folder is made.
        key
            Says what the file was made from.
        numbers
            What sums the stream up, kept with it.
        """
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            for name in ("basis", "mean", "explained", "values", "level"):
                file.create_dataset(name, data=getattr(self, name))
            file.attrs["rate_hz"], file.attrs["key"] = self.rate_hz, key
            file.attrs["numbers"] = json.dumps(dict(numbers))


def read_components(path: str | Path) -> Components:
    """Read what `Components.write` wrote.

    Raises
    ------
    DyadflowError
        If there is no such file or it is not whole.
    """
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: file[name][()] for name in ("basis", "mean", "explained", "values", "level")}
            return Components(float(file.attrs["rate_hz"]), **arrays)
    except (OSError, KeyError) as error:
        raise DyadflowError(
            "this is not a whole file of components", where=str(path),
            fix="delete it and the table that lists it, and run again",
        ) from error


def read_numbers(path: str | Path) -> dict[str, Any]:
    """What sums the stream up, as it was kept with its components."""
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["numbers"])

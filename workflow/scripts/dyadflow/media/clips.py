"""Pictures of a view laid out for random access: decoded once, then read from anywhere without a decoder.

Why the pictures are not compressed: bench/snippet_loading.py measures it. A snippet of 15 frames of 208 x 160
is read in 0.1 to 0.3 ms as it is, and in 1 to 7 ms from lzf, which saves less than a third of the disk (on a
film of people; a fifth on a noisy test picture). Chunks of 1, 5 and 15 frames differ by less than 0.1 ms.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import h5py

#: Frames stored together, and frames decoded at once.
_CHUNK, _BATCH = 5, 40

_AGAIN = "delete the file and run the workflow again"


@dataclass(frozen=True)
class PixelMoments:
    """Sums from which a mean and a deviation follow; they add up over any set of sessions.

    Parameters
    ----------
    pixels
        How many pixels.
    sum, sum_of_squares
        Of each channel's values, 0 to 1; shape (3,), float64.
    """

    pixels: float
    sum: NDArray[np.float64]
    sum_of_squares: NDArray[np.float64]

    def __add__(self, other: "PixelMoments") -> "PixelMoments":
        return PixelMoments(
            self.pixels + other.pixels, self.sum + other.sum, self.sum_of_squares + other.sum_of_squares
        )

    def mean_and_deviation(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation of each channel, shape (3,) each.

        The deviation is at least one step of an 8-bit picture (1/255), so that it can be divided by.
        """
        mean = self.sum / self.pixels
        variance = np.maximum(self.sum_of_squares / self.pixels - mean**2, 0)
        return mean, np.maximum(np.sqrt(variance), 1 / 255)


def write_clips(view: str | Path, path: str | Path, *, rate_hz: float) -> None:
    """Decode a view once and write its pictures for random access.

    Parameters
    ----------
    view
        A view as `dyadflow.media.decode.decode_session` wrote it.
    path
        HDF5 file to write: `frames`, shape (frames, height, width, 3), uint8, and as attributes `rate_hz`
        and the view's `PixelMoments`. A batch of frames is held at a time.
    rate_hz
        Frames a second of the view.

    Raises
    ------
    DyadflowError
        If the view cannot be read, or has no picture.
    """
    import h5py

    from dyadflow.media.read import read_frames

    moments, frames = PixelMoments(0.0, np.zeros(3), np.zeros(3)), None
    with h5py.File(path, "w") as file:
        for batch in read_frames(view, batch=_BATCH):
            if frames is None:
                frames = file.create_dataset(
                    "frames", (0, *batch.shape[1:]), np.uint8, maxshape=(None, *batch.shape[1:]),
                    chunks=(_CHUNK, *batch.shape[1:]),
                )
            frames.resize(len(frames) + len(batch), axis=0)
            frames[-len(batch):] = batch
            moments += _moments_of(batch)
        if frames is None:
            raise DyadflowError("this view has no picture", where=str(view), fix=_AGAIN)
        file.attrs.update({
            "rate_hz": float(rate_hz), "pixels": moments.pixels, "sum": moments.sum,
            "sum_of_squares": moments.sum_of_squares,
        })


class Clips:
    """Pictures of one view of one session, read from anywhere.

    Cheap to make and to send to another process: the file is opened at the first read in each process, whether
    that was forked or spawned.

    Parameters
    ----------
    path
        A file of `write_clips`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file: h5py.File | None = None
        self._process = 0

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_file": None, "_process": 0}

    @property
    def frames(self) -> int:
        """How many."""
        return int(self._pictures.shape[0])

    @property
    def height_px(self) -> int:
        """Height of a picture."""
        return int(self._pictures.shape[1])

    @property
    def width_px(self) -> int:
        """Width of a picture."""
        return int(self._pictures.shape[2])

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        return float(self._pictures.parent.attrs["rate_hz"])

    @property
    def moments(self) -> PixelMoments:
        """Sums over all pixels of all frames."""
        attributes = self._pictures.parent.attrs
        return PixelMoments(float(attributes["pixels"]), attributes["sum"], attributes["sum_of_squares"])

    def read(self, start: int, length: int) -> NDArray[np.uint8]:
        """Frames in a row.

        Parameters
        ----------
        start
            The first.
        length
            How many.

        Returns
        -------
        ndarray, shape (length, height, width, 3)
            RGB, 0 to 255.

        Raises
        ------
        DyadflowError
            If there are not that many frames there, or the file cannot be read.
        """
        pictures = self._pictures
        if not 0 <= start <= start + length <= len(pictures):
            raise DyadflowError(
                f"frames {start} to {start + length - 1} are wanted of a view whose last is frame "
                f"{len(pictures) - 1}", where=str(self.path), fix="check that no coding goes on beyond the recording",
            )
        try:
            return pictures[start:start + length]
        except OSError as error:
            raise _unreadable(self.path) from error

    @property
    def _pictures(self) -> "h5py.Dataset":
        # A handle that came with a fork is the parent's.
        if self._file is None or self._process != os.getpid():
            self._file, self._process = _open(self.path), os.getpid()
        return self._file["frames"]


def _open(path: Path) -> "h5py.File":
    import h5py

    if not path.exists():
        raise DyadflowError("there is no such file of clips", where=str(path), fix="store the view's clips first")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise _unreadable(path) from error
    if "frames" not in file or "pixels" not in file.attrs:
        raise _unreadable(path)
    return file


def _unreadable(path: Path) -> DyadflowError:
    return DyadflowError("this is not a whole file of clips", where=str(path), fix=_AGAIN)


def _moments_of(batch: NDArray[np.uint8]) -> PixelMoments:
    """Worked out on counts of the 256 values, which are exact, so that batches do not change the result."""
    counts = np.stack([np.bincount(batch[..., channel].ravel(), minlength=256) for channel in range(3)])
    values = np.arange(256)
    return PixelMoments(float(counts[0].sum()), counts @ values / 255, counts @ values**2 / 255**2)

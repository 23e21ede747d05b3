"""Streams: what a backbone alone gives, in HDF5, one row a video frame.

Two kinds. A ``dense`` stream has `values` (frames, dims). A ``tokens`` stream holds the patch tokens of every
picture, compressed so that any basis can be fitted on any set of sessions later: `values` (frames, patches,
rank) are coordinates about `mean` in the session's own leading `basis`, while `mean`, `scatter` and `count`
are exact over all tokens and add up over sessions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid

#: Frames that are read back and written again at once when coordinates are moved to the exact mean.
_ROWS_AT_ONCE = 128


@dataclass(frozen=True)
class Stream:
    """One session's stream, read whole.

    Parameters
    ----------
    kind
        ``dense`` or ``tokens``.
    values
        Shape (frames, dims), float32; or coordinates, shape (frames, patches, rank), float16.
    valid
        Shape (frames,): False where there is nothing to see or hear; values are then zero.
    attributes
        What was recorded: rate_hz, start_s, view, backbone, weights, revision, key ...
    basis
        Tokens only: orthonormal columns, shape (dims, rank), float32.
    mean
        Tokens only: mean of all tokens, shape (dims,), float64.
    scatter
        Tokens only: sum over all tokens of the outer product about `mean`, shape (dims, dims), float64.
    count
        Tokens only: how many tokens.
    """

    kind: str
    values: NDArray[Any]
    valid: NDArray[np.bool_]
    attributes: dict[str, Any] = field(default_factory=dict)
    basis: NDArray[np.float32] | None = None
    mean: NDArray[np.float64] | None = None
    scatter: NDArray[np.float64] | None = None
    count: int = 0

    @property
    def grid(self) -> FrameGrid:
        """The frame grid that the rows lie on."""
        return FrameGrid(float(self.attributes["rate_hz"]), len(self.valid))

    def tokens(self, frames: slice = slice(None)) -> NDArray[np.float32]:
        """Tokens as the store remembers them, shape (frames, patches, dims).

        All of a long session are large (nine thousand frames of 256 x 1024: 9 GB): name the `frames`, or
        use `project`.
        """
        if self.kind != "tokens":
            raise ValueError(f"a {self.kind} stream has no tokens")
        assert self.basis is not None and self.mean is not None  # tokens have both
        return self.values[frames].astype(np.float32) @ self.basis.T + self.mean.astype(np.float32)

    def project(
        self, components: NDArray[np.floating], centre: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Tokens in another basis, without building the tokens: ``(tokens - centre) @ components``.

        Parameters
        ----------
        components
            Columns, shape (dims, k).
        centre
            Shape (dims,).

        Returns
        -------
        ndarray, shape (frames, patches, k)
        """
        if self.kind != "tokens":
            raise ValueError(f"a {self.kind} stream has no tokens")
        assert self.basis is not None and self.mean is not None  # tokens have both
        turn = (self.basis.astype(np.float64).T @ components).astype(np.float32)
        shift = ((self.mean - centre) @ components).astype(np.float32)
        return self.values.astype(np.float32) @ turn + shift


def open_stream(path: str | Path) -> Stream:
    """Read a stream file.

    Raises
    ------
    DyadflowError
        If there is no such file or it is not a stream.
    """
    path = Path(path)
    if not path.exists():
        raise DyadflowError("there is no such stream", where=str(path), fix="extract it first")
    try:
        with h5py.File(path, "r") as file:
            attributes = {name: _plain(value) for name, value in sorted(file.attrs.items())}
            extra = {name: file[name][()] for name in ("basis", "mean", "scatter", "count") if name in file}
            if "count" in extra:
                extra["count"] = int(extra["count"])
            kind = attributes.get("kind", "tokens" if "basis" in extra else "dense")
            return Stream(kind, file["values"][()], file["valid"][()].astype(bool), attributes, **extra)
    except (OSError, KeyError) as error:
        raise DyadflowError(
            "this is not a whole stream file", where=str(path), fix="delete it and run again"
        ) from error


def read_key(path: str | Path) -> str:
    """The key that a stream was written under; empty if there is no whole stream at `path`."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("key", ""))
    except OSError:
        return ""


class StreamWriter:
    """Writes a stream in order, a batch at a time, so that memory stays flat.

    A context manager: the file counts only if the block ends well. A row that is not a number, or a number
    of rows other than the grid's frames, is an error, and the file is removed.

    Parameters
    ----------
    path
        Written here.
    grid
        One row a frame of this grid.
    attributes
        Recorded as they are (numbers and text).
    source
        The view or sound the stream comes from, for the error sentence.
    """

    def __init__(
        self, path: str | Path, grid: FrameGrid, attributes: Mapping[str, Any], *, source: str = ""
    ) -> None:
        self.path, self.grid, self.rows = Path(path), grid, 0
        self._attributes, self._source, self._kind = dict(attributes), source or str(path), "dense"

    def __enter__(self) -> "StreamWriter":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = h5py.File(self.path, "w")
        return self

    def append(
        self, values: NDArray[Any], valid: NDArray[np.bool_] | None = None, *, dtype: DTypeLike = np.float32
    ) -> None:
        """Add rows.

        Parameters
        ----------
        values
            Shape (rows, ...), kept as `dtype`.
        valid
            Shape (rows,); all True if left out.

        Raises
        ------
        DyadflowError
            If a value is not a finite number once it is kept as `dtype`, or there are more rows than frames.
        """
        with np.errstate(over="ignore"):
            kept = np.asarray(values).astype(dtype, copy=False)
        if not np.isfinite(kept).all():
            row = int(np.argmax(~np.isfinite(kept).reshape(len(kept), -1).all(axis=1)))
            at_s = (self.rows + row) / self.grid.rate_hz
            raise DyadflowError(
                f"the backbone gave a value that is not a number at {at_s:.2f} s, so no stream was written",
                where=self._source, fix="check the weights, or compute in full precision (half: false)",
            )
        stop = self.rows + len(kept)
        if stop > self.grid.frames:
            raise self._wrong_length(f"more than {self.grid.frames}")
        if "values" not in self._file:
            self._file.create_dataset("values", (self.grid.frames, *kept.shape[1:]), dtype=dtype)
            self._file.create_dataset("valid", (self.grid.frames,), dtype=bool)
        self._file["values"][self.rows:stop] = kept
        self._file["valid"][self.rows:stop] = True if valid is None else valid
        self.rows = stop

    def is_constant(self) -> bool:
        """Whether two or more rows so far are valid, and all of them the same to a millionth of the largest number."""
        first, seen = None, 0
        for start in range(0, self.rows, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, self.rows)
            rows = self._file["values"][start:stop][self._file["valid"][start:stop]].astype(np.float64)
            if len(rows):
                first = rows[0] if first is None else first
                seen += len(rows)
                if np.abs(rows - first).max() > 1e-6 * np.abs(first).max():
                    return False
        return seen > 1

    def finish_tokens(
        self,
        *,
        origin: NDArray[np.float64],
        basis: NDArray[np.float64],
        mean: NDArray[np.float64],
        scatter: NDArray[np.float64],
        count: int,
    ) -> None:
        """Make it a token store: rows appended so far are coordinates about `origin` in `basis`.

        They are moved to be about `mean`, which is exact but known only at the end, so that a reader needs
        one centre and not two. `kept_variance` is worked out from the exact scatter.
        """
        basis = basis.astype(np.float32)
        # einsum and not @, here and below: its sums do not depend on the number of threads.
        shift = np.einsum("d,dr->r", origin - mean, basis).astype(np.float32)
        values = self._file["values"]
        for start in range(0, self.rows, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, self.rows)
            values[start:stop] = (values[start:stop].astype(np.float32) + shift).astype(values.dtype)
        for name, array in {"basis": basis, "mean": mean, "scatter": scatter}.items():
            self._file.create_dataset(name, data=array)
        self._file.create_dataset("count", data=np.int64(count))
        exact = basis.astype(np.float64)
        kept = np.sum(exact * np.einsum("de,er->dr", scatter, exact))
        self._attributes["kept_variance"] = float(kept / np.trace(scatter))
        self._kind = "tokens"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.rows != self.grid.frames:
                raise self._wrong_length(str(self.rows))
            attributes = {
                "kind": self._kind, "rate_hz": float(self.grid.rate_hz), "start_s": 0.0, **self._attributes
            }
            for name in sorted(attributes):
                self._file.attrs[name] = attributes[name]
        except BaseException as late:
            kind = type(late)
            raise
        finally:
            self._file.close()
            if kind is not None:
                self.path.unlink(missing_ok=True)

    def _wrong_length(self, found: str) -> DyadflowError:
        return DyadflowError(
            f"there are {found} frames where the session's grid has {self.grid.frames}",
            where=self._source, fix="delete the session's decoded media, so that they are made again",
        )


def _plain(value: Any) -> Any:
    """A Python number or string for what HDF5 gives back."""
    return value.item() if isinstance(value, np.generic) else value

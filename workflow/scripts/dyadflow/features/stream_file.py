"""A stream read a part at a time, for what has to look at a whole session in memory that does not grow with it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import h5py

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import Stream

#: Numbers that are read at once.
_BLOCK = 2**23


class StreamFile:
    """An open stream file. A context manager.

    Parameters
    ----------
    path
        A stream as `StreamWriter` wrote it.

    Raises
    ------
    DyadflowError
        If there is no such file or it is not a stream.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __enter__(self) -> "StreamFile":
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise self._not_whole() from error
        try:
            self._values, self._valid = self._file["values"], self._file["valid"][()].astype(bool)
            self.attributes = dict(self._file.attrs)
            self.kind, self.rate_hz = str(self.attributes["kind"]), float(self.attributes["rate_hz"])
            names = ("basis", "mean", "scatter", "count") if self.kind == "tokens" else ()
            self._moments = {name: self._file[name][()] for name in names}
        except KeyError as error:
            self._file.close()
            raise self._not_whole() from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        """How many frames."""
        return len(self._valid)

    def some(self, frames: slice | Sequence[int]) -> Stream:
        """The stream of some frames alone; their numbers, if they are listed, in ascending order."""
        return Stream(self.kind, self._values[frames], self._valid[frames], self.attributes, **self._moments)

    def blocks(self) -> Iterator[Stream]:
        """The whole stream in order, some thousand frames at a time."""
        rows = max(1, _BLOCK // max(1, self._values[:1].size))
        for start in range(0, len(self), rows):
            yield self.some(slice(start, start + rows))

    def _not_whole(self) -> DyadflowError:
        return DyadflowError(
            "this is not a whole stream file", where=str(self.path), fix="delete it and run again"
        )

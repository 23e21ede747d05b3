"""The frame grid: the only place where time becomes an index."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FrameGrid:
    """A session's video frames on the clock of its recording.

    Frame n covers ``[n / rate_hz, (n + 1) / rate_hz)`` seconds.

    Parameters
    ----------
    rate_hz
        Frames a second, constant.
    frames
        How many.
    """

    rate_hz: float
    frames: int

    @property
    def duration_s(self) -> float:
        """Seconds that the grid covers."""
        return self.frames / self.rate_hz

    def centres_s(self) -> NDArray[np.float64]:
        """Time of each frame's centre in seconds, shape (frames,)."""
        return (np.arange(self.frames, dtype=np.float64) + 0.5) / self.rate_hz

    def edges_s(self) -> NDArray[np.float64]:
        """Times at which frames begin and the last one ends, in seconds, shape (frames + 1,)."""
        return np.arange(self.frames + 1) / self.rate_hz

    def frames_between(self, onset_s: float, offset_s: float) -> slice:
        """Frames whose centre lies in ``[onset_s, offset_s)``, clipped to the grid.

        Worked out on exact centres rather than by rounding the edges, so that touching segments share no
        frame and leave none out.
        """
        first, stop = np.searchsorted(self.centres_s(), [onset_s, offset_s], side="left")
        return slice(int(first), int(stop))

    def write(self, path: str | Path) -> None:
        """Write as JSON."""
        Path(path).write_text(json.dumps({"rate_hz": self.rate_hz, "frames": self.frames}) + "\n")

    @classmethod
    def read(cls, path: str | Path) -> "FrameGrid":
        """Read what `write` wrote."""
        return cls(**json.loads(Path(path).read_text()))

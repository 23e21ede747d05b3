"""Log-mel energies of the sound, averaged into video frames. Needs no weights.

A baseline that a foundation model has to beat: loudness and spectral shape, nothing learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.mel import FFT, FLOOR, HOP, LENGTH, mel_bands
from dyadflow.features.sound import count_windows, cut_windows, pool_into_frames
from dyadflow.features.stream import StreamWriter
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_samples, read_samples
from dyadflow.media.wav import AUDIO_RATE_HZ

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = False


class Options(BaseModel):
    """Options of log-mel energies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mels: int = Field(default=40, ge=1, le=120, description="Mel bands between lowest_hz and highest_hz.")
    lowest_hz: float = Field(default=50.0, ge=0, description="Lower edge of the lowest band.")
    highest_hz: float = Field(
        default=8000.0, gt=0, le=AUDIO_RATE_HZ / 2, description="Upper edge of the highest band."
    )


class Backbone:
    """Natural logarithm of the energy in each mel band, mean over the windows centred in a frame."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from scipy.sparse import csr_array

        options = Options.model_validate(settings.options)
        self.dims = options.mels
        self.attributes = {"weights": "none", "revision": ""}
        # Sparse: each bin feeds two bands. And its sums do not depend on the number of threads.
        self._bands = csr_array(
            mel_bands(options.mels, lowest_hz=options.lowest_hz, highest_hz=options.highest_hz)
        )
        self._window = np.hanning(LENGTH + 1)[:-1].astype(np.float32)

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, mels)."""
        count = count_windows(count_samples(path), length=LENGTH, hop=HOP)
        if not count:
            raise DyadflowError("the sound is shorter than 25 ms", where=str(path), fix="check the recording")
        for rows in pool_into_frames(
            self._energies(path), count, first_s=LENGTH / 2 / AUDIO_RATE_HZ, hop_s=HOP / AUDIO_RATE_HZ,
            grid=grid,
        ):
            into.append(rows)

    def _energies(self, path: Path) -> Iterator[NDArray[np.float32]]:
        """Log energies of each window, in blocks of shape (windows, mels)."""
        from scipy.fft import rfft

        for windows in cut_windows(read_samples(path), length=LENGTH, hop=HOP):
            spectrum = rfft(windows * self._window, FFT, axis=1)
            power = (spectrum.real**2 + spectrum.imag**2) / LENGTH
            yield np.log((self._bands @ power.T).T + FLOOR).astype(np.float32)

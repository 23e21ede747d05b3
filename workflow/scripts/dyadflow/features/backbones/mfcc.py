"""Mel-frequency cepstra with energy, pitch and voicing, averaged into video frames. Needs no weights.

The classical description of a voice, as a baseline: its timbre, its loudness, whether there is a pitch and how high.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

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

#: Windows of 50 ms hold three periods of 60 Hz; the cepstra are of the 25 ms in their middle.
WINDOW = 800


class Options(BaseModel):
    """Options of mel-frequency cepstra."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cepstra: int = Field(default=13, ge=1, description="Coefficients kept; the first is the mean log energy.")
    mels: int = Field(default=40, ge=1, le=120, description="Mel bands between 50 and 8000 Hz.")
    lowest_hz: float = Field(default=75.0, ge=60, description="Lowest pitch that is looked for.")
    highest_hz: float = Field(
        default=1000.0, le=2000, description="Highest pitch that is looked for; infants cry at 300 to 600 Hz and above."
    )
    voiced_above: float = Field(
        default=0.5, ge=0, le=1, description="Normalised autocorrelation from which a window counts as having a pitch."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Options:
        if self.cepstra > self.mels:
            raise ValueError("cepstra can be no more than mels")
        if self.lowest_hz >= self.highest_hz:
            raise ValueError("lowest_hz has to be below highest_hz")
        return self


class Backbone:
    """Per frame: cepstra, log energy, pitch in octaves above 55 Hz (0 without one), and how strong the pitch is.

    Notes
    -----
    Cepstra: orthonormal DCT-II of log mel energies (Davis and Mermelstein 1980). Pitch: the largest peak of the
    autocorrelation, divided by that of the window itself and by the number of periods that overlap (Boersma 1993).
    """

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from scipy.sparse import csr_array

        self._options = Options.model_validate(settings.options)
        self.dims = self._options.cepstra + 3
        self.attributes = {"weights": "none", "revision": ""}
        self._bands = csr_array(mel_bands(self._options.mels, lowest_hz=50.0, highest_hz=8000.0))
        self._short, self._long = np.hanning(LENGTH + 1)[:-1], np.hanning(WINDOW + 1)[:-1]

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, cepstra + 3)."""
        count = count_windows(count_samples(path), length=WINDOW, hop=HOP)
        if not count:
            raise DyadflowError("the sound is shorter than 50 ms", where=str(path), fix="check the recording")
        for rows in pool_into_frames(
            self._describe(path), count, first_s=WINDOW / 2 / AUDIO_RATE_HZ, hop_s=HOP / AUDIO_RATE_HZ, grid=grid
        ):
            into.append(rows)

    def _describe(self, path: Path) -> Iterator[NDArray[np.float32]]:
        from scipy.fft import dct, rfft

        before = (WINDOW - LENGTH) // 2
        for windows in cut_windows(read_samples(path), length=WINDOW, hop=HOP):
            windows = windows.astype(np.float64)
            spectrum = rfft(windows[:, before : before + LENGTH] * self._short, FFT, axis=1)
            power = (spectrum.real**2 + spectrum.imag**2) / LENGTH
            cepstra = dct(np.log((self._bands @ power.T).T + FLOOR), axis=1, norm="ortho")[:, : self._options.cepstra]
            energy = np.log(np.mean(windows**2, axis=1) + FLOOR)
            yield np.column_stack([cepstra, energy, *self._find_pitch(windows)]).astype(np.float32)

    def _find_pitch(self, windows: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pitch in octaves above 55 Hz, 0 where there is none, and its strength from 0 to 1; shape (windows,) each."""
        from scipy.fft import irfft, rfft

        centred = (windows - windows.mean(axis=1, keepdims=True)) * self._long
        size = 2 * WINDOW
        own = irfft(np.abs(rfft(self._long, size)) ** 2, size)[:WINDOW]
        power = np.abs(rfft(centred, size, axis=1)) ** 2
        similar = irfft(power, size, axis=1)[:, :WINDOW]
        loud = similar[:, 0] > FLOOR * WINDOW
        similar = similar / np.where(loud, similar[:, 0], 1.0)[:, None] / (own / own[0])
        shortest = int(np.floor(AUDIO_RATE_HZ / self._options.highest_hz))
        longest = int(np.ceil(AUDIO_RATE_HZ / self._options.lowest_hz))
        inner = similar[:, shortest - 1 : longest + 2]
        peak = (inner[:, 1:-1] >= inner[:, :-2]) & (inner[:, 1:-1] > inner[:, 2:])
        # A short period is preferred to its multiples by a hair per octave (Boersma's octave cost).
        periods = np.arange(shortest, longest + 1)
        score = np.where(peak, inner[:, 1:-1] - 0.01 * np.log2(periods / shortest), -np.inf)
        best = score.argmax(axis=1)
        rows = np.arange(len(windows))
        left, centre, right = (inner[rows, best + step] for step in (0, 1, 2))
        bend = left - 2 * centre + right
        shift = np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend < 0)
        found = loud & np.isfinite(score[rows, best])
        strength = np.where(found, np.clip(centre, 0, 1), 0.0)
        pitch_hz = AUDIO_RATE_HZ / (periods[best] + shift)
        voiced = found & (centre >= self._options.voiced_above)
        return np.where(voiced, np.log2(pitch_hz / 55.0), 0.0), strength

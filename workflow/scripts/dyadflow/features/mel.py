"""Mel bands over short windows of sound."""

import numpy as np
from numpy.typing import NDArray

from dyadflow.media.wav import AUDIO_RATE_HZ

#: Windows of 25 ms, 10 ms apart, as speech front ends have it.
LENGTH, HOP, FFT = 400, 160, 512

#: Energy below which nothing is told apart: about the rounding of 16-bit samples.
FLOOR = 1e-10


def mel_bands(mels: int, *, lowest_hz: float, highest_hz: float) -> NDArray[np.float64]:
    """Triangular bands, equally wide in mel, shape (mels, FFT // 2 + 1).

    Mel as in O'Shaughnessy (1987): ``2595 log10(1 + f / 700)``. A band that falls between two bins would be
    empty, so it takes the bin nearest to its centre.
    """
    low, high = (2595 * np.log10(1 + edge_hz / 700) for edge_hz in (lowest_hz, highest_hz))
    corners_hz = 700 * (10 ** (np.linspace(low, high, mels + 2) / 2595) - 1)
    bins_hz = np.arange(FFT // 2 + 1) * AUDIO_RATE_HZ / FFT
    left, centre, right = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]
    rising, falling = (bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre)
    bands = np.clip(np.minimum(rising, falling), 0, None)
    empty = np.flatnonzero(bands.sum(axis=1) == 0)
    bands[empty, np.abs(bins_hz - centre[empty]).argmin(axis=1)] = 1.0
    return bands

"""The filterbank that Wav2Vec2-BERT hears: Kaldi's, for recordings of any length, in flat memory.

The same numbers as transformers' SeamlessM4TFeatureExtractor gives for the whole recording at once (a test
holds the two together to 1e-4). That one loops over the windows in Python and holds all of them; this one
takes the recording twice, in blocks: once for the mean and deviation of each band, once to give them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.sound import count_windows, cut_windows
from dyadflow.media.read import read_samples
from dyadflow.media.wav import AUDIO_RATE_HZ

LENGTH, HOP, FFT = 400, 160, 512

#: Windows joined into one token.
STRIDE = 2

TOKEN_HOP_S = STRIDE * HOP / AUDIO_RATE_HZ

#: A token hears from the start of its first window to the end of its last one; this is the middle of that.
TOKEN_FIRST_S = ((STRIDE - 1) * HOP + LENGTH) / 2 / AUDIO_RATE_HZ

_PREEMPHASIS, _FLOOR, _TINY = 0.97, 1.192092955078125e-07, 1e-7


def count_tokens(samples: int) -> int:
    """Whole tokens in so many samples."""
    return count_windows(samples, length=LENGTH, hop=HOP) // STRIDE


class Filterbank:
    """Normalised log energies in 80 mel bands, two windows a token.

    Bands and window are taken from transformers' own extractor, so that they cannot drift apart.
    """

    def __init__(self) -> None:
        from scipy.sparse import csr_array
        from transformers.models.seamless_m4t.feature_extraction_seamless_m4t import (
            SeamlessM4TFeatureExtractor,
        )

        extractor = SeamlessM4TFeatureExtractor()
        # Sparse: most of a band is zero. And its sums do not depend on the number of threads.
        self._bands = csr_array(extractor.mel_filters.T)
        self._window = extractor.window

    def tokens(self, path: Path) -> Iterator[NDArray[np.float32]]:
        """Tokens in order, each block of shape (n, 160), each band normalised over the whole recording."""
        mean, deviation = self._measure(path)
        left = np.zeros((0, len(mean)))
        for energies in self._energies(path):
            rows = np.concatenate([left, energies])
            whole = len(rows) // STRIDE * STRIDE
            left = rows[whole:]
            if whole:
                yield ((rows[:whole] - mean) / deviation).astype(np.float32).reshape(-1, STRIDE * len(mean))

    def tokens_of(self, excerpts: NDArray[np.floating]) -> NDArray[np.float32]:
        """Tokens of many excerpts of one length, each band normalised within each excerpt alone.

        Parameters
        ----------
        excerpts
            Samples, shape (n, samples).

        Returns
        -------
        ndarray, shape (n, tokens, 160)
            A window left over by the pairs is left out, as transformers' mask does.
        """
        windows = np.lib.stride_tricks.sliding_window_view(excerpts, LENGTH, axis=1)[:, ::HOP]
        count, each = windows.shape[:2]
        power = self._power(windows.reshape(-1, LENGTH))
        energies = np.log(np.maximum(_FLOOR, (self._bands @ power.T).T)).reshape(count, each, -1)
        mean, variance = energies.mean(axis=1, keepdims=True), energies.var(axis=1, ddof=1, keepdims=True)
        whole = each // STRIDE * STRIDE
        normal = ((energies - mean) / np.sqrt(variance + _TINY))[:, :whole]
        return normal.astype(np.float32).reshape(count, whole // STRIDE, -1)

    def _measure(self, path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and deviation of each band over the windows of the whole recording, shape (80,) each."""
        count, mean, scatter = 0, np.zeros(self._bands.shape[0]), np.zeros(self._bands.shape[0])
        for energies in self._energies(path):
            block = energies.mean(axis=0)
            away, total = block - mean, count + len(energies)
            scatter = scatter + ((energies - block) ** 2).sum(axis=0)
            scatter = scatter + away**2 * (count * len(energies) / total)
            mean, count = mean + away * (len(energies) / total), total
        return mean, np.sqrt(scatter / (count - 1) + _TINY)

    def _energies(self, path: Path) -> Iterator[NDArray[np.float64]]:
        """Log energies of each window, in blocks of shape (windows, 80)."""
        for windows in cut_windows(read_samples(path), length=LENGTH, hop=HOP):
            yield np.log(np.maximum(_FLOOR, (self._bands @ self._power(windows).T).T))

    def _power(self, windows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Power spectrum as Kaldi has it, shape (windows, 257)."""
        from scipy.fft import rfft

        # In double precision, or quiet bands beside loud ones would differ from the extractor's.
        centred = windows.astype(np.float64) * 2**15
        centred -= centred.mean(axis=1, keepdims=True)
        sharpened = centred.copy()
        sharpened[:, 1:] -= _PREEMPHASIS * centred[:, :-1]
        sharpened[:, 0] *= 1 - _PREEMPHASIS
        spectrum = rfft(sharpened * self._window, FFT, axis=1)
        return spectrum.real**2 + spectrum.imag**2

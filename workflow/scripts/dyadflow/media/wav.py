"""Session audio on disk: 16 kHz, mono, 16 bit, as long as the session's frames to the sample."""

import struct
import wave
from fractions import Fraction
from pathlib import Path

from dyadflow.media.grid import FrameGrid

#: What every speech model of this library expects.
AUDIO_RATE_HZ = 16_000
_BYTES = 2


def samples_of(grid: FrameGrid) -> int:
    """Audio samples that a grid lasts, to the nearest; frame n begins at sample ``n / rate_hz * 16000``."""
    return round(grid.frames * AUDIO_RATE_HZ / Fraction(grid.rate_hz))


def write_empty_wav(path: str | Path) -> None:
    """Write a wave file in the session format that holds no sample yet."""
    with wave.open(str(path), "wb") as out:
        out.setparams((1, _BYTES, AUDIO_RATE_HZ, 0, "NONE", ""))


def set_wav_length(path: str | Path, samples: int) -> None:
    """Cut a wave file, or fill it up with silence, to exactly this many samples, in place.

    Parameters
    ----------
    path
        Mono, 16 bit, its sound the last chunk of the file.
    samples
        Length to give it.

    Notes
    -----
    Nothing is read into memory: a file made longer is filled with zero bytes, which are silence.
    """
    with Path(path).open("r+b") as file:
        wave.Wave_read(file)  # reads the header and stops at the first sample
        start, size = file.tell(), samples * _BYTES
        file.truncate(start + size)
        file.seek(4)
        file.write(struct.pack("<I", start + size - 8))
        file.seek(start - 4)
        file.write(struct.pack("<I", size))

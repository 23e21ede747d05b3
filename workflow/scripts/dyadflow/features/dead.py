"""A network that gives every frame the same row, whatever it sees or hears, must not pass for a stream."""

from pathlib import Path

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import StreamWriter
from dyadflow.media.read import read_frames, read_samples

#: A stream shorter than this may lie within one token of sound.
_SHORTEST_S = 1.0

#: A picture that differs from the first by this much on average (of 255 levels) is another picture, and no noise of
#: the encoder.
_PICTURE_CHANGE = 1.0

#: A sample of this size, of full scale, is sound: -60 dB, above the hiss of a recorder with its microphone off.
_SOUND = 1e-3


def refuse_dead(into: StreamWriter, source: Path, *, sound: bool) -> None:
    """Stop if all rows are the same although the picture changes or there is sound.

    A still picture or silence may well give the same row throughout: the source is looked at, but only then.

    Parameters
    ----------
    into
        With all rows appended, not yet closed.
    source
        The view or the sound that they come from.
    sound
        Which of the two it is.

    Raises
    ------
    DyadflowError
        If the network is dead.
    """
    if into.rows < _SHORTEST_S * into.grid.rate_hz or not into.is_constant():
        return
    if _has_sound(source) if sound else _has_change(source):
        raise DyadflowError(
            "the backbone gave the same numbers for every frame, "
            + ("though there is sound" if sound else "though the picture changes") + ", so no stream was written",
            where=str(source), fix="check the weights",
        )


def _has_sound(path: Path) -> bool:
    return any(np.abs(block).max() > _SOUND for block in read_samples(path))


def _has_change(path: Path) -> bool:
    first = None
    for frames in read_frames(path):
        frames = frames.astype(np.float32)
        first = frames[0] if first is None else first
        if np.abs(frames - first).mean(axis=(1, 2, 3)).max() > _PICTURE_CHANGE:
            return True
    return False

"""Timed spans painted on frames, none of which may be painted twice."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.overlaps import OverlapError
from dyadflow.media.grid import FrameGrid


def paint(
    spans: Sequence[tuple[int, str, float, float]], grid: FrameGrid, empty: int, where: str
) -> NDArray[np.int8]:
    """Write values on the frames whose centres spans hold.

    Parameters
    ----------
    spans
        Value, name, onset_s and offset_s of each.
    grid
        Rate in Hz and number of frames.
    empty
        The value of frames that no span holds.
    where
        Whose spans they are, for the sentence of an error.

    Returns
    -------
    ndarray, shape (frames,)

    Raises
    ------
    OverlapError
        If two spans hold the same centre.
    """
    painted = np.full(grid.frames, empty, dtype=np.int8)
    owner = np.full(grid.frames, -1, dtype=np.int64)
    for number, (value, name, my_onset_s, my_offset_s) in enumerate(spans):
        held = grid.frames_between(my_onset_s, my_offset_s)
        taken = owner[held]
        if (taken >= 0).any():
            _, other, onset_s, offset_s = spans[int(taken[taken >= 0][0])]
            raise OverlapError(
                f"{other!r} ({onset_s:.3f} to {offset_s:.3f} s) and "
                f"{name!r} ({my_onset_s:.3f} to {my_offset_s:.3f} s) overlap, so that a frame has two labels",
                where=where,
                fix="correct one of them in the coding file",
            )
        owner[held] = number
        painted[held] = value
    return painted

"""Windows over a stream, as tables of row numbers."""

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

#: Row number that stands for "past the end of the session": a row of zeros that no loss or mean counts.
PADDING = -1


def window_rows(frames: int, *, window: int, stride: int, first: int = 0) -> NDArray[np.int64]:
    """Rows that each window of a session covers.

    Parameters
    ----------
    frames
        Length of the session.
    window, stride
        In frames. A last window that ends with the session is added if the others leave frames uncovered; a
        session shorter than one window is filled up with `PADDING`.
    first
        Row of the session's first frame in the table that the windows index.

    Returns
    -------
    ndarray, shape (windows, window)

    Raises
    ------
    DyadflowError
        If the stride exceeds the window: frames between windows would never be seen.
    """
    if stride > window:
        raise DyadflowError(
            f"a stride of {stride} frames is longer than the window of {window}, so frames would be lost",
            where="stride", fix="give a stride no longer than the window",
        )
    starts = np.arange(0, max(frames - window, 0) + 1, stride)
    if starts[-1] + window < frames:
        starts = np.append(starts, frames - window)
    rows = starts[:, None] + np.arange(window)
    return np.where(rows < frames, rows + first, PADDING)

"""From class probabilities to segments: each run of frames with the same most probable class is one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid

#: Who wrote predicted segments, in tables and tiers.
CODER = "model"


def segments_from_probabilities(
    probabilities: NDArray[np.floating], grid: FrameGrid, classes: Sequence[str], *, session: str, tier: str,
    coder: str = CODER, first: int = 0, codes: NDArray[np.integer] | None = None,
) -> Segments:
    """One segment for each run of frames with the same class.

    Parameters
    ----------
    probabilities
        Shape (frames, classes): how sure it is; a segment's confidence is the mean of its class over its frames.
    grid
        The frames' grid; a segment begins and ends at edges of frames.
    classes
        Names of the classes.
    session, tier, coder
        What the segments' columns say.
    first
        Which frame of the grid the first row is.
    codes
        Class of each frame, shape (frames,), negative where there is none; left out: the most probable one.

    Returns
    -------
    Segments
        Without gaps from the first frame to the last, but for frames without a class.
    """
    best = probabilities.argmax(1) if codes is None else np.asarray(codes)
    starts = np.flatnonzero(np.diff(best, prepend=best[:1] - 1))
    stops = np.append(starts[1:], len(best))
    edges = grid.edges_s()[first:]
    return Segments.from_rows(
        {
            "session": session, "coder": coder, "tier": tier, "code": classes[best[start]],
            "onset_s": edges[start], "offset_s": edges[stop],
            "confidence": float(np.nanmean(probabilities[start:stop, best[start]])), "comment": "",
        }
        for start, stop in zip(starts, stops, strict=True) if best[start] >= 0
    )

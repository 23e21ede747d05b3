"""Agreement by time unit, where a coder may be a little early or late."""

import numpy as np
from numpy.typing import NDArray


def tally_within(
    a: NDArray[np.integer], b: NDArray[np.integer], classes: int, reach: int, slots: NDArray[np.int64], places: int
) -> NDArray[np.int64]:
    """Tally the frames that both coders gave a class, seen from either coder in turn.

    Parameters
    ----------
    a, b
        Two coders' frame labels of one session and target, shape (frames,); what is negative is no class.
    classes
        How many classes there are.
    reach
        Frames by which one coder may be early or late.
    slots
        The phase of each frame, shape (frames,): from 0 to `places` - 1.
    places
        How many phases there are.

    Returns
    -------
    ndarray, shape (places, classes, classes)
        Half frames: coder a in rows, coder b in columns; every frame is there twice, once seen from each coder.

    Notes
    -----
    Bakeman, Quera & Gnisci (2009), Behavior Research Methods 41, 137-147 (time-unit kappa with tolerance): going
    through one coder's record, a time unit is an agreement if the other coder has the same code in it or within
    the tolerance on either side, and is tallied in that code's diagonal cell; else it is tallied under what the
    two coders said in it. The two directions give slightly different values, of which their program GSEQ gives
    both. Here both go into one table, so that it does not matter which coder comes first: transposed for swapped
    coders, and twice the plain table where `reach` is 0.

    Only frames that both coded are looked at, as units and as neighbours.
    """
    both = (a >= 0) & (b >= 0)
    counts = np.zeros(places * classes * classes, dtype=np.int64)
    for own, other, turned in ((a, b, False), (b, a, True)):
        near = _has_near(own, other, both, classes, reach)[both]
        mine, theirs, slot = own[both].astype(np.int64), other[both].astype(np.int64), slots[both]
        said = np.where(near, mine, theirs)
        row, column = (said, mine) if turned else (mine, said)
        counts += np.bincount((slot * classes + row) * classes + column, minlength=len(counts))
    return counts.reshape(places, classes, classes)


def _has_near(
    own: NDArray[np.integer], other: NDArray[np.integer], both: NDArray[np.bool_], classes: int, reach: int
) -> NDArray[np.bool_]:
    """Whether the other coder has one's own class within so many frames, shape (frames,)."""
    frames = len(own)
    before = np.zeros((classes, frames + 1), dtype=np.int32)
    held = (other == np.arange(classes)[:, None]) & both
    np.cumsum(held, axis=1, out=before[:, 1:])
    here = np.arange(frames)
    first, stop = np.maximum(here - reach, 0), np.minimum(here + reach + 1, frames)
    own = np.maximum(own, 0)
    return before[own, stop] > before[own, first]

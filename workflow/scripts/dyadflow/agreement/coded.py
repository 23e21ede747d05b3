"""Whether a coder coded a target in a session at all."""

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.labels import UNSCORABLE


def has_coded(codes: NDArray[np.int8]) -> bool:
    """Whether any frame was given a class of the target, or was looked at and called unscorable.

    Parameters
    ----------
    codes
        One coder's frame labels of one target, shape (frames,): class indices, and negative values for
        uncoded, excluded and unscorable. Excluded frames alone are no sign of coding, because a phase
        excludes them whoever coded.
    """
    return bool(((codes >= 0) | (codes == UNSCORABLE)).any())

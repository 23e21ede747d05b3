"""Blur that cannot be undone: a few cells are left of a face, and these run into one another."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dyadflow.privacy.faces.registry import Face

#: Cells along the shorter side of a face, with what is taken around it; and of a whole picture.
FACE_CELLS, WHOLE_CELLS = 4, 6
#: Of a face's size, on every side: hair, chin and ears lie outside of what a detector gives.
MARGIN = 0.4


def blur_faces(picture: NDArray[np.uint8], faces: Sequence[Face]) -> NDArray[np.uint8]:
    """A picture, shape (height, width, 3), with each face and what is around it blurred."""
    blurred = picture.copy()
    height, width = picture.shape[:2]
    for face in faces:
        x, y = face.x - MARGIN * face.width, face.y - MARGIN * face.height
        left, top = max(0, int(np.floor(x))), max(0, int(np.floor(y)))
        right = min(width, int(np.ceil(x + (1 + 2 * MARGIN) * face.width)))
        bottom = min(height, int(np.ceil(y + (1 + 2 * MARGIN) * face.height)))
        if right > left and bottom > top:
            # From the picture as it came: overlapping faces are not blurred from blurred ones' edges.
            blurred[top:bottom, left:right] = _in_cells(picture[top:bottom, left:right], FACE_CELLS)
    return blurred


def blur_whole(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture, shape (height, width, 3), blurred from edge to edge."""
    return _in_cells(picture, WHOLE_CELLS)


def _in_cells(part: NDArray[np.uint8], cells: int) -> NDArray[np.uint8]:
    import cv2

    height, width = part.shape[:2]
    side = max(1.0, min(height, width) / cells)
    few = (max(1, round(width / side)), max(1, round(height / side)))
    small = cv2.resize(np.ascontiguousarray(part), few, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    blurred = cv2.GaussianBlur(large, (0, 0), sigmaX=side / 2, borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.uint8, copy=False)

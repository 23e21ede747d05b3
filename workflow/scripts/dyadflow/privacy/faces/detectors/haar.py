"""Haar cascades that come with OpenCV: frontal and profile, on copies of the picture turned by several angles.

Infants lie, lean and look away: a cascade trained on upright adults misses many of their faces. Whoever uses this must
take a face that was not found as a reason to blur everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.privacy.faces.registry import Face, count_apart

if TYPE_CHECKING:
    import cv2

#: Name of the cascade, and whether the picture is looked at in the mirror as well.
CASCADES = (("frontalface_alt2", False), ("profileface", True))
ANGLES_DEG = (0, -30, 30, 90, -90, -60, 60, 180)
#: Neighbouring finds that make a face likely, and sure. A wrong find that counts as the face would leave the right
#: one sharp, so sure is meant strictly.
LIKELY, SURE = 3, 8
#: Of the picture's shorter side: smaller things that look like a face are patterns.
LEAST_SHARE = 0.1
#: Longer sides are brought down to this: larger faces are found as well, and faster.
LONGEST_SIDE_PX = 240


def load(file: str | Path | None = None) -> HaarDetector:
    """The detector; its weights come with OpenCV, so that `file` is not needed."""
    return HaarDetector()


class HaarDetector:
    """Finds faces with OpenCV's cascades."""

    def __init__(self) -> None:
        import cv2
        from cv2 import data

        self._cascades = [
            (cv2.CascadeClassifier(f"{data.haarcascades}haarcascade_{name}.xml"), mirrored)
            for name, mirrored in CASCADES]
        self._angles = list(ANGLES_DEG)

    def find(self, picture: NDArray[np.uint8], persons: int) -> list[Face]:
        """Faces in a picture (RGB); further angles are tried until `persons` are surely found."""
        import cv2

        grey = cv2.equalizeHist(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY))
        factor = min(1.0, LONGEST_SIDE_PX / max(grey.shape))
        if factor < 1:
            grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found: list[Face] = []
        for angle in tuple(self._angles):
            for face in self._at_angle(np.asarray(grey, np.uint8), angle):
                found.append(Face(face.x / factor, face.y / factor, face.width / factor, face.height / factor,
                                  face.sure))
            if count_apart([face for face in found if face.sure]) >= persons:
                # In the next frame the face is likely to be turned as it is in this one.
                self._angles.insert(0, self._angles.pop(self._angles.index(angle)))
                break
        return found

    def _at_angle(self, grey: NDArray[np.uint8], angle_deg: int) -> Iterator[Face]:
        import cv2

        height, width = grey.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
        wide = int(abs(turn[0, 0]) * width + abs(turn[0, 1]) * height)
        high = int(abs(turn[0, 1]) * width + abs(turn[0, 0]) * height)
        turn[:, 2] += ((wide - width) / 2, (high - height) / 2)
        turned = cv2.warpAffine(grey, turn, (wide, high), flags=cv2.INTER_LINEAR, borderValue=127)
        back = cv2.invertAffineTransform(turn)
        for cascade, mirrored in self._cascades:
            for flipped in (False, True)[:1 + mirrored]:
                seen = (cv2.flip(turned, 1) if flipped else turned).astype(np.uint8, copy=False)
                for x, y, side, tall, sure in _detect(cascade, seen, min(grey.shape)):
                    x = wide - x - side if flipped else x
                    corners = np.array([(x, y, 1), (x + side, y, 1), (x, y + tall, 1), (x + side, y + tall, 1)])
                    places = corners @ back.T
                    low, top = np.clip(places.min(axis=0), 0, (width, height))
                    right, bottom = np.clip(places.max(axis=0), 0, (width, height))
                    if right > low and bottom > top:
                        yield Face(float(low), float(top), float(right - low), float(bottom - top), sure)


def _detect(
    cascade: cv2.CascadeClassifier, grey: NDArray[np.uint8], shorter_px: int
) -> Iterator[tuple[int, int, int, int, bool]]:
    least = max(20, round(LEAST_SHARE * shorter_px))
    boxes, counts = cascade.detectMultiScale2(grey, scaleFactor=1.15, minNeighbors=LIKELY, minSize=(least, least))
    for (x, y, width, height), count in zip(boxes, np.ravel(counts), strict=True):
        yield int(x), int(y), int(width), int(height), int(count) >= SURE

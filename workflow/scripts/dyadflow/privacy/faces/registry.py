"""Detectors of faces by name."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

#: Name of a detector: its module in `detectors`, which has `load(file)`.
DETECTORS = ("haar", "yunet")


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    Parameters
    ----------
    x, y, width, height
        Of the rectangle around it, in pixels from the top left corner.
    sure
        Whether it counts as a person found. What is less than sure is blurred too, but counts as nobody.
    """

    x: float
    y: float
    width: float
    height: float
    sure: bool = True

    def overlap(self, other: Face) -> float:
        """Area that two rectangles share, as a part of what they cover together."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(wide, 0.0) * max(high, 0.0)
        return shared / (self.width * self.height + other.width * other.height - shared)

    def around(self, other: Face) -> Face:
        """The rectangle around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Face(x, y, max(self.x + self.width, other.x + other.width) - x,
                    max(self.y + self.height, other.y + other.height) - y, self.sure and other.sure)


    def distance(self, other: Face) -> float:
        """Between the middles of two rectangles, in pixels."""
        return math.hypot(self.x + self.width / 2 - other.x - other.width / 2,
                          self.y + self.height / 2 - other.y - other.height / 2)


def count_apart(faces: Sequence[Face], least_overlap: float = 0.2) -> int:
    """How many different faces there are among finds of which several may be of one face."""
    apart: list[Face] = []
    for face in faces:
        if all(face.overlap(other) < least_overlap for other in apart):
            apart.append(face)
    return len(apart)


class Detector(Protocol):
    """What each detector offers."""

    def find(self, picture: NDArray[np.uint8], persons: int) -> list[Face]:
        """Faces in a picture, shape (height, width, 3), RGB; it may stop looking once `persons` are surely found."""


def load_detector(name: str, file: str | Path | None = None) -> Detector:
    """A detector, ready to be used.

    Parameters
    ----------
    name
        One of `DETECTORS`.
    file
        Its weights, for a detector that has none of its own.

    Raises
    ------
    DyadflowError
        If there is no such detector, OpenCV is not installed, or the weights are missing.
    """
    if name not in DETECTORS:
        raise DyadflowError(f"there is no detector of faces called {name!r}", where="--faces",
                            fix=f"use one of {', '.join(DETECTORS)}")
    try:
        import cv2  # noqa: F401
    except ImportError:
        raise DyadflowError(
            "faces cannot be looked for, because OpenCV is not installed", where="--faces",
            fix="install it with: pip install 'dyadflow[faces]'") from None
    return importlib.import_module(f"{__package__}.detectors.{name}").load(file)

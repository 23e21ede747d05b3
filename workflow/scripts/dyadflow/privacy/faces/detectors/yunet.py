"""YuNet, a small network that OpenCV runs; its weights (ONNX) are a file that the user names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.privacy.faces.registry import Face

if TYPE_CHECKING:
    import cv2

#: Scores from which on a face is likely, and sure.
LIKELY, SURE = 0.5, 0.85


def load(file: str | Path | None = None) -> YuNetDetector:
    """The detector with the weights in `file`.

    Raises
    ------
    DyadflowError
        If there is no such file, or OpenCV cannot read it.
    """
    if file is None or not Path(file).is_file():
        raise DyadflowError(
            "YuNet needs its weights, and there is no such file" if file else "YuNet needs its weights",
            where=str(file or "--faces yunet"),
            fix="name the .onnx file (face_detection_yunet of OpenCV's model zoo) with --faces-file")
    import cv2

    try:
        return YuNetDetector(cv2.FaceDetectorYN.create(str(file), "", (320, 320), LIKELY))
    except cv2.error as error:
        raise DyadflowError(f"OpenCV cannot read this as YuNet ({error.err})", where=str(file),
                            fix="download the file again") from None


class YuNetDetector:
    """Finds faces with `cv2.FaceDetectorYN`."""

    def __init__(self, network: cv2.FaceDetectorYN) -> None:
        self._network = network

    def find(self, picture: NDArray[np.uint8], persons: int) -> list[Face]:
        """Faces in a picture (RGB)."""
        height, width = picture.shape[:2]
        self._network.setInputSize((width, height))
        # OpenCV's networks take blue first.
        _, rows = self._network.detect(np.ascontiguousarray(picture[:, :, ::-1]))
        return [] if rows is None else [
            Face(float(row[0]), float(row[1]), float(row[2]), float(row[3]), sure=bool(row[14] >= SURE))
            for row in rows if row[2] > 0 and row[3] > 0]

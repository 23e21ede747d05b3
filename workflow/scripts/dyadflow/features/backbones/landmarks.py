"""Landmarks of one person's face or body, and what the face does, by MediaPipe. An extra: not installed by itself.

Lugaresi et al., "MediaPipe: A framework for building perception pipelines" (2019). Each picture is looked at alone,
so that no row hangs on the one before it. The models were not made for infants, nor for faces that are turned away or
covered: the share of valid rows says how often somebody was found, not how well. A view should show one person; of
several the most certain one is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import StreamWriter
from dyadflow.features.weights import identify_weights
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import read_frames

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "pictures"
NEEDS_WEIGHTS = True

#: Scores of the face's movements, points of a face, joints of a body; and numbers of each.
_POINTS = {"expression": 52, "face": 478, "body": 33}
_AXES = {"expression": ("score",), "face": ("x", "y", "z"), "body": ("x", "y", "z", "visibility")}

#: What MediaPipe calls the file that finds each part.
_BUNDLES = {"expression": "face_landmarker.task", "face": "face_landmarker.task", "body": "pose_landmarker_full.task"}


class Options(BaseModel):
    """Options of landmarks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: Literal["expression", "face", "body"] = Field(
        default="expression",
        description="expression: 52 scores from 0 to 1 of what the face does (smile, jaw open, brow down ...); face: "
        "x, y and z of 478 points; body: x, y, z and visibility of 33 joints. x and y are shares of the view's width "
        "and height.",
    )
    least_confidence: float = Field(
        default=0.5, ge=0, le=1, description="A face or body that is less certain than this counts as not seen."
    )


class Backbone:
    """MediaPipe's landmarker of a face or a body."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        options = Options.model_validate(settings.options)
        self._batch, self.dims = settings.batch, _POINTS[options.part] * len(_AXES[options.part])
        bundle, found = find_weights(settings)
        self._look, names = _open(bundle, options)
        self.attributes = {**found, "columns": " ".join(names)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, dims); not valid where nobody was found."""
        for frames in read_frames(path, batch=self._batch):
            rows, valid = np.zeros((len(frames), self.dims), np.float32), np.zeros(len(frames), bool)
            for number, frame in enumerate(frames):
                seen = self._look(frame)
                if seen is not None:
                    rows[number], valid[number] = seen, True
            into.append(rows, valid)


def find_weights(settings: ExtractorSettings) -> tuple[Path, dict[str, str]]:
    """MediaPipe's bundle of models, a file that the study names, and what to record about it.

    Raises
    ------
    DyadflowError
        If there is no such file.
    """
    bundle = Path(str(settings.weights))
    if not bundle.is_file():
        wanted = _BUNDLES[Options.model_validate(settings.options).part]
        raise DyadflowError(
            "there is no such file of landmark models", where=f"weights {bundle}",
            fix=f"download {wanted} from the models page of MediaPipe Solutions and name the file as weights",
        )
    return bundle, identify_weights(settings)


def _open(bundle: Path, options: Options) -> tuple[Callable[[NDArray[np.uint8]], NDArray[Any] | None], list[str]]:
    """A function from a picture to its row, None where nobody is seen; and a name for each number."""
    try:
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise DyadflowError(
            "landmarks need the package mediapipe, which is not installed", where="backbone landmarks",
            fix="install it with `pip install 'dyadflow[landmarks]'`",
        ) from error
    base, least = BaseOptions(model_asset_buffer=bundle.read_bytes()), options.least_confidence
    try:
        if options.part == "body":
            landmarker = vision.PoseLandmarker.create_from_options(vision.PoseLandmarkerOptions(
                base, min_pose_detection_confidence=least, min_pose_presence_confidence=least))
        else:
            landmarker = vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
                base, min_face_detection_confidence=least, min_face_presence_confidence=least,
                output_face_blendshapes=options.part == "expression"))
    except (OSError, RuntimeError, ValueError) as error:
        raise DyadflowError(
            f"MediaPipe finds no models of {'a body' if options.part == 'body' else 'a face'} in this file",
            where=str(bundle), fix=f"name its {_BUNDLES[options.part]}",
        ) from error

    def look(frame: NDArray[np.uint8]) -> NDArray[Any] | None:
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
        return _row(landmarker.detect(picture), options.part)

    return look, _name_columns(options.part)


def _row(result: Any, part: str) -> NDArray[Any] | None:
    """One picture's numbers from what MediaPipe found in it."""
    kind = {"expression": "face_blendshapes", "face": "face_landmarks", "body": "pose_landmarks"}[part]
    found = getattr(result, kind)
    return np.array([[getattr(point, axis) for axis in _AXES[part]] for point in found[0]]).ravel() if found else None


def _name_columns(part: str) -> list[str]:
    if part == "expression":
        from mediapipe.tasks.python.vision.face_landmarker import Blendshapes

        return [shape.name.lower() for shape in Blendshapes]
    if part == "body":
        from mediapipe.tasks.python.vision import PoseLandmark

        return [f"{joint.name.lower()}.{axis}" for joint in PoseLandmark for axis in _AXES["body"]]
    return [f"{point}.{axis}" for point in range(_POINTS["face"]) for axis in _AXES["face"]]

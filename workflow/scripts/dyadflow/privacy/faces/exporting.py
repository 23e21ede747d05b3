"""Pictures and films of persons, written anew with faces blurred; what could not be told apart is blurred whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.media.encoding import encode_frames
from dyadflow.media.read import read_frames
from dyadflow.privacy.contents.arrays import LEAST_SIDE_PX
from dyadflow.privacy.faces.blurring import blur_faces, blur_whole
from dyadflow.privacy.faces.holding import WHOLE, plan_blurring
from dyadflow.privacy.faces.registry import Detector, count_apart

#: How long a face may be missed, in seconds, on either side of a frame.
GAP_S = 0.4
#: Frames a second in which faces are looked for; between them they are held, as over any short gap.
LOOKS_HZ = 8
#: Quality of exported films (x264).
CRF = 18
#: A page's white, with what JPEG-like smoothing leaves of it.
PAPER = 250


@dataclass(frozen=True)
class Blurred:
    """How a picture or film was blurred.

    Parameters
    ----------
    parts
        Frames of a film; regions of a picture.
    whole
        How many of them were blurred from edge to edge.
    """

    parts: int
    whole: int

    @property
    def whole_share(self) -> float:
        """Share of the parts that were blurred from edge to edge; 1 where there is none."""
        return self.whole / self.parts if self.parts else 1.0


def blur_film(
    source: str | Path, destination: str | Path, detector: Detector, *, persons: int, rate_hz: float,
    sound: str | Path | None = None,
) -> Blurred:
    """Write a view with faces blurred, or whole frames where fewer were found than persons are expected.

    Parameters
    ----------
    source, destination
        A view as `media.decode` writes it; the mp4 to write.
    detector
        What finds faces.
    persons
        Whom the view shows at least: how many faces are expected in each frame.
    rate_hz
        Frames a second of the view.
    sound
        A wave file to put beside the pictures; left out, the film is silent.

    Returns
    -------
    Blurred
        How many frames there are, and how many of them are blurred whole.
    """
    every = max(1, round(rate_hz / LOOKS_HZ))
    found = [
        detector.find(picture, persons) if number % every == 0 else []
        for number, picture in enumerate(_frames(source))]
    plan = plan_blurring(found, persons=persons, gap_frames=max(1, round(GAP_S * rate_hz)))
    first = next(_frames(source))
    pictures = (
        blur_whole(picture) if faces is WHOLE else blur_faces(picture, faces)
        for picture, faces in zip(_frames(source), plan, strict=True))
    encode_frames(
        pictures, Path(destination), width_px=first.shape[1], height_px=first.shape[0], rate_hz=rate_hz,
        preset="medium", crf=CRF, sound=Path(sound) if sound else None)
    return Blurred(len(plan), sum(faces is WHOLE for faces in plan))


def blur_picture(source: str | Path, destination: str | Path, detector: Detector, *, persons: int = 1) -> Blurred:
    """Write a picture with the faces in each of its regions blurred, or the whole region where too few were found.

    Regions are what stands apart on white paper, as in the pictures that rule `colour_frames` draws; letters are too
    small to be one. A picture without white around is one region.

    Parameters
    ----------
    source, destination
        A picture; the PNG to write, without anything that the source says in words.
    detector
        What finds faces.
    persons
        How many faces are expected in each region.
    """
    from PIL import Image

    with Image.open(source) as opened:
        picture = np.asarray(opened.convert("RGB"))
    result, whole, regions = picture.copy(), 0, regions_of(picture)
    for left, top, width, height in regions:
        place = np.s_[top:top + height, left:left + width]
        faces = detector.find(picture[place], persons)
        enough = count_apart([face for face in faces if face.sure]) >= persons
        result[place] = blur_faces(picture[place], faces) if enough else blur_whole(picture[place])
        whole += not enough
    Image.fromarray(result).save(destination, "PNG")
    return Blurred(len(regions), whole)


def regions_of(picture: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of what stands apart on white, and is large enough to show a person."""
    import cv2

    inked = (picture.min(axis=2) < PAPER).astype(np.uint8)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    # Row 0 is the paper.
    found = [
        (int(left), int(top), int(width), int(height)) for left, top, width, height, _ in boxes[1:]
        if min(width, height) >= LEAST_SIDE_PX
    ]
    return found or [(0, 0, picture.shape[1], picture.shape[0])]


def _frames(path: str | Path) -> Iterator[NDArray[np.uint8]]:
    for batch in read_frames(path, batch=16):
        yield from batch

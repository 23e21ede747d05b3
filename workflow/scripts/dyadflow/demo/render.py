"""The recording: frames painted one by one, sound beside them, encoded as an mp4 that any player opens."""

import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.behaviour import Session
from dyadflow.demo.camera import Camera, draw_light
from dyadflow.demo.canvas import Canvas
from dyadflow.demo.caregiver import draw_caregiver
from dyadflow.demo.infant import draw_infant, furnish_infant
from dyadflow.demo.looks import Look, draw_look, draw_room
from dyadflow.demo.poses import FIELDS, pose_role
from dyadflow.demo.settings import DemoSettings, draw_for
from dyadflow.demo.sound import SOUND_RATE_HZ, synthesise_sound
from dyadflow.media.encoding import encode_frames

#: Figures move on every second frame, as in drawn animation, which halves the work; the noise is new on each.
FRAMES_A_POSE = 2


def paint_frames(session: Session, settings: DemoSettings) -> Iterator[NDArray[np.uint8]]:
    """Paint the split-screen picture, frame by frame.

    Yields
    ------
    ndarray, shape (height, 2 * height, 3)
        Red, green, blue; the same array each time, painted anew.
    """
    size = settings.height_px
    picture = np.empty((size, 2 * size, 3), dtype=np.float32)
    halves = [
        _open_half(session, role, settings, picture[:, place])
        for role, place in (("infant", slice(0, size)), ("caregiver", slice(size, None)))
    ]
    lights = [
        draw_light(draw_for(session.name, f"light/{role}", seed=settings.seed), size, size)
        for role in ("infant", "caregiver")
    ]
    rng = draw_for(session.name, "camera", seed=settings.seed)
    camera = Camera(rng, np.concatenate(lights, axis=1), session.frames, settings.noise)
    for number in range(session.frames):
        if number % FRAMES_A_POSE == 0:
            for draw, canvas, look, poses in halves:
                canvas.clear()
                draw(canvas, look, dict(zip(FIELDS, poses[number], strict=True)))
        yield camera.take(picture, number)


def _open_half(
    session: Session,
    role: str,
    settings: DemoSettings,
    pixels: NDArray[np.float32],
) -> tuple[Callable[[Canvas, Look, dict[str, float]], None], Canvas, Look, list[list[float]]]:
    """What paints one role: its drawing, a canvas over its half of the picture, its look, its postures."""
    look = draw_look(session.name, role, settings)
    room = draw_room(session.name, role, settings)
    poses = pose_role(session, role, settings).tolist()
    if role == "infant":
        return draw_infant, Canvas(furnish_infant(room, look), pixels), look, poses
    return draw_caregiver, Canvas(room, pixels), look, poses


def write_recording(session: Session, settings: DemoSettings, path: Path) -> None:
    """Paint, synthesise and encode one session.

    Parameters
    ----------
    session
        What happens in it.
    settings
        Of the study.
    path
        The file to write, whatever its suffix: H.264 and AAC in an mp4, its index at the front.

    Raises
    ------
    DyadflowError
        If ffmpeg cannot write the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        sound_path = Path(folder) / "sound.wav"
        with wave.open(str(sound_path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SOUND_RATE_HZ)
            sound.writeframes(synthesise_sound(session, settings).tobytes())
        encode_frames(
            paint_frames(session, settings),
            path,
            width_px=settings.width_px,
            height_px=settings.height_px,
            rate_hz=settings.rate_hz,
            preset="ultrafast",
            crf=21,
            sound=sound_path,
        )

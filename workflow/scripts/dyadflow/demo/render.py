"""The recording: frames painted one by one, sound beside them, encoded as an mp4 that any player opens."""

import contextlib
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.behaviour import Session
from dyadflow.demo.canvas import Canvas
from dyadflow.demo.caregiver import draw_caregiver
from dyadflow.demo.infant import draw_infant, furnish_infant
from dyadflow.demo.looks import Look, draw_light, draw_look, draw_room
from dyadflow.demo.poses import FIELDS, pose_role
from dyadflow.demo.settings import DemoSettings, draw_for
from dyadflow.demo.sound import SOUND_RATE_HZ, synthesise_sound
from dyadflow.errors import DyadflowError
from dyadflow.media.ffmpeg import ffmpeg_binary, last_meaningful_line

#: Fields of camera noise, drawn once and used in random order.
NOISE_FIELDS = 12
#: Figures move on every second frame, as in drawn animation, which halves the work; the noise is new on each.
FRAMES_A_POSE = 2
#: The lamp flickers and the camera's exposure wanders by about this share.
EXPOSURE_SPREAD = 0.012
EXPOSURE_LEVELS = tuple(level / 4 for level in range(-8, 9))


def paint_frames(session: Session, settings: DemoSettings) -> Iterator[NDArray[np.uint8]]:
    """Paint the split-screen picture, frame by frame.

    Yields
    ------
    ndarray, shape (height, 2 * height, 3)
        Red, green, blue; the same array each time, painted anew.
    """
    size = settings.height_px
    rng = draw_for(session.name, "camera", seed=settings.seed)
    noise = rng.normal(0.0, settings.noise, (NOISE_FIELDS, size, 2 * size, 1)).astype(np.float32)
    noise = np.repeat(noise, 3, axis=3)
    order = rng.integers(NOISE_FIELDS, size=session.frames)
    wander = np.convolve(rng.normal(size=session.frames + 24), np.ones(25) / 5, mode="valid")
    exposure = np.searchsorted(EXPOSURE_LEVELS[1:], np.clip(wander, -2, 2)).tolist()
    picture = np.empty((size, 2 * size, 3), dtype=np.float32)
    lit = np.empty_like(picture)
    halves = [
        _open_half(session, role, settings, picture[:, place])
        for role, place in (("infant", slice(0, size)), ("caregiver", slice(size, None)))
    ]
    light = np.concatenate(
        [draw_light(session.name, role, settings) for role in ("infant", "caregiver")], axis=1
    )
    # A few levels of exposure, prepared, rather than one more pass over every frame.
    lights = [light * np.float32(1 + EXPOSURE_SPREAD * level) for level in EXPOSURE_LEVELS]
    frame = np.empty((size, 2 * size, 3), dtype=np.uint8)
    for number in range(session.frames):
        if number % FRAMES_A_POSE == 0:
            for draw, canvas, look, poses in halves:
                canvas.clear()
                draw(canvas, look, dict(zip(FIELDS, poses[number], strict=True)))
        np.multiply(picture, lights[exposure[number]], out=lit)
        lit += noise[order[number]]
        np.clip(lit, 0, 255, out=lit)
        frame[...] = lit
        yield frame


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
    import ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        sound_path = Path(folder) / "sound.wav"
        with wave.open(str(sound_path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SOUND_RATE_HZ)
            sound.writeframes(synthesise_sound(session, settings).tobytes())
        picture = ffmpeg.input(
            "pipe:",
            format="rawvideo",
            pix_fmt="rgb24",
            s=f"{settings.width_px}x{settings.height_px}",
            r=settings.rate_hz,
            threads=1,
        )
        # One thread, no version strings and no dates: the same session is the same bytes.
        job = ffmpeg.output(
            picture,
            ffmpeg.input(str(sound_path)),
            str(path),
            format="mp4",
            vcodec="libx264",
            preset="ultrafast",
            crf=21,
            pix_fmt="yuv420p",
            acodec="aac",
            audio_bitrate="96k",
            threads=1,
            movflags="+faststart",
            map_metadata=-1,
            fflags="+bitexact",
            **{"flags:v": "+bitexact", "flags:a": "+bitexact"},
        ).global_args("-loglevel", "error", "-nostdin")
        log = Path(folder) / "log.txt"
        _encode(job, session, settings, path, log)


def _encode(job, session: Session, settings: DemoSettings, path: Path, log: Path) -> None:
    """Feed the frames to ffmpeg and wait for it."""
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            job.overwrite_output().compile(cmd=ffmpeg_binary()),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as process,
    ):
        # If ffmpeg gives up, the pipe breaks; its own words say why.
        with contextlib.suppress(BrokenPipeError):
            for frame in paint_frames(session, settings):
                process.stdin.write(frame.data)
            process.stdin.close()
        failed = process.wait() != 0
    if failed:
        raise DyadflowError(
            f"ffmpeg could not encode the session ({last_meaningful_line(log.read_bytes())})",
            where=str(path),
            fix="check that the folder is there and that the disk has room",
        )

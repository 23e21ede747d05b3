"""Painted frames, and sound if there is any, encoded as an mp4 that any player opens."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.media.ffmpeg import ffmpeg_binary, last_meaningful_line


def encode_frames(
    frames: Iterable[NDArray[np.uint8]],
    path: Path,
    *,
    width_px: int,
    height_px: int,
    rate_hz: float,
    preset: str,
    crf: int,
    sound: Path | None = None,
    stored: tuple[int, str] | None = None,
) -> None:
    """Write frames as H.264 and, beside them, sound as AAC.

    Parameters
    ----------
    frames
        Arrays of shape (height_px, width_px, 3): red, green, blue.
    path
        The file to write, whatever its suffix: an mp4 with its index at the front.
    width_px, height_px, rate_hz
        Size of the frames in square pixels, and frames a second.
    preset, crf
        Of x264.
    sound
        A wave file; without it the recording has no sound track.
    stored
        Width in pixels at which the frames are stored, and the shape of such a pixel, width over height, as
        ``4/3``. Without it pixels are stored as they come, which is square.

    Raises
    ------
    DyadflowError
        If ffmpeg cannot write the file.

    Notes
    -----
    One thread, no version strings and no dates: the same frames are the same bytes.
    """
    import ffmpeg

    picture = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="rgb24", s=f"{width_px}x{height_px}", r=rate_hz, threads=1
    )
    if stored:
        stored_px, shape = stored
        picture = picture.filter("scale", stored_px, height_px, flags="bilinear+bitexact")
        picture = picture.filter("setsar", shape)
    sounds = [ffmpeg.input(str(sound))] if sound else []
    of_sound = {"acodec": "aac", "audio_bitrate": "96k", "flags:a": "+bitexact"} if sound else {}
    job = ffmpeg.output(
        picture,
        *sounds,
        str(path),
        format="mp4",
        vcodec="libx264",
        preset=preset,
        crf=crf,
        pix_fmt="yuv420p",
        threads=1,
        movflags="+faststart",
        map_metadata=-1,
        fflags="+bitexact",
        **{"flags:v": "+bitexact"} | of_sound,
    ).global_args("-loglevel", "error", "-nostdin", "-filter_threads", "1")
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            job.overwrite_output().compile(cmd=ffmpeg_binary()),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as process:
            assert process.stdin is not None  # it is a pipe
            # If ffmpeg gives up, the pipe breaks; its own words say why.
            with contextlib.suppress(BrokenPipeError):
                for frame in frames:
                    process.stdin.write(frame.data)
                process.stdin.close()
            failed = process.wait() != 0
        errors.seek(0)
        if failed:
            raise DyadflowError(
                f"ffmpeg could not encode the session ({last_meaningful_line(errors.read())})",
                where=str(path),
                fix="check that the folder is there and that the disk has room",
            )

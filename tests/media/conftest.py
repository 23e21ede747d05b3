"""Recordings made on the spot, small enough to make in a fraction of a second each."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dyadflow.media.ffmpeg import ffmpeg_binary

BITS, STRIPE = 10, 16


@pytest.fixture(scope="session")
def run_ffmpeg():
    """Run ffmpeg with these arguments."""
    def run(*arguments, stdin=None):
        subprocess.run([ffmpeg_binary(), "-v", "error", "-y", *map(str, arguments)], check=True, input=stdin)
    return run


@pytest.fixture(scope="session")
def picture_of_number():
    """Draw a number below 1024 as ten black or white stripes."""
    def draw(number: int) -> np.ndarray:
        bits = (number >> np.arange(BITS)) & 1
        row = np.repeat(bits * 200 + 25, STRIPE).astype(np.uint8)
        return np.broadcast_to(row[None, :, None], (48, BITS * STRIPE, 3)).copy()
    return draw


@pytest.fixture(scope="session")
def numbers_in():
    """Read the numbers back from frames, shape (frames, height, width, 3)."""
    def read(frames: np.ndarray) -> list[int]:
        stripes = np.array_split(frames.mean(axis=(1, 3)), BITS, axis=1)
        bits = np.stack([stripe.mean(axis=1) > 125 for stripe in stripes], axis=1)
        return (bits @ (1 << np.arange(BITS))).tolist()
    return read


@pytest.fixture(scope="session")
def write_pictures():
    """Write pictures shown at given times: ``write(path, pictures, times_s, last_s=, rotation=)``."""
    def write(path: Path, pictures, times_s, *, last_s: float, rotation: int = 0) -> Path:
        ticks = 90_000
        starts = [round(time_s * ticks) for time_s in times_s]
        durations = np.diff([*starts, starts[-1] + round(last_s * ticks)]).tolist()
        lasts = dict(zip(starts, durations, strict=True))
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"crf": "8", "preset": "veryfast"})
            stream.pix_fmt = "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, ticks)
            stream.height, stream.width = pictures[0].shape[:2]
            if rotation:
                stream.set_display_rotation(rotation)
            for picture, start in [*zip(pictures, starts, strict=True), (None, 0)]:
                frame = picture if picture is None else av.VideoFrame.from_ndarray(picture, format="rgb24")
                if frame is not None:
                    frame.pts, frame.time_base = start, Fraction(1, ticks)
                for packet in stream.encode(frame):
                    packet.duration = lasts[packet.pts]
                    container.mux(packet)
        return path
    return write


@pytest.fixture(scope="session")
def clap_and_flash(tmp_path_factory, run_ffmpeg):
    """Write four seconds with one white picture and one click, both at `event_s`.

    ``write(path, rate=25, event_s=2, sound_start_s=0, arguments=[...])``
    """
    def write(path, *, rate=25, event_s=2.0, sound_start_s=0.0, sound_rate=48_000, arguments=()):
        folder = tmp_path_factory.mktemp("clap")
        made = folder / path.name if sound_start_s else path
        pictures = np.full((int(4 * rate), 48, 64), 16, np.uint8)
        pictures[round(event_s * rate)] = 235
        sound = np.zeros((int((4 - sound_start_s) * sound_rate), 2), "<i2")
        clap = round((event_s - sound_start_s) * sound_rate)
        sound[clap:clap + 24] = 20_000  # half a millisecond
        (folder / "sound.pcm").write_bytes(sound.tobytes())
        run_ffmpeg(
            "-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x48", "-r", rate, "-i", "-",
            "-f", "s16le", "-ar", sound_rate, "-ac", 2, "-i", folder / "sound.pcm",
            "-map", "0", "-map", "1", "-c:v", "libx264", "-crf", 10, "-pix_fmt", "yuv420p", *arguments,
            made, stdin=pictures.tobytes(),
        )
        if sound_start_s:  # moved when packed, because encoding would begin at zero again
            run_ffmpeg("-i", made, "-itsoffset", sound_start_s, "-i", made, "-map", "0:v", "-map", "1:a",
                       "-c", "copy", path)
        return path
    return write


@pytest.fixture(scope="session")
def play_mp4(tmp_path_factory, run_ffmpeg):
    """Four seconds of moving pictures and a tone, 160 x 120, 25 pictures a second, index at the front."""
    path = tmp_path_factory.mktemp("media") / "play.mp4"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=4",
               "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4",
               "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", path)
    return path


@pytest.fixture(scope="session")
def peekaboo_mp4(pytestconfig):
    """A real caregiver-infant clip, where the shared data lie beside the repository."""
    path = pytestconfig.rootpath.parent / "shared/data/peekaboo/peekaboo.mp4"
    if not path.exists():
        pytest.skip("the real clip is not part of the repository")
    return path

"""Frames and samples of decoded sessions, in order, in memory that does not grow with the session."""

import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.media.wav import AUDIO_RATE_HZ

_AGAIN = "delete the file and run the workflow again"


def read_frames(path: str | Path, *, batch: int = 64, every: int = 1, threads: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Give the frames of a view in order, a batch at a time.

    Parameters
    ----------
    path
        A view as `dyadflow.media.decode.decode_session` wrote it.
    batch
        Frames in each array but the last. One array and one frame are held at a time.
    every
        Give frames 0, every, 2 every ... alone. The others are decoded too, but not turned into RGB.
    threads
        Threads of the decoder. They change the speed, not the pictures.

    Yields
    ------
    ndarray, shape (n, height, width, 3)
        RGB, 0 to 255; n is `batch`, or what is left at the end.

    Raises
    ------
    DyadflowError
        If the file cannot be read, or holds fewer or more frames than its header says.
    """
    seen = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_type = "AUTO"
            stream.codec_context.thread_count = threads
            promised = stream.frames
            # One converter for all frames: set up anew for each, it would cost more than the conversion.
            convert, held = VideoReformatter(), 0
            rows: NDArray[np.uint8] | None = None
            for frame in container.decode(stream):
                if seen % every == 0:
                    picture = convert.reformat(frame, format="rgb24", threads=1).to_ndarray()
                    rows = np.empty((batch, *picture.shape), np.uint8) if rows is None else rows
                    rows[held] = picture
                    held += 1
                seen += 1
                if rows is not None and held == batch:
                    yield rows
                    rows, held = None, 0
            if rows is not None and held:
                yield rows[:held]
    except (av.FFmpegError, OSError, IndexError) as error:
        raise DyadflowError(f"this view cannot be read ({_reason(error)})", where=str(path),
                            fix=_AGAIN) from error
    if seen != promised:
        raise DyadflowError(f"this view holds {seen} frames, and {promised} were written", where=str(path),
                            fix=_AGAIN)


def count_frames(path: str | Path) -> int:
    """Count the frames of a view, without decoding them; 0 where it has no picture track at all.

    Raises
    ------
    DyadflowError
        If the file cannot be read.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return 0
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except (av.FFmpegError, OSError) as error:
        raise DyadflowError(f"this view cannot be read ({_reason(error)})", where=str(path),
                            fix=_AGAIN) from error


def read_samples(path: str | Path, *, block_s: float = 10.0) -> Iterator[NDArray[np.float32]]:
    """Give the sound of a session in order, a block at a time.

    Parameters
    ----------
    path
        Audio as `dyadflow.media.decode.decode_session` wrote it.
    block_s
        Seconds in each block but the last.

    Yields
    ------
    ndarray, shape (samples,)
        16 kHz mono, from -1 up to but not including 1.

    Raises
    ------
    DyadflowError
        If the file cannot be read, is in another format, or ends before its header says.
    """
    with _open_wav(path) as sound:
        left = sound.getnframes()
        size = max(1, round(block_s * AUDIO_RATE_HZ))
        while left:
            block = np.frombuffer(sound.readframes(min(size, left)), dtype="<i2")
            if not len(block):
                raise DyadflowError(f"this audio ends {left} samples early", where=str(path), fix=_AGAIN)
            left -= len(block)
            yield block.astype(np.float32) / np.float32(32768)


def count_samples(path: str | Path) -> int:
    """Count the samples of a session's audio from its header.

    Raises
    ------
    DyadflowError
        If the file cannot be read or is in another format.
    """
    with _open_wav(path) as sound:
        return sound.getnframes()


def _open_wav(path: str | Path) -> wave.Wave_read:
    try:
        sound = wave.open(str(path), "rb")  # noqa: SIM115 (the callers close it)
    except (OSError, EOFError, wave.Error) as error:
        raise DyadflowError(f"this audio cannot be read ({_reason(error)})", where=str(path),
                            fix=_AGAIN) from error
    found = (sound.getframerate(), sound.getnchannels(), 8 * sound.getsampwidth())
    if found != (AUDIO_RATE_HZ, 1, 16):
        sound.close()
        raise DyadflowError(
            "this audio has {} Hz, {} channels and {} bits where 16000 Hz, 1 channel and 16 bits are "
            "expected".format(*found), where=str(path), fix=_AGAIN)
    return sound


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

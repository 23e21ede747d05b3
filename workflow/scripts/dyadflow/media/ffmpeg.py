"""The ffmpeg program: where it is, how it is run, and what it says when it fails."""

import functools
import re
import shutil
from collections.abc import Iterable

#: ffmpeg ends with lines that only repeat that it failed; the cause is the line before them.
_ECHOES = (
    "Conversion failed", "Error opening input files", "Error opening output file", "Task finished with error",
    "Terminating thread", "Nothing was written", "Exiting", "Error sending frames", "Could not open encoder",
)
#: ``[mov,mp4 @ 0x55d0c8a3f2c0] [error] ``: the address differs from run to run.
_TAG = re.compile(r"^(\[[^\]]*@ 0x[0-9a-f]+\]\s*)*(\[(fatal|error|warning|info)\]\s*)?")


@functools.cache
def ffmpeg_binary() -> str:
    """Path of the ffmpeg program: the system's, or else the one inside the imageio-ffmpeg wheel."""
    system = shutil.which("ffmpeg")
    if system:
        return system
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def last_meaningful_line(stderr: bytes | str) -> str:
    """What ffmpeg gave as the cause, without memory addresses, progress or the closing echoes.

    Parameters
    ----------
    stderr
        All that ffmpeg wrote to standard error.
    """
    text = stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else stderr
    lines = [line for line in _untagged(text.splitlines()) if line]
    causes = [line for line in lines if not any(echo in line for echo in _ECHOES)]
    return (causes or lines or ["ffmpeg gave no reason"])[-1].rstrip(".")


def _untagged(lines: Iterable[str]) -> Iterable[str]:
    return (_TAG.sub("", line).strip() for line in lines)

"""How a decoded session lies in its folder."""

from pathlib import Path

AUDIO = "audio"


def view_file(folder: str | Path, view: str) -> Path:
    """File of a view, or of the sound (`view` is ``audio``), in a decoded session's folder."""
    return Path(folder) / (f"{AUDIO}.wav" if view == AUDIO else f"{view}.mp4")

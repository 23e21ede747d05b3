"""The index of clips: one small table that stands for the pictures of a view in every session.

A training job reads it in place of a thousand inputs; and what it looks at to see whether clips are others is what they
hold, not when their large files were copied.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

import pandas as pd

from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.tables import read_table, write_table

COLUMNS = ("session", "file", "frames", "sha256")


@dataclass(frozen=True)
class ClipFile:
    """One session's clips: the file, and how many frames the session has by its grid."""

    path: Path
    frames: int
    sha256: str


def write_clip_note(clips: str | Path, note: str | Path, *, frames: int) -> None:
    """Note what a session's clips hold.

    Parameters
    ----------
    clips
        The file, as `dyadflow.media.clips.write_clips` wrote it.
    note
        Where to write (JSON).
    frames
        How many frames the session has, from its grid.
    """
    Path(note).write_text(json.dumps({"frames": frames, "sha256": sha256_of(clips)}) + "\n", encoding="utf-8")


def write_clip_index(
    files: Mapping[str, str | Path], notes: Mapping[str, str | Path], index: str | Path, *, place: str | Path
) -> None:
    """List the clips of a view.

    Parameters
    ----------
    files, notes
        Clips of each session, in the order of the index, and what `write_clip_note` noted of them.
    index
        Where to write.
    place
        Folder that the index will lie in: files are named relative to it.
    """
    rows = [
        {"session": session, "file": Path(relpath(path, place)).as_posix(),
         **json.loads(Path(notes[session]).read_text(encoding="utf-8"))}
        for session, path in files.items()
    ]
    write_table(pd.DataFrame(rows, columns=list(COLUMNS)), index)


def read_clip_index(index: str | Path) -> dict[str, ClipFile]:
    """Clips of each session, in the index's order."""
    table = read_table(index, COLUMNS, text=("session", "file", "sha256"))
    folder = Path(index).parent
    return {row.session: ClipFile(folder / row.file, int(row.frames), row.sha256) for row in table.itertuples()}

"""The index of frame labels: one small table that stands for the label files of a study."""

from collections.abc import Mapping
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

import pandas as pd

from dyadflow.annotations.labels import SessionLabels
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.tables import read_table, write_table

COLUMNS = ("session", "file", "sha256")


@dataclass(frozen=True)
class LabelFile:
    """One session's label file and the digest of its content."""

    path: Path
    sha256: str

    def read(self) -> SessionLabels:
        """The labels themselves."""
        return SessionLabels.read(self.path)


def write_label_index(files: Mapping[str, str | Path], index: str | Path, *, place: str | Path) -> None:
    """List label files with the digest of their content.

    Parameters
    ----------
    files
        Label file of each session, in the order of the index.
    index
        Where to write.
    place
        Folder that the index will lie in: files are named relative to it.
    """
    rows = [
        {"session": session, "file": Path(relpath(path, place)).as_posix(), "sha256": sha256_of(path)}
        for session, path in files.items()
    ]
    write_table(pd.DataFrame(rows, columns=list(COLUMNS)), index)


def read_label_index(index: str | Path) -> dict[str, LabelFile]:
    """Label file of each session, in the index's order."""
    table = read_table(index, COLUMNS, text=COLUMNS)
    folder = Path(index).parent
    return {row.session: LabelFile(folder / row.file, row.sha256) for row in table.itertuples()}

"""Codes in the place of names, and last names in the place of absolute paths, in a copy of a file."""

import csv
import io
from pathlib import Path
from typing import Any

from dyadflow.privacy.contents.kinds import HDF5, Unreadable, kind_of, medium
from dyadflow.privacy.contents.text import outside_data
from dyadflow.privacy.names import Names
from dyadflow.provenance.absolute import shorten_paths

COMMENT = "comment"


def rewrite_copy(path: Path, names: Names, *, comments: bool = False) -> bool:
    """Rewrite a copied file in place, if it is a text or HDF5; say whether anything changed.

    Parameters
    ----------
    path
        A copy; never a result itself.
    names
        Words, with the codes that stand for them.
    comments
        Whether the column ``comment`` of tables keeps its content.
    """
    with open(path, "rb") as file:
        beginning = file.read(64)
    if beginning[:8] == HDF5:
        return _rewrite_hdf5(path, names)
    data = path.read_bytes() if medium(beginning) is None else b""
    try:
        if not data or kind_of(data, path.name) != "text":
            return False
    except Unreadable:
        return False
    text = data.decode("utf-8")
    changed = outside_data(text, lambda part: rewrite_text(part, names))
    if path.suffix == ".tsv" and not comments:
        changed = _without_comments(changed)
    if changed != text:
        path.write_bytes(changed.encode("utf-8"))
    return changed != text


def rewrite_text(text: str, names: Names) -> str:
    """A text with codes for names, and without the folders of absolute paths."""
    return names.replace(shorten_paths(text))


def _without_comments(text: str) -> str:
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    if not rows or COMMENT not in rows[0]:
        return text
    column = rows[0].index(COMMENT)
    if not any(len(row) > column and row[column] for row in rows[1:]):
        return text
    for row in rows[1:]:
        row[column:column + 1] = [""]
    written = io.StringIO()
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    return written.getvalue()


def _rewrite_hdf5(path: Path, names: Names) -> bool:
    """Attributes only: texts in datasets are codes and class names, which the check looks at."""
    import h5py

    changes: list[tuple[str, str, str]] = []
    with h5py.File(path, "r") as file:
        def visit(place: str, item: Any) -> None:
            for name, value in item.attrs.items():
                if isinstance(value, str) and rewrite_text(value, names) != value:
                    changes.append((place, name, rewrite_text(value, names)))

        visit("/", file)
        file.visititems(visit)
    if changes:
        with h5py.File(path, "r+") as file:
            for place, name, value in changes:
                file[place].attrs[name] = value
    return bool(changes)

"""Look through a folder of results for what must not leave the lab."""

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable, look_at
from dyadflow.privacy.contents.png import texts_in
from dyadflow.privacy.contents.text import line_of
from dyadflow.privacy.findings import Finding
from dyadflow.privacy.names import Names
from dyadflow.provenance.absolute import find_paths
from dyadflow.provenance.fingerprint import fingerprint, sha256_of
from dyadflow.tables import read_table

#: Folders of a study's results that never leave the lab, and are not looked into.
KEPT_IN = ("private", "logs", "state", "provenance/private")
#: Table of the pictures and films in a copy whose faces were blurred.
BLURRED = "blurred.tsv"
#: Begin the names of rules whose pictures are drawn by us from numbers.
DRAWING = "draw_"

_MOVE = "keep it under private/, or delete it"
_SHARE = "copy with `dyadflow share`, which writes the code in its place"


def check_folder(
    folder: str | Path, names: Names | None = None, *, kept_in: Collection[str] = KEPT_IN,
    private_columns: Collection[str] = (),
) -> list[Finding]:
    """Everything in a folder that must not be shared: pictures and sound, absolute paths, names.

    Parameters
    ----------
    folder
        Results of a study, or a copy of them.
    names
        Words that must not be shared.
    kept_in
        Folders in it that are not shared and not looked into. For a copy: none.
    private_columns
        Columns of the sheet of sessions that no table may hold.

    Returns
    -------
    list of Finding
        In the order of files; a file that cannot be looked into is a finding.
    """
    folder, names = Path(folder), names or Names()
    return [
        finding for path in files_in(folder, kept_in) for finding in check_file(folder, path, names, private_columns)
    ]


def files_in(folder: Path, kept_in: Collection[str] = ()) -> Iterator[Path]:
    """Files of a folder, sorted, without the folders that are kept in; a link counts as the file it leads to."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if path.is_file() and not any(inside.startswith(f"{kept}/") for kept in kept_in):
            yield path


def check_file(folder: Path, path: Path, names: Names, private_columns: Collection[str] = ()) -> Iterator[Finding]:
    """What in one file must not be shared, each thing once."""
    file = path.relative_to(folder).as_posix()
    seen: set[tuple[str, str]] = set()
    parts: Iterable[Text | Shown] = look_at(path)
    if drawn_here(folder, path):
        parts = texts_in(path.read_bytes())
    elif blurred_here(folder, path):
        parts = ()
    for name in names.find(file):
        yield Finding(file, "name", f"the file is called after {name.word!r}, {name.what}", fix="rename it")
    try:
        for part in parts:
            for finding in _of_part(file, part, names, private_columns):
                if (finding.kind, finding.what) not in seen:
                    seen.add((finding.kind, finding.what))
                    yield finding
    except Unreadable as error:
        yield Finding(file, "unknown", str(error), fix="leave it out: what is in it cannot be told")


def _of_part(file: str, part: Text | Shown, names: Names, private_columns: Collection[str]) -> Iterator[Finding]:
    if isinstance(part, Shown):
        yield Finding(file, part.kind, f"this shows or plays {part.what}" if part.kind == "picture" else
                      f"this holds {part.what}", part.where, _MOVE)
        return
    for path, position in find_paths(part.text).items():
        yield Finding(file, "path", f"{path!r} is a path of one machine", part.where or line_of(part.text, position),
                      "copy with `dyadflow share`, which keeps its last name only")
    for name, position in names.find(part.text).items():
        yield Finding(file, "name", f"{name.word!r} is {name.what}", part.where or line_of(part.text, position),
                      _SHARE if name.code else "write a code in its place, or leave the file out")
    if private_columns and file.endswith(".tsv"):
        cells = {cell: number for number, line in enumerate(part.text.split("\n"), start=1)
                 for cell in line.split("\t")}
        for column in sorted(set(private_columns) & set(cells)):
            yield Finding(file, "name", f"{column!r} is a covariate that the study keeps private",
                          f"line {cells[column]}", "run the workflow again, which leaves it out")


def drawn_here(folder: Path, path: Path) -> bool:
    """Whether a picture is a figure of ours: its manifest says that a drawing rule made it, byte for byte."""
    manifest = folder / "provenance" / path.relative_to(folder).with_name(path.name + ".json")
    if path.suffix != ".png" or not manifest.is_file():
        return False
    try:
        about = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return str(about.get("rule", "")).startswith(DRAWING) and about.get("content") == fingerprint(path)


def blurred_here(folder: Path, path: Path) -> bool:
    """Whether a picture or film was exported with faces blurred: the copy's list of those names it, byte for byte."""
    if path.suffix not in (".png", ".mp4") or not (folder / BLURRED).is_file():
        return False
    rows = read_table(folder / BLURRED, ("file", "sha256"), all_text=True)
    return bool(((rows["file"] == path.relative_to(folder).as_posix()) & (rows["sha256"] == sha256_of(path))).any())

"""A checked copy of what may be shared of a study's results."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.privacy.check import KEPT_IN, check_file, check_folder, files_in
from dyadflow.privacy.findings import Finding
from dyadflow.privacy.names import Names
from dyadflow.privacy.rewriting import rewrite_copy
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.tables import write_table

#: The copy's own account of itself.
LISTING = "shared.tsv"
#: What a job under way or a killed one leaves.
_NO_RESULTS = (".part-*", ".snakemake*", "*.fault")
#: Numbers of one person's pictures and voice, and models fitted to them: copied only when asked for.
FEATURES = ("features/*.h5",)
MODELS = ("models/*.safetensors", "models/*.pt", "models/*.ckpt")


@dataclass(frozen=True)
class Shared:
    """What a copy became.

    Parameters
    ----------
    files
        Files in the copy, besides its listing.
    rewritten
        How many of them hold codes where the result holds names, or lost paths or comments.
    """

    files: int
    rewritten: int


class NotShared(DyadflowError):
    """The copy was refused; `found` says why."""

    def __init__(self, found: list[Finding], where: str) -> None:
        self.found = found
        super().__init__(
            f"nothing was copied, because of {len(found)} thing{'s' * (len(found) > 1)} that must not be shared",
            where=where, fix="do what the lines above say, and share again",
            findings=[finding.sentence() for finding in found])


def share_results(
    results: str | Path, into: str | Path, names: Names | None = None, *, features: bool = False, models: bool = False,
    comments: bool = False, private_columns: tuple[str, ...] = (), export: Callable[[Path], None] | None = None,
) -> Shared:
    """Copy what may be shared, with codes for names; check the copy; keep it only if nothing is found.

    Parameters
    ----------
    results
        A study's folder of results.
    into
        Folder to make; it must not be there, or be empty.
    names
        Words that must not be shared, and the codes that stand for them.
    features, models
        Whether streams, and checkpoints of trained models, are copied too.
    comments
        Whether coders' comments are.
    private_columns
        Columns of the sheet of sessions that no table may hold.
    export
        What writes pictures and films with faces blurred into the copy, once everything else has passed.

    Raises
    ------
    NotShared
        If the copy holds what must not be shared; it is removed.
    DyadflowError
        If there are no results, or the folder is in use.
    """
    results, into, names = Path(results), Path(into), names or Names()
    if not results.is_dir():
        raise DyadflowError("there are no results", where=str(results), fix="run the workflow first")
    if into.exists() and any(into.iterdir()):
        raise DyadflowError("this folder is not empty", where=str(into), fix="name another one")
    if results.resolve() in into.resolve().parents:
        raise DyadflowError("this folder lies within the results", where=str(into), fix="name one outside them")
    copy = into.with_name(f".part-{into.name}")
    shutil.rmtree(copy, ignore_errors=True)
    try:
        rows = _copy(results, copy, names, comments, (*(() if features else FEATURES), *(() if models else MODELS)))
        found = check_folder(copy, names, kept_in=(), private_columns=private_columns)
        if not found and export:
            copied = {row["file"] for row in rows}
            export(copy)
            added = [path for path in files_in(copy) if path.relative_to(copy).as_posix() not in copied]
            rows += [{"file": path.relative_to(copy).as_posix(), "bytes": path.stat().st_size, "rewritten": "no"}
                     for path in added]
            found = [finding for path in added for finding in check_file(copy, path, names)]
        if found:
            raise NotShared(found, str(results))
        for row in rows:
            row["sha256"] = sha256_of(copy / row["file"])
        write_table(pd.DataFrame(rows, columns=["file", "bytes", "rewritten", "sha256"]), copy / LISTING)
        if into.exists():
            into.rmdir()
        copy.rename(into)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return Shared(len(rows), sum(row["rewritten"] == "yes" for row in rows))


def _copy(results: Path, copy: Path, names: Names, comments: bool, left_out: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for path in files_in(results, KEPT_IN):
        inside = path.relative_to(results).as_posix()
        unfinished = any(fnmatch(part, pattern) for part in Path(inside).parts for pattern in _NO_RESULTS)
        if unfinished or any(fnmatch(inside, pattern) for pattern in left_out):
            continue
        place = copy / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        rewritten = rewrite_copy(place, names, comments=comments)
        rows.append({"file": inside, "bytes": place.stat().st_size, "rewritten": "yes" if rewritten else "no"})
    return rows

"""Reading back what made results: the manifest of any file under ``results``."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.code_record import CodeRecord
from dyadflow.provenance.manifest import FOLDER, code_record_of, describe, manifest_of, real_names_of

#: Not results, in the folder of a study: what ran when, what a search keeps while it is under way, links to recordings.
ABOUT_THE_RUN = frozenset({FOLDER, "logs", "benchmarks", "state", "linked", "fingerprints.tsv"})


#: Among what a rule hands to its script: the seed is told by itself, and where a search is kept decides nothing.
_NO_SETTINGS = ("seed", "state")


@dataclass(frozen=True)
class Manifest:
    """What a manifest says of one output.

    Attributes
    ----------
    place
        The output, as its rule names it: a path within the project.
    says
        All that stands in it.
    real_names
        Of inputs from outside the project: where they lie on this machine.
    """

    place: str
    says: Mapping[str, Any]
    real_names: Mapping[str, str]

    @property
    def rule(self) -> str:
        """The rule that made it."""
        return str(self.says["rule"])

    @property
    def wildcards(self) -> dict[str, str]:
        """Values of the rule's wildcards."""
        return dict(self.says.get("wildcards", {}))

    @property
    def inputs(self) -> dict[str, Any]:
        """Fingerprints of its inputs, of folders one a file."""
        return dict(self.says.get("inputs", {}))

    @property
    def content(self) -> Any:
        """Its fingerprint when it was made; of a folder, one a file."""
        return self.says.get("content")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The settings that concerned it, each by its keys: ``network.max_epochs``; without the seed."""
        return {name: value for part in self.params.values() for name, value in part.items()}

    @cached_property
    def params(self) -> dict[str, dict[str, Any]]:
        """The same, by the name under which the rule hands them to its script."""
        params = {name: value for name, value in self.says.get("params", {}).items() if name not in _NO_SETTINGS}
        return {name: dict(flatten(value, (name,))) for name, value in params.items()}


class Project:
    """The folder that ``results`` lies in, and the manifests of what is there.

    Parameters
    ----------
    folder
        Paths in manifests start from it.
    results
        What stands for its folder ``results``, where that was copied or renamed.
    """

    def __init__(self, folder: Path, results: Path | None = None) -> None:
        self.folder, self.results = folder, results or folder / "results"
        self._read: dict[str, Manifest | None] = {}
        self._described: dict[str, Any] = {}
        self._in_tables: dict[Path, set[str]] = {}

    @classmethod
    def around(cls, result: Path) -> tuple["Project", str]:
        """The project that a result belongs to, and the result's path within it.

        Raises
        ------
        DyadflowError
            If there is no such file or folder, or it lies in no folder ``results``.
        """
        path = result.absolute()
        parts = Path(*[part for part in path.parts if part != "."]).parts
        if not path.exists():
            raise DyadflowError("there is no such file or folder", where=str(result), fix="check the name")
        if "results" not in parts:
            raise DyadflowError(
                "it lies in no folder called results, where manifests of results are kept", where=str(result),
                fix="name a result where the workflow has written it",
            )
        at = len(parts) - 1 - parts[::-1].index("results")
        return cls(Path(*parts[:at])), Path(*parts[at:]).as_posix()

    @property
    def scripts(self) -> Path | None:
        """The scripts of this copy of the project, if they lie beside its results."""
        found = self.folder / "workflow" / "scripts"
        return found if (found / "dyadflow").is_dir() else None

    def path(self, place: str | Path) -> Path:
        """Where a path within the project lies."""
        parts = Path(place).parts
        return self.results.joinpath(*parts[1:]) if parts[:1] == ("results",) else self.folder / place

    def manifest(self, place: str) -> Manifest | None:
        """The manifest of an output, if there is one."""
        if place not in self._read:
            path = self.path(manifest_of(Path(place)))
            real = self.path(real_names_of(Path(place)))
            self._read[place] = Manifest(place, _read(path), _read(real) if real.exists() else {}) \
                if path.exists() else None
        return self._read[place]

    def maker(self, place: str) -> tuple[Manifest, str] | None:
        """The manifest behind a file: its own, that of the folder it lies in, or of the table that lists it.

        Returns
        -------
        tuple or None
            The manifest, and how the file belongs to its output: empty for the output itself, else a sentence.
        """
        path = Path(place)
        if own := self.manifest(place):
            return own, ""
        folders = list(path.parents)[:-1]
        for folder in folders:
            if found := self.manifest(folder.as_posix()):
                return found, f"in {folder.as_posix()}"
        for folder in folders[:3]:
            for table in sorted(self.path(folder).glob("*.tsv")):
                inside = (folder / table.name).as_posix()
                if (found := self.manifest(inside)) and path.relative_to(folder).as_posix() in self._cells(table):
                    return found, f"listed in {inside}"
        return None

    def _cells(self, table: Path) -> set[str]:
        """Everything that stands in a table, to look names of files up in."""
        if table not in self._in_tables:
            text = table.read_text(encoding="utf-8")
            self._in_tables[table] = {cell for line in text.splitlines() for cell in line.split("\t")}
        return self._in_tables[table]

    def content(self, place: str, real_names: Mapping[str, str] | None = None) -> Any:
        """The fingerprint of a file or folder as it is now; ``None`` if it is not there."""
        real = (real_names or {}).get(place) or str(self.path(place))
        if real not in self._described:
            self._described[real] = describe(Path(real))
        return self._described[real]

    def code_record(self, manifest: Manifest) -> CodeRecord:
        """What the code digest of an output was made of; empty if that was not kept."""
        path = code_record_of(Path(manifest.place), manifest.says["code"])
        return CodeRecord() if path is None else CodeRecord.read(self.path(path))

    def behind(self, manifest: Manifest) -> list[Manifest]:
        """An output's manifest and those of everything that it was made from."""
        found, waiting = {}, [manifest]
        while waiting:
            one = waiting.pop()
            if one.place not in found:
                found[one.place] = one
                waiting += filter(None, map(self.manifest, one.inputs))
        return list(found.values())

    def manifests(self, study: str) -> Iterator[Manifest]:
        """Every manifest of a study, in the order of the outputs' paths."""
        root = Path("results", study, FOLDER)
        for file in sorted(self.path(root).rglob("*.json")):
            place = Path("results", study) / file.relative_to(self.path(root)).with_suffix("")
            if found := self.manifest(place.as_posix()):
                yield found


def flatten(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each plain value in nested mappings, by its keys joined with dots; a list is a plain value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flatten(inner, (*keys, str(key)))
    else:
        yield ".".join(keys), value


def in_words(value: Any) -> str:
    """A setting as a person writes it: without quotes, short."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {in_words(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_words, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value) or "''"


def listed(table: Path) -> dict[str, str]:
    """SHA-256 of the files that a table lists in its columns ``file`` and ``sha256``, paths from its folder."""
    with open(table, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"file", "sha256"} <= set(rows.fieldnames or ()):
            return {}
        return {row["file"]: row["sha256"] for row in rows}


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise DyadflowError(
            f"the manifest cannot be read ({error})", where=str(path), fix="run the job again that wrote it"
        ) from None

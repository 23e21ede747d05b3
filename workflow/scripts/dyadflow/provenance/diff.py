"""`dyadflow diff`: which results of two runs differ, and what their manifests say of the reasons."""

import filecmp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.code_record import CodeRecord
from dyadflow.provenance.manifest import FOLDER
from dyadflow.provenance.records import ABOUT_THE_RUN, Manifest, Project


@dataclass(frozen=True)
class Cause:
    """Something that two manifests say differently.

    Attributes
    ----------
    kind
        rule, settings, seed, code, input, version, device, instructions, threads, platform or engine.
    name
        Of the setting, input or library.
    first, second
        What stands in each; ``None`` where it does not stand.
    """

    kind: str
    name: str
    first: Any
    second: Any


@dataclass
class Pair:
    """One output of both runs.

    Attributes
    ----------
    name
        Its path below the study's folder.
    rule, wildcards
        What made it; empty without manifests.
    differing
        Which files of it differ; the empty string is the output itself.
    causes
        What is different in how it was made.
    inherited
        Its inputs that are outputs which differ themselves.
    explained
        Whether both have a manifest.
    """

    name: str
    rule: str = ""
    wildcards: Mapping[str, str] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    inherited: list[str] = field(default_factory=list)
    explained: bool = False


@dataclass
class Comparison:
    """Everything that was found of two studies, or two runs of one.

    Attributes
    ----------
    title
        Name of the study, or of both.
    first, second
        Their folders.
    pairs
        Outputs that both have, in order.
    only_first, only_second
        Names of outputs that one of them alone has.
    """

    title: str
    first: Path
    second: Path
    pairs: list[Pair]
    only_first: list[str]
    only_second: list[str]

    @property
    def different(self) -> list[Pair]:
        """Outputs that are not the same to the byte."""
        return [pair for pair in self.pairs if pair.differing]

    @property
    def same(self) -> bool:
        """Whether both hold the same outputs with the same bytes."""
        return not (self.different or self.only_first or self.only_second)


class Side:
    """The outputs of one study in one run.

    Parameters
    ----------
    folder
        ``results/S``, wherever it was copied to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = f"results/{folder.name}"
        self._project = Project(folder.parent.parent, folder.parent)

    def outputs(self) -> dict[str, list[str]]:
        """The files of each output, by its name; one that is no folder has the empty string as its only file."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.folder.rglob("*")):
            inside = file.relative_to(self.folder)
            if file.is_file() and not file.name.startswith(".") and not ABOUT_THE_RUN & set(inside.parts):
                name = self._owner(inside)
                found.setdefault(name, []).append(inside.relative_to(name).as_posix() if name != str(inside) else "")
        return found

    def manifest(self, name: str) -> Manifest | None:
        """What made an output, or the table that lists it."""
        found = self._project.maker(f"{self.prefix}/{name}")
        return found[0] if found else None

    def inputs(self, manifest: Manifest) -> dict[str, Any]:
        """Fingerprints of inputs, by names in which the study's own does not stand."""
        return {self.plain(name): what for name, what in manifest.inputs.items()}

    def plain(self, value: Any) -> Any:
        """A value without the name of the study in paths."""
        if isinstance(value, str):
            return value.removeprefix(f"{self.prefix}/")
        return [self.plain(inner) for inner in value] if isinstance(value, list) else value

    def code(self, manifest: Manifest) -> CodeRecord:
        """What its code digest is made of."""
        return self._project.code_record(manifest)

    def _owner(self, inside: Path) -> str:
        for folder in [inside, *list(inside.parents)[:-1]]:
            if self._project.manifest(f"{self.prefix}/{folder.as_posix()}"):
                return folder.as_posix()
        return inside.as_posix()


def compare(first: str | Path, second: str | Path) -> list[Comparison]:
    """Compare two folders of results: study with study of the same name, or the only one with the only one.

    Parameters
    ----------
    first, second
        Each a folder ``results``, or the folder of one study in it.

    Raises
    ------
    DyadflowError
        If one of them is no such folder, or the two have no study in common.
    """
    left, right = _studies(Path(first)), _studies(Path(second))
    if len(left) == len(right) == 1:
        return [_compare(Side(*left.values()), Side(*right.values()))]
    names = [name for name in left if name in right]
    if not names:
        raise DyadflowError(
            "they have no study in common", where=f"{first} and {second}", fix="name the folder of one study in each")
    alone: list[tuple[str, Path | None, Path | None]] = [(name, left[name], None) for name in left if name not in right]
    alone += [(name, None, right[name]) for name in right if name not in left]
    found = [_compare(Side(left[name]), Side(right[name])) for name in names]
    return found + [
        Comparison(
            name, one or Path(first), other or Path(second), [],
            sorted(Side(one).outputs()) if one else [], sorted(Side(other).outputs()) if other else [])
        for name, one, other in alone
    ]


def _studies(folder: Path) -> dict[str, Path]:
    # Absolute, because a name is needed even of the folder that is written as a dot.
    folder = folder.absolute()
    if (folder / FOLDER).is_dir():
        return {folder.name: folder}
    found = {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{FOLDER}")) if path.is_dir()}
    if not found:
        raise DyadflowError(
            "there are no results of a study in it", where=str(folder),
            fix="name a folder results, or the folder of one study in it")
    return found


def _compare(first: Side, second: Side) -> Comparison:
    left, right = first.outputs(), second.outputs()
    pairs = [
        Pair(name, differing=list(_differing(first.folder / name, second.folder / name, left[name], right[name])))
        for name in left if name in right
    ]
    different = {pair.name for pair in pairs if pair.differing}
    for pair in pairs:
        _explain(pair, first, second, different)
    title = first.folder.name if first.folder.name == second.folder.name \
        else f"{first.folder.name} and {second.folder.name}"
    return Comparison(title, first.folder, second.folder, pairs,
                      sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys()))


def _differing(first: Path, second: Path, left: list[str], right: list[str]) -> Iterator[str]:
    for name in sorted({*left, *right}):
        both = name in left and name in right
        if not both or not filecmp.cmp(first / name if name else first, second / name if name else second, False):
            yield name


def _explain(pair: Pair, first: Side, second: Side, different: set[str]) -> None:
    """Write into a pair what the two manifests say differently."""
    left, right = first.manifest(pair.name), second.manifest(pair.name)
    if left is None or right is None:
        return
    pair.explained, pair.rule = True, left.rule
    pair.wildcards = {name: value for name, value in left.wildcards.items() if name != "study"}
    pair.causes += _unequal("rule", {"": left.rule}, {"": right.rule})
    pair.causes += _unequal("settings", _plain(first, left.settings), _plain(second, right.settings))
    if left.says["code"] != right.says["code"]:
        modules = first.code(left).differences(second.code(right)) if first.code(left).modules else []
        pair.causes.append(Cause("code", ", ".join(modules), left.says["code"][:8], right.says["code"][:8]))
    for kind in ("seed", "device", "instructions", "threads", "platform", "engine"):
        pair.causes += _unequal(kind, {"": left.says.get(kind)}, {"": right.says.get(kind)})
    versions = left.says.get("versions", {}), right.says.get("versions", {})
    # What one job alone had loaded need not be missing on the other's machine.
    both = versions[0].keys() & versions[1].keys()
    pair.causes += _unequal("version", *({name: found[name] for name in found if name in both} for found in versions))
    waited_for = {first.plain(name) for name in left.says.get("waited_for", [])}
    for cause in _unequal("input", first.inputs(left), second.inputs(right)):
        if cause.name in different:
            pair.inherited.append(cause.name)
        elif cause.name not in waited_for:
            pair.causes.append(cause)


def _plain(side: Side, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: side.plain(value) for name, value in values.items()}


def _unequal(kind: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Cause]:
    names = [*first, *(name for name in second if name not in first)]
    return [
        Cause(kind, name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)
    ]

"""How a result came about, as a tree: each output with what made it, down to recordings and coding files.

Outputs of one rule that differ in a wildcard alone, such as the labels of 92 sessions, are one node.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from dyadflow.provenance.checking import Checks
from dyadflow.provenance.records import Manifest, Project

#: Wildcards that tell data apart, not how it is treated: what differs in them alone becomes one node.
OF_DATA = frozenset({"session", "batch", "view", "coder", "date"})
#: More inputs than this become one node where they differ in other wildcards.
APART = 3


@dataclass
class Node:
    """One output, or several alike ones, with what they were made from.

    Attributes
    ----------
    places
        Paths within the project.
    name
        The path; of several, with what differs in braces or as ``*``.
    manifests
        What made them; none for what came from outside.
    marks
        What does not hold, a sentence each.
    notes
        What could not be checked, or is good to know.
    inputs
        What they were made from.
    above
        How many of them stand further up already, with all that they were made from.
    same_jobs
        Whether the jobs that made them stand further up already, with another of their outputs.
    waited_for
        Whether the job above only waited for it, and did not read it.
    cut
        Whether it has inputs that are not shown, because they lie too deep.
    """

    places: list[str]
    name: str
    manifests: list[Manifest]
    marks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: list["Node"] = field(default_factory=list)
    above: int = 0
    same_jobs: bool = False
    waited_for: bool = False
    cut: bool = False

    def walk(self) -> Iterable["Node"]:
        """This node and all below it."""
        yield self
        for inner in self.inputs:
            yield from inner.walk()


class Lineage:
    """Builds the tree of a result.

    Parameters
    ----------
    project
        Where manifests are read.
    checks
        What is compared with what is there now.
    fold
        Whether alike inputs become one node.
    depth
        How many steps back are followed; ``None`` for all.
    """

    def __init__(self, project: Project, checks: Checks, *, fold: bool = True, depth: int | None = None) -> None:
        self.project, self.checks = project, checks
        self.fold, self.depth = fold, depth
        self._seen: set[str] = set()
        self._jobs: set[tuple[str, str]] = set()

    def of(self, manifest: Manifest) -> Node:
        """The tree whose root is an output."""
        return self._node([manifest.place], [], 0)

    def _node(self, places: list[str], consumers: list[Manifest], level: int) -> Node:
        manifests = [found for place in places if (found := self.project.manifest(place))]
        node = Node(places, pattern(places, manifests), manifests)
        node.marks += self.checks.edges(places, consumers)
        if consumers and all(set(places) <= set(one.says.get("waited_for", [])) for one in consumers):
            node.waited_for = True
            return node
        node.above = sum(place in self._seen for place in places)
        node.manifests = [manifest for manifest in manifests if manifest.place not in self._seen]
        new = [place for place in places if place not in self._seen]
        node.marks += self.checks.outputs(node.manifests)
        node.notes += self.checks.notes(new, consumers)
        jobs = {(manifest.rule, str(manifest.wildcards)) for manifest in node.manifests}
        node.same_jobs = bool(jobs) and jobs <= self._jobs
        if node.same_jobs:
            self._seen.update(new)
            return node
        groups = self._alike(node.manifests)
        if self.depth is not None and level >= self.depth:
            node.cut = bool(groups)
            return node
        self._seen.update(new)
        self._jobs |= jobs
        node.inputs = [self._node(group, node.manifests, level + 1) for group in groups]
        # What a job only waited for stands last.
        node.inputs.sort(key=lambda inner: inner.waited_for)
        return node

    def _alike(self, manifests: list[Manifest]) -> list[list[str]]:
        """All inputs of some outputs, in order, those together that are alike."""
        places = list(dict.fromkeys(place for manifest in manifests for place in manifest.inputs))
        if not self.fold:
            return [[place] for place in places]
        apart: dict[tuple[str, str], list[str]] = {}
        for place in places:
            apart.setdefault(self._kind(place, OF_DATA), []).append(place)
        # What differs in other wildcards, such as the model, differs in settings: it stays apart where it is little.
        groups: dict[tuple[str, str], list[list[str]]] = {}
        for group in apart.values():
            groups.setdefault(self._kind(group[0], None), []).append(group)
        return [
            part for found in groups.values()
            for part in ([list(chain.from_iterable(found))] if len(found) > APART else found)
        ]

    def _kind(self, place: str, names: frozenset[str] | None) -> tuple[str, str]:
        """What alike inputs share: the rule and the path without some wildcards, or all; else folder and ending."""
        manifest = self.project.manifest(place)
        if manifest is None:
            path = Path(place)
            return str(path.parent.parent if place.startswith("outside/") else path.parent), path.suffix
        return manifest.rule, _without(place, manifest, set(manifest.wildcards) - {"study"} if names is None else names)


def pattern(places: list[str], manifests: list[Manifest]) -> str:
    """One name for alike places: wildcards that differ in braces, else a star for what differs."""
    if len(places) == 1:
        return places[0]
    if len(manifests) == len(places):
        names = manifests[0].wildcards
        differing = {name for name in names if len({manifest.wildcards.get(name) for manifest in manifests}) > 1}
        found = {_without(manifest.place, manifest, differing) for manifest in manifests}
        if len(found) == 1:
            return found.pop()
    split = [re.split(r"([/._-])", place) for place in places]
    if len({len(parts) for parts in split}) > 1:
        suffixes = {Path(place).suffix for place in places}
        parents = {Path(place).parent.as_posix() for place in places}
        return f"{parents.pop() if len(parents) == 1 else '…'}/*{suffixes.pop() if len(suffixes) == 1 else ''}"
    columns = [parts[0] if len(set(parts)) == 1 else "*" for parts in zip(*split, strict=True)]
    return "".join(columns)


def _without(place: str, manifest: Manifest, names: Collection[str]) -> str:
    """A path with the values of some wildcards replaced by their names in braces; a number's, where it stands last."""
    for name in manifest.wildcards:
        if name in names:
            value = str(manifest.wildcards[name])
            beside = r"\d" if value.isdigit() else "[A-Za-z0-9]"
            found = list(re.finditer(rf"(?<!{beside}){re.escape(value)}(?!{beside})", place))
            if found:
                one = found[-1 if value.isdigit() else 0]
                place = f"{place[:one.start()]}{{{name}}}{place[one.end():]}"
    return place

"""What `dyadflow why` prints: a tree, each thing once, and under it what the whole has in common."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.text import Text
from rich.tree import Tree

from dyadflow.provenance.lineage import Node
from dyadflow.provenance.records import Manifest, in_words
from dyadflow.provenance.why import Explanation

#: So many things that do not hold are told again under the tree.
_TOLD_AGAIN = 8
#: Settings that say nothing, and so are told only where everything is.
_EMPTY = ("none", "[]", "{}", "''")
_MACHINE = ("device", "instructions", "threads", "platform", "engine")
GOOD, BAD, NOTE, PALE = "green", "bold red", "yellow", "dim"


def draw(explanation: Explanation, console: Console, *, everything: bool = False) -> None:
    """Print the tree, and under it what does not hold."""
    shared = _shared(explanation.whole)
    study = next(iter(explanation.root.manifests)).wildcards.get("study")
    drawing = _Drawing(f"results/{study}/" if study else "results/", shared, everything)
    if explanation.how:
        console.print(Text(f"{explanation.asked} is {explanation.how}."), soft_wrap=True)
    console.print(drawing.tree(explanation.root))
    console.print()
    for line in _last_lines(explanation, shared, drawing.prefix):
        console.print(line)


class _Drawing:
    """How nodes look."""

    def __init__(self, prefix: str, shared: dict[str, str], everything: bool) -> None:
        self.prefix, self.shared, self.everything = prefix, shared, everything

    def tree(self, node: Node, onto: Tree | None = None) -> Tree:
        """A node and all below it."""
        label = self._label(node, root=onto is None)
        tree = Tree(label, guide_style=PALE) if onto is None else onto.add(label)
        for inner in node.inputs:
            self.tree(inner, tree)
        return tree

    def _label(self, node: Node, *, root: bool) -> Group:
        name = node.name if root else node.name.removeprefix(self.prefix)
        title = Text(name, style="bold" if root else "", no_wrap=True, overflow="ellipsis")
        if len(node.places) > 1:
            title.append(f"  {len(node.places)} of them", style="cyan")
        if words := _standing(node):
            title.append(f"  {words}", style=PALE)
        lines = [title]
        lines += [Text(f"✗ {mark}", style=BAD) for mark in node.marks]
        lines += [Text(f"? {note}", style=NOTE) for note in node.notes]
        if node.manifests and not node.same_jobs and not node.waited_for:
            lines.append(Text(self._maker(node.manifests), style="blue"))
            lines += self._settings(node.manifests)
        if node.cut:
            lines.append(Text("… made from more, which --depth leaves out", style=PALE))
        return Group(*lines)

    def _maker(self, manifests: Sequence[Manifest]) -> str:
        """Rule, wildcards, code, seed; and device, threads and versions where they are not those of the whole."""
        wildcards = [
            f"{name} {_some(values)}" for name in manifests[0].wildcards
            if name != "study" and (values := _values(manifests, "wildcards", name))
        ]
        code = _values(manifests, "code")
        words = [manifests[0].rule, *wildcards, f"code {_some([value[:8] for value in code])}"]
        words += [f"seed {_some(seeds)}"] if (seeds := _values(manifests, "seed")) else []
        for what, value in _circumstances(manifests).items():
            if value != self.shared.get(what):
                words.append(f"{what} {value}")
        kept = sum((Counter(manifest.says.get("kept", {})) for manifest in manifests), Counter())
        words += [f"kept {count} {what} of earlier jobs" for what, count in kept.items()]
        return " · ".join(words)

    def _settings(self, manifests: Sequence[Manifest]) -> list[Text]:
        """A line a setting, or a group of them that the rule hands to its script as one; of --all, each setting."""
        if self.everything:
            names = list(dict.fromkeys(name for manifest in manifests for name in manifest.settings))
            rows = {name: [manifest.settings.get(name) for manifest in manifests] for name in names}
        else:
            names = list(dict.fromkeys(name for manifest in manifests for name in manifest.params))
            rows = {name: [_in_a_line(name, manifest.params.get(name)) for manifest in manifests] for name in names}
            rows = {name: values for name, values in rows.items() if set(values) - {None, *_EMPTY}}
        width = max(map(len, rows), default=0)
        return [
            Text.assemble((f"  {name:<{width}}  ", PALE), _one_of(values),
                          no_wrap=not self.everything, overflow="ellipsis")
            for name, values in rows.items()
        ]


def _standing(node: Node) -> str:
    """Where else a node stands in the tree, or why nothing stands below it."""
    if node.waited_for:
        return "waited for, not read"
    if node.above:
        return "as above" if node.above == len(node.places) else f"{node.above} as above"
    if node.same_jobs:
        return "by the same job as above" if len(node.manifests) == 1 else "by the same jobs as above"
    return "" if node.manifests else "given"


def _values(manifests: Sequence[Manifest], *keys: str) -> list[str]:
    """The different values that manifests have for a key, in order."""
    found: dict[str, None] = {}
    for manifest in manifests:
        value: Any = manifest.says
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            found[str(value)] = None
    return list(found)


def _in_a_line(name: str, values: dict[str, Any] | None) -> str | None:
    """All values of a group of settings after each other; of a single setting its value."""
    if values is None or list(values) == [name]:
        return None if values is None else in_words(values[name])
    return ", ".join(f"{key.removeprefix(name + '.')} {in_words(value)}" for key, value in values.items())


def _one_of(values: Sequence[Any]) -> str:
    """The value of all outputs of a node, or how many different ones there are."""
    different = list(dict.fromkeys(map(in_words, values)))
    return different[0] if len(different) == 1 else f"({len(different)} different values)"


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:3]) + (f" and {len(values) - 3} more" if len(values) > 3 else "")


def _circumstances(manifests: Sequence[Manifest]) -> dict[str, str]:
    """Device, threads, platform and each version, of the whole and where several differ all of them."""
    found = {what: _some(_values(manifests, what)) for what in _MACHINE}
    libraries = dict.fromkeys(name for manifest in manifests for name in manifest.says.get("versions", {}))
    found |= {name: _some(_values(manifests, "versions", name)) for name in libraries}
    return {what: value for what, value in found.items() if value}


def _shared(root: Node) -> dict[str, str]:
    """Of each circumstance the value that most outputs of a tree have: told once, under the tree."""
    counts: dict[str, Counter[str]] = {}
    for node in root.walk():
        for manifest in node.manifests:
            for what, value in _circumstances([manifest]).items():
                counts.setdefault(what, Counter())[value] += 1
    return {what: max(sorted(counter), key=counter.__getitem__) for what, counter in counts.items()}


def _last_lines(explanation: Explanation, shared: dict[str, str], prefix: str) -> Iterable[Text]:
    threads = shared.get("threads")
    words = [shared.get("device"), shared.get("instructions")]
    words += [threads and f"{threads} thread{'s' * (threads != '1')}", shared.get("platform")]
    words += [f"snakemake {shared['engine']}"] if "engine" in shared else []
    words += [f"{name} {version}" for name, version in shared.items() if name not in _MACHINE]
    yield Text("Unless said otherwise: " + " · ".join(filter(None, words)), style=PALE)
    configuration = {
        name for node in explanation.whole.walk() for manifest in node.manifests
        for name in manifest.says.get("configuration", [])
    }
    if configuration:
        yield Text(f"Configured in {', '.join(sorted(configuration))}", style=PALE)
    marks, files = explanation.marks, f"{explanation.compared} file{'s' * (explanation.compared != 1)}"
    absent = f" {explanation.absent} not there to be compared." if explanation.absent else ""
    if not explanation.compared:
        yield Text("Nothing was compared with what is there now.", style=NOTE)
    elif marks:
        count = "1 thing does" if len(marks) == 1 else f"{len(marks)} things do"
        yield Text(f"✗ {count} not hold any more; {files} compared.{absent}", style=BAD)
        for name, mark in marks[:_TOLD_AGAIN]:
            yield Text(f"  {name.removeprefix(prefix)}: {mark}")
        if len(marks) > _TOLD_AGAIN:
            yield Text(f"  … and {len(marks) - _TOLD_AGAIN} more, marked in the tree", style=PALE)
    else:
        yield Text(f"✓ Everything holds: {files} and the code are as recorded.{absent}", style=GOOD)

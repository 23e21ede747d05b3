"""`dyadflow why`: what made a result, and whether all of it still holds."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.provenance.checking import Checks
from dyadflow.provenance.lineage import Lineage, Node
from dyadflow.provenance.records import Project


@dataclass(frozen=True)
class Explanation:
    """What made a result.

    Attributes
    ----------
    asked
        The result, as a path within the project.
    how
        How it belongs to the output that is the root: empty if it is that output itself.
    root
        The tree, as deep as was asked for.
    whole
        The tree in full depth.
    compared, absent
        How many files were compared with their manifests, and how many were not there.
    """

    asked: str
    how: str
    root: Node
    whole: Node
    compared: int
    absent: int

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Everything that does not hold: the file and the sentence."""
        return [(node.name, mark) for node in self.whole.walk() for mark in node.marks]


def explain(
    result: str | Path, *, depth: int | None = None, everything: bool = False, trusting: bool = False
) -> Explanation:
    """Find out what made a result.

    Parameters
    ----------
    result
        Any file or folder under ``results``.
    depth
        How many steps back; ``None`` for all.
    everything
        Whether alike inputs are told one by one.
    trusting
        Whether files and code are not compared with what manifests say.

    Raises
    ------
    DyadflowError
        If there is no such result, or no manifest that tells of it.
    """
    project, place = Project.around(Path(result))
    found = project.maker(place)
    if found is None:
        raise DyadflowError(
            "no manifest says what made it", where=str(result),
            fix="name an output of a rule; logs, benchmarks and what people make by hand have no manifest",
        )
    manifest, how = found
    checks = Checks(project, trusting=trusting)
    checks.look_at_code(project.behind(manifest))
    whole = Lineage(project, checks, fold=not everything).of(manifest)
    compared, absent = checks.compared, checks.absent
    root = whole if depth is None else Lineage(project, checks, fold=not everything, depth=depth).of(manifest)
    return Explanation(place, how, root, whole, compared, absent)


def as_json(explanation: Explanation) -> str:
    """The tree with all that manifests say, for programs."""
    return json.dumps({
        "result": explanation.asked, "belongs": explanation.how or None, "holds": not explanation.marks,
        "compared": explanation.compared, "absent": explanation.absent, "tree": _plain(explanation.root),
    }, indent=1)


def _plain(node: Node) -> dict[str, Any]:
    said = [manifest.says for manifest in node.manifests]
    return {
        "name": node.name, "files": node.places, "marks": node.marks, "notes": node.notes,
        "made": [{key: value for key, value in says.items() if key != "inputs"} for says in said],
        "as_above": node.above, "same_jobs": node.same_jobs, "waited_for": node.waited_for,
        "inputs": [_plain(inner) for inner in node.inputs],
    }

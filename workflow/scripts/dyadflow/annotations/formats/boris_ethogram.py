"""The ethogram of a BORIS project: which behaviours are states, what they mean and what they exclude."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Behavior:
    """One behaviour; `state` is None where the project does not say whether it is a state or a point."""

    state: bool | None
    description: str
    category: str


@dataclass(frozen=True)
class Ethogram:
    """Behaviours and subjects of a project.

    Parameters
    ----------
    behaviors
        Code to behaviour, in the order of the project.
    subjects
        Names.
    stopped_by
        Behaviour to those that exclude it: BORIS stops it when one of them starts.
    """

    behaviors: Mapping[str, Behavior] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    stopped_by: Mapping[str, Collection[str]] = field(default_factory=dict)

    def vocabularies(self, tiers: Iterable[str]) -> dict[str, dict[str, str]]:
        """Closed lists of codes with what they mean: of each subject all, of a category as tier its own."""
        found: dict[str, dict[str, str]] = {}
        for tier in dict.fromkeys([*self.subjects, *tiers]):
            own = {code for code, behavior in self.behaviors.items() if behavior.category == tier}
            codes = own if own and tier not in self.subjects else set(self.behaviors)
            found[tier] = {code: known.description for code, known in self.behaviors.items() if code in codes}
        return found if self.behaviors else {}


def read_ethogram(project: Mapping[str, Any]) -> Ethogram:
    """Read ``behaviors_conf`` and ``subjects_conf``; entries that are damaged are left out."""
    behaviors: dict[str, Behavior] = {}
    stopped_by: dict[str, set[str]] = {}
    for entry in _entries(project.get("behaviors_conf")):
        code, kind = entry.get("code"), str(entry.get("type", "")).casefold()
        if not isinstance(code, str):
            continue
        state = True if kind.startswith("state event") else False if kind.startswith("point event") else None
        behaviors[code] = Behavior(state, str(entry.get("description") or ""), str(entry.get("category") or ""))
        for excluded in str(entry.get("excluded") or "").split(","):
            stopped_by.setdefault(excluded.strip(), set()).add(code)
    subjects = [entry.get("name") for entry in _entries(project.get("subjects_conf"))]
    names = tuple(dict.fromkeys(name for name in subjects if isinstance(name, str) and name))
    return Ethogram(behaviors, names, {code: frozenset(others) for code, others in stopped_by.items() if code})


def _entries(conf: object) -> list[Mapping[str, Any]]:
    values = conf.values() if isinstance(conf, Mapping) else conf if isinstance(conf, list) else ()
    return [entry for entry in values if isinstance(entry, Mapping)]

"""Targets that are each coded in one phase only: one for each task and variable of guided play.

There are many of them, each with two classes, so that the page sets them side by side in one table instead of
giving each a part of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dyadflow.annotations.scheme import Scheme


@dataclass(frozen=True)
class TaskTarget:
    """A target's own phase and variable; `span` is the number of targets that the task's name covers."""

    target: str
    title: str
    phase: str
    task: str
    variable: str
    span: int


def only_phase(scheme: Scheme, target: str) -> str:
    """The one phase that a target is coded in; empty where there are several."""
    phases = scheme.targets[target].phases
    return phases[0] if len(phases) == 1 else ""


def is_by_task(scheme: Scheme) -> bool:
    """Whether every target of the scheme is coded in one phase only, and all have the same classes."""
    return all(only_phase(scheme, target) for target in scheme.targets) and (
        len({tuple(spec.classes) for spec in scheme.targets.values()}) == 1
    )


def task_targets(scheme: Scheme, targets: Iterable[str]) -> list[TaskTarget]:
    """Tasks and variables of targets, in the scheme's order; of successive equal tasks the first has the span."""
    wanted = set(targets)
    kept = [target for target in scheme.targets if target in wanted]
    phases = [only_phase(scheme, target) for target in kept]
    found = []
    for number, (target, phase) in enumerate(zip(kept, phases, strict=True)):
        first = number == 0 or phases[number - 1] != phase
        rest = phases[number:]
        span = next((size for size, other in enumerate(rest) if other != phase), len(rest)) if first else 0
        spec = scheme.targets[target]
        found.append(
            TaskTarget(
                target,
                spec.title or target,
                phase,
                scheme.title_of(phase) if phase else "All phases",
                scheme.tiers[spec.tier].title or spec.tier,
                span,
            )
        )
    return found

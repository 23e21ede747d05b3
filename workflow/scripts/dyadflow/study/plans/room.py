"""What the plan of every room shares."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dyadflow.study.study import Study

if TYPE_CHECKING:
    from dyadflow.study.plan import Plan

RESULTS = "results"


class RoomPlan:
    """What the rules of one room ask.

    Parameters
    ----------
    plan
        The whole plan, for what another room knows.
    """

    def __init__(self, plan: "Plan") -> None:
        self.plan = plan
        #: By method and study; see `of_study`.
        self._answers: dict[tuple[str, str], Any] = {}
        for name, _ in inspect.getmembers(type(self), inspect.isfunction):
            if not name.startswith("_"):
                setattr(self, name, _with_signature(getattr(self, name)))

    def of(self, wildcards: Any) -> Study:
        """The study of a job."""
        return self.plan.of(wildcards)


def _with_signature(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with its signature at hand, and likewise what it gives if that is a function.

    Snakemake looks, for each job anew, what a function wants to be told. Working that out takes longer than most of
    the answers: in a study of a thousand sessions a tenth of a dry run.
    """
    @functools.wraps(function)
    def answer(*asked: Any, **named: Any) -> Any:
        found = function(*asked, **named)
        return _with_signature(found) if inspect.isfunction(found) else found

    answer.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # as PEP 362 has it
    return answer


def of_study(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Of a method that looks at the study alone, its own or a job's: work its answer out once, and give it to all."""
    @functools.wraps(method)
    def answer(self: Any, asked: Any) -> Any:
        key = (method.__name__, asked.name if isinstance(asked, Study) else asked.study)
        if key not in self._answers:
            self._answers[key] = method(self, asked)
        return self._answers[key]

    return answer


def extractors_of(recipe: Sequence[str]) -> list[str]:
    """Extractors that a recipe of ``view.extractor`` names, each once."""
    return list(dict.fromkeys(part.split(".", 1)[1] for part in recipe))

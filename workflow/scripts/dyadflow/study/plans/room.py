"""What the plan of every room shares."""

from collections.abc import Sequence
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

    def of(self, wildcards: Any) -> Study:
        """The study of a job."""
        return self.plan.of(wildcards)


def extractors_of(recipe: Sequence[str]) -> list[str]:
    """Extractors that a recipe of ``view.extractor`` names, each once."""
    return list(dict.fromkeys(part.split(".", 1)[1] for part in recipe))

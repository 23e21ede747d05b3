"""Whose coding scores, and what is compared."""

from typing import Any

from dyadflow.models.video.preset import PRESETS
from dyadflow.study.plans.room import RoomPlan


class Evaluation(RoomPlan):
    """Whose coding scores, and what is compared."""

    def score_coders(self, wildcards: Any) -> dict[str, list[str]]:
        """Whose coding scores, by protocol."""
        return {name: list(item.score_coders) for name, item in self.of(wildcards).settings.protocols.items()}

    def tested(self, wildcards: Any) -> dict[str, str]:
        """Which outer folds each protocol scores: ``every`` or the ``last``."""
        return {name: PRESETS[item.preset].tested for name, item in self.of(wildcards).settings.protocols.items()}

    def level(self, wildcards: Any) -> float:
        """Nominal coverage of the intervals."""
        return self.of(wildcards).settings.evaluation.level

    def instructed_phases(self, wildcards: Any) -> list[str]:
        """Phases in which the caregiver's behaviour is instructed."""
        phases = self.of(wildcards).scheme.phases
        return [name for name, phase in phases.codes.items() if phase.instructed] if phases else []

    def covariates(self, wildcards: Any) -> list[dict]:
        """Session, dyad and covariates of every session."""
        return [
            {"session": session.name, "dyad": session.dyad, **session.covariates}
            for session in self.of(wildcards).sessions
        ]

    def settings(self, wildcards: Any) -> dict:
        """Intervals, comparisons named beforehand, covariates."""
        return self.of(wildcards).settings.evaluation.model_dump()

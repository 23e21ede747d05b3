"""Whose coding scores, and what is compared."""

from pathlib import Path
from typing import Any

from dyadflow.study.plans.room import RESULTS, RoomPlan
from dyadflow.tables import read_table


class Evaluation(RoomPlan):
    """Whose coding scores, and what is compared."""

    def score_coders(self, wildcards: Any) -> dict[str, list[str]]:
        """Whose coding scores, by protocol."""
        return {name: list(item.score_coders) for name, item in self.of(wildcards).settings.protocols.items()}

    def tested(self, wildcards: Any) -> dict[str, str]:
        """Which outer folds are scored, by protocol and by ``protocol/model``: ``every``, the ``last``, ``frames``."""
        study = self.of(wildcards)
        found: dict[str, str] = {}
        for cell in self.plan.models.every(wildcards):
            protocol, model = cell["protocol"], cell["model"]
            found[f"{protocol}/{model}"] = self.plan.models.tested(study, protocol, model)
        for protocol in study.settings.protocols:
            own = {value for name, value in found.items() if name.split("/")[0] == protocol}
            # Baselines are scored on what any model of the protocol is scored on.
            found[protocol] = next((value for value in ("every", "frames", "last") if value in own), "every")
        return found

    def protocols(self, wildcards: Any) -> list[str]:
        """Names of the protocols, in the order of their tables of folds."""
        return list(self.of(wildcards).settings.protocols)

    def repeats(self, wildcards: Any) -> dict[str, str]:
        """For each protocol the name of the first one that differs from it in nothing but the deal of folds."""
        first: dict[str, str] = {}
        found = {}
        for name, protocol in self.of(wildcards).settings.protocols.items():
            rest = repr(protocol.model_dump(exclude={"deal"}))
            found[name] = first.setdefault(rest, name)
        return found

    def level(self, wildcards: Any) -> float:
        """Nominal coverage of the intervals."""
        return self.of(wildcards).settings.evaluation.level

    def chance_draws(self, wildcards: Any) -> int:
        """How often predictions are shifted and exchanged."""
        return self.of(wildcards).settings.evaluation.chance_draws

    def instructed_phases(self, wildcards: Any) -> list[str]:
        """Phases in which the caregiver's behaviour is instructed."""
        phases = self.of(wildcards).scheme.phases
        return [name for name, phase in phases.codes.items() if phase.instructed] if phases else []

    def covariates(self, wildcards: Any) -> list[dict[str, Any]]:
        """Session, dyad and covariates of every session."""
        return [
            {"session": session.name, "dyad": session.dyad, **session.covariates}
            for session in self.of(wildcards).sessions
        ]

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """Intervals, comparisons named beforehand, covariates."""
        return self.of(wildcards).settings.evaluation.model_dump(exclude={"chance_draws"})

    def untrained(self) -> list[str]:
        """Of every study, the cells that could not be trained, a sentence each; as the tables on disk say."""
        found = []
        for name in self.plan.studies:
            path = Path(RESULTS) / name / "evaluation" / "missing.tsv"
            if path.exists():
                columns = ("protocol", "target", "stream", "model", "reason")
                found += [
                    f"{name}: {row.model} on {row.stream} for {row.target} ({row.protocol}) was not trained: "
                    f"{row.reason}"
                    for row in read_table(path, columns, text=columns).itertuples()
                ]
        return found

"""How dyads go to folds."""

from typing import Any

from dyadflow.study.plans.room import RESULTS, RoomPlan
from dyadflow.study.study import Study


class Folds(RoomPlan):
    """How dyads go to folds."""

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """How many folds, and how dyads go to them."""
        return self.of(wildcards).settings.folds.model_dump()

    def table(self, study: Study, protocol: str) -> str:
        """The table of folds of a protocol: the study's own, or the protocol's where it deals anew."""
        own = f"{protocol}/" if self.is_dealt(study, protocol) else ""
        return f"{RESULTS}/{study.name}/folds/{own}folds.tsv"

    def is_dealt(self, study: Study, protocol: str) -> bool:
        """Whether a protocol has folds of its own. Those of video networks are always the study's."""
        return study.settings.protocols[protocol].deals_anew and bool(study.settings.models.networks)

    def of_cell(self, wildcards: Any) -> str:
        """An input function: the table of folds of a cell."""
        return self.table(self.of(wildcards), wildcards.protocol)

    def of_protocols(self, wildcards: Any) -> list[str]:
        """An input function: the table of folds of each protocol, in order."""
        study = self.of(wildcards)
        return [self.table(study, protocol) for protocol in study.settings.protocols]

    def dealt(self) -> str:
        """A pattern of the protocols with folds of their own; of none, one that never fits."""
        found = [
            name for study in self.plan.studies.values() for name in study.settings.protocols
            if self.is_dealt(study, name)
        ]
        return "|".join(dict.fromkeys(found)) or "(?!)"

    def protocol_settings(self, wildcards: Any) -> dict[str, Any]:
        """How many folds a protocol asks for, and how dyads go to them."""
        settings, protocol = self.settings(wildcards), self.of(wildcards).settings.protocols[wildcards.protocol]
        return settings | {name: value for name in ("outer", "inner") if (value := getattr(protocol, name)) is not None}

    def deal(self, wildcards: Any) -> int:
        """The number of a protocol's deal."""
        return self.of(wildcards).settings.protocols[wildcards.protocol].deal

    def by_session(self, wildcards: Any) -> bool:
        """Whether a protocol deals sessions, not dyads."""
        return self.of(wildcards).settings.protocols[wildcards.protocol].split == "session"

    def covariates(self, wildcards: Any) -> dict[str, dict[str, str]]:
        """Of every session, the columns of the sheet that must show certain values in every fold."""
        study = self.of(wildcards)
        columns = study.settings.folds.in_every_fold
        return {session.name: {name: session.covariates[name] for name in columns} for session in study.sessions}

    def pins(self, wildcards: Any) -> list[str]:
        """An input function: the folds that a person has pinned, if there is such a file."""
        path = self.of(wildcards).human_folder / "folds.tsv"
        return [path.as_posix()] if path.exists() else []

    def coders(self, wildcards: Any) -> list[str]:
        """Whose labels balance the folds: the coders that train, in order, over all protocols."""
        protocols = self.of(wildcards).settings.protocols.values()
        return list(dict.fromkeys(coder for protocol in protocols for coder in protocol.train_coders))

    def targets(self, wildcards: Any) -> list[str]:
        """The targets that are modelled."""
        return list(self.of(wildcards).settings.targets)

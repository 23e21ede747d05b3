"""How dyads go to folds."""

from typing import Any

from dyadflow.study.plans.room import RoomPlan


class Folds(RoomPlan):
    """How dyads go to folds."""

    def settings(self, wildcards: Any) -> dict:
        """How many folds, and how dyads go to them."""
        return self.of(wildcards).settings.folds.model_dump()

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

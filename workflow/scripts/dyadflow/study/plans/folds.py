"""How dyads go to folds."""

from typing import Any

from dyadflow.study.plans.room import RoomPlan


class Folds(RoomPlan):
    """How dyads go to folds."""

    def numbers(self, wildcards: Any) -> dict:
        """How many folds."""
        return self.of(wildcards).settings.folds.model_dump()

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

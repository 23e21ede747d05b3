"""What the synthetic sessions of a study are made from."""

from typing import Any

from dyadflow.study.plans.room import RoomPlan


class Demo(RoomPlan):
    """What the synthetic sessions of a study are made from."""

    def studies(self) -> list[str]:
        """Studies whose recordings are made from a seed."""
        return [name for name, study in self.plan.studies.items() if study.settings.demo is not None]

    def settings(self, wildcards: Any) -> dict:
        """What a synthetic session is made from."""
        return self.of(wildcards).settings.demo.model_dump()

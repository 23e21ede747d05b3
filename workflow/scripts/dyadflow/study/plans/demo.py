"""What the synthetic sessions of a study are made from."""

import re
from typing import Any

from dyadflow.study.plans.room import RoomPlan
from dyadflow.study.study import Study

#: What the rules of each paradigm make of a session, after its name.
MADE = {"still-face": r"\.mp4|_anna\.txt|_ben\.eaf", "guided-play": r"\.mp4|_[A-Za-z0-9]+_\d{8}\.eaf"}


class Demo(RoomPlan):
    """What the synthetic sessions of a study are made from."""

    def studies(self, paradigm: str) -> str:
        """A pattern of the studies whose recordings of a paradigm a rule makes; of none, one that never fits."""
        names = [
            name for name, study in self.plan.studies.items()
            if study.settings.demo is not None and study.settings.demo.paradigm == paradigm
        ]
        return "|".join(names) or "(?!)"

    def makes(self, study: Study, file: str) -> bool:
        """Whether a rule makes a file of that name among the recordings of a study."""
        if study.settings.demo is None:
            return False
        sessions = "|".join(re.escape(session.name) for session in study.sessions)
        return bool(re.fullmatch(f"(?:{sessions})(?:{MADE[study.settings.demo.paradigm]})", file))

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """What a synthetic session is made from."""
        demo = self.of(wildcards).settings.demo
        assert demo is not None  # only its studies have such jobs
        return demo.model_dump()

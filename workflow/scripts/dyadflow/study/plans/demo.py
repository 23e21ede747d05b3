"""What the synthetic sessions of a study are made from."""

import re
from typing import Any

from dyadflow.study.plans.room import RESULTS, RoomPlan
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

    def is_asked_for(self) -> bool:
        """Whether any study has synthetic sessions."""
        return any(study.settings.demo is not None for study in self.plan.studies.values())

    def makes(self, study: Study, path: str) -> bool:
        """Whether a rule makes a recording or coding file of a study."""
        folder = f"{RESULTS}/{study.name}/private/recordings/"
        if study.settings.demo is None or not path.startswith(folder):
            return False
        sessions = "|".join(re.escape(session.name) for session in study.sessions)
        made = f"(?:{sessions})(?:{MADE[study.settings.demo.paradigm]})"
        return bool(re.fullmatch(made, path.removeprefix(folder)))

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """What a synthetic session is made from."""
        demo = self.of(wildcards).settings.demo
        assert demo is not None  # only its studies have such jobs
        return demo.model_dump()

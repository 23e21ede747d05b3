"""Which recording a session has, and how it is decoded."""

from pathlib import Path
from typing import Any

from dyadflow.study.plans.room import RoomPlan


class Media(RoomPlan):
    """Which recording a session has, and how it is decoded."""

    def recording(self, wildcards: Any) -> str:
        """The recording of a session."""
        return self.of(wildcards).session(wildcards.session).media

    def file_name(self, wildcards: Any) -> str:
        """File name of a session's recording, by which a coding file that links several is read."""
        return Path(self.recording(wildcards)).name

    def settings(self, wildcards: Any) -> dict:
        """How every session is decoded."""
        return self.of(wildcards).settings.media.model_dump(exclude={"views"})

    def views(self, wildcards: Any) -> dict:
        """The views of a session: the study's, with the regions that the sheet gives for this session."""
        study = self.of(wildcards)
        own = study.session(wildcards.session).views
        return {
            name: {**view.model_dump(), **({"region": own[name]} if name in own else {})}
            for name, view in study.settings.media.views.items()
        }

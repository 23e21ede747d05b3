"""Which recording a session has, and how it is decoded."""

from collections.abc import Callable
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

    def clips(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: the clips of a view of every coded session."""
        def files(wildcards: Any) -> list[str]:
            sessions = self.plan.annotations.coded_sessions(wildcards)
            return [pattern.format(study=wildcards.study, session=name, view=wildcards.stream) for name in sessions]
        return files

    def rate_hz(self, wildcards: Any) -> float:
        """Frames a second of every view."""
        return self.of(wildcards).settings.media.rate_hz

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """How every session is decoded."""
        return self.of(wildcards).settings.media.model_dump(exclude={"views"})

    def views(self, wildcards: Any) -> dict[str, Any]:
        """The views of a session: the study's, with the regions that the sheet gives for this session."""
        study = self.of(wildcards)
        own = study.session(wildcards.session).views
        return {
            name: {**view.model_dump(), **({"region": own[name]} if name in own else {})}
            for name, view in study.settings.media.views.items()
        }

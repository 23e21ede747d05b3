"""Which recording a session has, and how it is decoded."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.study.plans.room import RESULTS, RoomPlan, of_study
from dyadflow.study.sheets import Session
from dyadflow.study.study import Study


class Media(RoomPlan):
    """Which recording a session has, and how it is decoded."""

    def made(self, wildcards: Any) -> list[str]:
        """An input function: the recording of a session, if a rule makes it."""
        study = self.of(wildcards)
        session = study.session(wildcards.session)
        return [session.media] * self.plan.demo.makes(study, session.media)

    def linked(self, wildcards: Any) -> list[str]:
        """An input function: the link to the recording of a session, if it is a file from elsewhere.

        Rules take it as ``ancient()``, and what it holds by `content`: neither a new time nor another place of the
        same recording is a reason to decode it again.
        """
        study = self.of(wildcards)
        session = study.session(wildcards.session)
        return [] if self.plan.demo.makes(study, session.media) else [_link_of(study, session).as_posix()]

    def content(self, wildcards: Any) -> str:
        """What the recording of a session holds, as a fingerprint; of one that a rule makes nothing."""
        study = self.of(wildcards)
        session = study.session(wildcards.session)
        return "" if self.plan.demo.makes(study, session.media) else self.plan.fingerprint(study, session.media)

    def link(self) -> None:
        """Link the recordings of all studies where rules look for them.

        Raises
        ------
        DyadflowError
            If the results' folder cannot be written.
        """
        for study in self.plan.studies.values():
            for session in study.sessions:
                if not self.plan.demo.makes(study, session.media):
                    _link(_link_of(study, session), session.media)

    def file_name(self, wildcards: Any) -> str:
        """File name of a session's recording, by which a coding file that links several is read."""
        return Path(self.of(wildcards).session(wildcards.session).media).name

    def rate_hz(self, wildcards: Any) -> float:
        """Frames a second of every view."""
        return self.of(wildcards).settings.media.rate_hz

    @of_study
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


def _link_of(study: Study, session: Session) -> Path:
    return Path(RESULTS, study.name, "private", "linked", session.name + Path(session.media).suffix)


def _link(link: Path, recording: str) -> None:
    """Make a link, or turn one that leads elsewhere; another run may do the same at this moment."""
    wanted = recording if Path(recording).is_absolute() else os.path.relpath(recording, link.parent)
    with suppress(OSError):
        if os.readlink(link) == wanted:
            return
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        beside = link.with_name(f".{link.name}.{os.getpid()}")
        beside.symlink_to(wanted)
        beside.replace(link)
    except OSError as error:
        raise DyadflowError(
            f"the recording cannot be linked there ({error.strerror})", where=link.as_posix(),
            fix="allow writing into the folder of results, on a file system that knows symbolic links",
        ) from None

"""Which coding files a session has, and what importing, checking and labelling need to know."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dyadflow.annotations.labels import label_spec
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.models.video.preset import PRESETS
from dyadflow.study.plans.room import RESULTS, RoomPlan, of_study


class Annotations(RoomPlan):
    """Which coding files a session has, and what importing, checking and labelling need to know."""

    def code(self, rule: str) -> tuple[str, ...]:
        """Digest of a rule's code with every reader of coding files: which of them reads one, its content says."""
        from dyadflow.annotations.formats.registry import READER_MODULES

        return self.plan.code(rule, READER_MODULES)

    def checks(self) -> list[str]:
        """What each study's check of its coding writes."""
        return [f"{RESULTS}/{name}/annotations/checked.txt" for name in self.plan.studies]

    def unchecked(self) -> str:
        """A pattern of the studies that have not passed their check yet; of none, one that never fits."""
        found = [name for name in self.plan.studies if not Path(RESULTS, name, "annotations", "passed.txt").exists()]
        return "|".join(found) or "(?!)"

    def scheme(self, wildcards: Any) -> dict[str, Any]:
        """The whole coding scheme."""
        return self.of(wildcards).scheme.model_dump()

    def coding_files(self, wildcards: Any) -> list[str]:
        """Coding files of a session, one a coder."""
        return [coding.path for coding in self.of(wildcards).coding_of(wildcards.session)]

    def coding(self, wildcards: Any) -> list[dict[str, Any]]:
        """Coder, format, shift and columns of each coding file of a session, in the order of `coding_files`."""
        study = self.of(wildcards)
        start_s, columns = study.session(wildcards.session).offset_s, study.settings.coding_columns
        return [
            {"coder": coding.coder, "format": coding.format, "offset_s": coding.offset_s + start_s}
            | ({"columns": columns} if columns else {})
            for coding in study.coding_of(wildcards.session)
        ]

    def coders(self, wildcards: Any) -> list[str]:
        """Coders of a session, in the sheet's order."""
        return [coding.coder for coding in self.of(wildcards).coding_of(wildcards.session)]

    def coders_by_session(self, wildcards: Any) -> dict[str, list[str]]:
        """Coders of every session, in the sheets' order."""
        study = self.of(wildcards)
        return {session.name: [coding.coder for coding in study.coding_of(session.name)] for session in study.sessions}

    def kinds(self, wildcards: Any) -> dict[tuple[str, str], str]:
        """Kind of every (session, coder): human, assisted or model."""
        return {(coding.session, coding.coder): coding.kind for coding in self.of(wildcards).coding}

    @of_study
    def vocabulary(self, wildcards: Any) -> dict[str, Any]:
        """What an import needs to know of the scheme: no members of merges, no targets, no colours."""
        return Vocabulary.of(self.of(wildcards).scheme).model_dump()

    def severities(self, wildcards: Any) -> dict[str, Any]:
        """How grave issues are in this study, where it differs from the default."""
        return dict(sorted(self.of(wildcards).settings.severities.items()))

    def needs_sound(self, wildcards: Any) -> bool:
        """Whether any stream of the study is made from sound."""
        return any("audio" in extractor.views for extractor in self.of(wildcards).settings.features.extractors.values())

    def phased(self, wildcards: Any) -> list[str]:
        """Sessions whose phases stand in the sheet, so that no coding tier needs to hold them."""
        return [session.name for session in self.of(wildcards).sessions if session.phases]

    def each_coder(self, wildcards: Any) -> bool:
        """Whether every coder marks the phases, so that each has their own."""
        phases = self.of(wildcards).scheme.phases
        return phases is not None and phases.spans == "each_coder"

    def least_phase_s(self, wildcards: Any) -> float:
        """The shortest phase, in seconds, that surely holds a snippet of a video network, which begins with a frame;
        0 without such a network."""
        settings = self.of(wildcards).settings
        if not settings.models.video:
            return 0.0
        windows = [PRESETS[protocol.preset].label_window_s or 0.0 for protocol in settings.protocols.values()]
        shown = [video.frames / settings.media.rate_hz for video in settings.models.video.values()]
        return max([*shown, *windows]) + 1 / settings.media.rate_hz

    def every_sheet_phases(self, wildcards: Any) -> dict[str, list[list[Any]]]:
        """Phases on the recording's clock of the sessions whose phases stand in the sheet."""
        study = self.of(wildcards)
        return {
            session.name: [[name, onset + session.offset_s, offset + session.offset_s] for name, onset, offset in
                           session.phases]
            for session in study.sessions if session.phases
        }

    def target_spec(self, wildcards: Any) -> dict[str, Any]:
        """What labelling the job's target needs of the scheme."""
        return self.label_spec(wildcards)["targets"][wildcards.target]

    def sheet_phases(self, wildcards: Any) -> list[list[Any]] | None:
        """Phases that the sheet gives for a session, on the recording's clock; none: from a coding tier."""
        session = self.of(wildcards).session(wildcards.session)
        shift = session.offset_s
        return [[name, onset + shift, offset + shift] for name, onset, offset in session.phases] or None

    @of_study
    def label_spec(self, wildcards: Any) -> dict[str, Any]:
        """Targets with the class of each code, and the phases: what merging needs of the scheme."""
        return label_spec(self.of(wildcards).scheme)

    def coded_sessions(self, wildcards: Any) -> list[str]:
        """Sessions that a human has coded."""
        study = self.of(wildcards)
        return [session.name for session in study.sessions if study.is_coded(session.name)]

    def every_coded_session(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file for each session that a human has coded."""
        def files(wildcards: Any) -> list[str]:
            own = dict(wildcards.items())
            return [pattern.format(**{**own, "session": name}) for name in self.coded_sessions(wildcards)]
        return files

    def dyads(self, wildcards: Any) -> dict[str, str]:
        """Dyad of every session, in the sheet's order."""
        return {session.name: session.dyad for session in self.of(wildcards).sessions}

    def dyads_and_covariates(self, wildcards: Any) -> dict[str, dict[str, Any]]:
        """Dyad and covariates of every session, in the sheet's order."""
        return {
            session.name: {"dyad": session.dyad, "covariates": session.covariates}
            for session in self.of(wildcards).sessions
        }

    def ordered_targets(self, wildcards: Any) -> list[str]:
        """Targets whose classes are in an order that means something."""
        return [name for name, target in self.of(wildcards).scheme.targets.items() if target.ordered]

    def agreement(self, wildcards: Any) -> dict[str, Any]:
        """How agreement is measured."""
        return self.of(wildcards).settings.agreement.model_dump()

    def behaviour(self, wildcards: Any) -> dict[str, Any]:
        """How behaviour is summarised."""
        return self.of(wildcards).settings.behaviour.model_dump()

"""Which sessions one extraction job takes, with which backbone; which pictures of streams there are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dyadflow.features.settings import ExtractorSettings
from dyadflow.study.plans.room import RESULTS, RoomPlan, of_study
from dyadflow.study.study import Study


class Features(RoomPlan):
    """Which sessions one extraction job takes, with which backbone; which pictures of streams there are."""

    def _extractor(self, wildcards: Any) -> ExtractorSettings:
        return self.of(wildcards).settings.features.extractors[wildcards.extractor]

    def code(self, rule: str) -> Callable[[Any], tuple[str, ...]]:
        """Digest of a rule's code with the one backbone that the job's extractor names."""
        from dyadflow.features.registry import BACKBONES

        def code(wildcards: Any) -> tuple[str, ...]:
            backbone = self._extractor(wildcards).backbone
            return self.plan.code(rule, [BACKBONES[backbone]])
        return code

    def extractor(self, wildcards: Any) -> dict[str, Any]:
        """Settings of the job's extractor."""
        return self._extractor(wildcards).model_dump()

    def weights_content(self, wildcards: Any) -> str:
        """What a local folder or file of weights holds, as a fingerprint; of weights on the hub, which `revision`
        names, nothing."""
        weights = self._extractor(wildcards).weights
        return self.plan.fingerprint(self.of(wildcards), weights) if weights and Path(weights).exists() else ""

    def threads(self, wildcards: Any) -> int:
        """Threads of a network: fixed by the study, because they change the last bits."""
        return self.of(wildcards).settings.features.torch_threads

    def gpus(self, wildcards: Any) -> int:
        """One GPU where the extractor's device is CUDA, else none."""
        return int(self._extractor(wildcards).device == "cuda")

    @of_study
    def batches(self, study: Study) -> list[list[str]]:
        """Sessions in the sheet's order, cut into jobs: a session added at the end leaves the others in place."""
        names = [session.name for session in study.sessions]
        size = study.settings.features.sessions_per_job
        return [names[start : start + size] for start in range(0, len(names), size)]

    def batch_sessions(self, wildcards: Any) -> list[str]:
        """Sessions of one extraction job."""
        return self.batches(self.of(wildcards))[int(wildcards.batch)]

    def every_session(self, pattern: str) -> Callable[[Any], list[str]]:
        """An input function: one file for each session of an extraction job."""
        def files(wildcards: Any) -> list[str]:
            return [pattern.format(study=wildcards.study, session=name) for name in self.batch_sessions(wildcards)]
        return files

    def indices(self, study: Study, extractors: Sequence[str] | None = None) -> list[str]:
        """Index files of some or all extractors, one for each."""
        names = extractors if extractors is not None else list(study.settings.features.extractors)
        return [f"{RESULTS}/{study.name}/features/{name}/index.tsv" for name in names]

    def every_index(self, wildcards: Any) -> list[str]:
        """An input function: all index files of the study."""
        return self.indices(self.of(wildcards))

    def every_batch(self, wildcards: Any) -> list[str]:
        """An input function: what extraction wrote for one extractor, a table a batch of sessions."""
        return self._of_batches(self.of(wildcards), [wildcards.extractor], ".tsv")

    def of_session(self, study: Study, session: str, extractors: Sequence[str], ending: str = ".tsv") -> list[str]:
        """Of some extractors the one file of the batch that holds a session."""
        batch = self._batch_of_each(study)[session]
        return [f"{RESULTS}/{study.name}/features/{name}/batch{batch}{ending}" for name in extractors]

    @of_study
    def _batch_of_each(self, study: Study) -> dict[str, int]:
        return {name: number for number, names in enumerate(self.batches(study)) for name in names}

    def _of_batches(self, study: Study, extractors: Sequence[str], ending: str) -> list[str]:
        return [
            f"{RESULTS}/{study.name}/features/{name}/batch{number}{ending}"
            for name in extractors for number in range(len(self.batches(study)))
        ]

    def motion(self, wildcards: Any) -> str:
        """The extractor that measures motion energy; empty if the study has none."""
        extractors = self.of(wildcards).settings.features.extractors
        return next((name for name, item in extractors.items() if item.backbone == "motion"), "")

    @of_study
    def token_extractors(self, study: Study) -> list[str]:
        """Extractors that keep the patches of a picture apart, so that colours can be laid over it."""
        from dyadflow.features.registry import backbone_module

        def keeps_patches(item: Any) -> bool:
            options = backbone_module(item.backbone).Options.model_validate(item.options)
            return getattr(options, "output", "") == "tokens"
        return [name for name, item in study.settings.features.extractors.items() if keeps_patches(item)]

    def tables(self, study: Study, extractors: Sequence[str]) -> list[str]:
        """What `describe_streams` says of some extractors' streams: one table a batch of sessions."""
        return self._of_batches(study, extractors, "_streams.tsv")

    def every_table(self, wildcards: Any) -> list[str]:
        """An input function: the tables of all extractors."""
        study = self.of(wildcards)
        return self.tables(study, list(study.settings.features.extractors))

    def summary(self, wildcards: Any) -> str | list[str]:
        """An input function: the summary of the study's streams, if it has any."""
        return f"{RESULTS}/{wildcards.study}/features/summary.tsv" if self.every_index(wildcards) else []

    def drawn_tables(self, wildcards: Any) -> list[str]:
        """An input function: the tables of the extractor that is drawn, and of motion energy."""
        names = dict.fromkeys(filter(None, [wildcards.extractor, self.motion(wildcards)]))
        return self.tables(self.of(wildcards), list(names))

    def token_tables(self, wildcards: Any) -> list[str]:
        """An input function: the tables of the token stores that hold a session."""
        study = self.of(wildcards)
        return self.of_session(study, wildcards.session, self.token_extractors(study), "_streams.tsv")

    def labels(self, wildcards: Any) -> list[str]:
        """An input function: a session's frame labels, which hold its phases, if a human has coded it."""
        coded = self.of(wildcards).is_coded(wildcards.session)
        return [f"{RESULTS}/{wildcards.study}/annotations/labels/{wildcards.session}.h5"] * coded

    @of_study
    def phase_looks(self, wildcards: Any) -> dict[str, dict[str, str]]:
        """Title, colour, and the ink that is readable on it, of each phase."""
        from dyadflow.report.palette import Palette

        scheme = self.of(wildcards).scheme
        palette = Palette(scheme)
        looks = {style: {"colour": colour, "ink": ink} for style, colour, ink in palette.rules()}
        names = scheme.phases.codes if scheme.phases else ()
        return {name: {"title": scheme.title_of(name)} | looks[palette.style(name)] for name in names}

    def pictures(self) -> list[str]:
        """The summary of every study's streams, a figure an extractor, and a picture a session with token stores."""
        return [picture for study in self.plan.studies.values() for picture in self._pictures(study)]

    def _pictures(self, study: Study) -> list[str]:
        extractors, root = study.settings.features.extractors, f"{RESULTS}/{study.name}"
        found = [f"{root}/features/summary.tsv"] if extractors else []
        found += [f"{root}/figures/streams_{name}.pdf" for name in extractors]
        coloured = self.token_extractors(study)
        return found + [f"{root}/private/streams/{session.name}.png" for session in study.sessions if coloured]

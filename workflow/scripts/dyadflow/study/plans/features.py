"""Which sessions one extraction job takes, with which backbone."""

from collections.abc import Callable, Sequence
from typing import Any

from dyadflow.study.plans.room import RESULTS, RoomPlan
from dyadflow.study.study import Study


class Features(RoomPlan):
    """Which sessions one extraction job takes, with which backbone."""

    def _extractor(self, wildcards: Any):
        return self.of(wildcards).settings.features.extractors[wildcards.extractor]

    def code(self, rule: str) -> Callable[[Any], list[str]]:
        """Digest of a rule's code with the one backbone that the job's extractor names."""
        from dyadflow.features.registry import BACKBONES

        def code(wildcards: Any) -> list[str]:
            backbone = self._extractor(wildcards).backbone
            return self.plan.code(rule, [BACKBONES[backbone]])
        return code

    def extractor(self, wildcards: Any) -> dict:
        """Settings of the job's extractor."""
        return self._extractor(wildcards).model_dump()

    def threads(self, wildcards: Any) -> int:
        """Threads of a network: fixed by the study, because they change the last bits."""
        return self.of(wildcards).settings.features.torch_threads

    def gpus(self, wildcards: Any) -> int:
        """One GPU where the extractor's device is CUDA, else none."""
        return int(self._extractor(wildcards).device == "cuda")

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
        """Index files of some or all extractors: one a batch of sessions."""
        names = extractors if extractors is not None else list(study.settings.features.extractors)
        return [
            f"{RESULTS}/{study.name}/features/{name}/batch{number}.tsv"
            for name in names for number in range(len(self.batches(study)))
        ]

    def every_index(self, wildcards: Any) -> list[str]:
        """An input function: all index files of the study."""
        return self.indices(self.of(wildcards))

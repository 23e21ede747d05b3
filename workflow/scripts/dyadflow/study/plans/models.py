"""Which cells there are, and what each reads."""

from collections.abc import Callable
from typing import Any

from dyadflow.study.plans.room import RoomPlan, extractors_of
from dyadflow.study.study import Study


class Models(RoomPlan):
    """Which cells there are, and what each reads."""

    def code(self, rule: str) -> Callable[[Any], list[str]]:
        """Digest of a rule's code with the one network that the job's model names."""
        def code(wildcards: Any) -> list[str]:
            return self.plan.code(rule, [self.module(self.of(wildcards), wildcards.model)])
        return code

    def module(self, study: Study, model: str) -> str:
        """The module of the network behind a model, whether it is trained on streams or on clips."""
        from dyadflow.models.registry import NETWORKS
        from dyadflow.models.video.registry import VIDEO_NETWORKS

        models = study.settings.models
        if model in models.video:
            return VIDEO_NETWORKS[models.video[model].network]
        return NETWORKS[models.networks[model].network]

    def cells(self, study: Study) -> list[dict[str, str]]:
        """Every (protocol, target, stream, model) of a study."""
        settings = study.settings
        trained = [
            (stream, model)
            for stream in settings.models.streams
            for model, network in settings.models.networks.items()
            if not network.streams or stream in network.streams
        ]
        trained += [(view, model) for model, video in settings.models.video.items() for view in video.views]
        return [
            {"protocol": protocol, "target": target, "stream": stream, "model": model}
            for protocol in settings.protocols
            for target in settings.targets
            for stream, model in trained
        ]

    def video_cells(self, wildcards: Any) -> list[dict[str, str]]:
        """The cells of a study whose network looks at the pictures themselves."""
        video = self.of(wildcards).settings.models.video
        return [cell for cell in self.every(wildcards) if cell["model"] in video]

    def names(self, kind: str) -> str:
        """A pattern of the models that are trained on `streams`, or on `clips`; of none, one that never fits."""
        found = [
            name for study in self.plan.studies.values()
            for name in (study.settings.models.networks if kind == "streams" else study.settings.models.video)
        ]
        return "|".join(dict.fromkeys(found)) or "(?!)"

    def video(self, wildcards: Any) -> dict:
        """Settings of a cell's video network, its training and the search."""
        return self.of(wildcards).settings.models.video[wildcards.model].model_dump(exclude={"views"})

    def presets(self, wildcards: Any) -> dict[str, str]:
        """The preset of each protocol."""
        return {name: item.preset for name, item in self.of(wildcards).settings.protocols.items()}

    def every(self, wildcards: Any) -> list[dict[str, str]]:
        """Every cell of the job's study."""
        return self.cells(self.of(wildcards))

    def every_file(self, pattern: str, *, video: bool = False) -> Callable[[Any], list[str]]:
        """An input function: one file a cell, in the order of `every`, or of `video_cells`."""
        def files(wildcards: Any) -> list[str]:
            cells = self.video_cells(wildcards) if video else self.every(wildcards)
            return [pattern.format(study=wildcards.study, **cell) for cell in cells]
        return files

    def role(self, study: Study, target: str) -> str:
        """Whose behaviour a target is: names the view that shows it."""
        return study.scheme.tiers[study.scheme.targets[target].tier].role

    def recipe_of(self, study: Study, target: str, stream: str) -> list[str]:
        """The streams that a model reads, as ``view.extractor``, for the role of a target."""
        recipe = study.settings.models.streams[stream]
        return [part.replace("{role}", self.role(study, target)) for part in recipe]

    def recipe(self, wildcards: Any) -> list[str]:
        """The streams that a cell reads."""
        return self.recipe_of(self.of(wildcards), wildcards.target, wildcards.stream)

    def features(self, wildcards: Any) -> list[str]:
        """An input function: index files of the extractors that a cell reads."""
        return self.plan.features.indices(self.of(wildcards), extractors_of(self.recipe(wildcards)))

    def network(self, wildcards: Any) -> dict:
        """Settings of a cell's network, and of the search."""
        return self.of(wildcards).settings.models.networks[wildcards.model].model_dump(exclude={"streams"})

    def protocol(self, wildcards: Any) -> dict:
        """How a cell's result is obtained."""
        return self.of(wildcards).settings.protocols[wildcards.protocol].model_dump()

    def threads(self, wildcards: Any) -> int:
        """Threads of a training: fixed by the study."""
        return self.of(wildcards).settings.models.torch_threads

    def gpus(self, wildcards: Any) -> int:
        """One GPU where the network's device is CUDA, else none."""
        models = self.of(wildcards).settings.models
        return int((models.networks | models.video)[wildcards.model].device == "cuda")

"""Which cells there are, and what each reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dyadflow.models.presets import PUBLISHED_NETWORKS, SINGLE_SPLIT
from dyadflow.models.settings import ProtocolSettings
from dyadflow.models.video.preset import PRESETS
from dyadflow.study.plans.room import RoomPlan, extractors_of
from dyadflow.study.study import Study


class Models(RoomPlan):
    """Which cells there are, and what each reads."""

    def code(self, rule: str) -> Callable[[Any], tuple[str, ...]]:
        """Digest of a rule's code with the one network that the job's model names."""
        def code(wildcards: Any) -> tuple[str, ...]:
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
        return [
            {"protocol": name, "target": target, "stream": stream, "model": model}
            for name, protocol in study.settings.protocols.items()
            for target in study.settings.targets
            for stream, model in self._trained(study, protocol)
        ]

    def _trained(self, study: Study, protocol: ProtocolSettings) -> list[tuple[str, str]]:
        """Stream and model of every cell of a protocol, the same for each target."""
        models = study.settings.models
        found = [
            (stream, model)
            for stream in models.streams
            for model, network in models.networks.items()
            if (not network.streams or stream in network.streams)
            and (protocol.preset != "as_published" or network.network in PUBLISHED_NETWORKS)
        ]
        found += [(view, model) for model, video in models.video.items() for view in video.views]
        return [
            (stream, model) for stream, model in found
            if (not protocol.streams or stream in protocol.streams)
            and (not protocol.networks or model in protocol.networks)
        ]

    def tested(self, study: Study, protocol: str, model: str) -> str:
        """Which outer folds of a model are trained and scored: ``every``, the ``last`` one alone, or ``frames``."""
        rules, models = study.settings.protocols[protocol], study.settings.models
        if model in models.video:
            return PRESETS[rules.preset].tested
        if rules.split == "frames":
            return "frames"
        single = rules.preset == "as_published" and models.networks[model].network == SINGLE_SPLIT
        return "last" if single else "every"

    def tested_folds(self, wildcards: Any) -> str:
        """Which outer folds of a job's cell are trained."""
        return self.tested(self.of(wildcards), wildcards.protocol, wildcards.model)

    def video_cells(self, wildcards: Any) -> list[dict[str, str]]:
        """The cells of a study whose network looks at the pictures themselves."""
        video = self.of(wildcards).settings.models.video
        return [cell for cell in self.every(wildcards) if cell["model"] in video]

    def look_at_pictures(self) -> bool:
        """Whether any study trains networks on the pictures themselves."""
        return any(study.settings.models.video for study in self.plan.studies.values())

    def names(self, kind: str) -> str:
        """A pattern of the models that are trained on `streams`, or on `clips`; of none, one that never fits."""
        found = [
            name for study in self.plan.studies.values()
            for name in (study.settings.models.networks if kind == "streams" else study.settings.models.video)
        ]
        return "|".join(dict.fromkeys(found)) or "(?!)"

    def video(self, wildcards: Any) -> dict[str, Any]:
        """Settings of a cell's video network, its training and the search."""
        return self.of(wildcards).settings.models.video[wildcards.model].model_dump(exclude={"views"})

    def weights_content(self, wildcards: Any) -> str:
        """What the file of weights holds that a cell's video network starts from, as a fingerprint; of published and
        untrained ones nothing."""
        weights = self.of(wildcards).settings.models.video[wildcards.model].weights
        return self.plan.fingerprint(self.of(wildcards), weights) if Path(weights).is_file() else ""

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

    def recipe_of(self, study: Study, target: str, stream: str, protocol: str) -> list[str]:
        """The streams that a model reads, as ``view.extractor``, for the role of a target."""
        replaced = study.settings.protocols[protocol].extractors
        parts = [part.split(".", 1) for part in study.settings.models.streams[stream]]
        return [
            f"{view.replace('{role}', self.role(study, target) or '')}.{replaced.get(extractor, extractor)}"
            for view, extractor in parts
        ]

    def recipe(self, wildcards: Any) -> list[str]:
        """The streams that a cell reads."""
        return self.recipe_of(self.of(wildcards), wildcards.target, wildcards.stream, wildcards.protocol)

    def features(self, wildcards: Any) -> list[str]:
        """An input function: index files of the extractors that a cell reads."""
        return self.plan.features.indices(self.of(wildcards), extractors_of(self.recipe(wildcards)))

    def network(self, wildcards: Any) -> dict[str, Any]:
        """Settings of a cell's network, and of the search."""
        return self.of(wildcards).settings.models.networks[wildcards.model].model_dump(exclude={"streams"})

    def protocol(self, wildcards: Any) -> dict[str, Any]:
        """How a cell's result is obtained."""
        return self.of(wildcards).settings.protocols[wildcards.protocol].model_dump()

    def fits_at_once(self, wildcards: Any) -> int:
        """How many fits are trained together."""
        return self.of(wildcards).settings.models.fits_at_once

    def room_gib(self, wildcards: Any) -> float:
        """What prepared sessions may take."""
        return self.of(wildcards).settings.models.room_gib

    def threads(self, wildcards: Any) -> int:
        """Threads of a training: fixed by the study."""
        return self.of(wildcards).settings.models.torch_threads

    def gpus(self, wildcards: Any) -> int:
        """One GPU where the network's device is CUDA, else none."""
        models = self.of(wildcards).settings.models
        return int((models.networks | models.video)[wildcards.model].device == "cuda")

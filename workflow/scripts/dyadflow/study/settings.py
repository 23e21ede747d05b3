"""The study: one typed configuration, composed of the settings that each room defines for itself."""

import difflib
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from dyadflow.agreement.settings import AgreementSettings
from dyadflow.annotations.issues import SEVERITIES
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.settings import DemoSettings
from dyadflow.evaluation.settings import EvaluationSettings
from dyadflow.features.settings import FeatureSettings
from dyadflow.folds.settings import FoldSettings
from dyadflow.media.settings import MediaSettings
from dyadflow.models.registry import load_network
from dyadflow.models.settings import ModelSettings, ProtocolSettings
from dyadflow.prediction.settings import PredictionSettings
from dyadflow.privacy.settings import PrivacySettings
from dyadflow.report.settings import ReportSettings

#: What names in paths may look like: no dots, blanks or slashes, so that a path can be read back.
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"

Demo = Annotated[
    Annotated[DemoSettings, Tag("still-face")] | Annotated[PlaySettings, Tag("guided-play")],
    Discriminator(lambda demo: demo.get("paradigm", "still-face") if isinstance(demo, dict) else demo.paradigm),
]


class StudySettings(BaseModel):
    """One study. Relative paths start from the folder of the file that names them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME, description="Names the folder under results/: letters, digits, - and _.")
    title: str = Field("", description="What the report is headed with.")
    scheme: str = Field(description="The coding scheme: a YAML file such as config/schemes/icep-r.yaml.")
    sessions: str = Field("sessions.tsv", description="Sheet of sessions: session, dyad, media, ...")
    coding: str = Field("coding.tsv", description="Sheet of coding files: session, coder, kind, format, path, offset.")
    coding_columns: dict[str, str] = Field(
        default_factory=dict,
        description="For coding files that are plain tables: which column is which (onset_s, offset_s, code, ...).",
    )
    data_folder: str = Field(".", description="Folder that paths in the two sheets start from.")
    human_folder: str = Field("human", description="What people make by hand: pinned folds. Never written by a rule.")
    seed: int = Field(1, description="Every random choice of the study follows from this number.")
    severities: dict[str, Literal["error", "warning", "note"]] = Field(
        default_factory=dict, description="How grave an issue is, where it should differ from the default."
    )
    targets: list[str] = Field(default_factory=list, description="Targets of the scheme to model; none: no training.")
    media: MediaSettings = Field(default_factory=MediaSettings)
    agreement: AgreementSettings = Field(default_factory=AgreementSettings)
    behaviour: BehaviourSettings = Field(default_factory=BehaviourSettings)
    features: FeatureSettings = Field(default_factory=FeatureSettings)
    folds: FoldSettings = Field(default_factory=FoldSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    protocols: dict[str, ProtocolSettings] = Field(
        default_factory=dict,
        description="How results are obtained; two protocols stand side by side in every table.",
    )
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    prediction: PredictionSettings = Field(default_factory=PredictionSettings)
    report: ReportSettings = Field(default_factory=ReportSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    demo: Demo | None = Field(None, description="Only for studies whose recordings are made from a seed.")

    @field_validator("severities")
    @classmethod
    def _names_rules(cls, severities: dict[str, str]) -> dict[str, str]:
        for rule in severities:
            if rule not in SEVERITIES:
                near = difflib.get_close_matches(rule, SEVERITIES, n=1, cutoff=0.5)
                known = f"the nearest is {near[0]!r}" if near else f"there are {', '.join(SEVERITIES)}"
                raise ValueError(f"no issue is called {rule!r}; {known}")
        return severities

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> "StudySettings":
        for name, recipe in self.models.streams.items():
            for part in recipe:
                view, _, extractor = part.partition(".")
                if extractor not in self.features.extractors:
                    known = ", ".join(self.features.extractors) or "none"
                    raise ValueError(
                        f"models.streams.{name}: {part!r} names extractor {extractor!r}; there are {known}"
                    )
                offered = self.features.extractors[extractor].views
                if view != "{role}" and view not in offered:
                    raise ValueError(
                        f"models.streams.{name}: {part!r} names view {view!r}; "
                        f"extractor {extractor} has {', '.join(offered)}"
                    )
        for name, settings in self.features.extractors.items():
            for view in settings.views:
                if view != "audio" and view not in self.media.views:
                    known = ", ".join(self.media.views) or "none"
                    raise ValueError(f"features.extractors.{name}.views: no view is called {view!r}; there are {known}")
        for name, video in self.models.video.items():
            for view in video.views:
                _known(view, self.media.views, f"models.video.{name}.views")
                _unknown(view, self.models.streams, f"models.video.{name}.views", "stream")
                side = min(self.media.views[view].width_px, self.media.views[view].height_px)
                if video.augmentation.test_crop_px > side:
                    raise ValueError(
                        f"models.video.{name}.augmentation.test_crop_px is {video.augmentation.test_crop_px}, and view "
                        f"{view} is {side} pixels at its smaller side"
                    )
            _unknown(name, self.models.networks, f"models.video.{name}", "network")
        for name, protocol in self.protocols.items():
            self._check_protocol(f"protocols.{name}", protocol)
        if self.targets and (self.models.networks or self.models.video) and not self.protocols:
            raise ValueError("protocols: name at least one, with the coders that train and score")
        for view in self.privacy.persons:
            _known(view, self.media.views, "privacy.persons")
        for column in self.privacy.private_covariates:
            for place, used in (("evaluation.covariates", self.evaluation.covariates),
                                ("folds.in_every_fold", self.folds.in_every_fold)):
                if column in used:
                    raise ValueError(f"{place} names {column!r}, which privacy.private_covariates keeps out of results")
        for number, comparison in enumerate(self.evaluation.comparisons):
            place = f"evaluation.comparisons.{number}"
            _known(comparison.target, self.targets, f"{place}.target")
            views = [view for video in self.models.video.values() for view in video.views]
            _known(comparison.stream, [*self.models.streams, *views], f"{place}.stream")
            _known(comparison.network, [*self.models.networks, *self.models.video], f"{place}.network")
        return self

    def _check_protocol(self, place: str, protocol: ProtocolSettings) -> None:
        """A protocol names streams, models, extractors and hyperparameters that there are."""
        views = [view for video in self.models.video.values() for view in video.views]
        for stream in protocol.streams:
            _known(stream, [*self.models.streams, *views], f"{place}.streams")
        for model in protocol.networks:
            _known(model, [*self.models.networks, *self.models.video], f"{place}.networks")
        for one, other in protocol.extractors.items():
            for extractor in (one, other):
                _known(extractor, self.features.extractors, f"{place}.extractors")
            lacking = set(self.features.extractors[one].views) - set(self.features.extractors[other].views)
            if lacking:
                raise ValueError(f"{place}.extractors: {other} has no view {sorted(lacking)[0]}, and {one} has")
        if protocol.deals_anew and self.models.networks and self.models.video:
            raise ValueError(f"{place}: a protocol with folds of its own (split, outer, inner, deal) cannot train "
                             "video networks as well: put these into a study of their own")
        spaces = [load_network(network.network).Space for network in self.models.networks.values()]
        known = list(dict.fromkeys(field for space in spaces for field in space.model_fields))
        for field in protocol.space if self.models.networks else ():
            _known(field, known, f"{place}.space")


def _known(name: str, among: Collection[str], place: str) -> None:
    if name not in among:
        raise ValueError(f"{place}: {name!r} is not among {', '.join(among) or 'none'}")


def _unknown(name: str, among: Collection[str], place: str, what: str) -> None:
    if name in among:
        raise ValueError(f"{place}: there is a {what} called {name!r} already")

"""What a study may say about its protocols, streams and networks."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dyadflow.errors import DyadflowError
from dyadflow.models.presets import STREAM_PRESETS
from dyadflow.models.registry import load_network
from dyadflow.models.video.settings import VideoSettings


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProtocolSettings(_Strict):
    """How a result is obtained: who is held out, whose coding trains and scores, and what is fitted before the network.

    What a protocol leaves unsaid is as its preset has it (`models.presets.STREAM_PRESETS`).
    """

    preset: Literal["corrected", "as_published"] = Field(
        "corrected",
        description="corrected: everything fitted sees training dyads only, split by dyad. as_published: what the "
        "papers say, also where it invalidates a result. Of networks on streams: outer 20, inner 5, split by session, "
        "projection per_session, scaling and class_weights none, stopping inner_fold, a space of the paper's own, and "
        "the linear network in one split only.",
    )
    train_coders: list[str] = Field(
        min_length=1,
        description="Whose coding trains, in order (see labels); for a video network, one drawn anew for every "
        "snippet.",
    )
    score_coders: list[str] = Field(
        min_length=1,
        description="Whose coding scores: the first of these who coded the session; for a video network, each "
        "of them.",
    )
    labels: Literal["first", "soft", "drawn"] = Field(
        "first",
        description="What networks on streams learn from where several coders coded a session. first: the first of "
        "train_coders; soft: each frame's share of coders for each class; drawn: a coder drawn anew for every window "
        "and epoch.",
    )
    split: Literal["dyad", "session", "frames"] = Field(
        "dyad",
        description="What stands on one side of every split. dyad: all sessions of a dyad; session: a session, so that "
        "a dyad may stand on both sides; frames: every frame by itself, a common mistake, only to show what it would "
        "claim.",
    )
    outer: int | None = Field(None, ge=2, description="Outer folds of this protocol; left out: folds.outer.")
    inner: int | None = Field(None, ge=2, description="Inner folds of this protocol; left out: folds.inner.")
    deal: int = Field(
        0, ge=0,
        description="Another number deals the dyads to folds anew. Protocols that differ in nothing else are one "
        "repeated cross-validation.",
    )
    stopping: Literal["share", "inner_fold"] = Field(
        "share",
        description="Whom the refit stops early on. share: about a fifth of the outer training dyads; inner_fold: the "
        "smallest inner fold.",
    )
    streams: list[str] = Field(
        default_factory=list, description="Only these streams are trained in this protocol; empty: every stream."
    )
    networks: list[str] = Field(
        default_factory=list, description="Only these models are trained in this protocol; empty: every model."
    )
    extractors: dict[str, str] = Field(
        default_factory=dict,
        description="Extractors that take the place of others in this protocol's streams, such as w2vbert: "
        "w2vbert_windowed.",
    )
    space: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="Values to choose from that take the place of a network's own, where the network has such a "
        "hyperparameter.",
    )
    components: int = Field(4, ge=1, description="Principal components kept of each patch of a token stream.")
    projection: Literal["train_fold", "per_session", "per_frame", "all_sessions"] = Field(
        "train_fold",
        description="Whose tokens the components are those of: of each fold's training sessions; of each session, or "
        "each frame, alone (a component then means something else in each); of all sessions, which shows held-out "
        "dyads to what is fitted.",
    )
    minimum_kept: float = Field(
        0.99, ge=0, le=1,
        description="Share of each component's variance that the stored tokens must keep, or training stops.",
    )
    scaling: Literal["standard", "none"] = Field(
        "standard", description="standard: zero mean and unit deviation over the training sessions."
    )
    class_weights: Literal["balanced", "none"] = Field(
        "balanced",
        description="balanced: frames of rare classes weigh more, by the training sessions' counts."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_the_preset_has_it(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {**STREAM_PRESETS.get(str(given.get("preset", "corrected")), {}), **given}

    @property
    def deals_anew(self) -> bool:
        """Whether the protocol's folds are other than the study's own."""
        return self.split == "session" or self.deal > 0 or self.outer is not None or self.inner is not None


class NetworkSettings(_Strict):
    """One model of the result table: a network, what to search, and how long to train."""

    network: str = Field(description="linear, bilstm, tcn, logreg or trees: a file in models/networks.")
    streams: list[str] = Field(
        default_factory=list,
        description="Only these streams are trained with this network; empty: every stream.",
    )
    space: dict[str, list[Any]] = Field(
        default_factory=dict, description="Values to choose from, one list a hyperparameter of the network."
    )
    search: Literal["random", "grid", "optuna"] = Field(
        "random",
        description="random: a subset of the grid, drawn beforehand and the same in every cell; grid: all of it; "
        "optuna: one combination after the other, chosen by what the earlier ones gave, and given up after an inner "
        "fold in which it does worse than half of them.",
    )
    candidates: int = Field(8, ge=1, description="How many combinations are tried; a grid is tried whole.")
    max_epochs: int = Field(50, ge=1, description="Passes over the training windows at most.")
    patience: int = Field(8, ge=1, description="Passes without a better score before training stops.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a CUDA GPU if there is one.")

    @model_validator(mode="after")
    def _fits_the_network(self) -> "NetworkSettings":
        try:
            space = load_network(self.network).Space
        except DyadflowError as error:
            raise ValueError(str(error).rstrip(".")) from None
        space.model_validate(self.space)
        return self


class ModelSettings(_Strict):
    """Which streams feed which networks."""

    streams: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Recipes by name: parts as <view>.<extractor>; {role} stands for the target's role.",
    )
    networks: dict[str, NetworkSettings] = Field(default_factory=dict, description="Models by name.")
    video: dict[str, VideoSettings] = Field(
        default_factory=dict, description="Models by name that are trained on the pictures themselves."
    )
    fits_at_once: int = Field(
        16, ge=1,
        description="How many networks of one shape are trained together; the last bits of a result depend on it. On a "
        "GPU more are faster.",
    )
    room_gib: float = Field(
        8.0, gt=0, description="Memory that prepared sessions may take at once; with less, fewer folds train together."
    )
    torch_threads: int = Field(
        1, ge=1,
        description="Threads inside torch; part of the result's last bits, so apart from a job's cores."
    )

    @field_validator("streams")
    @classmethod
    def _names_views_and_extractors(cls, streams: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, parts in streams.items():
            if not parts:
                raise ValueError(f"stream {name} has no parts")
            for part in parts:
                view, dot, extractor = part.partition(".")
                if not (view and dot and extractor) or "." in extractor:
                    raise ValueError(f"stream {name}: {part!r} is not <view>.<extractor>")
            if len(set(parts)) < len(parts):
                raise ValueError(f"stream {name} names a part twice")
        return streams

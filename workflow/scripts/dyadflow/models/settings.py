"""What a study may say about its protocols, streams and networks."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dyadflow.errors import DyadflowError
from dyadflow.models.registry import load_network
from dyadflow.models.video.settings import VideoSettings


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProtocolSettings(_Strict):
    """How a result is obtained: whose coding trains and scores, and what is fitted before the network."""

    preset: Literal["corrected", "as_published"] = Field(
        "corrected",
        description="corrected: everything fitted sees training dyads only, split by dyad. as_published (video "
        "networks only): what the paper of guided play says.",
    )
    train_coders: list[str] = Field(
        min_length=1,
        description="Whose coding trains: the first of these who coded the session; for a video network, one "
        "drawn anew for every snippet.",
    )
    score_coders: list[str] = Field(
        min_length=1,
        description="Whose coding scores: the first of these who coded the session; for a video network, each "
        "of them.",
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


class NetworkSettings(_Strict):
    """One model of the result table: a network, what to search, and how long to train."""

    network: str = Field(description="linear or bilstm.")
    streams: list[str] = Field(
        default_factory=list,
        description="Only these streams are trained with this network; empty: every stream.",
    )
    space: dict[str, list] = Field(
        default_factory=dict, description="Values to choose from, one list a hyperparameter of the network."
    )
    candidates: int = Field(8, ge=1, description="How many combinations are drawn from the space.")
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

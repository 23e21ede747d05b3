"""What a study may set about features."""

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dyadflow.features.registry import BACKBONES, backbone_module


class ExtractorSettings(BaseModel):
    """One extractor: a backbone, its weights, and the views that it looks at or the sound it hears."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: str = Field(
        description="Which backbone: a name of a file in features/backbones, such as dinov2 or w2vbert."
    )
    views: list[str] = Field(
        min_length=1, description="Names of the views to extract from; ['audio'] for a backbone that hears."
    )
    weights: str | None = Field(
        default=None,
        description="Weights of a foundation model: a name on the Hugging Face hub, a local folder, or "
        "'untrained' for the same architecture with random numbers. Left out where a backbone has none.",
    )
    revision: str | None = Field(
        default=None, description="Commit or tag of weights on the hub; pin it, so that they stay the same."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where to compute; auto takes a CUDA GPU if there is one."
    )
    half: bool = Field(default=False, description="On a CUDA GPU, multiply in bfloat16; no effect on a CPU.")
    batch: int = Field(
        default=64, ge=1,
        description="Pictures that go through the backbone at once; halved where memory is short.",
    )
    seed: int = Field(default=0, description="Seed of untrained weights.")
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the backbone itself, checked by the backbone."
    )

    @model_validator(mode="after")
    def _ask_the_backbone(self) -> "ExtractorSettings":
        if self.backbone not in BACKBONES:
            raise ValueError(
                f"no backbone is called {self.backbone!r}{_nearest(self.backbone, list(BACKBONES))}; "
                f"there are {', '.join(BACKBONES)}"
            )
        module = backbone_module(self.backbone)
        if module.NEEDS_WEIGHTS and not self.weights:
            raise ValueError(
                f"{self.backbone} needs weights: a name on the hub, a local folder, or 'untrained'"
            )
        if not module.NEEDS_WEIGHTS and (self.weights or self.revision):
            raise ValueError(f"{self.backbone} has no weights: leave out weights and revision")
        if (module.TAKES == "sound") != (self.views == ["audio"]):
            raise ValueError(
                f"{self.backbone} takes {module.TAKES}: "
                + ("set views to ['audio']" if module.TAKES == "sound" else "name views of the picture")
            )
        _check_options(self.backbone, module.Options, self.options)
        return self


class FeatureSettings(BaseModel):
    """The streams of a study, and how their extraction is cut into jobs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    extractors: dict[str, ExtractorSettings] = Field(
        default_factory=dict, description="The extractors, each under the name that streams refer to."
    )
    sessions_per_job: int = Field(
        default=16, ge=1, description="Sessions that one job extracts: a model is loaded once for all."
    )
    torch_threads: int = Field(
        default=1, ge=1, description="CPU threads of one extraction; they change the last bits of numbers."
    )


def _check_options(backbone: str, options_class: type[BaseModel], options: dict[str, Any]) -> None:
    """Raise ValueError with one clause an option that the backbone does not take."""
    try:
        options_class.model_validate(options)
    except ValidationError as error:
        raise ValueError("; ".join(
            _explain(backbone, finding, list(options_class.model_fields)) for finding in error.errors()
        )) from None


def _explain(backbone: str, finding: Any, known: list[str]) -> str:
    name = ".".join(str(part) for part in finding["loc"])
    if finding["type"] == "extra_forbidden":
        return f"{backbone} has no option {name!r}{_nearest(name, known)}"
    return f"option {name!r} of {backbone}: {finding['msg']}"


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""

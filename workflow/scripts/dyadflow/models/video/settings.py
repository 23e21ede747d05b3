"""What a study may set about networks that are trained on video."""

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dyadflow.errors import DyadflowError
from dyadflow.models.video.registry import load_video_network

#: Weights that are random numbers from the study's seed.
UNTRAINED = "untrained"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AugmentationSettings(_Strict):
    """How training snippets are altered, each snippet in one way for all its frames."""

    crop_px: int = Field(112, ge=8, description="Side of the random crop that the network is trained on.")
    rotation_degrees: float = Field(8.0, ge=0, le=180, description="Largest rotation either way.")
    scale: tuple[float, float] = Field(
        (0.6, 1.5), description="Area of the random crop, before it is resized, in units of crop_px x crop_px."
    )
    ratio: tuple[float, float] = Field((0.5, 1.5), description="Width over height of the random crop.")
    flip: float = Field(0.5, ge=0, le=1, description="Probability of a horizontal flip.")
    probability: float = Field(
        0.35, ge=0, le=1, description="Probability of each alteration other than crop and flip."
    )
    brightness: float = Field(0.15, ge=0, le=1, description="Largest relative change of brightness.")
    contrast: float = Field(0.25, ge=0, le=1, description="Largest relative change of contrast.")
    colour: float = Field(0.2, ge=0, le=1, description="Largest relative change of one colour channel.")
    blur_sigma: float = Field(5.0, gt=0, description="Standard deviation of the Gaussian blur, in pixels.")
    noise_sigma: tuple[float, float] = Field(
        (0.01, 0.03), description="Range of the Gaussian noise's standard deviation; pixels are 0 to 1."
    )
    test_crop_px: int = Field(160, ge=8, description="Side of the central crop that is predicted from.")

    @model_validator(mode="after")
    def _in_order(self) -> "AugmentationSettings":
        for name in ("scale", "ratio", "noise_sigma"):
            low, high = getattr(self, name)
            if not 0 <= low <= high or (low == 0 and name != "noise_sigma"):
                raise ValueError(f"{name}: {low:g} to {high:g} is not a range of positive numbers")
        return self


class LogRange(_Strict):
    """Numbers drawn evenly on a logarithmic scale, and, if wanted, zero among them."""

    low: float = Field(gt=0, description="Smallest number.")
    high: float = Field(gt=0, description="Largest number.")
    or_zero: bool = Field(False, description="Whether one draw in five is zero instead.")

    @model_validator(mode="after")
    def _in_order(self) -> "LogRange":
        if self.low > self.high:
            raise ValueError(f"low ({self.low:g}) is above high ({self.high:g})")
        return self


class SearchPhase(_Strict):
    """Random search of one phase of training: what is drawn, how often, and how long each trains."""

    learning_rate: LogRange = Field(description="Adam's step size at the first epoch.")
    decay: LogRange = Field(
        LogRange(low=1e-3, high=1e-1, or_zero=True),
        description="The step size is multiplied by (1 - decay) after every epoch.",
    )
    l2: LogRange = Field(
        LogRange(low=1e-4, high=10, or_zero=True), description="L2 penalty on the weights, added to the gradient."
    )
    class_weights: list[Literal["none", "balanced"]] = Field(
        ["none", "balanced"], min_length=1,
        description="balanced: the rarer class weighs more, by the training snippets' counts.",
    )
    candidates: int = Field(ge=1, description="Combinations drawn.")
    repeats: int = Field(ge=1, description="Trainings of each combination on each inner fold, with other seeds.")
    max_epochs: int = Field(ge=1, description="Epochs of every training of this phase, the final one included.")


class HeadPhase(SearchPhase):
    """Training of the last layer on cached embeddings."""

    learning_rate: LogRange = Field(
        LogRange(low=1e-5, high=1), description="Adam's step size at the first epoch."
    )
    candidates: int = Field(50, ge=1, description="Combinations drawn.")
    repeats: int = Field(
        4, ge=1, description="Trainings of each combination on each inner fold, with other seeds."
    )
    max_epochs: int = Field(
        20, ge=1, description="Epochs of every training of this phase, the final one included."
    )


class FineTuningPhase(SearchPhase):
    """Training of the whole network, from the trained head on."""

    learning_rate: LogRange = Field(
        LogRange(low=1e-8, high=1e-2), description="Adam's step size at the first epoch."
    )
    candidates: int = Field(10, ge=1, description="Combinations drawn.")
    repeats: int = Field(
        1, ge=1, description="Trainings of each combination on each inner fold, with other seeds."
    )
    max_epochs: int = Field(
        50, ge=1, description="Epochs of every training of this phase, the final one included."
    )


class HandValues(_Strict):
    """Hyperparameters of one phase that a person chose."""

    learning_rate: float = Field(gt=0, description="Adam's step size at the first epoch.")
    decay: float = Field(
        0.0, ge=0, lt=1, description="The step size is multiplied by (1 - decay) after every epoch."
    )
    l2: float = Field(0.0, ge=0, description="L2 penalty on the weights.")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: the rarer class weighs more, by the training snippets' counts."
    )


class ByHand(_Strict):
    """Phases of one target that are not searched."""

    head: HandValues | None = Field(None, description="Values for the head; left out: searched.")
    fine_tuning: HandValues | None = Field(None, description="Values for fine-tuning; left out: searched.")


class VideoTraining(_Strict):
    """A network that looks at a view's pictures, snippet by snippet, and how it is searched and trained."""

    network: str = Field("mc3_18", description="mc3_18.")
    weights: str = Field(
        "kinetics400",
        description="What the encoder starts from: kinetics400, a .pth or .safetensors file, or untrained.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the network itself, checked by the network."
    )
    frames: int = Field(15, ge=2, description="Frames of a snippet.")
    strata: int = Field(10, ge=1, description="Snippets drawn from each session and epoch, one in each stratum.")
    passes: int = Field(100, ge=1, description="Epochs of augmented snippets whose embeddings train the head.")
    batch: int = Field(16, ge=1, description="Snippets a step.")
    augmentation: AugmentationSettings = Field(default_factory=AugmentationSettings)
    head: HeadPhase = Field(default_factory=HeadPhase)
    fine_tuning: FineTuningPhase = Field(default_factory=FineTuningPhase)
    runs: int = Field(3, ge=1, description="Final trainings; the best by validation F1 is kept.")
    smoothing: int = Field(
        2, ge=0, description="Epochs on either side over which the validation F1 of an epoch is averaged."
    )
    by_hand: dict[str, ByHand] = Field(
        default_factory=dict, description="By target: values chosen by hand, in place of a search."
    )
    workers: int = Field(0, ge=0, description="Processes that load snippets; they change no number.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a CUDA GPU if there is one.")
    half: bool = Field(False, description="On a CUDA GPU, multiply in bfloat16; no effect on a CPU.")

    @model_validator(mode="after")
    def _fits_the_network(self) -> "VideoTraining":
        try:
            module = load_video_network(self.network)
        except DyadflowError as error:
            raise ValueError(str(error).rstrip(".")) from None
        known = [UNTRAINED, *module.PUBLISHED]
        if self.weights not in known and not self.weights.endswith((".pth", ".safetensors")):
            raise ValueError(
                f"weights: {self.weights!r} is neither {' nor '.join(known)} nor a .pth or .safetensors file"
            )
        options = module.Options
        try:
            options.model_validate(self.options)
        except ValidationError as error:
            raise ValueError("; ".join(
                _explain(self.network, finding, list(options.model_fields)) for finding in error.errors()
            )) from None
        return self


class VideoSettings(VideoTraining):
    """One model of the result table that is trained on the pictures of views."""

    views: list[str] = Field(min_length=1, description="Views to train on, each a row of the result table.")


def _explain(network: str, finding: Any, known: list[str]) -> str:
    name = ".".join(str(part) for part in finding["loc"])
    if finding["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, known, n=1)
        return f"{network} has no option {name!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
    return f"option {name!r} of {network}: {finding['msg']}"

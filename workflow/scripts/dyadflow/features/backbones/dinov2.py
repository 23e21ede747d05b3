"""DINOv2: the patch tokens of every picture, compressed to a token store, or its class token.

Oquab et al., "DINOv2: Learning robust visual features without supervision" (2023); used on split-screen
sessions in A (Withanage Don et al., ICMI 2024, doi 10.1145/3678957.3685704), which reduces the tokens to four
principal components. Which sessions that PCA is fitted on differs from fold to fold, so it is not done here:
the store keeps what any later fit needs, and the backbone never runs twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from dyadflow.features.device import choose_device
from dyadflow.features.pixels import IMAGENET, Colour, read_pixel_scale
from dyadflow.features.vit import VisionOptions, VisionTransformer
from dyadflow.features.weights import (
    UNTRAINED,
    build_untrained,
    check_kind,
    find_weights,
    identify_weights,
    load_model,
)

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "pictures"
NEEDS_WEIGHTS = True


class Options(VisionOptions):
    """Options of DINOv2."""

    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of Dinov2Config (hidden_size, num_hidden_layers, "
        "num_attention_heads, image_size ...); with num_register_tokens, the variant with registers.",
    )


class Backbone(VisionTransformer):
    """A DINOv2 network, with or without registers."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        options = Options.model_validate(settings.options)
        device = choose_device(settings, torch_threads=torch_threads)
        model, found, (mean, deviation) = _load(settings, options)
        super().__init__(settings, options, model, device=device, name="DINOv2", attributes=found, mean=mean,
                         deviation=deviation)


def _load(settings: ExtractorSettings, options: Options) -> tuple[Any, dict[str, str], tuple[Colour, Colour]]:
    """The network, what to record about its weights, and the scale of its pixels."""
    if settings.weights == UNTRAINED:
        kind = "dinov2_with_registers" if "num_register_tokens" in options.config else "dinov2"
        config_class, model_class = _classes(kind)
        # All published DINOv2 have patches of 14 pixels; one of the two classes defaults to 16.
        config = {"patch_size": 14, **options.config}
        model = build_untrained(model_class, config_class, config, seed=settings.seed)
        return model, identify_weights(settings), IMAGENET
    folder, found = find_weights(settings)
    name = str(settings.weights)
    kind = check_kind(folder, ["dinov2", "dinov2_with_registers"], name=name, architecture="DINOv2")
    _, model_class = _classes(kind)
    return load_model(model_class, folder, name=name), found, read_pixel_scale(folder)


def _classes(kind: str) -> tuple[Any, Any]:
    """Configuration and model class, imported from their own modules: the package's front door is slower."""
    if kind == "dinov2_with_registers":
        from transformers.models.dinov2_with_registers.configuration_dinov2_with_registers import (
            Dinov2WithRegistersConfig,
        )
        from transformers.models.dinov2_with_registers.modeling_dinov2_with_registers import (
            Dinov2WithRegistersModel,
        )
        return Dinov2WithRegistersConfig, Dinov2WithRegistersModel
    from transformers.models.dinov2.configuration_dinov2 import Dinov2Config
    from transformers.models.dinov2.modeling_dinov2 import Dinov2Model
    return Dinov2Config, Dinov2Model

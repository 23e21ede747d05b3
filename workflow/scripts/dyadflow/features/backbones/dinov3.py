"""DINOv3: the patch tokens of every picture, compressed to a token store, or its class token.

Siméoni et al., "DINOv3" (2025), vision transformers with patches of 16 pixels. Positions are rotations worked out
from the size of the picture, so that a view of any multiple of 16 goes through whole. As with DINOv2, what the
tokens are reduced to differs from fold to fold and is fitted later, on the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from dyadflow.features.device import choose_device
from dyadflow.features.pixels import IMAGENET, read_pixel_scale
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
    """Options of DINOv3."""

    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of DINOv3ViTConfig (hidden_size, intermediate_size, "
        "num_hidden_layers, num_attention_heads, num_register_tokens ...).",
    )


class Backbone(VisionTransformer):
    """A DINOv3 vision transformer."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from transformers.models.dinov3_vit.configuration_dinov3_vit import DINOv3ViTConfig
        from transformers.models.dinov3_vit.modeling_dinov3_vit import DINOv3ViTModel

        options = Options.model_validate(settings.options)
        device = choose_device(settings, torch_threads=torch_threads)
        if settings.weights == UNTRAINED:
            model = build_untrained(DINOv3ViTModel, DINOv3ViTConfig, options.config, seed=settings.seed)
            found, scale = identify_weights(settings), IMAGENET
        else:
            folder, found = find_weights(settings)
            name = str(settings.weights)
            check_kind(folder, ["dinov3_vit"], name=name, architecture="a DINOv3 vision transformer")
            model, scale = load_model(DINOv3ViTModel, folder, name=name), read_pixel_scale(folder)
        mean, deviation = scale
        super().__init__(settings, options, model, device=device, name="DINOv3", attributes=found, mean=mean,
                         deviation=deviation)

"""The scale on which a vision network expects its pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Colour = tuple[float, float, float]

#: Mean and standard deviation of ImageNet's pixels (red, green, blue, from 0 to 1), which most networks were given.
IMAGENET: tuple[Colour, Colour] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

#: The file beside weights that says how pictures were scaled.
PREPROCESSOR = "preprocessor_config.json"


def read_pixel_scale(folder: Path) -> tuple[Colour, Colour]:
    """Mean and standard deviation that weights in `folder` were trained with; `IMAGENET` where nothing says so."""
    file = folder / PREPROCESSOR
    said = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    mean, deviation = IMAGENET
    return tuple(said.get("image_mean", mean)), tuple(said.get("image_std", deviation))


def scale_and_shift(
    mean: Colour, deviation: Colour, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor and summand, each of shape (3,), that take pixels of 0 to 255 to what the network expects."""
    import torch

    spread = torch.tensor(deviation, device=device)
    return 1 / (255 * spread), -torch.tensor(mean, device=device) / spread

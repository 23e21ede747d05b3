"""Settings of room `media`: which regions of the picture become views, and how they are written."""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

#: Named regions as fractions of the upright picture: x, y, width, height, from the top left corner.
REGIONS: dict[str, tuple[float, float, float, float]] = {
    "whole": (0.0, 0.0, 1.0, 1.0),
    "left": (0.0, 0.0, 0.5, 1.0),
    "right": (0.5, 0.0, 0.5, 1.0),
    "top": (0.0, 0.0, 1.0, 0.5),
    "bottom": (0.0, 0.5, 1.0, 0.5),
}

#: Room for decimals that do not add up in binary, such as 0.7 + 0.3.
_ROUNDING = 1e-9


def _check_fractions(region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, width, height = region
    if not all(math.isfinite(number) for number in region) or min(x, y) < 0 or min(width, height) <= 0:
        raise ValueError("x and y must be 0 or more, width and height more than 0")
    if x + width > 1 + _ROUNDING or y + height > 1 + _ROUNDING:
        raise ValueError("the region must lie inside the picture: x + width and y + height are at most 1")
    return region


def _check_name(name: str) -> str:
    if name == "audio":
        raise ValueError("audio names the sound of a session; call the view something else")
    return name


RegionName = Literal["whole", "left", "right", "top", "bottom"]
Fractions = Annotated[tuple[float, float, float, float], AfterValidator(_check_fractions)]
Region = RegionName | Fractions

ViewName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_check_name)]


class View(BaseModel):
    """A region of the upright picture, and the size at which it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Region = Field(
        "whole",
        description="Part of the picture: whole, left, right, top, bottom, or [x, y, width, height] as "
        "fractions of the picture as a player shows it, from its top left corner.",
    )
    width_px: int = Field(224, ge=16, le=8192, multiple_of=2, description="Width of the view, even.")
    height_px: int = Field(224, ge=16, le=8192, multiple_of=2, description="Height of the view, even.")
    fit: Literal["letterbox", "squash"] = Field(
        "letterbox",
        description="letterbox keeps the proportions and fills up with black; squash stretches the region "
        "to the view's size.",
    )

    @property
    def fractions(self) -> tuple[float, float, float, float]:
        """The region as fractions x, y, width, height of the upright picture."""
        return REGIONS[self.region] if isinstance(self.region, str) else self.region


class MediaSettings(BaseModel):
    """How the recordings of a study are decoded. Sound is always 16 kHz, mono, 16 bit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_hz: float = Field(
        25.0, gt=0, le=240, allow_inf_nan=False,
        description="Frames a second of every view, and with it of every label and stream.",
    )
    views: dict[ViewName, View] = Field(
        default_factory=lambda: {"scene": View()}, min_length=1,
        description="Views by name; a session may place them elsewhere in its picture.",
    )
    crf: int = Field(
        10, ge=0, le=51,
        description="Quality of the written views (x264 constant rate factor): 10 is nearly lossless, "
        "larger is smaller and worse.",
    )
    encoder_threads: int = Field(
        1, ge=1, le=64,
        description="Threads of the video encoder, for each view. Part of the study because the number "
        "changes the bytes of the views.",
    )

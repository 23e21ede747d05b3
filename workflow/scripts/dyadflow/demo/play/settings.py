"""What the synthetic study of guided play can be told: how long, how fast, how large, from which seed."""

from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: The picture as shown is this much wider than high (208 x 160, the second paper's size).
SHOWN_ASPECT = Fraction(13, 10)
#: Pixels are stored this much wider than high, as that paper's camcorder stored them.
PIXEL_ASPECT = Fraction(4, 3)


class PlaySettings(BaseModel):
    """Settings of the synthetic study of guided play."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paradigm: Literal["guided-play"] = Field("guided-play", description="What the sessions are of.")
    seed: int = Field(1, ge=0, description="Everything is drawn from this and the session's name.")
    task_s: float = Field(33.0, ge=12.0, le=600.0, description="Length of each of the three tasks before jitter.")
    task_jitter: float = Field(
        0.09, ge=0.0, le=0.4, description="How far a task may be longer or shorter, as a fraction."
    )
    pause_s: float = Field(
        4.0, ge=2.0, le=60.0,
        description="Length before jitter of the lead-in, of each pause between tasks, and of the lead-out.",
    )
    cycle_s: float = Field(
        20.0, ge=4.0, le=300.0,
        description="About how long a bout of engagement and the one without that follows last together."
    )
    rate_hz: float = Field(12.5, gt=0.0, le=60.0, description="Frames a second.")
    height_px: int = Field(
        240, ge=80, le=1040, description="Height of the picture, a multiple of 80; it is shown 1.3 times as wide."
    )
    dyad_spread: float = Field(
        0.3, ge=0.0, le=1.5,
        description="How much dyads differ: standard deviation of the log odds of engagement between dyads.",
    )
    movement: float = Field(
        1.0, gt=0.0, le=1.2, description="How far the infant's arm and head move; less is harder to see."
    )
    noise: float = Field(
        1.2, ge=0.0, le=30.0, description="Camera noise, standard deviation in grey levels of 255."
    )

    @field_validator("height_px")
    @classmethod
    def _whole_widths(cls, value: int) -> int:
        if value % 80:
            raise ValueError("must be a multiple of 80, so that the picture is whole pixels wide")
        return value

    @property
    def shown_px(self) -> int:
        """Width of the picture in square pixels, as a player shows it."""
        return int(self.height_px * SHOWN_ASPECT)

    @property
    def stored_px(self) -> int:
        """Width of the picture in stored pixels, which are wider than high; even, as H.264 wants it."""
        return int(self.shown_px / PIXEL_ASPECT)

"""What the synthetic study can be told: how long, how fast, how large, from which seed."""

import hashlib
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

#: Share of the session that each phase takes, before jitter: unequal, as in real still-face sessions cut to a
#: minute. What is left over is the lead-in and the lead-out, in which nobody codes.
PHASE_SHARES = {"play": 0.35, "turn-away": 0.065, "still-face": 0.26, "reunion": 0.285}


class DemoSettings(BaseModel):
    """Settings of the synthetic study."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paradigm: Literal["still-face"] = Field("still-face", description="What the sessions are of.")
    seed: int = Field(1, ge=0, description="Everything is drawn from this and the session's name.")
    duration_s: float = Field(60.0, ge=15.0, le=3600.0, description="Length of a session before jitter.")
    duration_jitter: float = Field(
        0.12,
        ge=0.0,
        le=0.4,
        description="How far a phase may be longer or shorter than its share, as a fraction.",
    )
    rate_hz: float = Field(25.0, gt=0.0, le=60.0, description="Frames a second.")
    height_px: int = Field(
        160,
        ge=64,
        le=1080,
        description="Height of the picture; it is twice as wide: infant on the left, caregiver on the right.",
    )
    dyad_spread: float = Field(
        0.35,
        ge=0.0,
        le=1.5,
        description="How much dyads differ: standard deviation of the log odds of each code between dyads.",
    )
    expressiveness: float = Field(
        0.9,
        gt=0.0,
        le=2.0,
        description="How far a behaviour departs from the neutral posture; less is harder.",
    )
    noise: float = Field(
        1.2, ge=0.0, le=30.0, description="Camera noise, standard deviation in grey levels of 255."
    )
    room_noise_db: float = Field(
        -52.0, le=-10.0, description="Level of the room's noise below full scale, in dB."
    )

    @field_validator("height_px")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even, because H.264 stores colour for every second line")
        return value

    @property
    def width_px(self) -> int:
        """Width of the picture: two square halves."""
        return 2 * self.height_px


def draw_for(session: str, purpose: str, *, seed: int | None = None) -> np.random.Generator:
    """A random generator that belongs to one session and one purpose.

    Keyed by a digest, so that adding a session, or drawing more for one purpose, moves nothing else.

    Parameters
    ----------
    session, purpose
        Names, such as ``d01`` and ``caregiver``.
    seed
        The study's seed; None for what belongs to the dyad itself, whatever the seed.
    """
    name = f"{'' if seed is None else seed}/{session}/{purpose}"
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big"))

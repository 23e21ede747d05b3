"""What a study says about summaries of behaviour."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class BehaviourSettings(BaseModel):
    """How bouts are counted, and in which windows what follows what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gap_s: float = Field(
        0.002, ge=0, lt=1,
        description="Gaps between two segments of a tier, and overlaps of codes that exclude each other, up to this "
        "many seconds are rounding: the earlier code lasts until the later begins. 0.05 for files that give an event's "
        "last frame as its end.",
    )
    minimal_bout_s: float = Field(
        0.0, ge=0,
        description="Shorter bouts, and shorter dyadic states, are not counted as such; their time stays.",
    )
    lag_s: float = Field(3.0, gt=0, description="The window after an onset in which a response counts, in seconds.")
    lag_step_s: float = Field(1.0, gt=0, description="Seconds of one step of the lag table over all sessions.")
    lag_max_s: float = Field(5.0, gt=0, description="How many seconds those steps reach.")
    synchrony_step_s: float = Field(
        0.5, gt=0, description="Seconds from one moment to the next at which both partners' levels are compared."
    )
    synchrony_lag_s: float = Field(
        5.0, ge=0, description="The greatest lag, in seconds, at which one partner's level is held against the other's."
    )
    level: float = Field(0.95, gt=0, lt=1, description="Nominal coverage of the limits of intraclass correlations.")

    @model_validator(mode="after")
    def _reach(self) -> "BehaviourSettings":
        if self.lag_max_s < self.lag_step_s:
            raise ValueError("lag_max_s is shorter than one step, lag_step_s: no step would fit")
        return self

    def lag_windows(self) -> list[tuple[float, float]]:
        """The steps of the lag table: from and to, in seconds after an onset."""
        steps = int(self.lag_max_s / self.lag_step_s + 1e-9)
        return [(number * self.lag_step_s, (number + 1) * self.lag_step_s) for number in range(steps)]

"""What a study may say about how its coders are compared."""

from pydantic import BaseModel, ConfigDict, Field


class AgreementSettings(BaseModel):
    """How far apart two coders may be and still mean the same, and whether gamma is worked out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tolerance_s: float = Field(
        1.0, ge=0,
        description="Seconds that two coders' onsets may lie apart and still be the same event; a frame counts as "
        "agreed if the other coder has its class within as many seconds.",
    )
    gamma: bool = Field(
        False, description="Whether gamma (Mathet et al. 2015) is worked out as well; needs pygamma-agreement."
    )
    gamma_samples: int = Field(
        30, ge=2, description="Random codings a session that tell gamma how much disagreement chance gives."
    )
    level: float = Field(0.95, gt=0, lt=1, description="Nominal coverage of the intervals, which come from dyads.")

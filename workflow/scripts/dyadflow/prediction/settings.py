"""Settings of room `prediction`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PredictionSettings(BaseModel):
    """Which trained cell codes new sessions, and which sessions those are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: str = Field("", description="Study whose trained models are used; empty: this one.")
    protocol: str = Field("corrected", description="Protocol of the cell.")
    targets: list[str] = Field(default_factory=list, description="Targets to predict; empty: the study's targets.")
    stream: str = Field("multimodal", description="Stream of the cell.")
    network: str = Field("bilstm", description="Network of the cell.")
    sessions: Literal["uncoded", "all"] = Field(
        "uncoded", description="Sessions without human coding, or every session (only with models of another study)."
    )

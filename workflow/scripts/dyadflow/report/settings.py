"""Settings of room `report`."""

from pydantic import BaseModel, ConfigDict, Field


class ReportSettings(BaseModel):
    """What the page shows first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: str = Field("corrected", description="Protocol of the cell that the page opens with.")
    stream: str = Field("multimodal", description="Stream of the cell that the page opens with.")
    network: str = Field("bilstm", description="Network of the cell that the page opens with.")

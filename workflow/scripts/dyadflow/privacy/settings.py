"""Settings of room `privacy`: what of a study must not stand in anything that is shared."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PrivacySettings(BaseModel):
    """What must not be shared, beyond pictures, sound, paths and the names of recordings and coding files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    private_covariates: list[str] = Field(
        default_factory=list,
        description="Columns of the sheet of sessions that no result may hold (date of birth, a note): they stay in "
        "the sheet, and no rule is handed them.",
    )
    coders_are_names: bool = Field(
        False,
        description="Whether the column coder holds names of persons that must not be shared: then nothing that holds "
        "one is shared. Write codes there instead, and nothing is in the way.",
    )
    names: list[str] = Field(
        default_factory=list,
        description="Further words that must not be shared (a family's name, a place); upper and lower case are alike.",
    )
    persons: dict[str, Annotated[int, Field(ge=1, le=20)]] = Field(
        default_factory=dict,
        description="How many persons a view shows, by view: where fewer faces are found, an exported picture is "
        "blurred whole. Left out: one, and two in a view of more than half the picture.",
    )
    comments: bool = Field(
        False, description="Whether comments that coders wrote are shared; if not, a copy has their column empty."
    )

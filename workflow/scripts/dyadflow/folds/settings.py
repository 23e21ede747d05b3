"""What a study may say about its folds."""

from pydantic import BaseModel, ConfigDict, Field


class FoldSettings(BaseModel):
    """How many outer and inner folds; dyads, never sessions, are dealt into them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outer: int = Field(10, ge=2, description="Outer folds: each holds its dyads out once, to be scored.")
    inner: int = Field(5, ge=2, description="Inner folds within each outer training set, for the search.")

"""What a study may say about its folds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FoldSettings(BaseModel):
    """How many outer and inner folds, and how dyads, never sessions, get into them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["dealt", "searched"] = Field(
        "dealt",
        description="dealt: one dyad after the other, so that new sessions move nobody. searched: the best balanced of "
        "many random partitions; the inner folds of an outer fold are then the other outer folds.",
    )
    outer: int = Field(10, ge=2, description="Outer folds: each holds its dyads out once, to be scored.")
    inner: int = Field(
        5, ge=2,
        description="Inner folds within each outer training set, for the search; one less than outer where folds are "
        "searched.",
    )
    candidates: int = Field(100_000, ge=1, description="Random partitions that a search for folds scores.")
    in_every_fold: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Columns of the session sheet with the values that every searched fold must show.",
    )

    @model_validator(mode="after")
    def _agree(self) -> "FoldSettings":
        if self.method == "dealt":
            if self.in_every_fold:
                raise ValueError("in_every_fold is for searched folds only: set method to searched, or leave it out")
            return self
        if self.outer < 3:
            raise ValueError("outer must be at least 3 where folds are searched: one is held out, one validates, and "
                             "one is left to train on")
        if "inner" in self.model_fields_set and self.inner != self.outer - 1:
            raise ValueError(f"inner is {self.outer - 1}, one less than outer, where folds are searched: leave it out")
        object.__setattr__(self, "inner", self.outer - 1)
        return self

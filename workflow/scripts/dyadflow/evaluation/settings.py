"""What a study says about evaluation."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Metric = Literal[
    "accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted",
    "f1_weighted", "kappa", "mcc",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Strict):
    """One comparison of two cells, named before results are seen."""

    target: str = Field(description="What is predicted.")
    stream: str = Field(description="The stream of the cell that is expected to be better.")
    network: str = Field(description="The network of the cell that is expected to be better.")
    against: Literal["better_baseline"] | Annotated[list[str], Field(min_length=2, max_length=2)] = Field(
        "better_baseline",
        description="better_baseline (whichever of majority and phase is better over all dyads), or the "
        "stream and the network of another cell: [infant, bilstm].",
    )
    metric: Metric = Field("accuracy", description="The metric that is compared, worked out for each dyad.")


class EvaluationSettings(_Strict):
    """How results are summed up and compared."""

    level: float = Field(0.95, gt=0, lt=1, description="Nominal coverage of the intervals.")
    comparisons: list[Comparison] = Field(
        default_factory=list,
        description="Comparisons named beforehand; Holm's correction runs over all of them together.",
    )
    chance_draws: int = Field(
        500, ge=0,
        description="How often predictions are shifted in time, and dyads exchanged, to see what chance alone would "
        "score; 0: never.",
    )
    covariates: list[str] = Field(
        default_factory=list,
        description="Columns of the session sheet by which results are also grouped; columns of numbers are "
        "split at their median.",
    )

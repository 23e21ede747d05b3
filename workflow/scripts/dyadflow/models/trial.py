"""One candidate of a search, and how it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyadflow.models.fitting import Score, Task


@dataclass(frozen=True)
class Trial:
    """One candidate in one outer fold.

    Parameters
    ----------
    number
        Of the candidate.
    hyperparameters
        Its values.
    scores
        One an inner fold; fewer where it was given up.
    pruned
        Whether it was given up.
    together
        For each inner fold that was scored, all tasks that were trained with it: what `Fitter.take_aside` asks for.
    """

    number: int
    hyperparameters: Mapping[str, Any]
    scores: Sequence[Score]
    pruned: bool
    together: Sequence[Sequence[Task]]

    @property
    def f1(self) -> float:
        """Mean macro F1 over the inner folds that were scored."""
        return sum(score.score for score in self.scores) / len(self.scores)

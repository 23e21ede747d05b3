"""The score that searches and checkpoints of video networks go by."""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import torch


def f1_of_yes(truth: ArrayLike, predicted: ArrayLike) -> float:
    """F1 of the second class.

    Parameters
    ----------
    truth, predicted
        Class of each snippet, 0 or 1, shape (snippets,).

    Returns
    -------
    float
        2 * hits / (yes in truth + yes predicted). 0 where there is no yes on either side: such snippets say
        nothing about finding it.
    """
    yes, said = np.asarray(truth) == 1, np.asarray(predicted) == 1
    both = yes.sum() + said.sum()
    return float(2 * (yes & said).sum() / both) if both else 0.0


@dataclass(frozen=True)
class Kept:
    """The epoch that a training is represented by.

    Parameters
    ----------
    weights
        A copy of that epoch's weights, on the CPU; None if there was no epoch in finite numbers.
    score
        Its smoothed F1; 0 without weights.
    epoch
        Which one.
    """

    weights: "dict[str, torch.Tensor] | None"
    score: float
    epoch: int


def copy_weights(weights: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Copies on the CPU: the network that they are taken from trains on."""
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


class BestEpoch:
    """Finds the epoch with the best smoothed F1 while training goes on, and keeps its weights.

    The smoothed value belongs to the epoch in the middle of its window, so it is known only when the epochs
    after that have been scored; until then the weights of as many epochs are held. At either end it is the mean
    over the neighbours that there are. Of equals the first wins.

    Parameters
    ----------
    width
        Neighbours on either side that an epoch's F1 is averaged with.
    first
        Number of the first epoch that will be added.
    """

    def __init__(self, width: int, *, first: int) -> None:
        self._width, self._first = width, first
        self._scores: list[float] = []
        self._waiting: deque[tuple[int, dict[str, torch.Tensor]]] = deque()
        self._best = Kept(None, 0.0, 0)

    def add(self, f1: float, weights: "dict[str, torch.Tensor]") -> None:
        """Take in the next epoch; `weights` are copied."""
        self._waiting.append((len(self._scores), copy_weights(weights)))
        self._scores.append(f1)
        if len(self._waiting) > self._width:
            self._settle()

    def finish(self) -> Kept:
        """The best epoch of those added."""
        while self._waiting:
            self._settle()
        return self._best

    def _settle(self) -> None:
        at, weights = self._waiting.popleft()
        score = float(np.mean(self._scores[max(0, at - self._width):at + self._width + 1]))
        if self._best.weights is None or score > self._best.score:
            self._best = Kept(weights, score, self._first + at)

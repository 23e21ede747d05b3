"""The paper's bidirectional LSTM, with a class for every frame of a window (A, Algorithm 1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from dyadflow.models.space import SearchSpace, Whole

if TYPE_CHECKING:
    from torch import nn


class Space(SearchSpace):
    """Hyperparameters of the bi-LSTM."""

    hidden: list[Whole] = Field([128], min_length=1, description="Units of each direction.")
    window: list[Whole] = Field([50], min_length=1, description="Frames that the network sees at once.")
    stride: list[Whole] = Field([25], min_length=1, description="Frames from one window to the next.")
    batch: list[Whole] = Field([64], min_length=1, description="Windows a step.")


def windowing(hyperparameters: Mapping[str, Any]) -> tuple[int, int]:
    """Window and stride in frames."""
    return hyperparameters["window"], hyperparameters["stride"]


def build(dims: int, classes: int, hyperparameters: Mapping[str, Any]) -> "nn.Module":
    """One bidirectional layer, dropout, then the classes.

    Returns
    -------
    torch module
        From (batch, window, dims) to logits (batch, window, classes).
    """
    from torch import nn

    class BiLstm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(dims, hyperparameters["hidden"], batch_first=True, bidirectional=True)
            self.dropout = nn.Dropout(hyperparameters["dropout"])
            self.head = nn.Linear(2 * hyperparameters["hidden"], classes)

        def forward(self, values):
            return self.head(self.dropout(self.lstm(values)[0]))

    return BiLstm()

"""The paper's bidirectional LSTM, with a class for every frame of a window (A, Algorithm 1)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from dyadflow.models.space import SearchSpace, Whole

if TYPE_CHECKING:
    import torch
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

    from dyadflow.models.dropout import SeededDropout

    class BiLstm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(dims, hyperparameters["hidden"], batch_first=True, bidirectional=True)
            self.dropout = SeededDropout(hyperparameters["dropout"])
            self.head = nn.Linear(2 * hyperparameters["hidden"], classes)

        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            return self.head(self.dropout(self.lstm(values)[0]))

    return BiLstm()


def stack(networks: "Sequence[nn.Module]", hyperparameters: Sequence[Mapping[str, Any]]) -> "nn.Module":
    """Several such networks of one size as one.

    Returns
    -------
    torch module
        From (networks, batch, window, dims) to logits (networks, batch, window, classes). Its parameters have the names
        of a single network's, and a leading dimension.
    """
    from dyadflow.models.stacks import StackedBiLstm

    return StackedBiLstm(networks, [each["dropout"] for each in hyperparameters])

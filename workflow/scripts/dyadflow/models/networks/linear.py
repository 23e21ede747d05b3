"""The paper's linear model: every frame on its own through three layers (A, section 4.2)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from dyadflow.models.space import SearchSpace, Whole

if TYPE_CHECKING:
    from torch import nn


class Space(SearchSpace):
    """Hyperparameters of the linear model."""

    layers: list[list[Whole]] = Field(
        [[512, 256, 128]], min_length=1,
        description="Units of each hidden layer; the paper has 512, 256, 128."
    )
    batch: list[Whole] = Field([512], min_length=1, description="Frames a step.")


def windowing(hyperparameters: Mapping[str, Any]) -> tuple[int, int]:
    """Window and stride in frames: a frame sees nothing but itself."""
    return 1, 1


def build(dims: int, classes: int, hyperparameters: Mapping[str, Any]) -> "nn.Module":
    """Linear layers with GELU and dropout after each, then the classes.

    Returns
    -------
    torch module
        From (..., dims) to logits (..., classes).
    """
    from torch import nn

    from dyadflow.models.dropout import SeededDropout

    parts: list[nn.Module] = []
    for place, units in enumerate(hyperparameters["layers"]):
        parts += [nn.Linear(dims, units), nn.GELU(), SeededDropout(hyperparameters["dropout"], place)]
        dims = units
    return nn.Sequential(*parts, nn.Linear(dims, classes))


def stack(networks: "Sequence[nn.Module]", hyperparameters: Sequence[Mapping[str, Any]]) -> "nn.Module":
    """Several such networks of one size as one.

    Returns
    -------
    torch module
        From (networks, ..., dims) to logits (networks, ..., classes). Its parameters have the names of a single
        network's, and a leading dimension.
    """
    from dyadflow.models.stacks import StackedLayers

    return StackedLayers(networks, [each["dropout"] for each in hyperparameters])

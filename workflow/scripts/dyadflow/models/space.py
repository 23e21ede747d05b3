"""What every network's search space holds, and the drawing of candidates from it."""

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.models.registry import load_network
from dyadflow.models.seeds import derive_seed

if TYPE_CHECKING:
    from dyadflow.models.settings import NetworkSettings, ProtocolSettings

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Whole = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class SearchSpace(BaseModel):
    """Values to choose from, one list a hyperparameter; a network's own space adds to these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    optimiser: list[Literal["sgd", "adam"]] = Field(
        ["adam"], min_length=1, description="sgd has momentum 0.9, as in the paper."
    )
    learning_rate: list[Positive] = Field([1e-3], min_length=1, description="Step size.")
    weight_decay: list[NotNegative] = Field([0.0], min_length=1, description="L2 penalty on all weights.")
    dropout: list[Share] = Field([0.3], min_length=1, description="Share of units silenced while training.")
    focal_gamma: list[NotNegative] = Field(
        [0.0], min_length=1,
        description="Of focal loss: how much less frames weigh of which the network is sure; 0 is cross entropy.",
    )


def space_of(network: "NetworkSettings", protocol: "ProtocolSettings") -> BaseModel:
    """The space that a network is searched in: its own, with what the protocol puts in its place."""
    kind = load_network(network.network).Space
    replaced = {name: values for name, values in protocol.space.items() if name in kind.model_fields}
    return kind.model_validate({**network.space, **replaced})


def list_grid(space: BaseModel) -> list[dict[str, Any]]:
    """Every combination of a space's lists, but those whose stride exceeds the window: they would leave frames unseen.

    Raises
    ------
    DyadflowError
        If every stride exceeds every window.
    """
    lists = space.model_dump()
    grid = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
    grid = [choice for choice in grid if choice.get("stride", 1) <= choice.get("window", 1)]
    if not grid:
        raise DyadflowError(
            f"every stride of {lists['stride']} is longer than every window of {lists['window']}, so frames "
            "between windows would be lost", where="space", fix="give a stride no longer than the window",
        )
    return grid


def draw_candidates(space: BaseModel, count: int | None, *, seed: int) -> list[dict[str, Any]]:
    """Draw a random subset of a space's grid, without replacement.

    Parameters
    ----------
    space
        The lists to combine (`list_grid`).
    count
        How many to draw; None or more than there are: all.
    seed
        The study's seed and nothing else, so that every cell of a network compares the same candidates. A
        larger `count` continues the same list.

    Returns
    -------
    list of dict
        Hyperparameters by name.

    Raises
    ------
    DyadflowError
        If every stride exceeds every window.
    """
    grid = list_grid(space)
    order = np.random.default_rng(derive_seed(seed, "candidates")).permutation(len(grid))
    return [grid[number] for number in order[:count]]

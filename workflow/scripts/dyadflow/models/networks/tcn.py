"""Dilated convolutions over whole sessions: every layer looks at near frames and at far ones.

After Farha and Gall (2019), "MS-TCN: Multi-stage temporal convolutional network for action segmentation", with the dual
dilation of Li et al. (2020), "MS-TCN++", and with layers that normalise before they convolve, which lets a deep one
learn from few sessions. One stage: codes are smoothed by what is tuned afterwards.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from dyadflow.models.space import SearchSpace, Whole

if TYPE_CHECKING:
    from torch import nn

#: Frames of a session that are looked at together, beside the margins; memory does not grow beyond that.
_FRAMES_AT_ONCE = 16384


def _odd(number: int) -> int:
    if number % 2 == 0:
        raise ValueError(f"a kernel of {number} frames has no frame in its middle; give an odd number")
    return number


class Space(SearchSpace):
    """Hyperparameters of the dilated convolutions."""

    hidden: list[Whole] = Field([64], min_length=1, description="Units of every layer.")
    layers: list[Annotated[int, Field(ge=1, le=14)]] = Field(
        [8], min_length=1, description="Layers; the farthest frames that one looks at lie 2**(layers - 1) frames apart."
    )
    kernel: list[Annotated[Whole, AfterValidator(_odd)]] = Field(
        [3], min_length=1, description="Frames that a convolution looks at; odd."
    )
    window: list[Whole] = Field([500], min_length=1, description="Frames that the network is trained on at once.")
    stride: list[Whole] = Field([250], min_length=1, description="Frames from one such window to the next.")
    batch: list[Whole] = Field([8], min_length=1, description="Windows a step.")


def windowing(hyperparameters: Mapping[str, Any]) -> tuple[int, int]:
    """Window and stride in frames, of training; a prediction looks at whole sessions (`predict_whole`)."""
    return hyperparameters["window"], hyperparameters["stride"]


def dilations(layers: int) -> list[tuple[int, int]]:
    """Of each layer, the distance in frames between those that its two convolutions look at."""
    return [(2**place, 2 ** (layers - 1 - place)) for place in range(layers)]


def reach_frames(hyperparameters: Mapping[str, Any]) -> int:
    """How many frames before and after a frame can matter to its class."""
    return sum(max(pair) for pair in dilations(hyperparameters["layers"])) * (hyperparameters["kernel"] // 2)


def build(dims: int, classes: int, hyperparameters: Mapping[str, Any]) -> "nn.Module":
    """A projection of every frame, dilated layers one added to the other, then the classes.

    Returns
    -------
    torch module
        From (batch, window, dims) to logits (batch, window, classes).

    Notes
    -----
    A frame whose values are all exactly zero is one that is not there: padding behind a short session, or a frame that
    no stream has. Nothing reads it, so a padded session gets the logits that it gets alone; it reads the others,
    and so has a class.
    """
    import torch
    from torch import nn

    from dyadflow.models.dropout import SeededDropout

    hidden, kernel = hyperparameters["hidden"], hyperparameters["kernel"]

    class Layer(nn.Module):
        def __init__(self, place: int, near: int, far: int) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(hidden)
            self.near, self.far = (
                nn.Conv1d(hidden, hidden, kernel, padding=distance * (kernel // 2), dilation=distance)
                for distance in (near, far)
            )
            self.merge = nn.Linear(2 * hidden, hidden)
            self.dropout = SeededDropout(hyperparameters["dropout"], place)

        def forward(self, states: "torch.Tensor", present: "torch.Tensor") -> "torch.Tensor":
            seen = (self.norm(states) * present).mT
            both = torch.cat([self.near(seen), self.far(seen)], dim=1).mT
            return states + self.dropout(self.merge(nn.functional.gelu(both)))

    class Tcn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.entry = nn.Linear(dims, hidden)
            self.layers = nn.ModuleList(
                Layer(place, *pair) for place, pair in enumerate(dilations(hyperparameters["layers"])))
            self.norm = nn.LayerNorm(hidden)
            self.head = nn.Linear(hidden, classes)

        def forward(self, values: "torch.Tensor") -> "torch.Tensor":
            present = values.ne(0).any(dim=-1, keepdim=True).to(values.dtype)
            states = self.entry(values)
            for layer in self.layers:
                states = layer(states, present)
            return self.head(self.norm(states))

    return Tcn()


def predict_whole(
    network: "nn.Module", values: NDArray[np.float32], hyperparameters: Mapping[str, Any], *, device: str = "cpu",
    frames_at_once: int = _FRAMES_AT_ONCE,
) -> NDArray[np.float32]:
    """Class probabilities of a session's frames, each with all that it can reach before and after it.

    Parameters
    ----------
    network
        From `build`, in evaluation mode, on `device`.
    values
        Shape (frames, dims).
    hyperparameters
        Of the network.
    device
        ``cpu`` or ``cuda``.
    frames_at_once
        A longer session is looked at in parts with margins of `reach_frames`, and gets the same probabilities.

    Returns
    -------
    ndarray, shape (frames, classes)
    """
    import torch

    margin, parts = reach_frames(hyperparameters), []
    with torch.inference_mode():
        for start in range(0, len(values), frames_at_once):
            stop = min(start + frames_at_once, len(values))
            first = max(0, start - margin)
            given = torch.from_numpy(np.ascontiguousarray(values[first:stop + margin])).to(device)
            shares = torch.softmax(network(given[None])[0], dim=-1)
            parts.append(shares[start - first:stop - first].cpu().numpy())
    return np.concatenate(parts)

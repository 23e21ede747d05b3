"""Embeddings by the frozen encoder: of passes of augmented snippets, and of the fixed ones; kept on disk."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.device import multiply_in
from dyadflow.models.state import State

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Passes:
    """Embeddings of augmented snippets, drawn anew in every pass; in all passes as many from each session.

    Parameters
    ----------
    values
        Shape (passes, snippets, dims), float32.
    labels
        Shape (passes, snippets), int64.
    sessions
        Of each snippet, shape (snippets,), the same in every pass.
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    sessions: NDArray[np.str_]

    def of(self, sessions: Sequence[str]) -> "Passes":
        """The part that comes from some sessions."""
        part = np.isin(self.sessions, sessions)
        return Passes(self.values[:, part], self.labels[:, part], self.sessions[part])


def embed(network: Any, batches: "Iterable[Tensor]", *, half: bool = False) -> NDArray[np.float32]:
    """Embeddings of clips by a network in evaluation mode, shape (clips, dims)."""
    import torch

    network.eval()
    parts = []
    with torch.inference_mode():
        for clips in batches:
            with multiply_in(clips.device, half=half):
                embedded = network.embed(clips)
            parts.append(embedded.float().cpu().numpy())
    return np.concatenate(parts)


def recall_array(state: State, key: str, work_out: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """An array from the state folder, or worked out and remembered there, whole or not at all."""
    remembered = state.recall(key)
    if remembered is None:
        content = io.BytesIO()
        np.save(content, work_out(), allow_pickle=False)
        remembered = content.getvalue()
        state.remember(key, remembered)
    return np.load(io.BytesIO(remembered), allow_pickle=False)


def settle_statistics(network: Any, batches: "Iterable[Tensor]") -> None:
    """Set the running statistics of batch normalisation to the mean over some batches of clips.

    For random weights only: their running statistics are those of no data at all, and what comes out of an
    encoder that is not normalised says little about the picture. They hold for clips of about the batches' size:
    a study without weights should train and predict on crops of one size.
    """
    import torch
    from torch import nn

    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm3d)]
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = None
    network.train()
    with torch.no_grad():
        for clips in batches:
            network.embed(clips)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
    network.eval()

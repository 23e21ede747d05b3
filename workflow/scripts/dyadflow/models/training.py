"""Train one network on some sessions, stop early on others, and give the best weights back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.optimisers import make_optimiser
from dyadflow.models.scoring import macro_f1
from dyadflow.models.windows import window_rows

if TYPE_CHECKING:
    import torch
    from torch import nn

#: Label that the loss passes over: frames that are uncoded, excluded, unscorable, or padding.
MASKED = -100
#: Frames that a network is asked about at once when nothing is learned.
_FRAMES_AT_ONCE = 16384


@dataclass(frozen=True)
class Block:
    """Sessions one below the other.

    Parameters
    ----------
    values
        Shape (rows + 1, dims); the last row is zero and stands for padding.
    labels
        Shape (rows + 1,); `MASKED` where a frame has no class, and at the last row.
    lengths
        Frames of each session.
    """

    values: "torch.Tensor"
    labels: "torch.Tensor"
    lengths: tuple[int, ...]

    def windows(self, window: int, stride: int, *, labelled: bool = True) -> "torch.Tensor":
        """Rows of every window, shape (windows, window); with `labelled`, only of windows that hold a label.

        A window without any label has no loss. Leaving it out loses nothing, and no labelled frame's window
        goes.
        """
        import torch

        starts = np.cumsum([0, *self.lengths[:-1]])
        rows = torch.from_numpy(np.concatenate([
            window_rows(frames, window=window, stride=stride, first=int(first))
            for first, frames in zip(starts, self.lengths, strict=True)
        ])).to(self.labels.device)
        return rows[(self.labels[rows] != MASKED).any(dim=1)] if labelled else rows


@dataclass(frozen=True)
class Fit:
    """What a training gave.

    Parameters
    ----------
    weights
        A copy of the best epoch's weights, on the CPU; None if no epoch ended in finite numbers.
    score
        Macro F1 of that epoch on the sessions set aside; 0 without weights.
    epochs
        Which epoch that was, from 1.
    """

    weights: "dict[str, torch.Tensor] | None"
    score: float
    epochs: int


def stack_sessions(
    values: Sequence[NDArray[np.float32]], codes: Sequence[NDArray[np.integer]], device: str = "cpu"
) -> Block:
    """Make a block of sessions' inputs (frames, dims) and codes (frames,); negative codes are masked."""
    import torch

    padding = np.zeros((1, values[0].shape[1]), dtype=np.float32)
    labels = np.concatenate([*codes, [-1]]).astype(np.int64)
    labels[labels < 0] = MASKED
    return Block(
        torch.from_numpy(np.concatenate([*values, padding])).to(device), torch.from_numpy(labels).to(device),
        tuple(len(part) for part in values),
    )


def masked_loss(
    logits: "torch.Tensor", labels: "torch.Tensor", class_weights: "torch.Tensor | None"
) -> "torch.Tensor":
    """Cross entropy over the labelled frames of a batch; (batch, window, classes) against (batch, window)."""
    from torch.nn import functional

    return functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), weight=class_weights, ignore_index=MASKED
    )


def average_windows(
    network: "nn.Module", values: "torch.Tensor", rows: "torch.Tensor"
) -> NDArray[np.float32]:
    """Class probabilities of every row, each the mean over the windows that hold it.

    Parameters
    ----------
    network
        Put into evaluation mode, so that dropout rests.
    values
        Shape (rows + 1, dims), the last row padding.
    rows
        Shape (windows, window).

    Returns
    -------
    ndarray, shape (rows, classes)
        A row in no window is NaN.
    """
    import torch

    network.eval()
    step = max(1, _FRAMES_AT_ONCE // rows.shape[1])
    with torch.inference_mode():
        parts = [
            torch.softmax(network(values[rows[start:start + step]]), dim=-1).cpu()
            for start in range(0, len(rows), step)
        ]
    probabilities = torch.cat(parts).flatten(0, 1)
    where = rows.flatten().cpu()
    where = torch.where(where < 0, len(values) - 1, where)
    total = torch.zeros(len(values), probabilities.shape[1]).index_add_(0, where, probabilities)
    times = torch.bincount(where, minlength=len(values)).unsqueeze(1)
    return (total / times)[:-1].numpy()


def fit_network(
    build: Callable[[], "nn.Module"], training: Block, validation: Block, hyperparameters: Mapping[str, Any],
    *,
    windowing: tuple[int, int], classes: int, class_weights: NDArray[np.float32] | None, max_epochs: int,
    patience: int, seed: int,
) -> Fit:
    """Train a fresh network, and stop once the sessions set aside have not been predicted better for a while.

    Parameters
    ----------
    build
        Makes the network; called after the seed is set, so that nothing carries over from another training.
    training, validation
        Sessions to learn from, and sessions to stop on.
    hyperparameters
        optimiser, learning_rate, weight_decay and batch are read here.
    windowing
        Window and stride in frames.
    classes
        How many.
    class_weights
        Shape (classes,), or None.
    max_epochs, patience
        Passes over the training windows at most, and passes without a better score before giving up.
    seed
        Of weights, shuffling and dropout.
    """
    import torch

    torch.manual_seed(seed)
    device = training.values.device
    network = build().to(device)
    weights = None if class_weights is None else torch.from_numpy(class_weights).to(device)
    step = make_optimiser(
        hyperparameters["optimiser"], list(network.parameters()),
        learning_rate=hyperparameters["learning_rate"], weight_decay=hyperparameters["weight_decay"],
    )
    windows, held = training.windows(*windowing), validation.windows(*windowing)
    truth = validation.labels[:-1].cpu().numpy()
    best = Fit(None, 0.0, 0)
    for epoch in range(1, max_epochs + 1):
        if not _pass_once(network, training, windows, hyperparameters["batch"], weights, step):
            break
        predicted = average_windows(network, validation.values, held)
        if not np.isfinite(predicted[truth >= 0]).all():
            break
        score = macro_f1(truth, predicted.argmax(axis=1), classes)
        if best.weights is None or score > best.score:
            # Copied, not referred to: the network trains on.
            kept = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
            best = Fit(kept, score, epoch)
        elif epoch - best.epochs >= patience:
            break
    return best


def _pass_once(
    network: "nn.Module", block: Block, windows: "torch.Tensor", batch: int,
    class_weights: "torch.Tensor | None",
    step: Callable[[], None],
) -> bool:
    """One epoch; False as soon as the loss is no finite number."""
    import torch

    network.train()
    order = torch.randperm(len(windows)).to(windows.device)
    losses = []
    for start in range(0, len(windows), batch):
        rows = windows[order[start:start + batch]]
        loss = masked_loss(network(block.values[rows]), block.labels[rows], class_weights)
        loss.backward()
        step()
        losses.append(loss.detach())
    return bool(torch.isfinite(torch.stack(losses)).all())

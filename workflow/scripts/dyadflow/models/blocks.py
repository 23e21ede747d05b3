"""Sessions one below the other, as networks take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.windows import window_rows

if TYPE_CHECKING:
    import torch

#: Label that the loss passes over: frames that are uncoded, excluded, unscorable, or padding.
MASKED = -100


@dataclass(frozen=True)
class Block:
    """Sessions one below the other.

    Parameters
    ----------
    values
        Shape (rows + 1, dims); the last row is zero and stands for padding.
    labels
        What each coder said, shape (coders, rows + 1); `MASKED` where a coder gave no class, and at the last row.
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
        return rows[(self.labels[:, rows] != MASKED).any(dim=0).any(dim=1)] if labelled else rows

    def truth(self) -> NDArray[np.int64]:
        """Of each row, the class that the first coder with one gave it, shape (rows,); negative is none."""
        labels = self.labels[:, :-1].cpu().numpy()
        chosen = labels[0].copy()
        for other in labels[1:]:
            chosen = np.where(chosen < 0, other, chosen)
        return chosen


def stack_sessions(
    values: Sequence[NDArray[np.float32]], codes: Sequence[NDArray[np.integer]], device: str = "cpu"
) -> Block:
    """Make a block of sessions' inputs (frames, dims) and codes; negative codes are masked.

    Parameters
    ----------
    values
        One array a session.
    codes
        For each session shape (coders, frames), the same number of coders in all; or (frames,), of one coder.
    device
        ``cpu`` or ``cuda``.
    """
    import torch

    padding = np.zeros((1, values[0].shape[1]), dtype=np.float32)
    by_coder = [np.atleast_2d(part) for part in codes]
    labels = np.concatenate([*by_coder, np.full((len(by_coder[0]), 1), -1)], axis=1).astype(np.int64)
    labels[labels < 0] = MASKED
    return Block(
        torch.from_numpy(np.concatenate([*values, padding])).to(device), torch.from_numpy(labels).to(device),
        tuple(len(part) for part in values),
    )

"""Clips of a session: which pictures each holds, and which of its moments each video frame takes its numbers from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ClipPlan:
    """How a session is cut into clips that overlap, each seen once.

    A clip holds `length` pictures, `step` video frames apart, and gives the rows of `stride` frames that follow one
    another. A network joins `tubelet` pictures of a clip to one moment; a row is one moment of one clip. Pictures
    before the first frame and after the last are that frame again.

    Parameters
    ----------
    length, step, stride, tubelet
        As above; `length` is a multiple of `tubelet`.
    causal
        True: a clip ends with the first of its own frames, and all of them take its last moment, so that no row has
        seen a frame later than its own. False: its own frames lie in the middle of it, and each takes the moment
        that it lies in.
    """

    length: int
    step: int
    stride: int
    tubelet: int
    causal: bool

    def pictures(self, frames: int) -> Iterator[NDArray[np.int64]]:
        """Frame numbers of each clip's pictures, shape (length,), for a session of so many `frames`."""
        for own in range(0, frames, self.stride):
            yield np.clip(own + self._offsets(), 0, frames - 1)

    def moments(self) -> NDArray[np.int64]:
        """Which moment each of a clip's own frames takes, shape (stride,)."""
        if self.causal:
            return np.full(self.stride, self.length // self.tubelet - 1)
        return (np.arange(self.stride) - self._start()) // (self.tubelet * self.step)

    def _offsets(self) -> NDArray[np.int64]:
        """Pictures of a clip, counted from the first of its own frames."""
        at = np.arange(self.length) * self.step
        # A picture stands for the `step` frames around it.
        return at - at[-1] if self.causal else at + self._start() + self.step // 2

    def _start(self) -> int:
        """First frame that a centred clip stands for, counted from the first of its own frames."""
        return (self.stride - self.length * self.step) // 2


def gather_clips(
    batches: Iterable[torch.Tensor], pictures: Iterable[NDArray[np.int64]], *, at_once: int
) -> Iterator[torch.Tensor]:
    """Stack the pictures of clips, a few clips at a time.

    Parameters
    ----------
    batches
        Frames in order, each of shape (n, height, width, 3). Held no longer than the clips that need them.
    pictures
        Frame numbers of each clip; the first and the last of a clip never go back from one clip to the next.
    at_once
        Clips in each stack but the last.

    Yields
    ------
    tensor, shape (clips, length, height, width, 3)
        None for clips that frames are missing for.
    """
    import torch

    source, offset = iter(batches), 0
    held: list[torch.Tensor] = []
    waiting: list[torch.Tensor] = []
    for numbers in pictures:
        while offset + len(held) <= numbers[-1]:
            batch = next(source, None)
            if batch is None:
                return
            held.extend(batch)
        held, offset = held[numbers[0] - offset:], int(numbers[0])
        waiting.append(torch.stack([held[number - offset] for number in numbers]))
        if len(waiting) == at_once:
            yield torch.stack(waiting)
            waiting = []
    if waiting:
        yield torch.stack(waiting)

"""Snippets as a torch data set: pixels and a label, the same whatever process loads them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from dyadflow.media.clips import Clips
from dyadflow.models.video.snippets import Snippet


class SnippetDataset(Dataset[tuple[Tensor, int]]):
    """The snippets of one epoch, or of an evaluation, normalised.

    Fixed: for another epoch make another one, which costs nothing. An item depends on its snippet, its place
    in the list and `transform` alone, and holds no state between items, so that any number of workers load
    the same. No video is decoded: the pixels come from clips, of which each process opens its own.

    Parameters
    ----------
    snippets
        In the order of the items.
    clips
        Pictures by session.
    frames
        Frames of a snippet.
    transform
        Called with a clip, shape (frames, 3, height, width), float32 0 to 1, and its place in the list; gives
        the clip altered. What it draws must come from a seed made of that place.
    mean, deviation
        Of each channel, 0 to 1, shape (3,): those of the training dyads.
    """

    def __init__(
        self, snippets: Sequence[Snippet], clips: Mapping[str, Clips], *, frames: int,
        transform: Callable[[Tensor, int], Tensor], mean: ArrayLike, deviation: ArrayLike,
    ) -> None:
        self.snippets = list(snippets)
        self._clips = dict(clips)
        self._frames = frames
        self._transform = transform
        self._mean, self._deviation = (
            torch.from_numpy(np.array(values, np.float32)).reshape(3, 1, 1, 1) for values in (mean, deviation)
        )

    def __len__(self) -> int:
        return len(self.snippets)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        """The clip, shape (3, frames, height, width), float32 normalised, and its label.

        Raises
        ------
        DyadflowError
            If the snippet reaches beyond the recording.
        """
        snippet = self.snippets[place]
        pixels = torch.from_numpy(self._clips[snippet.session].read(snippet.start, self._frames))
        clip = self._transform(pixels.permute(0, 3, 1, 2).float() / 255, place)
        return clip.transpose(0, 1).sub(self._mean).div_(self._deviation), snippet.label

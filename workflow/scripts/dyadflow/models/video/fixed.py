"""The fixed snippets that networks are scored on: chosen once, the same for every network and epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.seeds import derive_seed
from dyadflow.models.video.snippets import Snippet, SnippetSpec, draw_epoch, tile_labels

if TYPE_CHECKING:
    from torch import Tensor

    from dyadflow.annotations.spans import Spans
    from dyadflow.models.video.loading import SnippetLoader

#: Up to this size the cropped clips of an outer fold stay in memory.
_KEPT_BYTES = 4 * 2**30


@dataclass(frozen=True)
class FixedSnippets:
    """Snippets to be scored, and what each coder says of them.

    Parameters
    ----------
    units
        ``tiled`` or ``drawn``.
    rows
        Every snippet once for each coder whose label counts.
    """

    units: str
    rows: tuple[Snippet, ...]

    @cached_property
    def shown(self) -> tuple[Snippet, ...]:
        """The different pictures among the rows, each with one of the coders who label it."""
        return tuple({(row.session, row.start): row for row in self.rows}.values())

    @cached_property
    def which(self) -> NDArray[np.int64]:
        """For each row, its place in `shown`; shape (rows,)."""
        places = {(snippet.session, snippet.start): place for place, snippet in enumerate(self.shown)}
        return np.array([places[row.session, row.start] for row in self.rows], dtype=np.int64)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """Each row's label, shape (rows,)."""
        return np.array([row.label for row in self.rows], dtype=np.int64)

    def rows_of(self, sessions: Sequence[str]) -> NDArray[np.int64]:
        """Numbers of the rows that belong to some sessions."""
        wanted = set(sessions)
        return np.array([at for at, row in enumerate(self.rows) if row.session in wanted], dtype=np.int64)


def choose_fixed(
    spans: "Spans", sessions: Sequence[str], *, units: Literal["tiled", "drawn"], spec: SnippetSpec, seed: int
) -> FixedSnippets:
    """The snippets of some sessions: tiled, with every coder's label, or drawn once like an epoch of training."""
    chosen = (
        tile_labels(spans, sessions, spec=spec) if units == "tiled"
        else draw_epoch(spans, sessions, spec=spec, seed=seed, epoch=0)
    )
    return FixedSnippets(units, tuple(chosen))


def is_flipped(session: str, start: int, *, probability: float, seed: int) -> bool:
    """Whether a fixed snippet is flipped: drawn for its session and first frame, whatever others there are."""
    return bool(np.random.default_rng(derive_seed(seed, session, start)).random() < probability)


class FixedClips:
    """The clips of fixed snippets in batches, cropped once and kept if they fit.

    Parameters
    ----------
    loader
        Loads them.
    snippets
        `FixedSnippets.shown`.
    flips
        Which of them are flipped.
    """

    def __init__(self, loader: "SnippetLoader", snippets: Sequence[Snippet], flips: Sequence[bool]) -> None:
        self._loader, self._snippets, self._flips = loader, snippets, flips
        size = 4 * 3 * loader.frames * loader.augmentation.test_crop_px**2 * len(snippets)
        self._keep = size <= _KEPT_BYTES
        self._kept: Tensor | None = None

    def batches(self, places: Sequence[int]) -> "Iterator[Tensor]":
        """Clips of the snippets at these places, in this order, on the loader's device."""
        import torch

        if not self._keep:
            yield from (clips for clips, _ in self._loader.central(self._snippets, self._flips, places))
            return
        if self._kept is None:
            everything = self._loader.central(self._snippets, self._flips, range(len(self._snippets)))
            self._kept = torch.cat([clips.cpu() for clips, _ in everything])
        step = self._loader.batch
        for start in range(0, len(places), step):
            yield self._loader.place(self._kept[torch.as_tensor(places[start:start + step])])

"""The common mistake, made on purpose: frames of one session on both sides of every split.

Neighbouring frames look alike, so a model that was trained on one of them has nearly seen the next. Reported accuracies
built that way do not survive dyads that nobody has seen. This split exists to measure by how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.labels import EXCLUDED
from dyadflow.models.data import CellData, Part
from dyadflow.models.seeds import derive_seed


@dataclass(frozen=True)
class FrameSplitData(CellData):
    """What a cell reads, dealt to folds frame by frame.

    Parameters
    ----------
    outer_count, inner_count
        How many folds.
    seed
        Of the dealing.
    """

    outer_count: int = 2
    inner_count: int = 2
    seed: int = 0

    @property
    def outer_folds(self) -> list[int]:
        """Numbers of the outer folds."""
        return list(range(self.outer_count))

    def inner_folds(self, outer: int) -> list[int]:
        """Numbers of the inner folds, the same in every outer fold."""
        return list(range(self.inner_count))

    def held_out(self, outer: int) -> list[str]:
        """Every session: each has frames in every fold."""
        return list(self.folds.session)

    def split(self, outer: int, inner: int) -> tuple[list[str], list[str]]:
        """Every session, on both sides."""
        return self.held_out(outer), self.held_out(outer)

    def parts(self, outer: int, inner: int) -> tuple[Part, Part]:
        """Every session twice: without the outer and the inner fold's frames, and with the inner fold's alone."""
        training, aside = {}, {}
        for name, codes in self.codes.items():
            mine, its = self._dealt[name]
            training[name] = np.where((mine != outer) & (its != inner), codes, EXCLUDED).astype(np.int8)
            aside[name] = np.where((mine != outer) & (its == inner), codes, EXCLUDED).astype(np.int8)
        return Part(training), Part(aside)

    def stopping_parts(self, outer: int, rule: str) -> tuple[Part, Part]:
        """As the first inner fold splits them."""
        return self.parts(outer, 0)

    def predicted(self, outer: int) -> dict[str, NDArray[np.bool_]]:
        """Which frames of which sessions an outer fold's model is the one to predict."""
        return {name: self._dealt[name][0] == outer for name in self.codes}

    @cached_property
    def _dealt(self) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Outer and inner fold of every frame of every session."""
        return {name: self._deal(name, codes.shape[1]) for name, codes in self.codes.items()}

    def _deal(self, session: str, frames: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rng = np.random.default_rng(derive_seed(self.seed, "frames", session))
        return rng.permutation(frames) % self.outer_count, rng.permutation(frames) % self.inner_count


def split_by_frame(data: CellData, *, outer: int, inner: int, seed: int) -> FrameSplitData:
    """The same data with frames dealt to `outer` and `inner` folds."""
    return FrameSplitData(
        data.folds, data.codes, data.digests, data.classes, data.grids, data.shelf, outer_count=outer,
        inner_count=inner, seed=seed,
    )

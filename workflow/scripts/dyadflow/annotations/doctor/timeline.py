"""Coding on a coarse grid of moments, so that two coders can be laid against each other at any shift."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.vocabulary import Vocabulary

#: Distance of two moments. Coders agree on a boundary to a few tenths of a second, so that a finer grid tells no more.
STEP_S = 0.25
#: A longer session gets a coarser grid, by powers of two, so that memory stays the same: this is 2 h 16 min.
MOST_MOMENTS = 32768
#: No code at a moment.
NOTHING = -1


@dataclass(frozen=True)
class Timeline:
    """One coder's coding of one session.

    Parameters
    ----------
    start
        Number of the first moment; moment n lies at ``(n + 0.5) * step_s`` on the recording's clock.
    step_s
        Distance of two moments in seconds.
    codes
        For each tier, shape (moments,), int16: the code's place in the scheme, `NOTHING` where none is.
    """

    start: int
    step_s: float
    codes: Mapping[str, NDArray[np.int16]]

    @property
    def behaviours(self) -> tuple[str, ...]:
        """Tiers other than that of phases."""
        return tuple(tier for tier in self.codes if tier != PHASE_TIER)

    def moved(self, by_s: float) -> "Timeline":
        """The same coding `by_s` seconds later, to the nearest moment."""
        return Timeline(self.start + round(by_s / self.step_s), self.step_s, self.codes)


def step_for(tables: Iterable[pd.DataFrame]) -> float:
    """The distance of moments that the longest of some tables of segments asks for."""
    longest_s = max((table.offset_s.max() - table.onset_s.min() for table in tables if len(table)), default=0.0)
    finer = max(1.0, longest_s / STEP_S / MOST_MOMENTS)
    return STEP_S * 2 ** math.ceil(math.log2(finer))


def draw_timeline(
    table: pd.DataFrame, vocabulary: Vocabulary, step_s: float = STEP_S, phases: Sequence[Sequence[Any]] = ()
) -> Timeline | None:
    """Put one coder's segments on the grid.

    Parameters
    ----------
    table
        As `Segments.table`, of one session and coder.
    vocabulary
        Of the scheme.
    step_s
        Distance of two moments.
    phases
        Name, onset_s and offset_s of phases that the sheet gives: where a tier is coded by presence and the coder
        marks no phases, what these hold and no segment does has the tier's code for it.

    Returns
    -------
    Timeline or None
        None if no segment has a length. A tier whose codes may overlap is told as one tier a code, on or off.
    """
    table = table[table.offset_s > table.onset_s]
    if not len(table):
        return None
    start, stop = math.floor(table.onset_s.min() / step_s), math.ceil(table.offset_s.max() / step_s) + 1
    marked = table[table.tier == PHASE_TIER]
    spans = list(zip(marked.onset_s, marked.offset_s, strict=True)) or [tuple(phase[1:3]) for phase in phases]
    codes: dict[str, NDArray[np.int16]] = {}
    for tier, group in table.groupby("tier", sort=False):
        terms = vocabulary.terms(tier)
        number = {code: place for place, code in enumerate(terms.codes)}
        rows = list(zip(group.code.map(number), group.onset_s, group.offset_s, strict=True))
        if terms.otherwise:
            rows = [*((number[terms.otherwise], *span) for span in spans), *rows]
        if terms.exclusive:
            codes[tier] = _paint(rows, start, stop, step_s)
            continue
        coded = [(0, group.onset_s.min(), group.offset_s.max())]
        for code, mine in group.groupby("code", sort=False):
            on = [(1, *span) for span in zip(mine.onset_s, mine.offset_s, strict=True)]
            codes[f"{tier}: {code}"] = _paint([*coded, *on], start, stop, step_s)
    return Timeline(start, step_s, codes)


def _paint(rows: Iterable[tuple[int, float, float]], start: int, stop: int, step_s: float) -> NDArray[np.int16]:
    """Codes at the moments from `start` to `stop`; where two hold the same moment, the later row's."""
    painted = np.full(stop - start, NOTHING, dtype=np.int16)
    for code, onset_s, offset_s in rows:
        first, last = math.ceil(onset_s / step_s - 0.5) - start, math.ceil(offset_s / step_s - 0.5) - start
        painted[max(first, 0):max(last, 0)] = code
    return painted

"""Phases that a coder marked against those of the sheet: do all of their edges lie off by the same?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import PHASE_TIER

#: Sheets give phases to the second, and often as read from a clock in the room.
LEAST_SHIFT_S = 2.0
#: Edges that have to be off alike: onset and offset of one phase alone could be a mistake about that phase.
LEAST_EDGES = 3
#: How far the edges may lie from their median difference (half of them further, half nearer), as a share of it.
SPREAD_SHARE = 0.25


@dataclass(frozen=True)
class EdgeShift:
    """How a coder's phases lie to the sheet's.

    Parameters
    ----------
    shift_s
        How much later: median over onsets and offsets, in seconds.
    shifted
        Whether the edges are off alike, and by enough to be no rounding.
    """

    shift_s: float
    shifted: bool


def compare_edges(table: pd.DataFrame, phases: Sequence[Sequence[Any]]) -> EdgeShift | None:
    """Compare a coder's phases with the sheet's.

    Parameters
    ----------
    table
        As `Segments.table`, of one session and coder.
    phases
        Name, onset_s and offset_s of each phase in the sheet.

    Returns
    -------
    EdgeShift or None
        None if fewer than `LEAST_EDGES` edges are in both; phases that either has twice are passed over.
    """
    marked = table[table.tier == PHASE_TIER]
    names = [name for name, *_ in phases]
    differences: list[float] = []
    for name, onset_s, offset_s in phases:
        mine = marked[marked.code == name]
        if len(mine) == 1 and names.count(name) == 1:
            differences += [mine.onset_s.iloc[0] - onset_s, mine.offset_s.iloc[0] - offset_s]
    if len(differences) < LEAST_EDGES:
        return None
    shift_s = float(np.median(differences))
    spread_s = float(np.median(np.abs(np.array(differences) - shift_s)))
    return EdgeShift(
        round(shift_s, 3), abs(shift_s) >= LEAST_SHIFT_S and spread_s <= SPREAD_SHARE * abs(shift_s)
    )

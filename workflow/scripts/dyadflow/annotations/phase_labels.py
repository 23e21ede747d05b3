"""Which phase a frame is in: of the session, and of each coder where every coder marks the phases."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.painting import paint
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid

#: The phase of a frame outside every phase.
NO_PHASE = -1

#: Name, onset_s and offset_s.
#: Name, onset_s and offset_s: a tuple where it comes from a coding, a list where it comes from the sheet.
PhaseSpan = Sequence[Any]


def label_phases(
    segments_by_coder: Mapping[str, Segments],
    grid: FrameGrid,
    names: Sequence[str],
    *,
    each_coder: bool,
    sheet: Sequence[PhaseSpan] | None,
) -> tuple[NDArray[np.int8], dict[str, NDArray[np.int8]]]:
    """Give each frame of a session its phase.

    Parameters
    ----------
    segments_by_coder
        Each coder's segments of this session.
    grid
        The session's frames.
    names
        The scheme's phases.
    each_coder
        Whether every coder's own phases hold for that coder; else those of the first who coded any, for all.
    sheet
        Phases of the study's sheet; if there are any, they hold for all coders.

    Returns
    -------
    phase
        Shape (frames,): index into `names`, or `NO_PHASE`. Where each coder has phases of their own, a phase
        has the frames that all share who marked it.
    by_coder
        The same for each coder.

    Raises
    ------
    OverlapError
        If two phases of one coder, or of the sheet, contain the same frame's centre.
    DyadflowError
        If a phase is not in the scheme.
    """
    marked = {coder: _own_phases(segments) for coder, segments in segments_by_coder.items()}
    spans = phases_by_coder(marked, each_coder=each_coder, sheet=sheet)
    if each_coder and not sheet:
        by_coder = {
            coder: _paint_phases(own, grid, names, f"coder {coder}, phases") for coder, own in spans.items()
        }
        return _share(list(by_coder.values()), grid, len(names)), by_coder
    phase = _paint_phases(sheet or next(iter(spans.values()), []), grid, names, "phases")
    return phase, dict.fromkeys(segments_by_coder, phase)


def phases_by_coder(
    marked: Mapping[str, Sequence[PhaseSpan]], *, each_coder: bool, sheet: Sequence[PhaseSpan] | None
) -> dict[str, Sequence[PhaseSpan]]:
    """The phases that hold for each coder of a session.

    Parameters
    ----------
    marked
        What each coder marked, coders in the order of the study's sheet.
    each_coder, sheet
        As in `label_phases`.
    """
    if each_coder and not sheet:
        return dict(marked)
    return dict.fromkeys(marked, sheet or next((own for own in marked.values() if own), []))


def _own_phases(segments: Segments) -> list[PhaseSpan]:
    table = segments.table[segments.table.tier == PHASE_TIER]
    return list(zip(table.code, table.onset_s, table.offset_s, strict=True))


def _paint_phases(
    phases: Sequence[PhaseSpan], grid: FrameGrid, names: Sequence[str], where: str
) -> NDArray[np.int8]:
    for name, *_ in phases:
        if name not in names:
            raise DyadflowError(
                f"phase {name!r} is not in the scheme", where=where, fix=f"use one of {', '.join(names)}"
            )
    spans = [
        (names.index(name), str(name), float(onset_s), float(offset_s)) for name, onset_s, offset_s in phases
    ]
    return paint(spans, grid, NO_PHASE, where)


def _share(by_coder: Sequence[NDArray[np.int8]], grid: FrameGrid, phases: int) -> NDArray[np.int8]:
    """For each phase the frames that all coders share who marked it.

    Coders who have no phase in common may hold one frame to be in different ones: it is in none.
    """
    shared = np.full(grid.frames, NO_PHASE, dtype=np.int8)
    claims = np.zeros(grid.frames, dtype=np.int64)
    for number in range(phases):
        marked = [own == number for own in by_coder if (own == number).any()]
        if marked:
            held = np.logical_and.reduce(marked)
            shared[held] = number
            claims += held
    shared[claims > 1] = NO_PHASE
    return shared

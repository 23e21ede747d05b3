"""Runs: for how long each class of a target holds by one coder, and what is left of that where two coders coded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.media.grid import FrameGrid

if TYPE_CHECKING:
    import pandas as pd

#: Gaps and slivers up to half a millisecond are rounding: coding files keep milliseconds.
ROUNDING_S = 5e-4


@dataclass(frozen=True)
class Runs:
    """Stretches of time in one class each, in order and disjoint.

    Parameters
    ----------
    spans
        Shape (runs, 2): onset and offset in seconds.
    classes
        Shape (runs,): class indices.
    """

    spans: NDArray[np.float64]
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class Events(Runs):
    """Runs of one coder within what another coded too.

    Parameters
    ----------
    seen
        Shape (runs,): whether both were coding before the onset, so that it is an onset that was seen, and not
        where the time that both coded begins.
    """

    seen: NDArray[np.bool_]


def find_runs(
    coding: "pd.DataFrame",
    target: Mapping[str, Any],
    phases: Sequence[Sequence[Any]] | None,
    duration_s: float,
) -> Runs:
    """One coder's runs of one target in one session.

    Parameters
    ----------
    coding
        What `select_tier` gave of the segments of a coder who coded in the session; the tier itself may be empty.
    target
        One of the targets of `label_spec`.
    phases
        Name, onset_s and offset_s of the phases that hold for this coder, without the excluded ones. None if the
        scheme has no phases.
    duration_s
        The end of the last frame.

    Returns
    -------
    Runs
        What `label_session` makes of the same segments, not frame by frame but to the millisecond: the same
        classes of the same codes, within the same phases, with the code for what nobody marks in a tier coded by
        presence. Segments of one class that touch are one run, also across phases that touch. What is uncoded,
        unscorable or excluded belongs to no run. Points, which last no time, are no runs.
    """
    spans = np.clip(coding[["onset_s", "offset_s"]].to_numpy(np.float64), 0.0, duration_s)
    order = np.lexsort(spans.T[::-1])
    spans, values = spans[order], coding.value.to_numpy(np.int64)[order]
    if len(spans):
        # No two hold the same frame, but they may overlap by less than a frame: then the earlier one has it.
        reached = np.concatenate([[0.0], np.maximum.accumulate(spans[:, 1])[:-1]])
        spans[:, 0] = np.maximum(spans[:, 0], reached)
    spans, values = _lasting(spans, values)
    if phases is not None:
        if target["otherwise"] is not None:
            edges = np.concatenate([[0.0], spans.ravel(), [duration_s]]).reshape(-1, 2)
            edges, filled = _lasting(edges, np.full(len(edges), target["otherwise"]))
            spans, values = np.concatenate([spans, edges]), np.concatenate([values, filled])
            order = np.argsort(spans[:, 0], kind="stable")
            spans, values = spans[order], values[order]
        coded = [span for name, *span in phases if name in (target["phases"] or [name])]
        spans, parent = _within(spans, _united(np.array(coded, dtype=np.float64).reshape(-1, 2), ROUNDING_S))
        values = values[parent]
    spans, values = spans[values >= 0], values[values >= 0]
    return Runs(*_joined(spans, values, ROUNDING_S))


def events_in_common(a: Runs, b: Runs, gap_s: float, grid: FrameGrid) -> tuple[Events, Events]:
    """The runs of two coders within what both coded.

    Parameters
    ----------
    a, b
        Two coders' runs of one target and session.
    gap_s
        A gap in one coder's coding that is no longer does not cut the other's run in two, as tools that end a
        segment one frame before the next begins would have it.
    grid
        The session's frames. What holds no frame's centre is no event: mostly the last moment of a phase, in which a
        coder had already gone on to the next class.
    """
    gap_s = max(gap_s, ROUNDING_S)
    covers = [_united(runs.spans, ROUNDING_S) for runs in (a, b)]
    shared, _ = _within(*covers)
    starts_s = _united(shared, gap_s)[:, 0]
    found = []
    for runs, cover in ((a, covers[1]), (b, covers[0])):
        spans, parent = _within(runs.spans, cover)
        spans, parent = _joined(spans, parent, gap_s)
        first, stop = np.searchsorted(grid.centres_s(), spans).T
        spans, parent = spans[first < stop], parent[first < stop]
        first_s = starts_s[np.searchsorted(starts_s, spans[:, 0], side="right") - 1] if len(spans) else spans[:, 0]
        found.append(Events(spans, runs.classes[parent], spans[:, 0] > first_s + ROUNDING_S))
    return found[0], found[1]


def _lasting(spans: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Spans that are longer than rounding, with their values."""
    keep = spans[:, 1] - spans[:, 0] > ROUNDING_S
    return spans[keep], values[keep]


def _joined(spans: NDArray[Any], values: NDArray[Any], gap_s: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Neighbours of one value as one span where no more than a gap lies between them; spans are in order."""
    if not len(spans):
        return spans, values
    apart = (values[1:] != values[:-1]) | (spans[1:, 0] - spans[:-1, 1] > gap_s)
    first = np.concatenate([[True], apart])
    last = np.concatenate([apart, [True]])
    return np.column_stack([spans[first, 0], spans[last, 1]]), values[first]


def _united(spans: NDArray[Any], gap_s: float) -> NDArray[Any]:
    """Spans in any order as disjoint ones, in order, none nearer to the next than a gap."""
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    if len(spans):
        spans = np.column_stack([spans[:, 0], np.maximum.accumulate(spans[:, 1])])
    return _joined(spans, np.zeros(len(spans), dtype=np.int64), gap_s)[0]


def _within(spans: NDArray[Any], cover: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pieces of spans inside a cover, in order, and which span each is of; both are in order and disjoint."""
    onsets = np.maximum(spans[:, None, 0], cover[None, :, 0])
    offsets = np.minimum(spans[:, None, 1], cover[None, :, 1])
    parent, place = np.nonzero(offsets - onsets > ROUNDING_S)
    return np.column_stack([onsets[parent, place], offsets[parent, place]]), parent

"""Bouts of one coding against those of another: which of them are found, and how far their edges lie apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bouts:
    """Runs of one class, in order.

    Parameters
    ----------
    codes
        Class of each bout, shape (bouts,).
    starts, stops
        First frame, and the one after the last; shape (bouts,).
    stretches
        Which stretch of frames with a class each lies in, shape (bouts,): a gap in the coding ends a bout.
    """

    codes: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    stretches: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)


def find_bouts(codes: NDArray[np.integer], known: NDArray[np.bool_]) -> Bouts:
    """Runs of equal codes within the frames that are known.

    Parameters
    ----------
    codes
        Class of each frame, shape (frames,).
    known
        Which frames have a true class, shape (frames,). What lies outside belongs to no bout, and ends one.
    """
    stretch = np.cumsum(np.diff(known.astype(np.int8), prepend=0) == 1)
    change = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1) != 0) if len(codes) else np.zeros(0, np.int64)
    edge = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0) != 0)
    cuts = np.unique(np.concatenate([change, edge, [0, len(codes)]]))
    starts, stops = cuts[:-1], cuts[1:]
    inside = known[starts] if len(starts) else np.zeros(0, bool)
    starts, stops = starts[inside], stops[inside]
    return Bouts(codes[starts].astype(np.int64), starts, stops, stretch[starts])


def overlaps(truth: Bouts, predicted: Bouts) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each predicted bout the true one of its class that it overlaps most, -1 if none, and the share of their
    union that they share (intersection over union)."""
    best, share = np.full(len(predicted), -1), np.zeros(len(predicted))
    if not len(truth):
        return best, share
    first = np.searchsorted(truth.stops, predicted.starts, side="right")
    last = np.searchsorted(truth.starts, predicted.stops, side="left")
    for place, (low, high) in enumerate(zip(first, last, strict=True)):
        own = np.arange(low, high)
        own = own[truth.codes[own] == predicted.codes[place]]
        if len(own):
            both = (np.minimum(truth.stops[own], predicted.stops[place])
                    - np.maximum(truth.starts[own], predicted.starts[place]))
            union = (np.maximum(truth.stops[own], predicted.stops[place])
                     - np.minimum(truth.starts[own], predicted.starts[place]))
            ratio = both / union
            best[place], share[place] = own[ratio.argmax()], ratio.max()
    return best, share


def match(truth: Bouts, predicted: Bouts, least: float) -> NDArray[np.int64]:
    """The true bout that each predicted one finds, -1 for those that find none.

    Parameters
    ----------
    least
        Of the union of both that they must share.

    Notes
    -----
    In order of time; a true bout is found once, by the first that reaches `least` (Lea et al. 2017, "Temporal
    convolutional networks for action segmentation and detection").
    """
    best, share = overlaps(truth, predicted)
    found, taken = np.full(len(predicted), -1), np.zeros(len(truth), bool)
    for place in np.flatnonzero((share >= least) & (best >= 0)):
        if not taken[best[place]]:
            taken[best[place]] = True
            found[place] = best[place]
    return found


def count_matches(truth: Bouts, predicted: Bouts, least: float) -> NDArray[np.int64]:
    """How many bouts were found, invented and missed; shape (3,). They add up over sessions."""
    hits = int((match(truth, predicted, least) >= 0).sum())
    return np.array([hits, len(predicted) - hits, len(truth) - hits])


def segmental_f1(counts: NDArray[Any]) -> NDArray[np.float64]:
    """F1 of bouts from found, invented and missed, shape (..., 3); NaN where there are no bouts at all."""
    hits, invented, missed = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    whole = 2 * hits + invented + missed
    return np.where(whole > 0, 2 * hits / np.where(whole > 0, whole, 1), np.nan)


def count_edits(truth: Bouts, predicted: Bouts) -> NDArray[np.int64]:
    """What the edit score adds up: edits that turn one sequence of codes into the other, and the length of the longer
    sequence, summed over stretches; shape (2,)."""
    edits = longest = 0
    for stretch in np.union1d(truth.stretches, predicted.stretches):
        one = truth.codes[truth.stretches == stretch]
        other = predicted.codes[predicted.stretches == stretch]
        edits += edit_distance(one, other)
        longest += max(len(one), len(other))
    return np.array([edits, longest])


def edit_distance(one: NDArray[np.integer], other: NDArray[np.integer]) -> int:
    """Least number of insertions, deletions and exchanges (Levenshtein) that turn one sequence into the other."""
    before = np.arange(len(other) + 1)
    for row, code in enumerate(one, start=1):
        changed = np.minimum(before[1:] + 1, before[:-1] + (other != code))
        # What follows from the left neighbour in the same row: a running minimum of (value - place).
        line = np.concatenate([[row], changed])
        places = np.arange(len(line))
        before = np.minimum.accumulate(line - places) + places
    return int(before[-1])

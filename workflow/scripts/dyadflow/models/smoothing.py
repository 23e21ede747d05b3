"""From probabilities to codes without flicker: a moving mean, and no bout shorter than people would code."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.bout_matching import count_matches, find_bouts, segmental_f1
from dyadflow.models.scoring import macro_f1

#: Seconds that are tried, for the moving mean and for the shortest bout.
TRIED_S = (0.0, 0.2, 0.5, 1.0, 2.0)
#: Share of their union that a predicted bout and a true one must have in common while tuning.
_LEAST_OVERLAP = 0.25
_TINY = 1e-7


def smooth_codes(
    probabilities: NDArray[np.floating], *, smoothing_frames: int, minimum_bout_frames: int
) -> NDArray[np.int64]:
    """The class of each frame.

    Parameters
    ----------
    probabilities
        Shape (frames, classes). Rows that are not numbers count for nothing.
    smoothing_frames
        Length of the centred moving mean, odd; near the ends it takes in what is there. 1: none.
    minimum_bout_frames
        Bouts shorter than this are given, the shortest first (of equals the earliest), to the neighbour that their own
        frames find more probable. 1: none.

    Returns
    -------
    ndarray, shape (frames,)
        -1 where no row within reach is a number. Such frames end a bout.
    """
    values = np.asarray(probabilities, np.float64)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1))
    values = np.where(known[:, None], values, 0.0)
    if smoothing_frames > 1 and len(values):
        values, known = _moving_mean(values, known, smoothing_frames // 2)
    codes = np.where(known, values.argmax(axis=1) if len(values) else 0, -1).astype(np.int64)
    return _without_short_bouts(codes, values, minimum_bout_frames) if minimum_bout_frames > 1 else codes


def tune_smoothing(
    probabilities: Sequence[NDArray[Any]], codes: Sequence[NDArray[Any]], *, rate_hz: float
) -> tuple[int, int]:
    """The smoothing that finds the bouts of some sessions best.

    Parameters
    ----------
    probabilities, codes
        For each session what a model that had not seen it gave, shape (frames, classes), and the class of each frame,
        shape (frames,), negative where there is none.
    rate_hz
        Frames a second.

    Returns
    -------
    smoothing_frames, minimum_bout_frames
        For `smooth_codes`: of the pairs of `TRIED_S` the one with the best mean of segmental F1 at an overlap of 0.25,
        over all bouts, and macro F1, over all frames. A quarter of an overlap does not ask where a bout ends, and F1 of
        bouts alone hardly misses a class that is rare. Of equals the least smoothing; 1 and 1 where nothing is coded.
    """
    windows = list(dict.fromkeys(2 * round(seconds * rate_hz / 2) + 1 for seconds in TRIED_S))
    minima = list(dict.fromkeys(max(1, round(seconds * rate_hz)) for seconds in TRIED_S))
    every = [np.asarray(said).astype(np.int64) for said in codes]
    truths = [find_bouts(said, said >= 0) for said in every]
    best, chosen = -np.inf, (1, 1)
    if not any(len(truth) for truth in truths):
        return chosen
    classes = np.asarray(probabilities[0]).shape[1]
    for window in windows:
        for minimum in minima:
            counts, given_codes = np.zeros(3, np.int64), []
            for given, said, truth in zip(probabilities, every, truths, strict=True):
                found = smooth_codes(given, smoothing_frames=window, minimum_bout_frames=minimum)
                counts += count_matches(truth, find_bouts(found, said >= 0), _LEAST_OVERLAP)
                # No class where there is no prediction: one more, which is never true.
                given_codes.append(np.where(found < 0, classes, found))
            by_frame = macro_f1(np.concatenate(every), np.concatenate(given_codes), classes + 1)
            score = (float(segmental_f1(counts)) + by_frame) / 2
            if score > best + 1e-12:
                best, chosen = score, (window, minimum)
    return chosen


def _moving_mean(
    values: NDArray[np.float64], known: NDArray[np.bool_], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean over the known rows within `reach`, and whether there is any."""
    frames = len(values)
    low = np.maximum(np.arange(frames) - reach, 0)
    high = np.minimum(np.arange(frames) + reach + 1, frames)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    counts = np.concatenate([[0], np.cumsum(known)])
    there = counts[high] - counts[low]
    return (sums[high] - sums[low]) / np.maximum(there, 1)[:, None], there > 0


def _without_short_bouts(
    codes: NDArray[np.int64], values: NDArray[np.float64], least: int
) -> NDArray[np.int64]:
    """Absorb bouts shorter than `least`; frames without a code are never given one."""
    from heapq import heapify, heappop, heappush

    cuts = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1)) if len(codes) else np.zeros(0, np.int64)
    starts, stops = [int(cut) for cut in cuts], [*map(int, cuts[1:]), len(codes)]
    classes = [int(codes[start]) for start in starts]
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(np.log(np.maximum(values, _TINY)), axis=0)])
    before, after = list(range(-1, len(starts) - 1)), [*range(1, len(starts)), -1]
    alive = [True] * len(starts)
    queue = [(stops[bout] - starts[bout], starts[bout], bout) for bout in range(len(starts))]
    heapify(queue)

    def join(left: int, right: int) -> None:
        """The left of two neighbours takes in the right one."""
        stops[left], after[left], alive[right] = stops[right], after[right], False
        if after[right] >= 0:
            before[after[right]] = left

    while queue:
        length, start, bout = heappop(queue)
        if not alive[bout] or length != stops[bout] - starts[bout] or start != starts[bout]:
            continue
        if length >= least:
            break
        if classes[bout] < 0:
            continue
        near = [other for other in (before[bout], after[bout]) if other >= 0 and classes[other] >= 0]
        if not near:
            continue
        liking = sums[stops[bout]] - sums[starts[bout]]
        classes[bout] = classes[max(near, key=lambda other: liking[classes[other]])]
        if before[bout] >= 0 and classes[before[bout]] == classes[bout]:
            bout, gone = before[bout], bout
            join(bout, gone)
        if after[bout] >= 0 and classes[after[bout]] == classes[bout]:
            join(bout, after[bout])
        heappush(queue, (stops[bout] - starts[bout], starts[bout], bout))
    smoothed = codes.copy()
    for bout, here in enumerate(alive):
        if here:
            smoothed[starts[bout]:stops[bout]] = classes[bout]
    return smoothed

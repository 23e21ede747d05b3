"""What frames look like with those around them, for models that know no order: mean and spread of a centred window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.blocks import Block
from dyadflow.models.losses import soft_targets

if TYPE_CHECKING:
    from dyadflow.models.training import FitRequest, Labels

#: Frames that are pooled together, so that memory does not grow with the session.
_FRAMES_AT_ONCE = 2048
#: A variance below this share of a column's own is rounding, and no spread.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Examples:
    """What a model without order learns from.

    Parameters
    ----------
    values
        Pooled frames, shape (examples, 2 * dims).
    codes
        Class of each, shape (examples,). A frame with several classes comes once for each of them.
    weights
        Shape (examples,), 1 on average.
    """

    values: NDArray[np.float32]
    codes: NDArray[np.int64]
    weights: NDArray[np.float64]


def pool_frames(
    values: NDArray[np.float32], lengths: Sequence[int], *, window: int, frames_at_once: int = _FRAMES_AT_ONCE
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Mean and standard deviation of a window round every frame, some frames at a time.

    Parameters
    ----------
    values
        Sessions one below the other, shape (rows, dims).
    lengths
        Frames of each session.
    window
        In frames. That of frame t begins at t - window // 2; it is shorter at a session's ends, and never reaches into
        another session.
    frames_at_once
        How many at most.

    Yields
    ------
    slice, ndarray of shape (frames, 2 * dims)
        Which rows, and of these the means, then the standard deviations (divided by n).
    """
    first = 0
    for frames in lengths:
        session = values[first:first + frames]
        for start in range(0, frames, frames_at_once):
            stop = min(start + frames_at_once, frames)
            yield slice(first + start, first + stop), _pool_part(session, start, stop, window)
        first += frames


def _pool_part(session: NDArray[np.float32], start: int, stop: int, window: int) -> NDArray[np.float32]:
    """Pooled frames from `start` to `stop` of one session."""
    begins = np.arange(start, stop) - window // 2
    ends = np.minimum(begins + window, len(session))
    begins = np.maximum(begins, 0)
    part = session[begins[0]:ends[-1]].astype(np.float64)
    # Differences of sums lose digits where the mean is large beside the spread.
    centre = part.mean(axis=0)
    part -= centre
    counts = (ends - begins)[:, None]
    low, high = begins - begins[0], ends - begins[0]
    means, squares = (_sums(each, low, high) / counts for each in (part, part**2))
    variances = squares - means**2
    variances[variances < _ROUNDING * (part**2).mean(axis=0)] = 0
    return np.concatenate([means + centre, np.sqrt(variances)], axis=1).astype(np.float32)


def _sums(values: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums of the rows from each of `low` to before each of `high`."""
    running = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return running[high] - running[low]


def thin_frames(
    labels: NDArray[np.integer], lengths: Sequence[int], *, stride: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One of every `stride` labelled frames, because neighbours say nearly the same.

    Parameters
    ----------
    labels
        Class of each frame by each coder, shape (coders, rows); negative is no class.
    lengths
        Frames of each session.
    stride
        Counted within each session and among frames that the coders labelled alike, so that no class is passed over.

    Returns
    -------
    rows, stands_for
        Which, in order; and how many frames each stands for, shape (chosen,) both.
    """
    rows, stands_for, first = [], [], 0
    for frames in lengths:
        own = np.maximum(labels[:, first:first + frames], -1)
        said, alike = np.unique(own, axis=1, return_inverse=True)
        for place in np.flatnonzero((said >= 0).any(axis=0)):
            members = first + np.flatnonzero(alike.ravel() == place)
            chosen = members[::stride]
            rows.append(chosen)
            stands_for.append(np.full(len(chosen), len(members) / len(chosen)))
        first += frames
    every = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    order = np.argsort(every, kind="stable")
    return every[order], (np.concatenate(stands_for) if rows else np.zeros(0))[order]


def take_examples(
    request: "FitRequest", *, classes: int, labels: "Labels", window: int, stride: int
) -> Examples:
    """Pooled training frames with their classes and weights.

    Parameters
    ----------
    request
        Whose training sessions and class weights.
    classes
        How many.
    labels
        ``first`` takes the first coder's class. With ``soft`` a frame comes once for each class that a coder gave it,
        weighted by the share of the coders; ``drawn`` is taken as ``soft``, which drawing amounts to on average.
    window, stride
        As in `pool_frames` and `thin_frames`.
    """
    import torch

    block = request.training
    said = block.labels[:, :-1].cpu().numpy()
    rows, stands_for = thin_frames(said, block.lengths, stride=stride)
    shares = soft_targets(torch.from_numpy(said[:, rows]), classes, shared=labels != "first").numpy()
    place, codes = np.nonzero(shares)
    weights = shares[place, codes].astype(np.float64) * stands_for[place]
    if request.class_weights is not None:
        weights *= np.asarray(request.class_weights, np.float64)[codes]
    return Examples(_pool_chosen(block, rows, window)[place], codes, weights / weights.mean())


def _pool_chosen(block: Block, rows: NDArray[np.int64], window: int) -> NDArray[np.float32]:
    values = block.values[:-1].cpu().numpy()
    chosen = np.empty((len(rows), 2 * values.shape[1]), np.float32)
    for where, pooled in pool_frames(values, block.lengths, window=window):
        low, high = np.searchsorted(rows, [where.start, where.stop])
        chosen[low:high] = pooled[rows[low:high] - where.start]
    return chosen


def spread_classes(shares: NDArray[Any], present: NDArray[np.integer], classes: int) -> NDArray[np.float32]:
    """Probabilities of the classes that were learned, shape (rows, present), among all: the others have 0."""
    every = np.zeros((len(shares), classes), np.float32)
    every[:, present] = shares
    return every


def mean_loss(shares: NDArray[Any], examples: Examples, present: NDArray[np.integer]) -> float:
    """Weighted mean cross entropy of examples, given probabilities with a column for each class in `present`."""
    own = np.searchsorted(present, examples.codes)
    likely = np.maximum(shares[np.arange(len(own)), own], 1e-15)
    return float(np.average(-np.log(likely), weights=examples.weights))

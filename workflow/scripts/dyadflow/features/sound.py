"""Sound in short windows, read in blocks and pooled into video frames, with memory that stays flat."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from dyadflow.media.grid import FrameGrid


def count_windows(samples: int, *, length: int, hop: int) -> int:
    """Windows of `length` samples, `hop` apart, that lie wholly within `samples`."""
    return max(0, 1 + (samples - length) // hop)


def cut_windows(
    blocks: Iterable[NDArray[np.floating]], *, length: int, hop: int
) -> Iterator[NDArray[np.floating]]:
    """Cut consecutive blocks of sound into the windows that the whole recording would be cut into.

    Parameters
    ----------
    blocks
        Samples in order, each of shape (n,).
    length, hop
        Of a window, in samples.

    Yields
    ------
    ndarray, shape (windows, length)
        Read-only views; together exactly `count_windows` of the whole.
    """
    kept = np.zeros(0, np.float32)
    for block in blocks:
        kept = np.concatenate([kept, block])
        windows = count_windows(len(kept), length=length, hop=hop)
        if windows:
            yield np.lib.stride_tricks.sliding_window_view(kept, length)[: windows * hop : hop]
            kept = kept[windows * hop:]


def pool_into_frames(
    blocks: Iterable[NDArray[np.floating]], count: int, *, first_s: float, hop_s: float, grid: FrameGrid
) -> Iterator[NDArray[np.float32]]:
    """Average tokens into the video frames that their centres lie in.

    A frame that holds no centre takes the token nearest to its own centre (the earlier of two).

    Parameters
    ----------
    blocks
        Tokens in order, each of shape (n, dims); `count` in all.
    count
        How many tokens there are.
    first_s, hop_s
        Centre of the first token, and the time from one to the next, in seconds.
    grid
        The frames.

    Yields
    ------
    ndarray, shape (rows, dims)
        Together exactly one row a frame.
    """
    first, stop = _tokens_of_frames(count, first_s=first_s, hop_s=hop_s, grid=grid)
    kept: NDArray[np.floating] | None = None
    offset = row = 0
    for block in blocks:
        kept = block if kept is None else np.concatenate([kept, block])
        ready = int(np.searchsorted(stop, offset + len(kept), side="right"))
        if ready > row:
            sums = _sum_ranges(kept, first[row:ready] - offset, stop[row:ready] - offset)
            yield (sums / (stop - first)[row:ready, None]).astype(np.float32)
            row = ready
            used = int(first[row]) - offset if row < grid.frames else len(kept)
            kept, offset = kept[used:], offset + used


def _tokens_of_frames(
    count: int, *, first_s: float, hop_s: float, grid: FrameGrid
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each frame, the first token and the one after the last; never an empty range."""
    centres_s = first_s + hop_s * np.arange(count)
    edges = np.searchsorted(centres_s, grid.edges_s(), side="left")
    # Sound is cut to the grid, so that only rounding could leave a centre outside it.
    edges[0], edges[-1] = 0, count
    first, stop = edges[:-1].copy(), edges[1:].copy()
    empty = first == stop
    # Rounded first: halfway between two tokens should not hang on the last bit.
    at = np.round((grid.centres_s()[empty] - first_s) / hop_s, 6)
    nearest = np.ceil(at - 0.5).astype(np.int64)
    first[empty] = np.clip(nearest, 0, count - 1)
    stop[empty] = first[empty] + 1
    return first, stop


def _sum_ranges(
    tokens: NDArray[np.floating], first: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum of ``tokens[first:stop]`` for each pair, in double precision."""
    padded = np.concatenate([tokens.astype(np.float64), np.zeros((1, tokens.shape[1]))])
    return np.add.reduceat(padded, np.stack([first, stop], axis=1).ravel(), axis=0)[::2]


def cut_excerpts(
    blocks: Iterable[NDArray[np.floating]], starts: NDArray[np.int64], length: int
) -> Iterator[NDArray[np.float32]]:
    """Cut an excerpt of sound for each start, one after another; what lies outside the recording is silence.

    Parameters
    ----------
    blocks
        Samples in order, each of shape (n,).
    starts
        First sample of each excerpt, in ascending order; may be negative.
    length
        Samples of each.

    Yields
    ------
    ndarray, shape (length,)
    """
    source, ended = iter(blocks), False
    before = max(0, -int(starts[0])) if len(starts) else 0
    buffer, offset = np.zeros(before, np.float32), -before
    for start in starts:
        while not ended and offset + len(buffer) < start + length:
            block = next(source, None)
            ended = block is None
            if block is not None:
                kept = buffer[max(0, int(start) - offset):]
                offset += len(buffer) - len(kept)
                buffer = np.concatenate([kept, block])
        first = int(start) - offset
        excerpt = buffer[max(0, first) : first + length]
        yield np.concatenate([excerpt, np.zeros(length - len(excerpt), np.float32)])

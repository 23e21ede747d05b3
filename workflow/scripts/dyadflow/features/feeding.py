"""Keep a device busy: what it takes is ready beforehand, numbers leave it without its waiting for them.

Decoding runs in a thread of its own (the decoder lets go of the interpreter while it works), a bounded number of
batches ahead, so that memory does not grow with the session. None of this changes a number or an order.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import torch

#: Batches that wait before the device, and results that may be on their way from it.
_BATCHES_AHEAD = 4
_RESULTS_BEHIND = 2

#: Threads of the decoder at most where a GPU has to be fed: it takes pictures faster than one thread gives them.
_DECODER_THREADS = 8

Item = TypeVar("Item")


def decoder_threads(device: torch.device) -> int:
    """Threads that a view should be decoded with for `device`; they do not change the pictures."""
    return min(_DECODER_THREADS, os.cpu_count() or 1) if device.type == "cuda" else 1


def ahead(items: Iterable[Item], depth: int = _BATCHES_AHEAD) -> Iterator[Item]:
    """Give `items` in order, working at most `depth` of them out in advance in one background thread.

    An error of `items` is raised here, after all that came before it. When the consumer stops early, so does the
    thread.
    """
    iterator, end = iter(items), object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="feeding")
    try:
        waiting = deque(pool.submit(next, iterator, end) for _ in range(depth))
        item: Any
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, iterator, end))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


def feed(batches: Iterable[NDArray[np.uint8]], device: torch.device) -> Iterator[torch.Tensor]:
    """Batches on the device, read in the background; for a GPU through pinned memory, copied while it computes."""
    import torch

    def prepare() -> Iterator[torch.Tensor]:
        for frames in batches:
            tensor = torch.from_numpy(frames)
            yield tensor.pin_memory() if device.type == "cuda" else tensor

    # torch keeps a pinned block until the copy out of it is done.
    return (tensor.to(device, non_blocking=True) for tensor in ahead(prepare()))


def to_host(results: Iterable[torch.Tensor], behind: int = _RESULTS_BEHIND) -> Iterator[NDArray[Any]]:
    """Results as arrays, in order, each fetched while the device works on those up to `behind` later."""
    import torch

    leaving: deque[tuple[torch.Tensor, torch.cuda.Event | None]] = deque()

    def land() -> NDArray[Any]:
        tensor, copied = leaving.popleft()
        if copied is not None:
            copied.synchronize()
        return tensor.numpy()

    for result in results:
        copied = torch.cuda.Event() if result.is_cuda else None
        leaving.append((result.to("cpu", non_blocking=True), copied))
        if copied is not None:
            copied.record()
        if len(leaving) > behind:
            yield land()
    while leaving:
        yield land()


class Pieces:
    """Runs batches through a network, in halves of halves once a whole one does not fit on the device.

    The size found is kept for the batches that follow. Rows do not depend on it beyond the last bits.

    Parameters
    ----------
    batch
        Rows to begin with.
    name
        Of the backbone, for the error sentence.
    row
        What a row is, for the error sentence.
    """

    def __init__(self, batch: int, name: str, row: str = "picture") -> None:
        self.size, self._name, self._row, self._turn = batch, name, row, Lock()

    def run(self, network: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor) -> Iterator[torch.Tensor]:
        """Give ``network(piece)`` for pieces of `rows`, in order, of at most `size` rows.

        Raises
        ------
        DyadflowError
            If the device has no room for a single row.
        """
        import torch

        start = 0
        while start < len(rows):
            size, result = min(self.size, len(rows) - start), None
            try:
                # One at a time: sessions that share the network must not take each other's room.
                with self._turn:
                    result = network(rows[start:start + size])
            except torch.OutOfMemoryError as error:
                if size == 1:
                    raise DyadflowError(
                        f"the device has no room for a single {self._row}", where=f"backbone {self._name}",
                        fix=f"free its memory, choose a smaller network or {self._row}, or set device to cpu",
                    ) from error
                self.size = max(1, size // 2)
            if result is None:
                # After the except block, which still held what did not fit.
                torch.cuda.empty_cache()
                continue
            yield result
            start += size

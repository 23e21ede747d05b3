"""Token stores: the patch tokens of a session, compressed so that any basis can be fitted on any sessions later.

A backbone for pictures gives tokens a batch at a time, on its device; two passes make a store of them. The leading
basis comes from a sample of the frames, then all tokens stream through it, while their mean and scatter are summed
exactly. Nothing here knows which network the tokens come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.features.feeding import to_host

if TYPE_CHECKING:
    import torch

    from dyadflow.features.stream import StreamWriter


def write_token_store(
    into: StreamWriter,
    path: Path,
    *,
    sample: Iterable[torch.Tensor],
    film: Iterable[torch.Tensor],
    rank: int,
    turn: AbstractContextManager[Any] = nullcontext(),  # noqa: B008 (it has no state)
) -> None:
    """Write a token store: coordinates of shape (frames, patches, rank), and what goes with them.

    Parameters
    ----------
    into
        Where to.
    path
        What the tokens were seen in, for the error sentence.
    sample
        Tokens of some frames, each of shape (n, patches, dims), single precision, on one device. Consumed before the
        first of `film` is asked for.
    film
        Tokens of all frames, in order, in the same shape.
    rank
        Directions of token space to keep.
    turn
        Held while `film` is consumed, so that sessions which share a device take turns at what keeps it busy.

    Raises
    ------
    DyadflowError
        If every token is the same, a value is not a number, or there are not as many frames as in the grid.
    """
    sampled, whole = Moments(), Moments()
    for tokens in sample:
        sampled.add(tokens)
    if not sampled.count:
        return  # no frame at all: the writer says so when it closes
    basis, shift = leading_basis(sampled.scatter, rank), sampled.mean.float()

    def reduce() -> Iterator[torch.Tensor]:
        columns = basis.float()
        for tokens in film:
            whole.add(tokens)
            yield ((tokens - shift) @ columns).half()

    with turn:
        for coordinates in to_host(reduce()):
            into.append(coordinates, dtype=np.float16)
    refuse_one_token(whole, path)
    into.finish_tokens(
        origin=shift.double().cpu().numpy(), basis=basis.cpu().numpy(), mean=whole.mean.cpu().numpy(),
        scatter=whole.scatter.cpu().numpy(), count=whole.count,
    )


class Moments:
    """Count, mean and scatter of all tokens seen, in double precision, a batch at a time, on the tokens' device.

    Chan, Golub and LeVeque (1983): two groups' scatters about their own means add up, plus the outer product
    of the difference of the means. Sums of squares about zero would lose the small directions.
    """

    count: int = 0
    mean: torch.Tensor
    scatter: torch.Tensor

    def add(self, tokens: torch.Tensor) -> None:
        """Take in tokens, shape (..., dims)."""
        rows = tokens.reshape(-1, tokens.shape[-1]).double()
        if not self.count:
            self.mean, self.scatter = rows.new_zeros(rows.shape[1]), rows.new_zeros(rows.shape[1], rows.shape[1])
        mean = rows.mean(dim=0)
        centred, away = rows - mean, mean - self.mean
        total = self.count + len(rows)
        self.scatter += centred.T @ centred + (self.count * len(rows) / total) * away.outer(away)
        self.mean += away * (len(rows) / total)
        self.count = total


def leading_basis(scatter: torch.Tensor, rank: int) -> torch.Tensor:
    """Leading eigenvectors of a scatter matrix as columns, shape (dims, min(rank, dims)), on its device.

    Each column's largest entry is positive, so that the same tokens give the same signs everywhere.
    """
    import torch

    scatter, device = scatter.cpu(), scatter.device
    _, vectors = torch.linalg.eigh(torch.nan_to_num((scatter + scatter.T) / 2, posinf=0.0, neginf=0.0))
    leading = vectors.flip(1)[:, :rank]
    largest = leading.gather(0, leading.abs().argmax(dim=0, keepdim=True))
    return (leading * torch.where(largest < 0, -1.0, 1.0)).to(device)


def refuse_one_token(tokens: Moments, path: Path) -> None:
    """Stop if every patch of every picture gave the same token.

    Raises
    ------
    DyadflowError
        Which file was being read.
    """
    spread = float(tokens.scatter.trace()) / max(tokens.count, 1)
    if spread <= 1e-12 * float(tokens.mean @ tokens.mean):
        raise DyadflowError(
            "the backbone gave the same token for every patch of every picture, so no stream was written",
            where=str(path), fix="check the weights",
        )

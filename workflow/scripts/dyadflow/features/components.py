"""A session's own principal components, and what sums its stream up: two passes over the file at most."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.component_file import COMPONENTS, Components
from dyadflow.features.stream_file import StreamFile
from dyadflow.features.token_store import Moments, leading_basis

if TYPE_CHECKING:
    from dyadflow.features.stream import Stream

#: A dimension whose variance is less than this share of its squared mean, or of the mean variance, does not vary.
_STILL = 1e-12


def describe_stream(path: str | Path, components: int = COMPONENTS) -> tuple[Components, dict[str, Any]]:
    """Work out the leading components of one stream and the numbers that sum it up.

    Parameters
    ----------
    path
        A stream file. Of a token store the mean, variance and components are those of all tokens, which it holds
        exactly; by frame, tokens are as the store remembers them.
    components
        How many, or as many as there are dimensions.

    Returns
    -------
    Components
        To draw from.
    dict
        ``frames``, ``dims``, ``valid_share``; ``mean`` of all numbers; ``variance``, the mean of the dimensions'
        variances; ``dead_dimensions``, how many do not vary at all; ``drift``: how far the straight line through
        a dimension over the frames rises or falls from the session's begin to its end, in standard deviations of the
        dimension over the frames, and of that the mean over dimensions; ``largest_drift``, with its sign, of the
        dimension that drifts most, and ``largest_drift_dimension``, its number from 0;
        ``kept_variance``, of a token store, the share of the tokens' variance that it keeps; ``explained``, the share
        of each component. None where there is nothing to count: no valid frame, or nothing that varies.
        Frames that are not valid count for ``valid_share`` alone.

    Raises
    ------
    DyadflowError
        If there is no such file or it is not a stream.
    """
    with StreamFile(path) as file:
        whole = _moments(file)
        if not whole.count:
            return _nothing(file)
        mean, scatter = whole.mean.numpy(), whole.scatter.numpy()
        basis = leading_basis(whole.scatter, components).numpy()
        values, level, lines = _follow(file, mean, basis)
        variances = np.diag(scatter) / whole.count
        least = _STILL * np.maximum(mean**2, variances.mean())
        # einsum and not @, here and below: its sums do not depend on the number of threads.
        along = np.einsum("dk,dk->k", basis, np.einsum("de,ek->dk", scatter, basis))
        total = np.trace(scatter)
        explained = np.maximum(along, 0) / total if total > 0 else np.full(len(along), np.nan)
        kept = file.attributes.get("kept_variance")
        numbers = {
            "frames": len(file), "dims": len(mean), "valid_share": float(np.isfinite(level).mean()),
            "mean": float(mean.mean()), "variance": float(variances.mean()),
            "dead_dimensions": int(np.sum(variances <= least)), **_drift(lines.rises(least)),
            "kept_variance": None if kept is None else float(kept), "explained": [_known(share) for share in explained],
        }
        return Components(file.rate_hz, basis, mean, explained, values, level), numbers


def _moments(file: StreamFile) -> Moments:
    """Count, mean and scatter of all tokens, or of all valid rows."""
    import torch

    moments = Moments()
    if file.kind == "tokens":
        held = file.some(slice(0, 0))
        moments.count = held.count
        moments.mean, moments.scatter = torch.from_numpy(held.mean), torch.from_numpy(held.scatter)
        return moments
    for block in file.blocks():
        if block.valid.any():
            moments.add(torch.from_numpy(block.values[block.valid]).flatten(start_dim=1))
    return moments


def _follow(
    file: StreamFile, mean: NDArray[np.float64], basis: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], _Lines]:
    """Components and level of each frame; and the line through each dimension."""
    values = np.full((len(file), basis.shape[1]), np.nan, np.float32)
    level, lines, first = np.full(len(file), np.nan, np.float32), _Lines(len(file)), 0
    for block in file.blocks():
        at = first + np.flatnonzero(block.valid)
        rows = _deviations(block, mean)[block.valid]
        values[at] = np.einsum("nd,dk->nk", rows, basis)
        level[at] = mean.mean() + rows.mean(axis=1)
        lines.add(at, rows)
        first += len(block.valid)
    return values, level, lines


def _deviations(block: Stream, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each frame's row, or the mean of its tokens, less the session's mean; shape (frames, dims)."""
    if block.kind == "tokens":
        assert block.basis is not None  # tokens have one
        coordinates = block.values.mean(axis=1, dtype=np.float64)
        return np.einsum("nr,dr->nd", coordinates, block.basis.astype(np.float64))
    return block.values.reshape(len(block.values), -1) - mean


@dataclass
class _Lines:
    """Sums from which the straight line through each column over time follows."""

    frames: int
    count: int = 0
    sums: Any = 0.0

    def add(self, at: NDArray[np.int64], rows: NDArray[np.float64]) -> None:
        """Take in the rows of some frames."""
        time = (at + 0.5) / self.frames - 0.5
        self.count += len(at)
        self.sums = self.sums + np.stack([
            rows.sum(axis=0), (rows**2).sum(axis=0), np.einsum("n,nd->d", time, rows),
            np.full(rows.shape[1], time.sum()), np.full(rows.shape[1], (time**2).sum()),
        ])

    def rises(self, least: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each line rises from begin to end in deviations of its column; NaN where one varies less."""
        mean, square, product, time, time_square = self.sums / self.count
        variance, spread = square - mean**2, time_square - time**2
        told = (variance > least) & (spread > 0)
        safe = np.where(told, variance, 1.0)
        return np.where(told, (product - time * mean) / np.where(spread > 0, spread, 1.0) / np.sqrt(safe), np.nan)


def _drift(rises: NDArray[np.float64]) -> dict[str, Any]:
    if np.isnan(rises).all():
        return {"drift": None, "largest_drift": None, "largest_drift_dimension": None}
    most = int(np.nanargmax(np.abs(rises)))
    return {
        "drift": float(np.nanmean(np.abs(rises))), "largest_drift": float(rises[most]),
        "largest_drift_dimension": most,
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _nothing(file: StreamFile) -> tuple[Components, dict[str, Any]]:
    """Of a stream without a valid frame, such as that of a recording without sound."""
    frames, dims = len(file), file.some(slice(0, 1)).values[0].size
    nothing = Components(
        file.rate_hz, np.zeros((dims, 0)), np.zeros(dims), np.zeros(0), np.zeros((frames, 0), np.float32),
        np.full(frames, np.nan, np.float32),
    )
    unknown = dict.fromkeys(
        ("mean", "variance", "dead_dimensions", "drift", "largest_drift", "largest_drift_dimension", "kept_variance")
    )
    return nothing, {"frames": frames, "dims": dims, "valid_share": 0.0, **unknown, "explained": []}

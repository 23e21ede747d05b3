"""Scaling of fused streams, fitted on training sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dyadflow.models.fusion import Fused


@dataclass(frozen=True)
class Scaler:
    """What is taken off each column, and what it is then divided by; both float32, shape (dims,)."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


def fit_scaler(sessions: Sequence[Fused], method: str) -> Scaler:
    """Mean and standard deviation of every column over the valid rows of some sessions.

    Parameters
    ----------
    sessions
        The training sessions.
    method
        ``standard``, or ``none`` for a scaler that changes nothing.

    Notes
    -----
    A column that does not vary is divided by 1. Each stream counts its own valid rows.
    """
    dims = sessions[0].values.shape[1]
    if method == "none":
        return Scaler(np.zeros(dims, dtype=np.float32), np.ones(dims, dtype=np.float32))
    mean, scale = np.zeros(dims), np.ones(dims)
    for number, columns in enumerate(sessions[0].columns):
        rows = [session.values[session.valid[:, number], columns] for session in sessions]
        count = sum(len(part) for part in rows)
        if count == 0:
            continue
        centre = sum(part.sum(axis=0, dtype=np.float64) for part in rows) / count
        spread = np.sqrt(sum(((part - centre) ** 2).sum(axis=0) for part in rows) / count)
        mean[columns] = centre
        scale[columns] = np.where(spread > 1e-6 * np.abs(centre), spread, 1.0)
    return Scaler(mean.astype(np.float32), scale.astype(np.float32))


def scale_session(session: Fused, scaler: Scaler) -> NDArray[np.float32]:
    """Scaled values, shape (frames, dims); rows that a stream marks invalid are zero in its columns."""
    values = (session.values - scaler.mean) / scaler.scale
    for number, columns in enumerate(session.columns):
        values[~session.valid[:, number], columns] = 0.0
    return values

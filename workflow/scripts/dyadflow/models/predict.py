"""Predict a session from a checkpoint and the session's streams, and from nothing else."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.features.stream import Stream
from dyadflow.models.checkpoint import Checkpoint


def predict_session(
    checkpoint: Checkpoint, streams: Mapping[str, Stream], *, frames: int | None = None, device: str = "cpu",
    where: str = "",
) -> NDArray[np.float32]:
    """Class probabilities of every frame.

    Parameters
    ----------
    checkpoint
        From `load_checkpoint`.
    streams
        By ``<view>.<extractor>``; at least those of `Checkpoint.recipe`.
    frames
        Length of the session's grid; the length of the recipe's first stream if left out.
    device
        ``cpu`` or ``cuda``.
    where
        The session, for errors.

    Returns
    -------
    ndarray, shape (frames, classes)
        Every frame once: the mean over the windows that hold it. Rows sum to 1.

    Raises
    ------
    DyadflowError
        If a stream is missing, was made otherwise than those the model was trained on, or has another length.
    """
    missing = [name for name in checkpoint.recipe if name not in streams]
    if missing:
        raise DyadflowError(
            f"the model needs stream {missing[0]}, which is not there", where=where,
            fix="extract it for this session"
        )
    length = len(streams[checkpoint.recipe[0]].values) if frames is None else frames
    values = checkpoint.preparation.apply(streams, frames=length, where=where)
    return checkpoint.predict(values, device=device)

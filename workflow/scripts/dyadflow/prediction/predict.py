"""Code a session that nobody has coded: every outer fold's model votes, and each run of frames is a segment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dyadflow.annotations.segments import Segments
from dyadflow.features.stream import open_stream
from dyadflow.media.grid import FrameGrid
from dyadflow.models.checkpoint import load_checkpoint
from dyadflow.models.data import find_streams
from dyadflow.models.predict import predict_session
from dyadflow.prediction.folds import load_folds, require_rate
from dyadflow.prediction.segments import segments_from_probabilities


def predict_codes(
    session: str,
    grid: FrameGrid,
    *,
    models: Sequence[str | Path],
    tiers: Mapping[str, str],
    features: Sequence[str | Path],
    threads: int = 1,
) -> Segments:
    """Predict one session's segments for one or more targets.

    Parameters
    ----------
    session
        Its name.
    grid
        Its frame grid.
    models
        For each target a folder of checkpoints, one an outer fold; their probabilities are averaged, so that
        no fold's model is preferred.
    tiers
        The tier that each target is written to, in the order of `models`.
    features
        Index files of the streams that hold the session.
    threads
        Threads inside torch.

    Returns
    -------
    Segments
        Coder ``model``; confidence is the mean probability of the segment's class over its frames.

    Raises
    ------
    DyadflowError
        If a folder holds no checkpoint, a stream is missing or was made otherwise than in training, or the
        session's frame rate is another than the model's.
    """
    import torch

    torch.set_num_threads(threads)
    parts = []
    for folder, (target, tier) in zip(models, tiers.items(), strict=True):
        checkpoints = load_folds(folder, load_checkpoint, target=target)
        require_rate(checkpoints[0].rate_hz, grid, session)
        files = find_streams(features, [session], checkpoints[0].recipe)
        streams = {name: open_stream(file.path) for (_, name), file in files.items()}
        votes = [
            predict_session(checkpoint, streams, frames=grid.frames, where=f"session {session}")
            for checkpoint in checkpoints
        ]
        probabilities = np.mean(votes, axis=0)
        classes = checkpoints[0].classes
        parts.append(segments_from_probabilities(probabilities, grid, classes, session=session, tier=tier))
    return Segments.concat(parts)

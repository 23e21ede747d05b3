"""Code a session that nobody has coded: every outer fold's model votes, and each run of frames is a segment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.segments import Segments
from dyadflow.features.stream import open_stream
from dyadflow.media.grid import FrameGrid
from dyadflow.models.calibration import calibrate
from dyadflow.models.checkpoint import load_checkpoint
from dyadflow.models.data import find_streams
from dyadflow.models.predict import predict_session
from dyadflow.models.smoothing import smooth_codes
from dyadflow.prediction.folds import load_folds, require_rate, tell_untrained
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
        Coder ``model``; confidence is the mean calibrated probability of the segment's class over its frames. Codes are
        smoothed as was tuned in training. A target whose cell could not be trained has no segment; that is printed.

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
        if tell_untrained(folder, target=target):
            continue
        checkpoints = load_folds(folder, load_checkpoint, target=target)
        require_rate(checkpoints[0].rate_hz, grid, session)
        files = find_streams(features, [session], checkpoints[0].recipe)
        streams = {name: open_stream(file.path) for (_, name), file in files.items()}
        votes = [
            predict_session(checkpoint, streams, frames=grid.frames, where=f"session {session}")
            for checkpoint in checkpoints
        ]
        codes, sure = agree(votes, [checkpoint.config for checkpoint in checkpoints])
        parts.append(segments_from_probabilities(
            sure, grid, checkpoints[0].classes, session=session, tier=tier, codes=codes))
    return Segments.concat(parts)


def agree(
    votes: Sequence[NDArray[np.floating]], configs: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What several folds' models say together.

    Parameters
    ----------
    votes
        Probabilities by each, shape (frames, classes).
    configs
        What each checkpoint says of itself: class_weights, temperature, smoothing_frames, minimum_bout_frames. What it
        does not say changes nothing.

    Returns
    -------
    codes
        Class of each frame, shape (frames,): of the mean of the votes, smoothed as the middle one of the models
        smooths.
    sure
        Mean of the calibrated votes, shape (frames, classes): what confidence is told from.
    """
    def middle(name: str) -> int:
        return sorted(int(config.get(name, 1)) for config in configs)[(len(configs) - 1) // 2]

    codes = smooth_codes(
        np.mean(votes, axis=0), smoothing_frames=middle("smoothing_frames"),
        minimum_bout_frames=middle("minimum_bout_frames"))
    sure = np.mean([
        calibrate(vote, config.get("class_weights", np.ones(vote.shape[1])), config.get("temperature", 1.0))
        for vote, config in zip(votes, configs, strict=True)
    ], axis=0)
    return codes, sure

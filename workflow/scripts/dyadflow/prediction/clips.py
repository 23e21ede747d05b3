"""Code a session that nobody has coded from its pictures: every outer fold's video network votes, task by task."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dyadflow.annotations.segments import Segments
from dyadflow.media.clips import Clips
from dyadflow.media.grid import FrameGrid
from dyadflow.prediction.folds import load_folds, require_rate, tell_untrained
from dyadflow.prediction.segments import segments_from_probabilities


def predict_clips(
    session: str,
    grid: FrameGrid,
    *,
    models: Sequence[str | Path],
    tiers: Mapping[str, str],
    clips: str | Path,
    phases: Sequence[tuple[str, float, float]],
    threads: int = 1,
) -> Segments:
    """Predict one session's segments for one or more targets, each within its own task.

    Parameters
    ----------
    session
        Its name.
    grid
        Its frame grid.
    models
        For each target a folder of checkpoints, one a tested outer fold; their probabilities are averaged.
    tiers
        The tier that each target is written to, in the order of `models`.
    clips
        The session's pictures (`dyadflow.media.clips.write_clips`).
    phases
        Name, onset and offset in seconds of the session's tasks. A target whose task is not among them gets no
        segment: its network has never seen anything else.
    threads
        Threads inside torch.

    Returns
    -------
    Segments
        Coder ``model``; confidence is the mean probability of the segment's class over its frames. A target whose cell
        could not be trained has no segment; that is printed.

    Raises
    ------
    DyadflowError
        If a folder holds no checkpoint, or the session's frame rate is another than the network's.
    """
    import torch

    from dyadflow.models.video.checkpoint import load_video_checkpoint
    from dyadflow.models.video.predict import predict_frames

    torch.set_num_threads(threads)
    pictures, parts = Clips(clips), []
    for folder, (target, tier) in zip(models, tiers.items(), strict=True):
        if tell_untrained(folder, target=target):
            continue
        checkpoints = load_folds(folder, load_video_checkpoint, target=target)
        config = checkpoints[0].config
        require_rate(config["rate_hz"], grid, session)
        spans = [(onset_s, offset_s) for name, onset_s, offset_s in phases if name == config["phase"]]
        votes = [predict_frames(checkpoint, pictures, spans) for checkpoint in checkpoints]
        probabilities = np.mean(votes, axis=0)
        for onset_s, offset_s in spans:
            held = grid.frames_between(onset_s, offset_s)
            parts.append(segments_from_probabilities(
                probabilities[held], grid, config["classes"], session=session, tier=tier, first=held.start
            ))
    return Segments.concat(parts)

"""What a model has to beat: guessing the commonest class, overall or in each phase."""

import numpy as np
from numpy.typing import NDArray

from dyadflow.evaluation.counts import Cell, CellCounts, count_session
from dyadflow.evaluation.truth import Truth

#: The stream of baselines, which look at neither picture nor sound.
NO_STREAM = "none"
BASELINES = ("majority", "phase")


def count_baselines(protocol: str, truth: Truth) -> list[CellCounts]:
    """Fit both baselines in each outer fold and count what they predict for its held-out sessions.

    Parameters
    ----------
    protocol
        The protocol whose truth it is.
    truth
        Labels, phases and folds.

    Returns
    -------
    list of CellCounts
        ``majority``: the commonest class of the training dyads. ``phase``: their commonest class in the same
        phase; where they have no frame in that phase, and outside all phases, the majority. Both have the
        stream ``none``. Of equally common classes the first in the list is taken.

    Notes
    -----
    They are fitted on the scoring coders' own labels of the training sessions. Where a protocol trains models
    on another coder, this favours the baselines, if anything.
    """
    guesses = _guesses(truth)
    return [
        CellCounts(
            Cell(protocol, truth.target, NO_STREAM, model), truth,
            np.stack([count_session(truth, name, guess[place]) for name, guess in guesses.items()]),
        )
        for place, model in enumerate(BASELINES)
    ]


def _guesses(truth: Truth) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each session, both baselines' class of each frame, fitted without the sessions of its fold."""
    # Occurrences of each class, whatever was predicted: shape (sessions, phases + 1, classes).
    seen = np.stack([
        count_session(truth, name, np.zeros(len(codes), np.int64)).sum(-1)
        for name, codes in truth.codes.items()
    ])
    outer = np.array([truth.folds[name].outer for name in truth.sessions])
    guesses = {}
    for name, fold in zip(truth.sessions, outer, strict=True):
        training = seen[outer != fold].sum(0)
        common = int(training.sum(0).argmax())
        by_phase = np.where(training.any(1), training.argmax(1), common)
        by_phase[-1] = common
        frames = len(truth.codes[name])
        # Index -1, outside all phases, reads the last entry.
        guesses[name] = (np.full(frames, common), by_phase[truth.phase[name].astype(np.int64)])
    return guesses

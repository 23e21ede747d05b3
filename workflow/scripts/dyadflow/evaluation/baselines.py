"""What a model has to beat: guessing the commonest class, overall or in each phase."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.evaluation.counts import Cell, CellCounts, count_session
from dyadflow.evaluation.truth import Truth

#: The stream of baselines, which look at neither picture nor sound.
NO_STREAM = "none"
BASELINES = ("majority", "phase")
#: These look at the answer, so they are no baselines: they show what a metric gives to anything that knows the recent
#: past.
ORACLES = ("previous",)


def count_baselines(protocol: str, truth: Truth) -> list[CellCounts]:
    """Fit both baselines in each outer fold and count what they, and the oracle, predict for its held-out sessions.

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
        phase; where they have no frame in that phase, and outside all phases, the majority. Of equally common classes
        the first in the list is taken. And the oracle ``previous``: the true class of the last frame before that has
        one, in the first such frame of a session the majority. All have the stream ``none``.

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
        for place, model in enumerate((*BASELINES, *ORACLES))
    ]


def _guesses(truth: Truth) -> dict[str, tuple[NDArray[Any], ...]]:
    """For each session, the class of each frame by both baselines, fitted without the sessions of its fold, and by the
    oracle."""
    # Occurrences of each class, whatever was predicted: shape (sessions, phases + 1, classes).
    seen = np.stack([
        count_session(truth, name, np.zeros(len(codes), np.int64)).sum(-1)
        for name, codes in truth.codes.items()
    ])
    outer = np.array([truth.folds[name].outer for name in truth.sessions])
    guesses: dict[str, tuple[NDArray[Any], ...]] = {}
    for name, fold in zip(truth.sessions, outer, strict=True):
        training = seen[outer != fold].sum(0)
        common = int(training.sum(0).argmax())
        by_phase = np.where(training.any(1), training.argmax(1), common)
        by_phase[-1] = common
        frames = len(truth.codes[name])
        # Index -1, outside all phases, reads the last entry.
        guesses[name] = (
            np.full(frames, common), by_phase[truth.phase[name].astype(np.int64)], _previous(truth.codes[name], common))
    return guesses


def _previous(codes: NDArray[np.int8], first: int) -> NDArray[np.int64]:
    """In each frame the class of the last frame before it that has one; before any, `first`."""
    known = codes >= 0
    last = np.maximum.accumulate(np.where(known, np.arange(len(codes)), -1))
    before = np.concatenate([[-1], last[:-1]])
    return np.where(before < 0, first, codes[before]).astype(np.int64)

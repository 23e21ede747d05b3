"""Confusions of one cell: what was true and what was predicted, frame by frame, counted once."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.truth import Truth

#: What every result table begins with.
KEY = ("protocol", "target", "stream", "model")


@dataclass(frozen=True)
class Cell:
    """A row of the result table: how, what, from what and by what was predicted."""

    protocol: str
    target: str
    stream: str
    model: str

    @property
    def key(self) -> dict[str, str]:
        """The four key columns of every result table."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class CellCounts:
    """Every confusion that a cell's results are made of.

    Parameters
    ----------
    cell
        Whose results.
    truth
        What it was scored against.
    counts
        Frames, shape (sessions, phases + 1, classes, classes): sessions in the order of `truth.sessions`; the
        last phase is for frames outside all of them; truth in rows, predictions in columns.
    """

    cell: Cell
    truth: Truth
    counts: NDArray[np.int64]

    def only(self, sessions: Collection[str]) -> "CellCounts":
        """The counts of these sessions alone."""
        kept = [name in sessions for name in self.truth.sessions]
        return CellCounts(self.cell, self.truth.only(sessions), self.counts[kept])

    def by_dyad(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum counts of shape (sessions, ...) over the sessions of each dyad: shape (dyads, ...)."""
        return self._grouped(counts, [self.truth.folds[name].dyad for name in self.truth.sessions])

    def by_fold(self, counts: NDArray[np.int64]) -> tuple[list[int], NDArray[np.int64]]:
        """Sum counts of shape (sessions, ...) over each outer fold: its number, and shape (folds, ...).

        None where frames were held out one by one, because no session belongs to a fold then.
        """
        if self.truth.by_frame:
            return [], np.zeros((0, *counts.shape[1:]), dtype=np.int64)
        folds = [self.truth.folds[name].outer for name in self.truth.sessions]
        return sorted(set(folds)), self._grouped(counts, folds)

    @staticmethod
    def _grouped(counts: NDArray[np.int64], names: list[Any]) -> NDArray[np.int64]:
        places = {name: place for place, name in enumerate(sorted(set(names)))}
        table = np.zeros((len(places), *counts.shape[1:]), dtype=np.int64)
        np.add.at(table, [places[name] for name in names], counts)
        return table

    def slices(self, instructed: tuple[str, ...]) -> dict[str, NDArray[np.int64]]:
        """Confusions by phase, each of shape (sessions, classes, classes).

        ``all``; each phase in which anything was scored; and ``without X`` for each instructed phase X among
        these, in which the caregiver does as told and nothing is to be predicted.
        """
        everything = self.counts.sum(1)
        found = {"all": everything}
        scored = [name for index, name in enumerate(self.truth.phases) if self.counts[:, index].any()]
        for name in scored:
            found[name] = self.counts[:, self.truth.phases.index(name)]
        for name in scored:
            if name in instructed:
                found[f"without {name}"] = everything - found[name]
        return found


def count_session(truth: Truth, session: str, predicted: NDArray[np.integer]) -> NDArray[np.int64]:
    """Confusion of one session by phase.

    Parameters
    ----------
    truth
        What to score against; frames without a class are left out.
    session
        Which session.
    predicted
        Predicted class of each frame, shape (frames,).

    Returns
    -------
    ndarray, shape (phases + 1, classes, classes)
    """
    codes = truth.codes[session].astype(np.int64)
    phase = truth.phase[session].astype(np.int64)
    size, slots = len(truth.classes), len(truth.phases) + 1
    scored = codes >= 0
    place = np.where(phase < 0, slots - 1, phase)
    cells = (place[scored] * size + codes[scored]) * size + predicted[scored].astype(np.int64)
    return np.bincount(cells, minlength=slots * size * size).reshape(slots, size, size)


def count_cell(cell: Cell, truth: Truth, probabilities: str | Path) -> CellCounts:
    """Count a trained cell's held-out predictions: in each frame the class of the highest probability.

    Parameters
    ----------
    cell, truth
        Whose predictions, and what to score them against.
    probabilities
        HDF5 file of the cell (`read_held_out`, which says what is refused).

    Notes
    -----
    Of equal probabilities the first class in the list wins.
    """
    counts = [
        count_session(truth, session, held_out.codes) for session, held_out in read_held_out(probabilities, truth)
    ]
    return CellCounts(cell, truth, np.stack(counts))

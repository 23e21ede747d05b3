"""What held-out predictions are scored against: one human coder's labels in each session."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.annotations.label_index import read_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table


@dataclass(frozen=True)
class Fold:
    """Where a session stands: its dyad, and the outer fold in which it is held out."""

    dyad: str
    outer: int


@dataclass(frozen=True)
class Truth:
    """One target's truth in every session that somebody coded.

    Parameters
    ----------
    target
        What is predicted.
    classes
        Its classes, in the order of tables.
    phases
        Names of the phases of the scheme; empty if it has none.
    codes
        For each session, class indices by frame, shape (frames,); negative where there is no class.
    phase
        For each session, indices into `phases` by frame, shape (frames,); -1 outside all of them.
    folds
        For each session, its dyad and outer fold.
    by_frame
        Whether frames were held out one by one, so that every session was seen in training. Only to show what such
        a split would have claimed.
    """

    target: str
    classes: tuple[str, ...]
    phases: tuple[str, ...]
    codes: dict[str, NDArray[np.int8]]
    phase: dict[str, NDArray[np.int8]]
    folds: dict[str, Fold]
    by_frame: bool = False

    @property
    def sessions(self) -> list[str]:
        """Sessions in the order of the fold table."""
        return list(self.codes)

    def only(self, sessions: Collection[str]) -> "Truth":
        """The truth of these sessions alone, in the order of the fold table."""
        def kept(values: dict[str, Any]) -> dict[str, Any]:
            return {name: values[name] for name in self.codes if name in sessions}

        return replace(self, codes=kept(self.codes), phase=kept(self.phase), folds=kept(self.folds))


def read_folds(path: str | Path) -> dict[str, Fold]:
    """Read the dyad and outer fold of each session, in the order of the table."""
    table = read_table(path, ("session", "dyad", "outer"), text=("session", "dyad"))
    return {
        row.session: Fold(row.dyad, int(row.outer)) for row in table.itertuples(index=False)}


def read_labels(index: str | Path, sessions: Sequence[str]) -> dict[str, SessionLabels]:
    """Read the frame labels of the sessions that the folds name.

    Raises
    ------
    DyadflowError
        If the index lacks one of them.
    """
    files = read_label_index(index)
    for session in sessions:
        if session not in files:
            raise DyadflowError(
                f"session {session} is in a fold but has no frame labels", where=str(index),
                fix="run the workflow again from the labels on",
            )
    return {session: files[session].read() for session in sessions}


def choose_truth(
    labels: Mapping[str, SessionLabels],
    folds: Mapping[str, Fold],
    target: str,
    score_coders: Sequence[str],
    kinds: Mapping[tuple[str, str], str],
) -> Truth:
    """Take, in each session, the first of the scoring coders who coded the target there and is human.

    Parameters
    ----------
    labels, folds
        Frame labels and fold of each session.
    target
        What is predicted.
    score_coders
        The protocol's coders, the preferred one first.
    kinds
        Kind of each (session, coder). Coding that was assisted by a prediction never scores.

    Returns
    -------
    Truth
        Without the sessions in which none of these coders coded the target: nothing can be scored there.

    Raises
    ------
    DyadflowError
        If no session is left, or if sessions disagree on the target's classes.
    """
    classes: tuple[str, ...] | None = None
    phases: tuple[str, ...] = ()
    codes, phase = {}, {}
    for session in folds:
        found = labels[session]
        coder = next((name for name in score_coders if kinds.get((session, name)) == "human"
                      and has_coded(found.codes.get(target, {}).get(name, np.zeros(0, np.int8)))), None)
        if coder is None:
            continue
        if classes is not None and (tuple(found.classes[target]), tuple(found.phases)) != (classes, phases):
            raise DyadflowError(
                f"the labels of session {session} have other classes or phases than those before",
                fix="run the workflow again from the labels on",
            )
        classes, phases = tuple(found.classes[target]), tuple(found.phases)
        codes[session], phase[session] = found.codes[target][coder], found.phase
    if classes is None:
        raise DyadflowError(
            f"target {target} has no session in which {' or '.join(score_coders)} coded it",
            fix="name human coders of that target in the protocol's score_coders",
        )
    return Truth(target, classes, phases, codes, phase, {session: folds[session] for session in codes})

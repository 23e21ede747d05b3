"""What a cell predicted for sessions that it never saw, read and checked once for every table of results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.evaluation.truth import Truth

#: The fold of a session whose frames were held out one by one, in different folds (``split: frames``).
BY_FRAME = -1


@dataclass(frozen=True)
class HeldOut:
    """What a cell predicted for one session.

    Parameters
    ----------
    probabilities
        As the network gave them, shape (frames, classes).
    fold
        The outer fold whose model predicted it, or `BY_FRAME`.
    class_weights
        Weights of the classes in that model's loss, shape (classes,). Dividing them out gives back the odds that
        training shifted.
    temperature
        By which the logarithms are then divided, fitted on inner out-of-fold probabilities.
    smoothing_frames, minimum_bout_frames
        How that model's codes are smoothed before bouts are counted, tuned on the same; 1 and 1 change nothing.
    """

    probabilities: NDArray[np.float32]
    fold: int
    class_weights: NDArray[np.float64]
    temperature: float
    smoothing_frames: int
    minimum_bout_frames: int

    @property
    def codes(self) -> NDArray[np.int64]:
        """The most probable class of each frame, of equal ones the first; shape (frames,)."""
        return self.probabilities.argmax(1)

    def calibrated(self) -> NDArray[np.float64]:
        """Probabilities without the shift by class weights, at the fitted temperature; shape (frames, classes)."""
        from dyadflow.models.calibration import calibrate

        return calibrate(self.probabilities, self.class_weights, self.temperature)

    def smoothed_codes(self) -> NDArray[np.int64]:
        """The class of each frame after smoothing, without bouts that are too short; shape (frames,)."""
        from dyadflow.models.smoothing import smooth_codes

        return smooth_codes(
            self.probabilities, smoothing_frames=self.smoothing_frames, minimum_bout_frames=self.minimum_bout_frames
        )


def failure_of(probabilities: str | Path) -> str | None:
    """The sentence that says why a cell was not trained; None if it was."""
    import h5py

    with h5py.File(probabilities, "r") as file:
        return str(file.attrs["failed"]) if "failed" in file.attrs else None


def read_held_out(path: str | Path, truth: Truth) -> Iterator[tuple[str, HeldOut]]:
    """Give each session of `truth` with what was predicted for it, in order, one in memory at a time.

    Parameters
    ----------
    path
        HDF5 file of a cell: one dataset a session, shape (frames, classes), with the attribute ``fold``, and those of
        `HeldOut` where the model has them; the classes as JSON in the file's attribute ``classes``.
    truth
        What it is to be scored against.

    Raises
    ------
    DyadflowError
        If the classes differ from the scheme's; or if a session that can be scored was not predicted, was predicted
        by a model that was trained on it (another fold than the fold table's), or has another number of frames or a
        missing prediction.
    """
    import h5py

    path = Path(path)
    with h5py.File(path, "r") as file:
        classes = tuple(json.loads(file.attrs["classes"]))
        if classes != truth.classes:
            raise DyadflowError(
                f"the predictions are of {', '.join(classes)}, the labels of {', '.join(truth.classes)}",
                where=str(path), fix="train this cell again",
            )
        for session in truth.sessions:
            yield session, _read_session(file, truth, session, path)


def _read_session(file: Any, truth: Truth, session: str, path: Path) -> HeldOut:
    """One session's predictions, once it is sure that it was held out there."""
    if session not in file:
        raise DyadflowError(
            f"session {session} was never predicted", where=str(path), fix="train this cell again")
    attributes: Mapping[str, Any] = dict(file[session].attrs)
    fold, expected = int(attributes["fold"]), BY_FRAME if truth.by_frame else truth.folds[session].outer
    if fold != expected:
        raise DyadflowError(
            f"session {session} was predicted in fold {fold}, but is held out in fold {expected}",
            where=str(path), fix="train this cell again",
        )
    values = file[session][()]
    shape = (len(truth.codes[session]), len(truth.classes))
    if values.shape != shape:
        raise DyadflowError(
            f"session {session} has predictions for {values.shape[0]} frames and {values.shape[-1]} classes, "
            f"and labels for {shape[0]} and {shape[1]}", where=str(path), fix="train this cell again",
        )
    lacking = np.flatnonzero((truth.codes[session] >= 0) & ~np.isfinite(values).all(1))
    if len(lacking):
        raise DyadflowError(
            f"session {session} has no prediction for frame {lacking[0]}, which was coded", where=str(path),
            fix="train this cell again",
        )
    weights: Sequence[float] = attributes.get("class_weights", np.ones(len(truth.classes)))
    return HeldOut(
        values, fold, np.asarray(weights, np.float64), float(attributes.get("temperature", 1.0)),
        int(attributes.get("smoothing_frames", 1)), int(attributes.get("minimum_bout_frames", 1)),
    )

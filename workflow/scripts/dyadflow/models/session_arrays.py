"""Sessions as plain arrays: what the estimator is given, checked once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.errors import DyadflowError


def read_sessions(X: Sequence[ArrayLike]) -> list[NDArray[np.float32]]:
    """Sessions as arrays (frames, dims) of float32.

    Raises
    ------
    DyadflowError
        If there is none, or they are not of one width.
    """
    sessions = [np.asarray(values, dtype=np.float32) for values in X]
    if not sessions:
        raise DyadflowError("there is no session", where="X", fix="give a list of arrays (frames, dims)")
    for number, values in enumerate(sessions):
        if values.ndim != 2 or not len(values) or values.shape[1] != sessions[0].shape[1]:
            raise DyadflowError(
                f"session {number} has shape {values.shape}", where="X",
                fix="give every session as frames by dims, with the same dims in all",
            )
    return sessions


def read_codes(y: Sequence[ArrayLike], sessions: Sequence[NDArray[Any]]) -> list[NDArray[np.int64]]:
    """Codes of each session by coder, shape (coders, frames); negative is no class.

    Parameters
    ----------
    y
        For each session shape (frames,), or (coders, frames).
    sessions
        Whose codes they are.

    Raises
    ------
    DyadflowError
        If they are no whole numbers, or do not fit the sessions.
    """
    codes = [np.asarray(part) for part in y]
    if len(codes) != len(sessions):
        raise DyadflowError(
            f"there are {len(sessions)} sessions and codes of {len(codes)}", where="y",
            fix="give codes for each session",
        )
    coders = {1 if part.ndim < 2 else len(part) for part in codes}
    for number, (part, values) in enumerate(zip(codes, sessions, strict=True)):
        if part.ndim not in (1, 2) or part.shape[-1:] != (len(values),) or len(coders) > 1:
            raise DyadflowError(
                f"codes of session {number} have shape {part.shape}, and it has {len(values)} frames", where="y",
                fix="give a code for each frame, by the same number of coders in all sessions",
            )
        if not np.issubdtype(part.dtype, np.integer):
            raise DyadflowError(
                f"codes of session {number} are {part.dtype} and not whole numbers", where="y",
                fix="number the classes from 0, and give frames without a class a negative number",
            )
    return [np.atleast_2d(part).astype(np.int64) for part in codes]


def read_groups(groups: ArrayLike | None, count: int) -> NDArray[Any]:
    """The dyad of each session, shape (sessions,); without `groups` each session is one.

    Raises
    ------
    DyadflowError
        If there are not as many as sessions.
    """
    dyads = np.arange(count) if groups is None else np.asarray(groups)
    if dyads.shape != (count,):
        raise DyadflowError(
            f"there are {count} sessions and dyads of shape {dyads.shape}", where="groups",
            fix="name the dyad of each session",
        )
    return dyads


def places_of(codes: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of each code among `classes`, which are sorted; -1 where there is no class."""
    return np.where(codes < 0, -1, np.searchsorted(classes, codes))


def first_class(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each frame the class by the first coder who gave one, shape (frames,); negative where nobody did."""
    first = (codes >= 0).argmax(axis=0)
    return codes[first, np.arange(codes.shape[1])]

"""Deal dyads into folds: by label, never splitting a dyad, never moving those already dealt."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.folds.request import check_request, empty_fold
from dyadflow.folds.table import inner_column


def assign_folds(
    counts: pd.DataFrame, *, outer: int, inner: int, pins: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Give every session its outer fold, and its inner fold within every outer training set.

    Parameters
    ----------
    counts
        Columns session, dyad, then any number of columns of labelled frames by class (`count_labels`), in the
        order of the session sheet.
    outer, inner
        How many folds.
    pins
        Outer folds fixed by hand, by dyad.

    Returns
    -------
    DataFrame
        Columns session, dyad, outer, inner_of_0 ... inner_of_{outer - 1}; an inner fold is missing where the
        session is held out in that outer fold.

    Raises
    ------
    DyadflowError
        If there are fewer dyads than folds, inside or outside, if a session is listed twice, or if a pin
        names a dyad or fold that is not there.

    Notes
    -----
    Dyads are dealt in the order in which the sheet first names them. Each goes to a fold with the fewest
    dyads, and among these to the one in which the classes that it shows are scarcest (see `_scarcest`). The
    choice looks at earlier rows only, so sessions added at the end of the sheet never move a dyad that
    already has a fold. Pinned dyads are dealt first; to freeze a whole table, use its columns dyad and
    outer as pins. Folds do move if frames of earlier sessions are coded anew; that is what pins are for.
    """
    pins = dict(pins or {})
    _check(counts, outer, inner, pins)
    table = counts[["session", "dyad"]].copy()
    frames = counts.drop(columns=["session", "dyad"]).to_numpy(dtype=np.float64)
    table["outer"] = pd.array(deal_dyads(list(table.dyad), frames, outer, pins), dtype="Int64")
    for fold in range(outer):
        training = (table.outer != fold).to_numpy(dtype=bool)
        dealt = deal_dyads(list(table.dyad[training]), frames[training], inner, {})
        column = pd.array([pd.NA] * len(table), dtype="Int64")
        column[training] = dealt
        table[inner_column(fold)] = column
    return table.reset_index(drop=True)


def deal_dyads(
    dyads: list[str], frames: NDArray[np.float64], folds: int, pins: Mapping[str, int]
) -> list[int]:
    """Deal dyads into folds, session by session.

    Parameters
    ----------
    dyads
        The dyad of each session, in order.
    frames
        Labelled frames by class, shape (sessions, classes).
    folds
        How many.
    pins
        Folds fixed by hand, by dyad.

    Returns
    -------
    list of int
        The fold of each session.
    """
    placed: dict[str, int] = {}
    dyads_in = np.zeros(folds, dtype=int)
    held = np.zeros((folds, frames.shape[1]))
    order = [row for row, dyad in enumerate(dyads) if dyad in pins]
    order += [row for row, dyad in enumerate(dyads) if dyad not in pins]
    for row in order:
        dyad = dyads[row]
        if dyad not in placed:
            placed[dyad] = pins.get(dyad, _scarcest(held, dyads_in, frames[row]))
            dyads_in[placed[dyad]] += 1
        held[placed[dyad]] += frames[row]
    return [placed[dyad] for dyad in dyads]


def _scarcest(held: NDArray[np.float64], dyads_in: NDArray[np.int_], frames: NDArray[np.float64]) -> int:
    """The fold, among those with the fewest dyads, that is shortest of the classes in `frames`.

    Balance is the sum over folds and classes of the squared share of the class that the fold holds. Adding x
    frames of a class to a fold that holds n of N changes it by (2 n x + x^2) / N^2, of which only n differs
    between folds; so the fold with the smallest sum of n x / N^2 leaves the best balance.
    """
    total = held.sum(axis=0) + frames
    weight = np.divide(frames, total**2, out=np.zeros_like(frames), where=total > 0)
    crowding = np.where(dyads_in == dyads_in.min(), held @ weight, np.inf)
    return int(np.argmin(crowding))


def _check(counts: pd.DataFrame, outer: int, inner: int, pins: Mapping[str, int]) -> None:
    check_request(counts, outer, pins)
    held_out = _dyads_by_fold(counts, outer, pins)
    if not all(held_out):
        raise empty_fold(held_out.index(0))
    smallest = sum(held_out) - max(held_out)
    if smallest < inner:
        raise DyadflowError(
            f"{inner} inner folds need at least {inner} dyads in every outer training set, and one has "
            f"{smallest}",
            where="folds.inner", fix=f"ask for at most {smallest} inner folds, or code more dyads",
        )


def _dyads_by_fold(counts: pd.DataFrame, outer: int, pins: Mapping[str, int]) -> list[int]:
    dealt = deal_dyads(list(counts.dyad), np.zeros((len(counts), 0)), outer, pins)
    fold_of = dict(zip(counts.dyad, dealt, strict=True))
    return [sum(fold == number for fold in fold_of.values()) for number in range(outer)]

"""Whether the folds that are asked for can be made of these dyads at all."""

from collections.abc import Mapping

import pandas as pd

from dyadflow.errors import DyadflowError


def check_request(counts: pd.DataFrame, outer: int, pins: Mapping[str, int]) -> None:
    """Refuse sessions listed twice, fewer dyads than outer folds, and pins of dyads or folds that are not there.

    Parameters
    ----------
    counts
        Columns session and dyad, one row a session.
    outer
        How many outer folds.
    pins
        Outer folds fixed by hand, by dyad.

    Raises
    ------
    DyadflowError
        In any of these cases.
    """
    repeated = counts.session[counts.session.duplicated()]
    if len(repeated):
        raise DyadflowError(f"session {repeated.iloc[0]} is listed twice", fix="keep one row a session")
    dyads = set(counts.dyad)
    if len(dyads) < outer:
        raise DyadflowError(
            f"{outer} outer folds need at least {outer} dyads with coding, and there are {len(dyads)}",
            where="folds.outer", fix=f"ask for at most {len(dyads)} outer folds, or code more dyads",
        )
    for dyad, fold in pins.items():
        if dyad not in dyads:
            raise DyadflowError(
                f"dyad {dyad} is pinned to a fold, and no coded session is of that dyad",
                where="pins of folds",
                fix="correct the dyad or remove the pin",
            )
        if not 0 <= fold < outer:
            raise DyadflowError(
                f"dyad {dyad} is pinned to fold {fold}, and folds run from 0 to {outer - 1}",
                where="pins of folds",
                fix="pin it to one of these",
            )


def empty_fold(fold: int) -> DyadflowError:
    """The sentence for pins that crowd so many dyads together that a fold is left without any."""
    return DyadflowError(
        f"the pins leave no dyad for outer fold {fold}", where="pins of folds", fix="pin fewer dyads together")

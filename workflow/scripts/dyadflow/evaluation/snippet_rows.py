"""What a video network and its coders said of snippets, as cells write it down."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table

COLUMNS = ("set", "units", "outer", "session", "dyad", "start", "coder", "label", "predicted")
TEXT = ("set", "units", "session", "dyad", "coder")


def read_snippets(
    path: str | Path, coders: Collection[str], kinds: Mapping[tuple[str, str], str]
) -> pd.DataFrame:
    """Read a cell's snippets, as far as they were labelled by a coder who scores.

    Parameters
    ----------
    path
        TSV, one row a (snippet, coder): set (validation, test), units (tiled, drawn), outer, session, dyad, start
        (first frame), coder, label and predicted (0 or 1).
    coders
        Whose coding scores.
    kinds
        Kind of each (session, coder). Only ``human`` coding scores.

    Returns
    -------
    DataFrame
        The rows of these coders, in the order of the file.

    Raises
    ------
    DyadflowError
        If the file lacks a column, or a coder is there twice for the same tile of the test set: a session would
        then have been tested in two folds.
    """
    table = read_table(path, COLUMNS, text=TEXT)
    scores = [
        row.coder in coders and kinds.get((row.session, row.coder)) == "human" for row in table.itertuples()]
    table = table[np.array(scores, dtype=bool)].reset_index(drop=True)
    tiles = choose(table, "test", "tiled")
    repeated = tiles[tiles.duplicated(["session", "start", "coder"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise DyadflowError(
            f"session {first.session} has the snippet at frame {first.start} twice among the test snippets of coder "
            f"{first.coder}", where=str(path), fix="train this cell again",
        )
    return table


def choose(table: pd.DataFrame, which: str, units: str) -> pd.DataFrame:
    """The rows of one set, tiled or drawn."""
    return table[(table["set"] == which) & (table.units == units)]


def confusion_by_dyad(dyads: ArrayLike, one: ArrayLike, other: ArrayLike) -> NDArray[np.int64]:
    """Count what two raters said of the same snippets.

    Parameters
    ----------
    dyads
        The dyad of each snippet, shape (snippets,).
    one, other
        0 or 1 for each snippet, shape (snippets,).

    Returns
    -------
    ndarray, shape (dyads, 2, 2)
        Dyads sorted by name; the first rater in rows.
    """
    names, place = np.unique(np.asarray(dyads, dtype=str), return_inverse=True)
    cells = place * 4 + np.asarray(one, dtype=np.int64) * 2 + np.asarray(other, dtype=np.int64)
    return np.bincount(cells, minlength=4 * len(names)).reshape(len(names), 2, 2)

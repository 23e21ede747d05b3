"""The table of folds, as people and jobs read it, and the pins that people set against it."""

from pathlib import Path

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table


def inner_column(outer: int) -> str:
    """Name of the column that holds the inner folds within outer fold `outer`'s training dyads."""
    return f"inner_of_{outer}"


def read_folds(path: str | Path) -> pd.DataFrame:
    """Read a table of folds.

    Returns
    -------
    DataFrame
        Columns session, dyad (text), outer, inner_of_0 ... (nullable integers: missing where the session is
        held out in that outer fold).
    """
    table = read_table(path, ["session", "dyad", "outer"], text=["session", "dyad"])
    numbers = [name for name in table.columns if name == "outer" or name.startswith("inner_of_")]
    return table.astype(dict.fromkeys(numbers, "Int64"))


def read_pins(path: str | Path | None) -> dict[str, int]:
    """Read the outer folds that a person fixed by hand; no file, no pins.

    Parameters
    ----------
    path
        TSV with columns dyad and outer (the first fold is 0), usually ``human/folds.tsv``. May be missing.

    Raises
    ------
    DyadflowError
        If a fold is not a whole number, or a dyad is pinned to two folds.
    """
    if path is None or not Path(path).exists():
        return {}
    table = read_table(path, ["dyad", "outer"], text=["dyad", "outer"])
    pins: dict[str, int] = {}
    for line, (dyad, fold) in enumerate(zip(table.dyad, table.outer, strict=True), start=2):
        where = f"{path}, line {line}"
        if not fold.strip().isdecimal():
            raise DyadflowError(
                f"{fold!r} is not the number of a fold", where=where,
                fix="write 0 for the first fold, 1 for the next"
            )
        if pins.setdefault(dyad, int(fold)) != int(fold):
            raise DyadflowError(
                f"dyad {dyad} is pinned to folds {pins[dyad]} and {int(fold)}", where=where,
                fix="keep one of the two"
            )
    return pins

"""Tables on disk: tab-separated text that opens in R, SPSS and a spreadsheet alike.

Written the same way everywhere, so that the same numbers are the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dyadflow.errors import DyadflowError


def write_table(table: pd.DataFrame, path: str | Path, *, digits: int = 6) -> None:
    """Write a table as TSV: UTF-8, line feeds, empty cells for missing values.

    Parameters
    ----------
    table
        The table; its index is not written.
    path
        Where to. The parent folder is made if it is not there.
    digits
        Decimals kept of floating-point columns. Milliseconds need 3; a probability is shown with 6.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    rounded = table.copy()
    for name in rounded.select_dtypes("float").columns:
        # + 0.0 turns -0.0 into 0.0: the same number should be the same bytes.
        rounded[name] = rounded[name].round(digits) + 0.0
    rounded.to_csv(path, sep="\t", index=False, lineterminator="\n", na_rep="")


def read_table(
    path: str | Path, columns: Sequence[str] = (), *, text: Sequence[str] = (), all_text: bool = False
) -> pd.DataFrame:
    """Read a TSV, and say so in one sentence if it is not there or lacks a column.

    Parameters
    ----------
    path
        The file.
    columns
        Columns that must be present.
    text
        Columns kept as text even where every value looks like a number (session names such as ``007``).
    all_text
        Whether to keep every column as text.

    Returns
    -------
    DataFrame
        With missing text as empty strings in the columns named in `text`.

    Raises
    ------
    DyadflowError
        If the file is missing, unreadable, or lacks one of `columns`.
    """
    path = Path(path)
    if not path.exists():
        raise DyadflowError("there is no such file", where=str(path), fix="check the name in the study file")
    try:
        table = pd.read_csv(
            path, sep="\t", dtype=str if all_text else dict.fromkeys(text, str), keep_default_na=False, na_values=[""],
            encoding="utf-8-sig",
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DyadflowError(
            f"this is not a tab-separated table in UTF-8 ({error})", where=str(path),
            fix="save it as tab-separated text (.tsv), UTF-8",
        ) from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DyadflowError(
            f"column {', '.join(repr(name) for name in missing)} is missing; there are "
            f"{', '.join(repr(str(name)) for name in table.columns)}",
            where=str(path), fix="add it to the header line, separated by tabs",
        )
    for name in table.columns if all_text else text:
        if name in table.columns:
            table[name] = table[name].fillna("")
    return table

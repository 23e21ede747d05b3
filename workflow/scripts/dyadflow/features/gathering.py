"""The index of an extractor's streams: the tables of its batches in one, which a training job reads in their place."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table, write_table


def gather_indices(batches: Sequence[str | Path], index: str | Path) -> None:
    """Put the tables that `extract_batch` wrote one below the other.

    Parameters
    ----------
    batches
        The tables, in the order of the batches. They and the index lie in one folder, so that the files they name are
        found from there, too.
    index
        Where to write.

    Raises
    ------
    DyadflowError
        If a table is missing, or tables have other columns than the first: they were written by different code.
    """
    tables = [read_table(batch, all_text=True) for batch in batches]
    for batch, table in zip(batches, tables, strict=True):
        if list(table.columns) != list(tables[0].columns):
            raise DyadflowError(
                f"this table has other columns than {batches[0]}", where=str(batch),
                fix="run `snakemake` again with --forcerun extract_features",
            )
    write_table(pd.concat(tables, ignore_index=True), index)

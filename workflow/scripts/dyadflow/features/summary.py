"""One line a stream: its mean and variance, whether it drifts, what of it is dead or missing."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dyadflow.features.component_file import COMPONENTS
from dyadflow.tables import read_table, write_table

#: Columns of the summary; what the numbers mean is said in `describe_stream`.
SUMMARY_COLUMNS = (
    "session", "view", "extractor", "kind", "untrained", "frames", "dims", "valid_share", "mean", "variance",
    "drift", "largest_drift", "largest_drift_dimension", "dead_dimensions", "kept_variance",
    *(f"explained_{number}" for number in range(1, COMPONENTS + 1)),
)

_COUNTS = ("frames", "dims", "largest_drift_dimension", "dead_dimensions")


def write_summary(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table that has `SUMMARY_COLUMNS`; cells are empty where there is nothing to count."""
    # Of motion energy, six decimals would leave nothing.
    write_table(table.astype(dict.fromkeys(_COUNTS, "Int64")), path, digits=15)


def summarise_streams(tables: Sequence[str | Path], summary: str | Path) -> None:
    """Put the lines of all batches into one table, without the places of files.

    Parameters
    ----------
    tables
        As `describe_batch` wrote them.
    summary
        Table to write: one row a stream, columns `SUMMARY_COLUMNS`, in the order of `tables`.

    Raises
    ------
    DyadflowError
        If a table is missing.
    """
    text = ("session", "view", "extractor", "kind", "untrained")
    parts = [read_table(path, SUMMARY_COLUMNS, text=text)[list(SUMMARY_COLUMNS)] for path in tables]
    # A batch in which nobody is heard has columns without any number; they should not decide the type.
    rows = [row for part in parts for row in part.to_dict("records")]
    write_summary(pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS)), summary)

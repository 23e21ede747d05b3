"""Which values of two versions of a table differ: rows are matched by what names them, not by their order."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

#: Columns that name a row even where their values are numbers.
NAMING = ("session", "dyad", "coder", "fold", "outer", "inner", "class")
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes
    ----------
    row
        What names the row: values of its naming columns.
    column
        The column.
    first, second
        Both values as they stand in the tables.
    size
        How large the change is, in standard deviations of the column; infinite where one value is missing.
    """

    row: tuple[str, ...]
    column: str
    first: str
    second: str
    size: float


@dataclass(frozen=True)
class TableChanges:
    """What differs between two versions of a table.

    Attributes
    ----------
    changes
        Values that differ, the largest change first.
    rows
        Rows that both have.
    changed_rows
        Those of them in which a value differs.
    only_first, only_second
        What names the rows that one of them alone has.
    columns
        Names of columns that one of them alone has.
    """

    changes: list[Change]
    rows: int
    changed_rows: int
    only_first: list[tuple[str, ...]]
    only_second: list[tuple[str, ...]]
    columns: list[str]


def compare_tables(first: str | Path, second: str | Path) -> TableChanges:
    """Compare two versions of a table (TSV).

    Rows are named by the columns that hold text; where that names several rows alike, by columns of whole numbers too,
    and where it still does, by their order.
    """
    left, right = _read(first), _read(second)
    columns = [name for name in left.columns if name in right.columns]
    naming = _naming_columns(left[columns], right[columns])
    left_rows, right_rows = _rows(left, naming), _rows(right, naming)
    values = [name for name in columns if name not in naming]
    spread = {name: _spread([*left[name], *right[name]]) for name in values}
    changes = [
        Change(key[0], name, one[name], other[name], _size(one[name], other[name], spread[name]))
        for key, one in left_rows.items() if (other := right_rows.get(key)) is not None
        for name in values if one[name] != other[name]
    ]
    both = left_rows.keys() & right_rows.keys()
    changed = {key for key in both if any(left_rows[key][name] != right_rows[key][name] for name in values)}
    return TableChanges(
        sorted(changes, key=lambda change: -change.size), len(both), len(changed),
        [key[0] for key in left_rows if key not in both], [key[0] for key in right_rows if key not in both],
        sorted(set(left.columns) ^ set(right.columns)),
    )


def _read(path: str | Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3)


def _naming_columns(left: pd.DataFrame, right: pd.DataFrame) -> list[str]:
    both = pd.concat([left, right])
    naming = [name for name in both.columns if name in NAMING or not _all_numbers(both[name])]
    for name in both.columns:
        if not (left.duplicated(naming).any() or right.duplicated(naming).any()) if naming else False:
            break
        if name not in naming and all(_WHOLE.fullmatch(value) for value in both[name]):
            naming.append(name)
    return [name for name in both.columns if name in naming]


def _all_numbers(values: Sequence[str]) -> bool:
    return all(value == "" or not math.isnan(_number(value)) for value in values)


def _rows(table: pd.DataFrame, naming: list[str]) -> dict[tuple[tuple[str, ...], int], dict[str, str]]:
    """Rows by what names them, and behind that how many rows of the same name stand before."""
    found: dict[tuple[tuple[str, ...], int], dict[str, str]] = {}
    seen: dict[tuple[str, ...], int] = {}
    for row in table.to_dict("records"):
        key = tuple(row[name] for name in naming)
        seen[key] = seen.get(key, 0) + 1
        found[key, seen[key]] = row
    return found


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _spread(values: Sequence[str]) -> float:
    numbers = [number for value in values if math.isfinite(number := _number(value))]
    return float(pd.Series(numbers).std(ddof=0)) if numbers else 0.0


def _size(first: str, second: str, spread: float) -> float:
    change = abs(_number(first) - _number(second))
    if math.isnan(change):
        return math.inf
    return change / spread if spread > 0 else change

"""Result tables in which every row names its cell: taken apart by cell, and laid out with the named cell first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.results import CELL, is_headline, rows_of
from dyadflow.report.wording import cell_name
from dyadflow.tables import read_table


@dataclass(frozen=True)
class CellRows:
    """The rows of one cell; `headline` says that it is the one named beforehand."""

    target: str
    title: str
    protocol: str
    stream: str
    model: str
    headline: bool
    rows: pd.DataFrame

    @property
    def name(self) -> str:
        """What the cell is called in a row of its own."""
        return cell_name(self.stream, self.model)

    def phases(self) -> list[str]:
        """The phases that its rows speak of, without the row that speaks of all."""
        return [phase for phase in dict.fromkeys(self.rows.phase) if phase != "all"]


@dataclass(frozen=True)
class Heads:
    """What names a row of a table; the spans are numbers of rows, 0 below the first of them."""

    title: str
    title_span: int
    cell: str
    cell_span: int
    protocol: str
    headline: bool


@dataclass(frozen=True)
class CellTable:
    """Rows of the cell named beforehand, and rows of every cell, which are none if that says no more."""

    named: list[tuple[Heads, Any]]
    every: list[tuple[Heads, Any]]


def read_cell_rows(
    path: Path | None,
    columns: Sequence[str],
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    *,
    text: Sequence[str] = (),
) -> list[CellRows]:
    """Read a table and part it by cell: targets in the scheme's order, in each the headline first.

    Parameters
    ----------
    path
        The table; None gives no cells.
    columns, text
        Columns that it must have; those of `text` hold words.
    scheme, headline
        The coding scheme, and the cell named beforehand.
    """
    if path is None:
        return []
    names = (*CELL, *text)
    table = read_table(path, [*names, *columns], text=names)
    return [
        cell for target in scheme.targets for cell in _part(rows_of(table, target=target), scheme, target, headline)
    ]


def _part(
    rows: pd.DataFrame, scheme: Scheme, target: str, headline: Mapping[str, str] | None
) -> Iterator[CellRows]:
    parts = [
        CellRows(
            target, scheme.targets[target].title or target, protocol, stream, model,
            is_headline({"protocol": protocol, "stream": stream, "model": model}, headline), own,
        )
        for (protocol, stream, model), own in rows.groupby(["protocol", "stream", "model"], sort=False)
    ]  # fmt: skip
    yield from sorted(parts, key=lambda cell: not cell.headline)


def lay_out(cells: Sequence[CellRows], describe: Callable[[CellRows], list[Any]]) -> CellTable | None:
    """Rows of a table, as `describe` makes them of one cell; None where there are none."""
    every = _with_heads(cells, describe)
    if not every:
        return None
    named = _with_heads([cell for cell in cells if cell.headline], describe)
    return CellTable(named, every if len(every) > len(named) else [])


def _with_heads(cells: Sequence[CellRows], describe: Callable[[CellRows], list[Any]]) -> list[tuple[Heads, Any]]:
    made = []
    for _, group in groupby([(cell, describe(cell)) for cell in cells], key=lambda pair: pair[0].target):
        own = list(group)
        left = sum(len(lines) for _, lines in own)
        for cell, lines in own:
            for place, line in enumerate(lines):
                span = 0 if place else len(lines)
                made.append((Heads(cell.title, left, cell.name, span, cell.protocol, cell.headline), line))
                left = 0
    return made

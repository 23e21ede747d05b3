"""Cells that could not be trained, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.presets import Protocol
from dyadflow.report.results import CELL, is_headline
from dyadflow.report.wording import cell_name
from dyadflow.tables import read_table


@dataclass(frozen=True)
class Missing:
    """Cells without a result.

    Parameters
    ----------
    reasons
        Each reason, as a sentence, with the cells that it holds for.
    amount, cells
        How many cells are missing, of how many that the study wanted trained.
    headline
        Titles of the targets for which the cell named beforehand is missing, each with the reason.
    keys
        Protocol, target, stream and model of each missing cell.
    """

    reasons: list[tuple[str, list[str]]]
    amount: int
    cells: int
    headline: list[tuple[str, str]]
    keys: frozenset[tuple[str, str, str, str]]

    @property
    def everything(self) -> bool:
        """Whether no cell at all was trained."""
        return self.amount == self.cells


def describe_missing(
    path: Path | None,
    cells: pd.DataFrame | None,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    protocols: Mapping[str, Protocol],
) -> Missing | None:
    """Which cells could not be trained; None where all could.

    Parameters
    ----------
    path
        Table of missing cells, or None.
    cells
        The result table, in which trained cells and baselines stand.
    scheme, headline, protocols
        The coding scheme, the cell named beforehand, and the study's protocols by name.
    """
    if path is None:
        return None
    names = (*CELL, "reason")
    table = read_table(path, names, text=names)
    if table.empty:
        return None
    by_reason: dict[str, list[str]] = {}
    of_headline = []
    for row in table.to_dict("records"):
        spec = scheme.targets.get(row["target"])
        title = (spec.title if spec else "") or row["target"]
        reason = row["reason"] if row["reason"].endswith(".") else f"{row['reason'] or 'No reason was given'}."
        protocol = protocols.get(row["protocol"], Protocol(row["protocol"]))
        tail = f", {protocol.label}" if len(protocols) > 1 or protocol.leaky else ""
        by_reason.setdefault(reason, []).append(f"{title}: {cell_name(row['stream'], row['model'])}{tail}")
        if is_headline(row, headline):
            of_headline.append((title, reason))
    trained = 0 if cells is None else len(cells[cells.stream != "none"][list(CELL)].drop_duplicates())
    keys = frozenset(table[list(CELL)].itertuples(index=False, name=None))
    return Missing(list(by_reason.items()), len(table), trained + len(table), of_headline, keys)

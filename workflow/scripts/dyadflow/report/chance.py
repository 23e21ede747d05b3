"""Cells against what chance would score with predictions as slow as theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.marks import Mark, MarkRow
from dyadflow.report.presets import Protocol
from dyadflow.report.target_pictures import draw_by_target
from dyadflow.report.wording import ABSENT, TITLES, bare_p, interval, is_missing, number

#: How chance is drawn: key, what the page calls it.
METHODS = {"shift": "shifted in time", "dyads": "dyads exchanged"}
CHANCE_METRICS = ("accuracy", "f1_macro", "kappa")
_COLUMNS = ("value", "chance_mean", "chance_low", "chance_high", "draws", "p")


@dataclass(frozen=True)
class Draws:
    """What one way of drawing chance gave: its mean, 95 % of its draws, and how often it reached the cell."""

    mean: str
    interval: str
    p: str
    clear: bool


@dataclass(frozen=True)
class ChanceLine:
    """One metric of one cell, beside chance by each method; None where a method has no draws."""

    metric: str
    value: str
    draws: list[Draws | None]


def read_chance(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None) -> list[CellRows]:
    """What chance scores, parted by cell."""
    return read_cell_rows(path, _COLUMNS, scheme, headline, text=("method", "metric"))


def describe_chance(cells: Sequence[CellRows]) -> CellTable | None:
    """Three metrics of every cell beside chance."""
    return lay_out(cells, _lines)


def _lines(cell: CellRows) -> list[ChanceLine]:
    lines = []
    for metric in CHANCE_METRICS:
        own = {row.method: row for row in cell.rows[cell.rows.metric == metric].itertuples()}
        if own:
            value = number(metric, next(iter(own.values())).value)
            lines.append(ChanceLine(TITLES[metric], value, [_draws(metric, own.get(method)) for method in METHODS]))
    return lines


def _draws(metric: str, row: Any) -> Draws | None:
    if row is None:
        return None
    limits = interval(metric, row.chance_low, row.chance_high)
    return Draws(number(metric, row.chance_mean), limits, bare_p(row.p), not is_missing(row.p) and row.p < 0.05)


def draw_chance(
    cells: Sequence[CellRows], protocols: Mapping[str, Protocol], headline: Mapping[str, str] | None
) -> list[tuple[str, Markup]]:
    """A picture a target: kappa of every cell of one protocol over the bands of chance.

    The protocol is that of the cell named beforehand, and without one the first that does not leak.
    """
    wanted = headline["protocol"] if headline else next(iter(protocols), "")
    kept = [cell for cell in cells if cell.protocol == wanted]
    rows = [(cell.title, row) for cell in kept if (row := _mark_row(cell))]
    return draw_by_target(rows, "Cohen's kappa of every cell, and what chance would give")


def _mark_row(cell: CellRows) -> MarkRow | None:
    own = {row.method: row for row in cell.rows[cell.rows.metric == "kappa"].itertuples()}
    if not own:
        return None
    value = next(iter(own.values())).value
    bands = chance_bands(own)
    return MarkRow(cell.name, [*bands, Mark("dot", float(value), number("kappa", value))], strong=cell.headline)


def chance_bands(rows: Mapping[str, Any]) -> list[Mark]:
    """Bands of chance in kappa, from rows by method."""
    return [
        Mark(
            "chance", float(row.chance_mean),
            f"chance, {METHODS.get(method, method)} {interval('kappa', row.chance_low, row.chance_high) or ABSENT}",
            float(row.chance_low), float(row.chance_high),
        )
        for method, row in rows.items()
    ]  # fmt: skip

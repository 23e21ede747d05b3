"""Whether a model errs more with one group than with another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.wording import ABSENT, TITLES, bare_p, covariate_title, interval, is_missing, number

_COLUMNS = ("difference", "low", "high", "dyads_a", "dyads_b", "p", "p_holm")
_TEXT = ("covariate", "level_a", "level_b", "metric")


@dataclass(frozen=True)
class Gap:
    """The first level minus the second in the metric of that title; `clear` where Holm's p is below 0.05."""

    title: str
    difference: str
    interval: str
    p: str
    p_holm: str
    clear: bool


@dataclass(frozen=True)
class GapLine:
    """Two levels of one covariate, with the number of dyads of each; the span is 0 below the covariate's first row."""

    covariate: str
    span: int
    levels: tuple[str, str]
    dyads: tuple[int, int]
    gaps: list[Gap]


def describe_group_gaps(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> CellTable | None:
    """A row for each cell, covariate and pair of its levels."""
    cells = read_cell_rows(path, _COLUMNS, scheme, headline, text=_TEXT)
    metrics = list(dict.fromkeys(metric for cell in cells for metric in cell.rows.metric))
    return lay_out(cells, partial(_lines, metrics))


def has_clear_gap(table: CellTable | None) -> bool:
    """Whether the named cell clearly errs more with one group than with another."""
    return table is not None and any(gap.clear for _, line in table.named for gap in line.gaps)


def _lines(metrics: Sequence[str], cell: CellRows) -> list[GapLine]:
    lines = []
    for covariate, own in cell.rows.groupby("covariate", sort=False):
        pairs = list(own.groupby(["level_a", "level_b"], sort=False))
        for place, (levels, rows) in enumerate(pairs):
            found = {row.metric: row for row in rows.itertuples()}
            first = rows.iloc[0]
            lines.append(GapLine(
                covariate_title(str(covariate)), 0 if place else len(pairs), levels,
                (int(first.dyads_a), int(first.dyads_b)), [_gap(metric, found.get(metric)) for metric in metrics],
            ))  # fmt: skip
    return lines


def _gap(metric: str, row: Any) -> Gap:
    if row is None:
        return Gap(TITLES.get(metric, metric), ABSENT, "", ABSENT, ABSENT, False)
    clear = not is_missing(row.p_holm) and row.p_holm < 0.05
    return Gap(
        TITLES.get(metric, metric), number(metric, row.difference, signed=True),
        interval(metric, row.low, row.high, signed=True), bare_p(row.p), bare_p(row.p_holm), clear,
    )  # fmt: skip

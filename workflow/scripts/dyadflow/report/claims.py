"""What cells would have claimed if frames had been split at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.marks import Mark, MarkRow
from dyadflow.report.target_pictures import draw_by_target
from dyadflow.report.wording import ABSENT, TITLES, interval, number

CLAIM_METRICS = ("accuracy", "f1_macro", "kappa")
#: The metric that is drawn.
_DRAWN = "accuracy"


@dataclass(frozen=True)
class Claim:
    """One metric: held out, claimed by the leaking split, and the gap between them with its interval."""

    metric: str
    value: str
    claimed: str
    gap: str
    interval: str


@dataclass(frozen=True)
class ClaimLine:
    """One cell and the leaking protocol that it is held against."""

    against: str
    claims: list[Claim]


def read_claims(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None) -> list[CellRows]:
    """What cells are and what they would have claimed, parted by cell."""
    columns = ("value", "claimed", "gap", "low", "high")
    return read_cell_rows(path, columns, scheme, headline, text=("claimed_protocol", "metric"))


def describe_claims(cells: Sequence[CellRows]) -> CellTable | None:
    """A row for each cell and leaking protocol."""
    return lay_out(cells, _lines)


def claim_titles() -> list[str]:
    """Headings of the metrics."""
    return [TITLES[metric] for metric in CLAIM_METRICS]


def _lines(cell: CellRows) -> list[ClaimLine]:
    return [
        ClaimLine(str(against), [_claim(metric, found.get(metric)) for metric in CLAIM_METRICS])
        for against, own in cell.rows.groupby("claimed_protocol", sort=False)
        if (found := {row.metric: row for row in own.itertuples()})
    ]


def _claim(metric: str, row: Any) -> Claim:
    if row is None:
        return Claim(metric, ABSENT, ABSENT, ABSENT, "")
    return Claim(
        metric, number(metric, row.value), number(metric, row.claimed), number(metric, row.gap, signed=True),
        interval(metric, row.low, row.high, signed=True),
    )  # fmt: skip


def draw_claims(cells: Sequence[CellRows], headline: Mapping[str, str] | None) -> list[tuple[str, Markup]]:
    """A picture a target: for each cell of the headline's protocol its accuracy, joined to what it would have claimed.

    Without a headline, cells of the first protocol are drawn.
    """
    wanted = headline["protocol"] if headline else cells[0].protocol if cells else ""
    kept = [cell for cell in cells if cell.protocol == wanted]
    rows = [(cell.title, _mark_row(cell, row)) for cell in kept for row in _drawn(cell)]
    return draw_by_target(rows, "accuracy of every cell, and what it would be with frames split at random")


def _drawn(cell: CellRows) -> list[Any]:
    return list(cell.rows[cell.rows.metric == _DRAWN].itertuples())


def _mark_row(cell: CellRows, row: Any) -> MarkRow:
    value, claimed = number(_DRAWN, row.value), number(_DRAWN, row.claimed)
    gap = number(_DRAWN, row.gap, signed=True)
    return MarkRow(
        cell.name,
        [
            Mark("link", float(row.gap), f"a gap of {gap} points", float(row.value), float(row.claimed)),
            Mark("dot", float(row.value), f"{value} % held out"),
            Mark("claim", float(row.claimed), f"{claimed} % claimed with frames split at random"),
        ],
        note=gap,
        strong=cell.headline,
    )

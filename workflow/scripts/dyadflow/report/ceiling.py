"""Models against each coder, beside the coders with one another, on the same frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.marks import Mark, MarkRow
from dyadflow.report.published import CODER_KAPPA
from dyadflow.report.results import Value, whole
from dyadflow.report.target_pictures import draw_by_target
from dyadflow.report.wording import interval, number

_COLUMNS = (
    "kappa_machine", "machine_low", "machine_high", "kappa_human", "human_low", "human_high", "share", "share_low",
    "share_high", "dyads", "frames",
)  # fmt: skip


@dataclass(frozen=True)
class CeilingLine:
    """One cell against one coder, and another coder against the same one.

    Parameters
    ----------
    coder, other
        Whom the model is held against, and the human beside it.
    machine, human
        Kappa of the model, and of the other human, with that coder.
    share
        The first over the second, in percent.
    dyads, frames
        On which both humans gave a class.
    """

    coder: str
    other: str
    machine: Value
    human: Value
    share: Value
    dyads: int | None
    frames: int | None


def read_ceiling(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None) -> list[CellRows]:
    """Kappas of models and coders, parted by cell."""
    return read_cell_rows(path, _COLUMNS, scheme, headline, text=("coder", "other"))


def describe_ceiling(cells: Sequence[CellRows]) -> CellTable | None:
    """A row for each cell and pair of coders."""
    return lay_out(cells, lambda cell: [_line(row) for row in cell.rows.itertuples()])


def _line(row: Any) -> CeilingLine:
    return CeilingLine(
        row.coder, row.other, _kappa(row.kappa_machine, row.machine_low, row.machine_high),
        _kappa(row.kappa_human, row.human_low, row.human_high),
        Value("percent", number("percent", row.share), interval("percent", row.share_low, row.share_high)),
        whole(row.dyads), whole(row.frames),
    )  # fmt: skip


def _kappa(value: float, low: float, high: float) -> Value:
    return Value("kappa", number("kappa", value), interval("kappa", low, high))


def draw_ceiling(cells: Sequence[CellRows]) -> list[tuple[str, Markup]]:
    """A picture a target of the cell named beforehand: its kappa with each coder, joined to that of the other human."""
    rows = [(cell.title, _mark_row(row)) for cell in cells if cell.headline for row in cell.rows.itertuples()]
    return draw_by_target(rows, "kappa of the model, and of another coder, with each coder")


def _mark_row(row: Any) -> MarkRow:
    human, machine = float(row.kappa_human), float(row.kappa_machine)
    return MarkRow(
        f"with {row.coder}, beside {row.other}",
        [
            Mark("link", human, f"{number('percent', row.share)} % of the coders' kappa", machine, human),
            Mark(
                "human", human,
                f"{row.other} {number('kappa', human)} {interval('kappa', row.human_low, row.human_high)}",
                float(row.human_low), float(row.human_high),
            ),
            Mark(
                "dot", machine, f"model {number('kappa', machine)} "
                f"{interval('kappa', row.machine_low, row.machine_high)}",
                float(row.machine_low), float(row.machine_high),
            ),
        ],
        note=f"{number('percent', row.share)} %",
    )  # fmt: skip


def published_kappas(cells: Sequence[CellRows], scheme: Scheme) -> list[tuple[str, tuple[float, float]]]:
    """What the coders of the scheme's paper reached, for each target that has a ceiling here."""
    found = {}
    for cell in cells:
        spec = scheme.targets[cell.target]
        reached = CODER_KAPPA.get(scheme.name, {}).get(scheme.tiers[spec.tier].role or spec.tier)
        if reached:
            found[cell.title] = reached
    return list(found.items())

"""How well each class is told from all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.data import phase_titles
from dyadflow.report.results import Value, make_value, whole
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import phase_title

#: What is told of a class: key, heading, what it means.
CLASS_METRICS = (
    ("precision", "Precision (%)", "of the frames that the model gave the class, the share that the coder gave it too"),
    ("recall", "Recall (%)", "of the frames of the class, the share that the model found"),
    ("f1", "F1 (%)", "harmonic mean of precision and recall"),
    ("average_precision", "AP", "average precision: the area below the curve of precision over recall; "
     "a guess reaches the share of the class"),
    ("roc_auc", "ROC AUC", "how often a frame of the class gets a higher probability of it than one of another; "
     "a guess reaches 0.5"),
)  # fmt: skip


@dataclass(frozen=True)
class ClassLine:
    """One class of one cell in one phase; `phase` is empty below the first row of the phase."""

    phase: str
    phase_span: int
    code: str
    values: list[Value]
    frames: int | None


def describe_classes(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> tuple[CellTable | None, CellTable | None]:
    """Every class over all phases; and, of the cell named beforehand, in the other phases of the table."""
    columns, text = ("value", "low", "high", "frames"), ("phase", "class", "metric")
    cells = read_cell_rows(path, columns, scheme, headline, text=text)
    by_phase = [cell for cell in cells if cell.headline and not only_phase(scheme, cell.target)]
    return (
        lay_out(cells, partial(_lines, scheme, ("all",))),
        lay_out(by_phase, lambda cell: _lines(scheme, cell.phases(), cell)),
    )


def _lines(scheme: Scheme, phases: Sequence[str], cell: CellRows) -> list[ClassLine]:
    titles, lines = phase_titles(scheme), []
    places: dict[tuple[str, str], dict[str, Any]] = {}
    for phase, code, row in zip(cell.rows.phase, cell.rows["class"], cell.rows.itertuples(), strict=True):
        places.setdefault((phase, code), {})[row.metric] = row
    for phase in phases:
        codes = [code for code in scheme.targets[cell.target].classes if (phase, code) in places]
        for place, code in enumerate(codes):
            found = places[phase, code]
            values = [make_value(metric, found.get(metric)) for metric, _, _ in CLASS_METRICS]
            frames = whole(max(row.frames for row in found.values()))
            lines.append(ClassLine(phase_title(phase, titles), 0 if place else len(codes), code, values, frames))
    return lines

"""Whether probabilities mean what they say, in numbers and as a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.reliability_picture import Bin, draw_reliability
from dyadflow.report.results import Value, make_value
from dyadflow.report.wording import number

#: What is told of probabilities: key, heading, what it means.
CALIBRATION_METRICS = (
    ("ece", "ECE", "expected calibration error: how far confidence and the share right lie apart, bin by bin"),
    ("brier", "Brier", "mean squared distance of the probabilities from what the coder said, summed over classes"),
    ("nll", "NLL", "mean negative log probability of the coder's class, in nats"),
    ("confidence", "Confidence (%)", "mean probability of the class chosen"),
    ("accuracy", "Right (%)", "share of frames given the coder's class; equal to a confidence that can be believed"),
)
PROBABILITIES = {"raw": "as trained", "calibrated": "calibrated"}


@dataclass(frozen=True)
class CalibrationLine:
    """One cell's probabilities, as trained or calibrated."""

    probabilities: str
    values: list[Value]


def describe_calibration(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None) -> CellTable | None:
    """Scores of probabilities, two rows a cell."""
    cells = read_cell_rows(path, ("value", "low", "high"), scheme, headline, text=("probabilities", "metric"))
    return lay_out(cells, _lines)


def _lines(cell: CellRows) -> list[CalibrationLine]:
    lines = []
    for kind, title in PROBABILITIES.items():
        own = cell.rows[cell.rows.probabilities == kind]
        if len(own):
            found = {row.metric: row for row in own.itertuples()}
            values = [make_value(metric, found.get(metric)) for metric, _, _ in CALIBRATION_METRICS]
            lines.append(CalibrationLine(title, values))
    return lines


def draw_calibration(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[tuple[str, Markup]]:
    """A picture a target of the cell named beforehand: confidence against the share right, bin by bin."""
    columns = ("bin_low", "bin_high", "confidence", "accuracy", "low", "high", "frames")
    cells = read_cell_rows(path, columns, scheme, headline, text=("probabilities",))
    return [
        (cell.title, draw_reliability(_bins(cell), f"{cell.title}: confidence and share right of the {cell.name}"))
        for cell in cells
        if cell.headline
    ]


def _bins(cell: CellRows) -> list[tuple[str, list[Bin]]]:
    kept = cell.rows[(cell.rows.frames > 0) & cell.rows.confidence.notna() & cell.rows.accuracy.notna()]
    return [
        (
            kind,
            [
                Bin(
                    float(row.confidence), float(row.accuracy), float(row.low), float(row.high), int(row.frames),
                    f"{PROBABILITIES[kind]}, confidence {number('percent', row.confidence)} %: "
                    f"{number('percent', row.accuracy)} % right",
                )
                for row in own.sort_values("bin_low").itertuples()
            ],
        )
        for kind in PROBABILITIES
        if len(own := kept[kept.probabilities == kind])
    ]  # fmt: skip

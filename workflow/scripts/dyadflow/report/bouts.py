"""Whether bouts begin and end where coders say, before and after smoothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.results import Value, make_value, whole

#: What is told of bouts: key, heading, what it means.
BOUT_METRICS = (
    ("edit", "Edit score (%)", "how alike the two orders of bouts are, whatever their lengths"),
    ("f1_10", "F1@10 (%)", "F1 of bouts, found where a tenth of their union with a true one of their class is shared"),
    ("f1_25", "F1@25 (%)", "the same with at least a quarter"),
    ("f1_50", "F1@50 (%)", "the same with at least a half"),
    ("onset_error_s", "Onset error (s)", "how far the begins of bouts that match by a quarter lie apart, on average"),
    ("offset_error_s", "Offset error (s)", "how far their ends lie apart, on average"),
    ("bouts_ratio", "Bouts, model to coder", "how many bouts the model has for each of the coder's; 1 is as many"),
)
SMOOTHINGS = {"none": "as predicted", "tuned": "smoothed"}


@dataclass(frozen=True)
class BoutLine:
    """One cell's bouts, as predicted or smoothed; `bouts` is the coder's number of them."""

    smoothing: str
    values: list[Value]
    bouts: int | None


def describe_bouts(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None) -> CellTable | None:
    """Scores of bouts, two rows a cell."""
    cells = read_cell_rows(path, ("value", "low", "high", "bouts"), scheme, headline, text=("smoothing", "metric"))
    return lay_out(cells, _lines)


def _lines(cell: CellRows) -> list[BoutLine]:
    lines = []
    for smoothing, title in SMOOTHINGS.items():
        own = cell.rows[cell.rows.smoothing == smoothing]
        if len(own):
            found = {row.metric: row for row in own.itertuples()}
            values = [make_value(metric, found.get(metric)) for metric, _, _ in BOUT_METRICS]
            lines.append(BoutLine(title, values, whole(own["bouts"].max())))
    return lines

"""Whether the numbers that a psychologist would publish come out the same from predicted codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.cell_tables import CellRows, CellTable, lay_out, read_cell_rows
from dyadflow.report.data import phase_titles
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import interval, is_missing, number, phase_title, plural

#: What would be published of a class: key, what the page calls it.
SUMMARY_MEASURES = {
    "proportion": "Share of time (%)", "rate_per_min": "Bouts a minute", "mean_bout_s": "Mean length of a bout (s)",
}
_COLUMNS = (
    "icc", "icc_low", "icc_high", "bias", "bias_low", "bias_high", "coded_mean", "predicted_mean", "sessions", "dyads",
)  # fmt: skip


@dataclass(frozen=True)
class SummaryLine:
    """One measure of one class: from the coder's codes, from the model's, and how far they lie apart.

    `off` is ``above`` or ``below`` where the interval of the bias leaves out 0, else empty. Spans are numbers of
    rows, 0 below the first of them.
    """

    phase: str
    phase_span: int
    code: str
    code_span: int
    measure: str
    coded: str
    predicted: str
    bias: str
    bias_interval: str
    off: str
    icc: str
    icc_interval: str
    dyads: int


def describe_summaries(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> tuple[CellTable | None, CellTable | None]:
    """Every cell over all phases; and, of the cell named beforehand, phase by phase."""
    cells = read_cell_rows(path, _COLUMNS, scheme, headline, text=("phase", "class", "measure"))
    by_phase = [cell for cell in cells if cell.headline and not only_phase(scheme, cell.target)]
    return (
        lay_out(cells, partial(_lines, scheme, ("all",))),
        lay_out(by_phase, lambda cell: _lines(scheme, cell.phases(), cell)),
    )


def count_off(table: CellTable | None) -> str:
    """How many of the named cell's numbers come out different, as a sentence; empty without any."""
    if table is None or not table.named:
        return ""
    lines = [line for _, line in table.named]
    off = sum(1 for line in lines if line.off)
    if not off:
        return f"Of {plural(len(lines), 'number')}, none is clearly too high or too low."
    return (
        f"Of {plural(len(lines), 'number')}, {off} {'is' if off == 1 else 'are'} systematically too high or too low "
        "when the model codes: the 95 % interval of the bias leaves out 0."
    )


def _lines(scheme: Scheme, phases: Sequence[str], cell: CellRows) -> list[SummaryLine]:
    titles, lines = phase_titles(scheme), []
    found = {(row["phase"], row["class"], row["measure"]): row for row in cell.rows.to_dict("records")}
    for phase in phases:
        by_class = {
            code: [found[key] for measure in SUMMARY_MEASURES if (key := (phase, code, measure)) in found]
            for code in scheme.targets[cell.target].classes
        }
        left = sum(map(len, by_class.values()))
        for code, own in by_class.items():
            for place, row in enumerate(own):
                lines.append(_line(row, phase_title(phase, titles), left, code, 0 if place else len(own)))
                left = 0
    return lines


def _line(row: Mapping[str, Any], phase: str, phase_span: int, code: str, code_span: int) -> SummaryLine:
    measure = row["measure"]
    known = not is_missing(row["bias_low"]) and not is_missing(row["bias_high"])
    off = "above" if known and row["bias_low"] > 0 else "below" if known and row["bias_high"] < 0 else ""
    return SummaryLine(
        phase, phase_span, code, code_span, SUMMARY_MEASURES[measure], number(measure, row["coded_mean"]),
        number(measure, row["predicted_mean"]), number(measure, row["bias"], signed=True),
        interval(measure, row["bias_low"], row["bias_high"], signed=True), off, number("icc", row["icc"]),
        interval("icc", row["icc_low"], row["icc_high"]), int(row["dyads"]),
    )  # fmt: skip

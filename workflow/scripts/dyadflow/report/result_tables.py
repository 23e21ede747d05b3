"""Results as in the first paper's Tables 3 and 4, one table a target."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme, read_scheme
from dyadflow.report.leaks import is_leaky
from dyadflow.report.published import RESULTS
from dyadflow.report.results import read_cells
from dyadflow.report.wording import ORACLES
from dyadflow.tables import write_table

#: Columns of the paper's tables, and the metrics that stand in them.
PAPER_METRICS = {
    "accuracy": "accuracy", "precision": "precision_weighted", "recall": "recall_weighted",
    "f1_unweighted": "f1_macro", "f1_weighted": "f1_weighted",
}
_PUBLISHED = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1_unweighted": "f1_macro",
    "f1_weighted": "f1_weighted",
}
TABLE_COLUMNS = (
    "protocol", "stream", "model", "kind",
    *(f"{name}{end}" for name in PAPER_METRICS for end in ("", "_low", "_high", "_fold_mean", "_fold_sd")),
    "dyads", *(f"published_{name}" for name in PAPER_METRICS),
)


def tabulate_results(
    cells: Path, *, scheme: Mapping[str, Any], target: str, tested: Mapping[str, str], table: Path
) -> None:
    """Write one target's results in percent.

    Parameters
    ----------
    cells
        Table of `evaluation.cells`.
    scheme
        The coding scheme as plain data.
    target
        Which.
    tested
        How each protocol's folds are tested (`evaluation.scored.Request`).
    table
        TSV to write: protocol, stream, model, kind (``model``; ``leaky`` of a protocol that splits by frame;
        ``baseline``; ``oracle``, which sees the answer); accuracy, precision, recall, f1_unweighted and f1_weighted,
        each pooled over held-out dyads, with the interval over dyads and mean and deviation over folds, which the paper
        reports; dyads; and what the paper has, where the scheme is its own.

    Notes
    -----
    Withanage Don et al. (ICMI 2024, doi 10.1145/3678957.3685704), Tables 3 (caregiver, three classes) and 4 (infant).
    Theirs are other recordings: a frame of reference, no target.
    """
    plan, found = read_scheme(scheme), read_cells(cells)
    found = found[(found.target == target) & (found.phase == "all")]
    rows = []
    for (protocol, stream, model), own in found.groupby(["protocol", "stream", "model"], sort=False):
        kind = _kind(protocol, stream, model, tested)
        row: dict[str, object] = {"protocol": protocol, "stream": stream, "model": model, "kind": kind}
        by_metric = own.set_index("metric")
        for name, metric in PAPER_METRICS.items():
            for end, column in (("", "value"), ("_low", "low"), ("_high", "high"), ("_fold_mean", "fold_mean"),
                                ("_fold_sd", "fold_sd")):
                row[f"{name}{end}"] = round(100 * by_metric.loc[metric, column], 1)
        row["dyads"] = int(by_metric.loc["accuracy", "dyads"])
        rows.append(row | _published(plan, target, stream, model))
    order = {"model": 0, "leaky": 1, "baseline": 2, "oracle": 3}
    rows.sort(key=lambda row: order[str(row["kind"])])
    write_table(pd.DataFrame(rows, columns=list(TABLE_COLUMNS)), table)


def _kind(protocol: str, stream: str, model: str, tested: Mapping[str, str]) -> str:
    if model in ORACLES:
        return "oracle"
    if stream == "none":
        return "baseline"
    return "leaky" if is_leaky(tested, protocol, model) else "model"


def _published(plan: Scheme, target: str, stream: str, model: str) -> dict[str, int]:
    """The paper's row, of a target with as many classes as its table has."""
    spec = plan.targets[target]
    role = plan.tiers[spec.tier].role
    if (role, len(spec.classes)) not in (("caregiver", 3), ("infant", 4)):
        return {}
    for row in RESULTS.get(plan.name, ()):
        if (row.role, row.stream, row.model) == (role, stream, model):
            return {f"published_{name}": getattr(row, column) for name, column in _PUBLISHED.items()}
    return {}

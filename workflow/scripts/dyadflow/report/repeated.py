"""Comparisons over a cross-validation that was repeated with other deals of the dyads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.wording import bare_p, cell_title, interval, metric_name, number
from dyadflow.tables import read_table

_TEXT = ("protocol_group", "target", "stream", "model", "against_stream", "against_model", "metric")
_COLUMNS = ("difference", "low", "high", "folds", "deals", "p")


@dataclass(frozen=True)
class Repeated:
    """One comparison over all folds of all deals."""

    title: str
    protocol: str
    cell: str
    against: str
    metric: str
    difference: str
    interval: str
    folds: int
    deals: int
    p: str


def describe_repeated(path: Path | None, scheme: Scheme) -> list[Repeated]:
    """Each comparison that was repeated, in the order of the table."""
    if path is None:
        return []
    return [_describe(row, scheme) for row in read_table(path, [*_TEXT, *_COLUMNS], text=_TEXT).itertuples()]


def _describe(row: Any, scheme: Scheme) -> Repeated:
    spec = scheme.targets.get(row.target)
    return Repeated(
        (spec.title if spec else "") or row.target, row.protocol_group, cell_title(row.stream, row.model),
        cell_title(row.against_stream, row.against_model), metric_name(row.metric),
        number(row.metric, row.difference, signed=True), interval(row.metric, row.low, row.high, signed=True),
        int(row.folds), int(row.deals), bare_p(row.p),
    )  # fmt: skip

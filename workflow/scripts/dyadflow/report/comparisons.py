"""Comparisons named beforehand, in words and in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.results import CELL, is_headline
from dyadflow.report.wording import cell_title, interval, is_missing, metric_name, number, p_value, with_unit
from dyadflow.tables import read_table


@dataclass(frozen=True)
class Comparison:
    """A comparison named beforehand, in words."""

    target: str
    title: str
    sentence: str
    of_headline: bool
    difference: str
    interval: str
    metric: str
    metric_name: str
    cell: str
    against: str
    against_cell: tuple[str, str]
    dyads: int
    wins: int
    p: str
    p_holm: str
    clear: bool


def describe_comparisons(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[Comparison]:
    """Each named comparison as a sentence and as a row."""
    if path is None:
        return []
    text = (*CELL, "against_stream", "against_model", "metric")
    table = read_table(path, [*text, "difference", "low", "high", "dyads", "wins", "p", "p_holm"], text=text)
    return [_comparison(row, scheme, headline) for row in table.to_dict("records")]


def _comparison(row: Mapping[str, Any], scheme: Scheme, headline: Mapping[str, str] | None) -> Comparison:
    spec = scheme.targets.get(row["target"])
    title = (spec.title if spec else "") or row["target"]
    cell = cell_title(row["stream"], row["model"])
    against = cell_title(row["against_stream"], row["against_model"])
    metric, difference = row["metric"], row["difference"]
    clear = not is_missing(row["p_holm"]) and row["p_holm"] < 0.05
    if is_missing(difference):
        words = f"the {cell} and the {against} could not be compared in {metric_name(metric)}."
    else:
        size = with_unit(metric, abs(difference), difference=True)
        side = "above" if difference >= 0 else "below"
        verdict = (
            "more than chance would explain"
            if clear
            else "which chance alone could explain; the data do not settle it"
        )
        words = (
            f"the {cell} lies {size} {side} the {against} in {metric_name(metric)}, and is the better one in "
            f"{int(row['wins'])} of {int(row['dyads'])} dyads: {verdict} "
            f"({p_value(row['p'])}; {p_value(row['p_holm'])} after Holm's correction)."
        )
    return Comparison(
        row["target"],
        title,
        words[:1].upper() + words[1:],
        is_headline(row, headline),
        number(metric, difference, signed=True),
        interval(metric, row["low"], row["high"], signed=True),
        metric,
        metric_name(metric),
        cell,
        against,
        (row["against_stream"], row["against_model"]),
        int(row["dyads"]),
        int(row["wins"]),
        p_value(row["p"]),
        p_value(row["p_holm"]),
        clear,
    )

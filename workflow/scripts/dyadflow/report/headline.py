"""The cell that the study named beforehand, beside what it has to beat and what people reach."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.coders import Agreement
from dyadflow.report.comparisons import Comparison
from dyadflow.report.presets import Protocol
from dyadflow.report.results import Value, rows_of, values_of, whole
from dyadflow.report.wording import ORACLES, TITLES, cell_title, metric_name


def better_baseline(cells: pd.DataFrame, target: str, protocol: str, metric: str) -> str | None:
    """The baseline with the higher pooled value of a metric, of equal ones the first; None without any.

    The same choice as for the comparisons that a study names against its better baseline. An oracle is none.
    """
    rows = rows_of(cells, target=target, protocol=protocol, phase="all", stream="none", metric=metric)
    rows = rows[~rows.model.isin(ORACLES)]
    return None if rows.empty else str(rows.model.iloc[int(rows.value.fillna(-math.inf).argmax())])


def baseline_metric(
    cells: pd.DataFrame, target: str, protocol: str, comparisons: Sequence[Comparison]
) -> str:
    """The metric in which the study compares the headline cell with its better baseline, else accuracy."""
    for own in comparisons:
        if own.target == target and own.of_headline:
            better = better_baseline(cells, target, protocol, own.metric)
            if better is not None and own.against_cell == ("none", better):
                return own.metric
    return "accuracy"


@dataclass(frozen=True)
class Headline:
    """The cell named beforehand, beside the better baseline and the coders, for one target."""

    target: str
    title: str
    cell: str
    baseline: str
    baseline_model: str
    baseline_metric: str
    sentence: str
    rows: list[tuple[str, Value, Value | None, list[tuple[str, list[str]]]]]
    comparisons: list[str]


def describe_headline(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    agreement: Sequence[Agreement],
    comparisons: Sequence[Comparison],
    protocol: Protocol | None = None,
) -> list[Headline]:
    """Accuracy, unweighted F1 and kappa of the headline cell, with what to hold them against.

    `protocol` is the cell's own, which says what was held out; left out, dyads were.
    """
    if not headline:
        return []
    wanted = rows_of(cells, **{name: headline[name] for name in ("protocol", "stream", "model")}, phase="all")
    coders = {own.target: own.overall() for own in agreement}
    found = []
    for target in [name for name in scheme.targets if (wanted.target == name).any()]:
        own = {value.metric: value for value in values_of(wanted[wanted.target == target])}
        metric = baseline_metric(cells, target, headline["protocol"], comparisons)
        name = better_baseline(cells, target, headline["protocol"], metric)
        base = (
            {}
            if name is None
            else {
                value.metric: value
                for value in values_of(
                    rows_of(
                        cells,
                        target=target,
                        protocol=headline["protocol"],
                        phase="all",
                        stream="none",
                        model=name,
                    )
                )
            }
        )
        pairs = coders.get(target, [])
        human = {
            "accuracy": [(row.percent, [row.percent_interval, row.pair]) for row in pairs],
            "kappa": [(row.kappa, [row.kappa_interval, row.pair]) for row in pairs],
        }
        title = scheme.targets[target].title or target
        cell = cell_title(headline["stream"], headline["model"])
        rows = [
            (TITLES[shown], own[shown], base.get(shown), human.get(shown, []))
            for shown in ("accuracy", "f1_macro", "kappa")
        ]
        dyads = whole(wanted[wanted.target == target]["dyads"].max())
        found.append(
            Headline(
                target,
                title,
                cell,
                cell_title("none", name) if name else "",
                name or "",
                metric_name(metric),
                _headline_sentence(
                    cell, own, base, cell_title("none", name) if name else "", pairs,
                    (protocol or Protocol(headline["protocol"])).held_out(dyads),
                ),
                rows,
                [
                    comparison.sentence
                    for comparison in comparisons
                    if comparison.target == target and comparison.of_headline
                ],
            )
        )
    return found


def _headline_sentence(
    cell: str, own: Mapping[str, Value], base: Mapping[str, Value] | None, baseline: str, pairs: Sequence[Any],
    held_out: str,
) -> str:
    """The number that matters most, what it is held against, and what two people reach."""
    start = f"On {held_out}, the {cell} gives the coder's class to {own['accuracy'].text} % of the frames"
    beside = f"; the {baseline} to {base['accuracy'].text} %" if base else ""
    kappa = f". Beyond chance that is a kappa of {own['kappa'].text} {own['kappa'].interval}".rstrip()
    kappa += f" against {base['kappa'].text}" if base else ""
    if pairs:
        reached = " to ".join(
            sorted({row.kappa for row in pairs})[:: max(len({row.kappa for row in pairs}) - 1, 1)]
        )
        kappa += f"; two human coders reach {reached} with each other"
    return f"{start}{beside}{kappa}."

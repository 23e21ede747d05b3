"""Where a model does well and where it does not: by phase, by group, by fold, and what it takes for what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.coders import Confusion, describe_confusion
from dyadflow.report.data import phase_titles
from dyadflow.report.results import CELL, Value, is_headline, make_value, order_cells, rows_of, values_of, whole
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import cell_name, covariate_title, number, phase_title
from dyadflow.tables import read_table


@dataclass(frozen=True)
class PhaseGrid:
    """Unweighted F1 of every cell in every phase, for one target and protocol."""

    target: str
    protocol: str
    title: str
    phases: list[str]
    rows: list[tuple[str, bool, list[Value]]]


def cross_phases(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    target: str,
    protocol: str,
) -> PhaseGrid:
    """Every cell against every phase, without the rows that leave a phase out."""
    rows = rows_of(cells, target=target, protocol=protocol, metric="f1_macro")
    phases = [phase for phase in dict.fromkeys(rows.phase) if not phase.startswith("without ")]
    found = {(row.stream, row.model, row.phase): row for row in rows.itertuples()}
    pairs = order_cells(rows)
    return PhaseGrid(
        target,
        protocol,
        scheme.targets[target].title or target,
        [phase_title(phase, phase_titles(scheme)) for phase in phases],
        [
            (
                cell_name(stream, model),
                is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
                [make_value("f1_macro", found.get((stream, model, phase))) for phase in phases],
            )
            for stream, model in pairs
        ],
    )


@dataclass(frozen=True)
class Breakdown:
    """The headline cell's metrics by phase or by covariate level, for one target."""

    target: str
    title: str
    rows: list[tuple[str, str, list[Value], int | None, int | None]]


def break_down_by_phase(
    cells: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[Breakdown]:
    """The headline cell in each phase; nothing of a target that is coded, or has results, in one phase only."""
    titles = phase_titles(scheme)
    found = []
    for target, own in headline_rows(cells, scheme, headline):
        if own.phase.nunique() < 2 or only_phase(scheme, target):
            continue
        rows = [
            ("", phase_title(phase, titles), *_summary(part))
            for phase, part in own.groupby("phase", sort=False)
        ]
        found.append(Breakdown(target, scheme.targets[target].title or target, rows))
    return found


def break_down_by_group(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[Breakdown]:
    """The headline cell by covariate level."""
    if path is None:
        return []
    text = (*CELL, "covariate", "level", "metric")
    groups = read_table(path, [*text, "value", "low", "high", "dyads", "frames"], text=text)
    return [
        Breakdown(
            target,
            scheme.targets[target].title or target,
            [
                (covariate_title(covariate), level, *_summary(part))
                for (covariate, level), part in own.groupby(["covariate", "level"], sort=False)
            ],
        )
        for target, own in headline_rows(groups, scheme, headline)
    ]


def headline_rows(
    table: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each target with the rows of the headline cell; nothing without a headline."""
    if not headline:
        return
    own = rows_of(table, **{name: headline[name] for name in ("protocol", "stream", "model")})
    for target in scheme.targets:
        if (own.target == target).any():
            yield target, own[own.target == target]


def _summary(rows: pd.DataFrame) -> tuple[list[Value], int | None, int | None]:
    return values_of(rows), whole(rows["dyads"].max()), whole(rows["frames"].max())


def confuse_headline(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[tuple[str, Confusion]]:
    """The headline cell's confusion over all phases, per target."""
    if path is None or not headline:
        return []
    text = (*CELL, "phase", "truth", "predicted")
    table = read_table(path, [*text, "frames"], text=text)
    found = []
    for target, own in headline_rows(table, scheme, headline):
        own = own[own.phase == "all"]
        spec = scheme.targets[target]
        found.append(
            (
                spec.title or target,
                describe_confusion(own[["truth", "predicted", "frames"]], spec.classes, "coder", "model"),
            )
        )
    return found


def fold_table(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """The headline cell's metrics in each outer fold: (target title, [(fold, {metric: text})])."""
    if path is None:
        return []
    text = (*CELL, "fold", "metric")
    table = read_table(path, [*text, "value"], text=text)
    found = []
    for target, own in headline_rows(table, scheme, headline):
        folds = sorted(dict.fromkeys(own.fold), key=lambda fold: (len(fold), fold))
        found.append(
            (
                scheme.targets[target].title or target,
                [
                    (
                        fold,
                        {
                            row.metric: number(row.metric, row.value)
                            for row in own[own.fold == fold].itertuples()
                        },
                    )
                    for fold in folds
                ],
            )
        )
    return found

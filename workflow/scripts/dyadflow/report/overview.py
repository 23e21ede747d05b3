"""Every cell of a target in one figure."""

from collections.abc import Mapping, Sequence

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.coders import Agreement
from dyadflow.report.figures import Dot, DotRow, Line, draw_dots
from dyadflow.report.results import is_headline, rows_of
from dyadflow.report.wording import cell_name, cell_title, interval, is_oracle, model_title, number

_NAN = float("nan")
#: Baselines that have a line style of their own.
_BASELINES = ("majority", "phase")


def draw_cells(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    agreement: Sequence[Agreement],
    target: str,
    protocol: str,
) -> Markup | None:
    """Unweighted F1 and kappa of every cell with intervals; baselines, the oracle and the coders' kappa as lines."""
    rows = rows_of(cells, target=target, protocol=protocol, phase="all")
    trained = rows[rows.stream != "none"]
    pairs = list(dict.fromkeys(zip(trained.stream, trained.model, strict=True)))
    if not pairs:
        return None
    models = list(dict.fromkeys(model for _, model in pairs))
    metrics = ("f1_macro", "kappa")
    drawn = [
        DotRow(
            cell_name(stream, model),
            models.index(model),
            is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
            [_dot(rows_of(trained, stream=stream, model=model, metric=metric), metric) for metric in metrics],
        )
        for stream, model in pairs
    ]
    lines: list[list[Line]] = []
    for metric in metrics:
        base = rows_of(rows, stream="none", metric=metric)
        lines.append(
            [
                Line(
                    "oracle" if is_oracle("none", row.model) else row.model if row.model in _BASELINES else "other",
                    float(row.value),
                    f"{cell_title('none', row.model)}: {number(metric, row.value)}",
                )
                for row in base.itertuples()
            ]
        )
    lines[1] += [
        Line("coders", row.kappa_value, f"coders {row.pair}: {row.kappa}")
        for own in agreement
        if own.target == target
        for row in own.overall()
    ]
    title = scheme.targets[target].title or target
    return draw_dots(
        ["F1, every class counting the same", "Cohen's kappa"],
        drawn,
        lines,
        f"{title}: unweighted F1 and kappa of every cell, with 95 % intervals over dyads",
    )


def _dot(rows: pd.DataFrame, metric: str) -> Dot:
    if rows.empty:
        return Dot(_NAN, _NAN, _NAN, number(metric, _NAN))
    row = rows.iloc[0]
    return Dot(
        float(row.value),
        float(row.low),
        float(row.high),
        f"{number(metric, row.value)} {interval(metric, row.low, row.high)}",
    )


def has_oracle(cells: pd.DataFrame, target: str, protocol: str) -> bool:
    """Whether a figure has a line for a cell that is told the answer."""
    rows = rows_of(cells, target=target, protocol=protocol, phase="all", stream="none")
    return any(is_oracle("none", model) for model in rows.model)


def marker_legend(cells: pd.DataFrame, target: str, protocol: str) -> list[str]:
    """Names of the trained models, in the order of the figure's markers."""
    rows = rows_of(cells, target=target, protocol=protocol, phase="all")
    return [model_title(model) for model in dict.fromkeys(rows[rows.stream != "none"].model)]

"""What the report says about the models: the headline, tables as in the paper, comparisons in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import Agreement, Confusion, describe_confusion, phase_titles
from dyadflow.report.figures import Dot, DotRow, Line, draw_dots
from dyadflow.report.wording import (
    METRICS,
    TITLES,
    cell_title,
    interval,
    is_missing,
    metric_name,
    model_title,
    number,
    p_value,
    phase_title,
    stream_title,
    with_unit,
)
from dyadflow.tables import read_table

CELL = ("protocol", "target", "stream", "model")
_TEXT = (*CELL, "phase", "metric")
_NAN = float("nan")


@dataclass(frozen=True)
class Value:
    """One number of a table, ready to print, with its interval and its mean and deviation over folds."""

    metric: str
    text: str
    interval: str
    folds: str = ""


@dataclass(frozen=True)
class ResultRow:
    """One cell of the study in a table; `span` is the number of rows that its stream's name covers."""

    stream: str
    model: str
    baseline: bool
    headline: bool
    span: int
    values: list[Value]
    dyads: int | None


@dataclass(frozen=True)
class ResultTable:
    """All cells of one target and protocol in one phase."""

    target: str
    title: str
    role: str
    protocol: str
    phase: str
    phase_name: str
    rows: list[ResultRow]
    has_folds: bool


def read_cells(path: Path | None) -> pd.DataFrame | None:
    """The result table, or None where nothing was trained."""
    if path is None:
        return None
    return read_table(
        path, [*_TEXT, "value", "low", "high", "fold_mean", "fold_sd", "dyads", "frames"], text=_TEXT
    )


def _rows_of(table: pd.DataFrame, **equals: str) -> pd.DataFrame:
    for name, value in equals.items():
        table = table[table[name] == value]
    return table


def _values(rows: pd.DataFrame) -> list[Value]:
    found = {row.metric: row for row in rows.itertuples()}
    return [_value(metric, found.get(metric)) for metric, _, _ in METRICS]


def _value(metric: str, row: Any) -> Value:
    if row is None:
        return Value(metric, number(metric, _NAN), "")
    mean, deviation = getattr(row, "fold_mean", None), getattr(row, "fold_sd", None)
    folds = "" if is_missing(mean) else f"{number(metric, mean)} ± {number(metric, deviation)}"
    return Value(metric, number(metric, row.value), interval(metric, row.low, row.high), folds)


def is_headline(cell: Mapping[str, str], headline: Mapping[str, str] | None) -> bool:
    """Whether a cell is the one that the study named beforehand."""
    return bool(headline) and all(cell[name] == headline[name] for name in ("protocol", "stream", "model"))


def tabulate(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    target: str,
    protocol: str,
    phase: str,
) -> ResultTable:
    """One of the paper's Tables 3 and 4: cells in the order of the study, baselines last."""
    rows = _rows_of(cells, protocol=protocol, target=target, phase=phase)
    pairs = list(dict.fromkeys(zip(rows.stream, rows.model, strict=True)))
    pairs.sort(key=lambda pair: pair[0] == "none")
    streams = [stream for stream, _ in pairs]
    order = sorted(pairs, key=lambda pair: streams.index(pair[0]))
    made, last = [], None
    for stream, model in order:
        own = _rows_of(rows, stream=stream, model=model)
        made.append(
            ResultRow(
                stream_title(stream),
                model_title(model),
                stream == "none",
                is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
                streams.count(stream) if stream != last else 0,
                _values(own),
                _whole(own["dyads"].max()),
            )
        )
        last = stream
    spec = scheme.targets[target]
    return ResultTable(
        target,
        spec.title or target,
        scheme.tiers[spec.tier].role,
        protocol,
        phase,
        phase_title(phase, phase_titles(scheme)),
        made,
        any(value.folds for row in made for value in row.values),
    )


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def tabulate_all(
    cells: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[ResultTable]:
    """Tables over all phases, each followed by those without an instructed phase, in the scheme's order."""
    found = []
    for target in [name for name in scheme.targets if (cells.target == name).any()]:
        for protocol in dict.fromkeys(_rows_of(cells, target=target).protocol):
            phases = dict.fromkeys(_rows_of(cells, target=target, protocol=protocol).phase)
            wanted = [phase for phase in phases if phase == "all" or phase.startswith("without ")]
            found += [tabulate(cells, scheme, headline, target, protocol, phase) for phase in wanted]
    return found


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
    rows = _rows_of(cells, target=target, protocol=protocol, metric="f1_macro")
    phases = [phase for phase in dict.fromkeys(rows.phase) if not phase.startswith("without ")]
    found = {(row.stream, row.model, row.phase): row for row in rows.itertuples()}
    pairs = sorted(
        dict.fromkeys(zip(rows.stream, rows.model, strict=True)), key=lambda pair: pair[0] == "none"
    )
    return PhaseGrid(
        target,
        protocol,
        scheme.targets[target].title or target,
        [phase_title(phase, phase_titles(scheme)) for phase in phases],
        [
            (
                f"{stream_title(stream)}, {model_title(model)}",
                is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
                [_value("f1_macro", found.get((stream, model, phase))) for phase in phases],
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
    """The headline cell in each phase; nothing where only one phase has results."""
    titles = phase_titles(scheme)
    found = []
    for target, own in _headline_rows(cells, scheme, headline):
        if own.phase.nunique() < 2:
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
                (covariate, level, *_summary(part))
                for (covariate, level), part in own.groupby(["covariate", "level"], sort=False)
            ],
        )
        for target, own in _headline_rows(groups, scheme, headline)
    ]


def _headline_rows(table: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None):
    if not headline:
        return
    own = _rows_of(table, **{name: headline[name] for name in ("protocol", "stream", "model")})
    for target in scheme.targets:
        if (own.target == target).any():
            yield target, own[own.target == target]


def _summary(rows: pd.DataFrame) -> tuple[list[Value], int | None, int | None]:
    return _values(rows), _whole(rows["dyads"].max()), _whole(rows["frames"].max())


def better_baseline(cells: pd.DataFrame, target: str, protocol: str) -> str | None:
    """The baseline with the higher unweighted F1 over all phases."""
    rows = _rows_of(cells, target=target, protocol=protocol, phase="all", stream="none", metric="f1_macro")
    rows = rows.dropna(subset=["value"])
    return (
        None if rows.empty else str(rows.sort_values("value", ascending=False, kind="stable").iloc[0].model)
    )


@dataclass(frozen=True)
class Headline:
    """The cell named beforehand, beside the better baseline and the coders, for one target."""

    target: str
    title: str
    cell: str
    baseline: str
    sentence: str
    rows: list[tuple[str, Value, Value | None, list[tuple[str, str]]]]
    comparisons: list[str]


def describe_headline(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    agreement: Sequence[Agreement],
    comparisons: Sequence["Comparison"],
) -> list[Headline]:
    """Accuracy, unweighted F1 and kappa of the headline cell, with what to hold them against."""
    if not headline:
        return []
    wanted = _rows_of(
        cells, **{name: headline[name] for name in ("protocol", "stream", "model")}, phase="all"
    )
    coders = {own.target: own.overall() for own in agreement}
    found = []
    for target in [name for name in scheme.targets if (wanted.target == name).any()]:
        own = {value.metric: value for value in _values(wanted[wanted.target == target])}
        name = better_baseline(cells, target, headline["protocol"])
        base = (
            {}
            if name is None
            else {
                value.metric: value
                for value in _values(
                    _rows_of(
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
            "accuracy": [(row.percent, f"{row.percent_interval} {row.pair}") for row in pairs],
            "kappa": [(row.kappa, f"{row.kappa_interval} {row.pair}") for row in pairs],
        }
        title = scheme.targets[target].title or target
        cell = cell_title(headline["stream"], headline["model"])
        rows = [
            (TITLES[metric], own[metric], base.get(metric), human.get(metric, []))
            for metric in ("accuracy", "f1_macro", "kappa")
        ]
        dyads = _whole(wanted[wanted.target == target]["dyads"].max())
        found.append(
            Headline(
                target,
                title,
                cell,
                cell_title("none", name) if name else "",
                _headline_sentence(cell, own, base, cell_title("none", name) if name else "", pairs, dyads),
                rows,
                [
                    comparison.sentence
                    for comparison in comparisons
                    if comparison.target == target and comparison.of_headline
                ],
            )
        )
    return found


def _headline_sentence(cell, own, base, baseline, pairs, dyads) -> str:
    """The number that matters most, what it is held against, and what two people reach."""
    start = (
        f"On {dyads} dyads that it never saw in training, the {cell} gives the coder's class to "
        f"{own['accuracy'].text} % of the frames"
    )
    beside = f"; the {baseline} to {base['accuracy'].text} %" if base else ""
    kappa = f". Beyond chance that is a kappa of {own['kappa'].text} {own['kappa'].interval}".rstrip()
    kappa += f" against {base['kappa'].text}" if base else ""
    if pairs:
        reached = " to ".join(
            sorted({row.kappa for row in pairs})[:: max(len({row.kappa for row in pairs}) - 1, 1)]
        )
        kappa += f"; two human coders reach {reached} with each other"
    return f"{start}{beside}{kappa}."


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
    cell: str
    against: str
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
        metric_name(metric),
        cell,
        against,
        int(row["dyads"]),
        int(row["wins"]),
        p_value(row["p"]),
        p_value(row["p_holm"]),
        clear,
    )


def confuse_headline(
    path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[tuple[str, Confusion]]:
    """The headline cell's confusion over all phases, per target."""
    if path is None or not headline:
        return []
    text = (*CELL, "phase", "truth", "predicted")
    table = read_table(path, [*text, "frames"], text=text)
    found = []
    for target, own in _headline_rows(table, scheme, headline):
        own = own[own.phase == "all"]
        spec = scheme.targets[target]
        found.append(
            (
                spec.title or target,
                describe_confusion(own[["truth", "predicted", "frames"]], spec.classes, "coder", "model"),
            )
        )
    return found


def draw_cells(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    agreement: Sequence[Agreement],
    target: str,
    protocol: str,
) -> Markup | None:
    """Unweighted F1 and kappa of every cell with intervals; baselines and the coders' kappa as lines."""
    rows = _rows_of(cells, target=target, protocol=protocol, phase="all")
    trained = rows[rows.stream != "none"]
    pairs = list(dict.fromkeys(zip(trained.stream, trained.model, strict=True)))
    if not pairs:
        return None
    models = list(dict.fromkeys(model for _, model in pairs))
    metrics = ("f1_macro", "kappa")
    drawn = [
        DotRow(
            f"{stream_title(stream)}, {model_title(model)}",
            models.index(model),
            is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
            [
                _dot(_rows_of(trained, stream=stream, model=model, metric=metric), metric)
                for metric in metrics
            ],
        )
        for stream, model in pairs
    ]
    lines: list[list[Line]] = []
    for metric in metrics:
        base = _rows_of(rows, stream="none", metric=metric)
        lines.append(
            [
                Line(
                    row.model if row.model in ("majority", "phase") else "other",
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


def marker_legend(cells: pd.DataFrame, target: str, protocol: str) -> list[str]:
    """Names of the trained models, in the order of the figure's markers."""
    rows = _rows_of(cells, target=target, protocol=protocol, phase="all")
    return [model_title(model) for model in dict.fromkeys(rows[rows.stream != "none"].model)]


def fold_table(path: Path | None, scheme: Scheme, headline: Mapping[str, str] | None):
    """The headline cell's kappa and unweighted F1 in each outer fold: (target title, [(fold, {metric: text})])."""
    if path is None:
        return []
    text = (*CELL, "fold", "metric")
    table = read_table(path, [*text, "value"], text=text)
    found = []
    for target, own in _headline_rows(table, scheme, headline):
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

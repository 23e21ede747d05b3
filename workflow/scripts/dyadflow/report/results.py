"""Result tables as in the paper's Tables 3 and 4."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import phase_titles
from dyadflow.report.wording import (
    METRICS,
    interval,
    is_missing,
    is_oracle,
    model_title,
    number,
    phase_title,
    stream_title,
)
from dyadflow.tables import read_table

#: What names a cell.
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
    """One cell of the study in a table; `span` is the number of rows that its stream's name covers.

    An oracle is told the answer: it has no stream, and is no baseline.
    """

    stream: str
    model: str
    baseline: bool
    oracle: bool
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


@overload
def read_cells(path: Path) -> pd.DataFrame: ...
@overload
def read_cells(path: Path | None) -> pd.DataFrame | None: ...
def read_cells(path: Path | None) -> pd.DataFrame | None:
    """The result table, or None where nothing was trained."""
    if path is None:
        return None
    return read_table(
        path, [*_TEXT, "value", "low", "high", "fold_mean", "fold_sd", "dyads", "frames"], text=_TEXT
    )


def rows_of(table: pd.DataFrame, **equals: str) -> pd.DataFrame:
    """Rows in which every named column has the given value."""
    for name, value in equals.items():
        table = table[table[name] == value]
    return table


def values_of(rows: pd.DataFrame) -> list[Value]:
    """One cell's metrics in the order of the paper's tables; a dash for one that has no row."""
    found = {row.metric: row for row in rows.itertuples()}
    return [make_value(metric, found.get(metric)) for metric, _, _ in METRICS]


def make_value(metric: str, row: Any) -> Value:
    """A row of a result table, or None, as it is printed."""
    if row is None:
        return Value(metric, number(metric, _NAN), "")
    mean, deviation = getattr(row, "fold_mean", None), getattr(row, "fold_sd", None)
    folds = "" if is_missing(mean) else f"{number(metric, mean)} ± {number(metric, deviation)}"
    return Value(metric, number(metric, row.value), interval(metric, row.low, row.high), folds)


def is_headline(cell: Mapping[str, str], headline: Mapping[str, str] | None) -> bool:
    """Whether a cell is the one that the study named beforehand."""
    if not headline:
        return False
    return all(cell[name] == headline[name] for name in ("protocol", "stream", "model"))


def tabulate(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    target: str,
    protocol: str,
    phase: str,
) -> ResultTable:
    """One of the paper's Tables 3 and 4: cells in the order of the study, then baselines, oracles last."""
    rows = rows_of(cells, protocol=protocol, target=target, phase=phase)
    order = order_cells(rows)
    streams = [group_title(*pair) for pair in order]
    made, last = [], None
    for (stream, model), group in zip(order, streams, strict=True):
        own = rows_of(rows, stream=stream, model=model)
        made.append(
            ResultRow(
                group,
                model_title(model),
                stream == "none" and not is_oracle(stream, model),
                is_oracle(stream, model),
                is_headline({"protocol": protocol, "stream": stream, "model": model}, headline),
                streams.count(group) if group != last else 0,
                values_of(own),
                whole(own["dyads"].max()),
            )
        )
        last = group
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


def order_cells(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Streams and models of a table: stream by stream in the order of the study, then baselines, oracles last."""
    pairs = list(dict.fromkeys(zip(rows.stream, rows.model, strict=True)))
    streams = list(dict.fromkeys(stream for stream, _ in pairs))
    return sorted(pairs, key=lambda pair: (pair[0] == "none", is_oracle(*pair), streams.index(pair[0])))


def group_title(stream: str, model: str) -> str:
    """What the rows of a stream are called together; those of oracles stand apart from the baselines."""
    return "Oracle" if is_oracle(stream, model) else stream_title(stream)


def whole(value: Any) -> int | None:
    """A count that a table may leave empty."""
    return None if pd.isna(value) else int(value)


def tabulate_all(
    cells: pd.DataFrame, scheme: Scheme, headline: Mapping[str, str] | None
) -> list[ResultTable]:
    """Tables over all phases, each followed by those without an instructed phase, in the scheme's order."""
    found = []
    for target in [name for name in scheme.targets if (cells.target == name).any()]:
        for protocol in dict.fromkeys(rows_of(cells, target=target).protocol):
            phases = dict.fromkeys(rows_of(cells, target=target, protocol=protocol).phase)
            wanted = [phase for phase in phases if phase == "all" or phase.startswith("without ")]
            found += [tabulate(cells, scheme, headline, target, protocol, phase) for phase in wanted]
    return found

"""Frame by frame, the results of many small targets in one table and one pair of figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.coders import Agreement
from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.results import ResultRow, rows_of, tabulate
from dyadflow.report.task_targets import TaskTarget, task_targets
from dyadflow.report.wording import cell_title, interval, number, stream_title


@dataclass(frozen=True)
class TargetRows:
    """One target's cells; `task_span` is the number of table rows that the task's name covers."""

    place: TaskTarget
    task_span: int
    rows: list[tuple[str, ResultRow]]


@dataclass(frozen=True)
class Together:
    """All cells of one protocol, target after target, and two figures of the same."""

    protocol: str
    targets: list[TargetRows]
    f1_figure: Markup
    kappa_figure: Markup
    has_folds: bool


def tabulate_together(
    cells: pd.DataFrame,
    scheme: Scheme,
    headline: Mapping[str, str] | None,
    agreement: Sequence[Agreement],
) -> list[Together]:
    """One table a protocol, without the phase baseline: within one phase it has nothing more to go by."""
    found = []
    for protocol in dict.fromkeys(cells.protocol):
        own = rows_of(cells, protocol=protocol)
        places = task_targets(scheme, own.target)
        rows = {
            place.target: [
                row
                for row in tabulate(own, scheme, headline, place.target, protocol, "all").rows
                if not (row.baseline and row.model == "Phase")
            ]
            for place in places
        }
        targets = []
        for number_, place in enumerate(places):
            covered = places[number_ : number_ + place.span]
            task_span = sum(len(rows[other.target]) for other in covered)
            targets.append(TargetRows(place, task_span, [(_name(row), row) for row in rows[place.target]]))
        has_folds = any(value.folds for target in rows.values() for row in target for value in row.values)
        f1, kappa = (_draw(own, places, metric, agreement) for metric in ("f1_macro", "kappa"))
        found.append(Together(protocol, targets, f1, kappa, has_folds))
    return found


def _name(row: ResultRow) -> str:
    if row.oracle:
        return row.model
    return f"{row.model} baseline" if row.baseline else f"{row.stream}, {row.model}"


def _draw(
    cells: pd.DataFrame, places: Sequence[TaskTarget], metric: str, agreement: Sequence[Agreement]
) -> Markup:
    """A row for each target and trained cell: the cell, the majority baseline, and in kappa the coders."""
    pairs = {own.target: own.overall() for own in agreement} if metric == "kappa" else {}
    rows: list[MarkRow] = []
    for place in places:
        own = rows_of(cells, target=place.target, phase="all", metric=metric)
        held = [
            Mark("bound", float(row.value), f"{cell_title('none', row.model)} {number(metric, row.value)}")
            for row in rows_of(own, stream="none", model="majority").itertuples()
        ]
        held += [
            Mark("human", row.kappa_value, f"coders {row.pair} {row.kappa}") for row in pairs.get(place.target, [])
        ]
        trained = own[own.stream != "none"]
        for first, row in enumerate(trained.itertuples()):
            shown = f"{cell_title(row.stream, row.model)} {number(metric, row.value)} "
            shown += interval(metric, row.low, row.high)
            name = place.title if len(trained) == 1 else f"{place.title} \N{MIDDLE DOT} {stream_title(row.stream)}"
            name += f", {row.model}" * (len(trained) > 1)
            dot = Mark("dot", float(row.value), shown, float(row.low), float(row.high))
            rows.append(MarkRow(name, [*held, dot], apart=bool(rows and place.span and not first)))
    what = "Unweighted F1" if metric == "f1_macro" else "Cohen's kappa"
    return draw_marks(rows, f"{what} of every cell, frame by frame, with 95 % intervals over dyads")

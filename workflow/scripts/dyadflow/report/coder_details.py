"""More on how far coders agree: code by code, all coders together, and by events instead of frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.wording import MINUS, count, interval, is_missing, number
from dyadflow.tables import read_table

_KEY = ["target", "phase", "code", "coder_a", "coder_b"]
#: What the columns of the table of all coders together are called, in their order.
MEASURES = {
    "fleiss_kappa": "Fleiss' kappa",
    "alpha_nominal": "Krippendorff's alpha",
    "alpha_ordinal": "alpha, ordinal",
    "alpha_interval": "alpha, interval",
}


@dataclass(frozen=True)
class Value:
    """A number with its interval, ready to print."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class CodeRow:
    """One code by one pair of coders; `span` is how many pairs the code's name covers, 0 below the first."""

    code: str
    span: int
    pair: str
    kappa: Value
    percent: Value
    near_kappa: Value
    events: str
    event_percent: Value
    difference: Value


@dataclass(frozen=True)
class CodeAgreement:
    """One target, code by code."""

    target: str
    title: str
    figure: Markup
    rows: list[CodeRow]


@dataclass(frozen=True)
class EventRow:
    """All codes of one target by one pair of coders, by events."""

    target: str
    pair: str
    near_percent: Value
    near_kappa: Value
    events: str
    event_percent: Value
    event_kappa: Value
    difference: Value
    gamma: Value
    sessions: int
    dyads: int


@dataclass(frozen=True)
class Events:
    """All targets by events: the tolerance in seconds, whether gamma was worked out, rows by target."""

    tolerance_s: float
    has_gamma: bool
    rows: Mapping[str, list[EventRow]]


@dataclass(frozen=True)
class Reliability:
    """All coders of each target together: columns, and for each target its values and on what they rest."""

    columns: list[str]
    rows: Mapping[str, tuple[list[Value], int, str, int, int]]


def read_events(path: Path | None) -> pd.DataFrame | None:
    """The table of `agreement.events`, all phases together; None where there is none, or nobody to compare."""
    if path is None:
        return None
    table = read_table(path, [*_KEY, "tolerance_s", "event_percent", "matched"], text=_KEY)
    table = table[table.phase == "all"]
    return None if table.empty else table


def describe_codes(agreement: Path, events: pd.DataFrame | None, scheme: Scheme) -> dict[str, CodeAgreement]:
    """Agreement code by code, for targets of three classes or more: of two, each has the agreement of both.

    Parameters
    ----------
    agreement
        Table of `agreement.coders`.
    events
        From `read_events`.
    scheme
        Titles and the order of classes.
    """
    table = read_table(agreement, [*_KEY, "percent", "kappa"], text=_KEY)
    table = table[(table.phase == "all") & (table.code != "all")]
    matched = {} if events is None else {tuple(getattr(row, key) for key in _KEY): row for row in events.itertuples()}
    found = {}
    for target, spec in scheme.targets.items():
        own = table[table.target == target]
        if len(spec.classes) < 3 or own.empty:
            continue
        rows: list[CodeRow] = []
        marks: list[MarkRow] = []
        for code in spec.classes:
            pairs = list(own[own.code == code].itertuples())
            for place, row in enumerate(pairs):
                event = matched.get(tuple(getattr(row, key) for key in _KEY))
                rows.append(_code_row(row, event, len(pairs) if place == 0 else 0))
                name = code if len(pairs) == 1 else f"{code}, {row.coder_a} and {row.coder_b}"
                marks.append(_mark_row(row, event, name, apart=place == 0 and len(pairs) > 1 and bool(marks)))
        title = spec.title or target
        figure = draw_marks(marks, f"{title}: agreement on each code, on frames and on events", plot_width=430)
        found[target] = CodeAgreement(target, title, figure, rows)
    return found


def _code_row(row: Any, event: Any, span: int) -> CodeRow:
    return CodeRow(
        code=row.code,
        span=span,
        pair=f"{row.coder_a} and {row.coder_b}",
        kappa=_value("kappa", row, "kappa"),
        percent=_value("percent", row, "percent", 0.01),
        near_kappa=_value("kappa", event, "time_kappa"),
        events=_counts(event),
        event_percent=_value("percent", event, "event_percent", 0.01),
        difference=_difference(event),
    )


def _mark_row(row: Any, event: Any, name: str, *, apart: bool) -> MarkRow:
    marks = [Mark("dot", row.kappa, f"kappa on frames {number('kappa', row.kappa)}", row.kappa_low, row.kappa_high)]
    if event is not None and not is_missing(event.event_percent):
        share = event.event_percent / 100
        marks.append(Mark("human", share, f"agreement on events {number('percent', share)} %"))
    return MarkRow(name, marks[::-1], apart)


def _value(metric: str, row: Any, column: str, scale: float = 1.0) -> Value:
    if row is None:
        return Value(number(metric, float("nan")))
    value, low, high = (scale * getattr(row, name) for name in (column, f"{column}_low", f"{column}_high"))
    return Value(number(metric, value), interval(metric, low, high))


def _counts(event: Any) -> str:
    return "" if event is None else f"{count(event.matched)} of {count(event.events_a)} and {count(event.events_b)}"


def _difference(event: Any) -> Value:
    """Mean difference of matched onsets with its sign, and without below it."""
    if event is None or is_missing(event.onset_difference_s):
        return Value(number("share", float("nan")))
    signed = f"{event.onset_difference_s + 0.0:+.2f}".replace("-", MINUS)
    return Value(signed, f"{event.onset_difference_abs_s:.2f} either way")


def describe_events(table: pd.DataFrame | None, scheme: Scheme) -> Events | None:
    """Every target by events, all codes together."""
    if table is None:
        return None
    whole = table[table.code == "all"]
    rows: dict[str, list[EventRow]] = {}
    for target in scheme.targets:
        own = [_event_row(row) for row in whole[whole.target == target].itertuples()]
        if own:
            rows[target] = own
    return Events(float(whole.tolerance_s.iloc[0]), bool(whole.gamma.notna().any()), rows) if rows else None


def _event_row(row: Any) -> EventRow:
    return EventRow(
        target=row.target,
        pair=f"{row.coder_a} and {row.coder_b}",
        near_percent=_value("percent", row, "time_percent", 0.01),
        near_kappa=_value("kappa", row, "time_kappa"),
        events=_counts(row),
        event_percent=_value("percent", row, "event_percent", 0.01),
        event_kappa=_value("kappa", row, "event_kappa"),
        difference=_difference(row),
        gamma=_value("kappa", row, "gamma"),
        sessions=int(row.sessions),
        dyads=int(row.dyads),
    )


def describe_reliability(path: Path | None, scheme: Scheme) -> Reliability | None:
    """All coders of each target together, over all phases and codes; None where no two coded the same."""
    if path is None:
        return None
    text = ["target", "phase", "code", "measure"]
    table = read_table(path, [*text, "value", "low", "high", "coders", "units", "sessions", "dyads"], text=text)
    table = table[(table.phase == "all") & (table.code == "all")]
    measures = [name for name in MEASURES if (table.measure == name).any()]
    rows = {}
    for target in scheme.targets:
        own = {row.measure: row for row in table[table.target == target].itertuples()}
        if own:
            rows[target] = _reliability_row(own, measures)
    return Reliability([MEASURES[name] for name in measures], rows) if rows else None


def _reliability_row(own: Mapping[str, Any], measures: Sequence[str]) -> tuple[list[Value], int, str, int, int]:
    values = []
    for name in measures:
        row = own.get(name)
        value = (float("nan"),) * 3 if row is None else (row.value, row.low, row.high)
        values.append(Value(number("kappa", value[0]), interval("kappa", *value[1:])))
    most = max(own.values(), key=lambda row: row.units)
    return values, int(most.coders), count(most.units), int(most.sessions), int(most.dyads)

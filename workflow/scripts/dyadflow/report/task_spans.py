"""The tasks that every coder marks for themselves: how long they last, and how far coders agree inside.

Table 1 and Fig. 1 of the second paper.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import phase_titles
from dyadflow.report.matrices import Matrix, PairValue, in_order, square
from dyadflow.report.published import DURATIONS, RATERS, PublishedRaters
from dyadflow.report.wording import ABSENT, clock, interval, is_missing, number, plural, value_range
from dyadflow.tables import read_table

_ALL = "all"


@dataclass(frozen=True)
class Durations:
    """Table 1: phases in the columns; each row a measure, per column the study's value and the paper's."""

    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[tuple[str, str]]]]
    published: bool


def describe_durations(path: Path | None, scheme: Scheme) -> Durations | None:
    """How long the tasks last by each coder's own account, and in what the coders share."""
    if path is None:
        return None
    table = read_table(
        path,
        ["phase", "coded_mean_s", "coded_sd_s", "ratio_mean", "minimal_total_s", "sessions", "codings"],
        text=["phase"],
    )
    titles = phase_titles(scheme)
    paper = DURATIONS.get(scheme.name, {})
    rows: dict[str, list[tuple[str, str]]] = {}
    for row in table.itertuples():
        own = paper.get(row.phase)
        for measure, value, published in (
            (
                "Each coder's own duration, mean ± SD",
                _with_deviation(row.coded_mean_s, row.coded_sd_s),
                own and _with_deviation(own.mean_s, own.sd_s),
            ),
            (
                "Intersection over union of coders, mean",
                number("share", row.ratio_mean),
                own and number("share", own.ratio),
            ),
            ("Shared time of all sessions", clock(row.minimal_total_s), own and clock(own.minimal_total_s)),
            ("Sessions", str(int(row.sessions)), ""),
            ("Codings", str(int(row.codings)), ""),
        ):
            rows.setdefault(measure, []).append((value, published or ""))
    columns = [(phase, "All tasks" if phase == _ALL else titles.get(phase, phase)) for phase in table["phase"]]
    return Durations(columns, list(rows.items()), any(phase in paper for phase in table["phase"]))


def _with_deviation(mean_s: float, sd_s: float) -> str:
    return clock(mean_s) if is_missing(sd_s) else f"{clock(mean_s)} ± {clock(sd_s)}"


@dataclass(frozen=True)
class SharedSpans:
    """Each session's shared time and ratio, phase by phase: (session, [(time, note)])."""

    phases: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


def describe_spans(path: Path | None, scheme: Scheme) -> SharedSpans | None:
    """What the coders of each session share of each task."""
    if path is None:
        return None
    text = ["session", "phase"]
    table = read_table(path, [*text, "coders", "minimal_onset_s", "minimal_offset_s", "minimal_s", "ratio"], text=text)
    titles = phase_titles(scheme)
    phases = list(dict.fromkeys(table["phase"]))
    found = {(row.session, row.phase): row for row in table.itertuples()}
    rows = [
        (session, [_shared(found.get((session, phase))) for phase in phases])
        for session in dict.fromkeys(table["session"])
    ]
    return SharedSpans([titles.get(phase, phase) for phase in phases], rows)


def _shared(row: Any) -> tuple[str, str]:
    if row is None or not row.coders:
        return ABSENT, "not marked"
    if is_missing(row.minimal_onset_s):
        return ABSENT, "the coders' spans do not meet"
    coders = plural(int(row.coders), "coder")
    times = f"{clock(row.minimal_onset_s)}\N{EN DASH}{clock(row.minimal_offset_s)}"
    return times, f"{number('share', row.ratio)}, {coders}" if not is_missing(row.ratio) else coders


@dataclass(frozen=True)
class ClockSplit:
    """Kappa, interval and agreement of every pair: (phase, rows that its name covers, tier, a value a pair)."""

    pairs: list[str]
    rows: list[tuple[str, int, str, list[tuple[str, str, str]]]]


@dataclass(frozen=True)
class ClockAgreement:
    """Fig. 1: agreement and kappa of every two coders, moment by moment."""

    agreement: Matrix
    kappa: Matrix
    mean_kappa: str
    agreement_range: str
    split: ClockSplit
    published: PublishedRaters | None


def describe_clock(path: Path | None, scheme: Scheme) -> ClockAgreement | None:
    """Agreement on the clock; None where there is no table or no two coders in it."""
    if path is None:
        return None
    text = ["phase", "tier", "coder_a", "coder_b"]
    table = read_table(path, [*text, "percent", "kappa", "sessions", "dyads", "moments"], text=text)
    if table.empty:
        return None
    whole = table[(table.phase == _ALL) & (table.tier == _ALL)]
    pairs = list(zip(whole.coder_a, whole.coder_b, strict=True))
    raters = in_order(pairs)
    shown = [f"{plural(row.sessions, 'session')}, {plural(row.moments, 'moment')}" for row in whole.itertuples()]
    agreement = [
        PairValue(row.percent / 100, row.percent_low / 100, row.percent_high / 100, told)
        for row, told in zip(whole.itertuples(), shown, strict=True)
    ]
    kappa = [
        PairValue(row.kappa, row.kappa_low, row.kappa_high, told)
        for row, told in zip(whole.itertuples(), shown, strict=True)
    ]
    return ClockAgreement(
        square("Agreement", raters, dict(zip(pairs, agreement, strict=True))),
        square("Cohen's kappa", raters, dict(zip(pairs, kappa, strict=True))),
        number("kappa", whole.kappa.mean()),
        value_range("share", whole.percent / 100),
        _split(table, scheme, pairs),
        RATERS.get(scheme.name),
    )


def _split(table: pd.DataFrame, scheme: Scheme, pairs: list[tuple[str, str]]) -> ClockSplit:
    titles = phase_titles(scheme) | {_ALL: "All tasks"}
    tiers = {name: tier.title or name for name, tier in scheme.tiers.items()}
    tiers[_ALL] = "Both variables" if len(tiers) == 2 else "All variables"
    found = {(row.phase, row.tier, row.coder_a, row.coder_b): row for row in table.itertuples()}
    rows = []
    for phase, own in table.groupby("phase", sort=False):
        names = list(dict.fromkeys(own.tier))
        for tier in names:
            values = [_pair_value(found.get((phase, tier, *pair))) for pair in pairs]
            span = len(names) if tier == names[0] else 0
            rows.append((titles.get(phase, phase), span, tiers.get(tier, tier), values))
    return ClockSplit([f"{a} and {b}" for a, b in pairs], rows)


def _pair_value(row: Any) -> tuple[str, str, str]:
    """Kappa, its interval, and the agreement."""
    if row is None:
        return ABSENT, "", ""
    return (
        number("kappa", row.kappa),
        interval("kappa", row.kappa_low, row.kappa_high),
        number("share", row.percent / 100),
    )

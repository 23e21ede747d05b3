"""What was seen: how much of each code, what follows what, what both do together, and how reliable that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_relations import DyadicBehaviour, Transitions, describe_dyadic, describe_transitions
from dyadflow.report.behaviour_tables import MEASURE_TEXT, measured_codes, shown_phases
from dyadflow.report.data import phase_titles
from dyadflow.report.palette import Palette
from dyadflow.report.session_dots import DotPanel, draw_session_dots
from dyadflow.report.session_values import SessionValues, units, value_by_session
from dyadflow.report.wording import ABSENT, interval, is_missing, number, phase_title
from dyadflow.tables import read_table

#: Measures of the table: column, title, digits, whether it is a share.
MEASURES = (
    ("proportion", "Share of the time (%)", 1, True),
    ("rate_per_min", "Bouts a minute", 2, False),
    ("bout_mean_s", "Mean bout (s)", 1, False),
    ("latency_s", "Latency (s)", 1, False),
)
#: Of the intraclass correlations, the form that is shown: single coders, absolute agreement.
ICC_FORM = "icc_a1"


@dataclass(frozen=True)
class CodeMeasures:
    """One code in one phase: its values as (mean, interval), and in how many codings it never occurred."""

    code: str
    span: int
    phase: str
    values: list[tuple[str, str]]
    never: int


@dataclass(frozen=True)
class TierBehaviour:
    """A tier: a dot a session for each code and phase, and the same in numbers."""

    tier: str
    title: str
    figure: Markup
    rows: list[CodeMeasures]


@dataclass(frozen=True)
class MeasureReliability:
    """Intraclass correlations: titles of measures; per tier a row a code; between how many coders and sessions."""

    columns: list[str]
    tiers: list[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]
    coders: list[int]
    sessions: list[int]


@dataclass(frozen=True)
class Behaviour:
    """What the page shows of room behaviour; `tables` are (relative link, name, what is in it)."""

    tiers: list[TierBehaviour]
    transitions: list[Transitions]
    dyadic: DyadicBehaviour | None
    reliability: MeasureReliability | None
    coders: list[str]
    sessions: int
    dyads: int
    tables: list[tuple[str, str, str]]


def describe_behaviour(
    measures: Path | None,
    transitions: Path | None,
    dyadic: Path | None,
    regulation: Path | None,
    icc: Path | None,
    scheme: Scheme,
    palette: Palette,
) -> Behaviour | None:
    """Everything that the page says of behaviour; None without a table of measures.

    Parameters
    ----------
    measures, transitions, dyadic, regulation, icc
        Tables of room behaviour, all in one folder beside that of the page.
    scheme, palette
        Titles, order and colours.
    """
    if measures is None:
        return None
    table = read_table(measures, [*MEASURE_TEXT, *(name for name, *_ in MEASURES), "censored"],
                       text=[*MEASURE_TEXT, "censored"])  # fmt: skip
    phases = shown_phases(scheme, table)
    found = {
        tier: _gather(table[table.tier == tier], measured_codes(scheme, tier), phases)
        for tier in scheme.tiers
        if (table.tier == tier).any() and measured_codes(scheme, tier)
    }
    sessions, dyads = units([own["proportion"] for cells in found.values() for own in cells.values()])
    return Behaviour(
        tiers=[_describe_tier(table, tier, cells, phases, scheme, palette) for tier, cells in found.items()],
        transitions=[] if transitions is None else describe_transitions(transitions, scheme),
        dyadic=describe_dyadic(dyadic, regulation, scheme, palette),
        reliability=_describe_icc(icc, scheme),
        coders=sorted(set(table.coder)),
        sessions=sessions,
        dyads=dyads,
        tables=_tables(Path(measures), scheme),
    )  # fmt: skip


_Cells = dict[tuple[str, str], dict[str, SessionValues]]


def _gather(table: pd.DataFrame, codes: Sequence[str], phases: Sequence[str]) -> _Cells:
    """For each code and phase the values of every measure."""
    rows = dict(tuple(table.groupby(["code", "phase"], sort=False)))
    return {
        (code, phase): {
            name: value_by_session(
                rows.get((code, phase), table.iloc[:0]), name, bounds=(0.0, 1.0) if share else None
            )
            for name, _, _, share in MEASURES
        }
        for code in codes
        for phase in phases
    }  # fmt: skip


def _describe_tier(
    table: pd.DataFrame, tier: str, cells: _Cells, phases: Sequence[str], scheme: Scheme, palette: Palette
) -> TierBehaviour:
    codes = list(dict.fromkeys(code for code, _ in cells))
    titles = phase_titles(scheme)
    title = scheme.tiers[tier].title or tier
    panels = [
        DotPanel(
            "" if phase == "all" else titles.get(phase, phase), "share of the observed time (%)",
            [cells[code, phase]["proportion"] for code in codes], percent=True,
        )
        for phase in phases
    ]  # fmt: skip
    names = [_named(code, scheme) for code in codes]
    figure = draw_session_dots(
        names, [palette.style(code) for code in codes], panels, f"{title}: share of the time of each code, by phase",
        one_scale=True,
    )  # fmt: skip
    never = table[(table.tier == tier) & (table.censored == "yes")].groupby(["code", "phase"]).size()
    rows = [
        CodeMeasures(
            code, len(phases) if place == 0 else 0, phase_title(phase, titles),
            [_shown(cells[code, phase][name], digits, share) for name, _, digits, share in MEASURES],
            int(never.get((code, phase), 0)),
        )
        for code in codes
        for place, phase in enumerate(phases)
    ]  # fmt: skip
    return TierBehaviour(tier, title, figure, rows)


def _named(code: str, scheme: Scheme) -> str:
    title = scheme.title_of(code)
    return code if title == code else f"{title} {code}"


def _shown(own: SessionValues, digits: int, share: bool) -> tuple[str, str]:
    scale = 100 if share else 1
    if is_missing(own.mean):
        return ABSENT, ""
    ends = "" if is_missing(own.low) else f"[{scale * own.low:.{digits}f}, {scale * own.high:.{digits}f}]"
    return f"{scale * own.mean:.{digits}f}", ends


def _describe_icc(path: Path | None, scheme: Scheme) -> MeasureReliability | None:
    """Over all phases, as far as two coders coded the same sessions."""
    if path is None:
        return None
    text = ["tier", "phase", "code", "measure", "form"]
    table = read_table(path, [*text, "value", "low", "high", "coders", "sessions"], text=text)
    table = table[(table.form == ICC_FORM) & (table.phase == "all") & table.value.notna()]
    if table.empty:
        return None
    found = {(row.tier, row.code, row.measure): row for row in table.itertuples()}
    shown = [(name, title) for name, title, *_ in MEASURES if (table.measure == name).any()]

    def value(tier: str, code: str, name: str) -> tuple[str, str]:
        row = found.get((tier, code, name))
        if row is None:
            return ABSENT, ""
        return number("kappa", row.value), interval("kappa", row.low, row.high)

    tiers = []
    for tier in scheme.tiers:
        own = set(table[table.tier == tier].code)
        codes = [code for code in [*scheme.tiers[tier].codes, *scheme.merges_of(tier)] if code in own]
        if codes:
            rows = [(code, [value(tier, code, name) for name, _ in shown]) for code in codes]
            tiers.append((scheme.tiers[tier].title or tier, rows))
    return MeasureReliability([title for _, title in shown], tiers, list(table.coders), list(table.sessions))


def _tables(measures: Path, scheme: Scheme) -> list[tuple[str, str, str]]:
    """Links to the tables, relative to the folder of the page, which lies beside that of the tables."""
    named = [
        ("measures", "every code, session, coder and phase"),
        ("wide", "a row a session and coder, for SPSS, R and jamovi"),
        ("transitions", "which code follows which"),
        ("lags", "what follows within seconds"),
        ("dyadic", "shared states"),
        ("regulation", "matches lost and regained, synchrony"),
        ("phases", "when phases begin and end"),
        ("icc", "how far coders agree on the measures"),
        ("codebook", "what every column means"),
    ]
    return [
        (f"../{measures.parent.name}/{name}.tsv", f"{name}.tsv", told)
        for name, told in named
        if scheme.dyadic is not None or name not in ("dyadic", "regulation")
    ]

"""What follows what, and what both partners do together, for the page."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_tables import (
    REGULATION,
    PooledTransitions,
    pool_transitions,
    read_both,
    residual_arrow,
    shared_states,
    shown_phases,
)
from dyadflow.report.data import phase_titles
from dyadflow.report.figures import Part, draw_stacked_bars, margin_for
from dyadflow.report.palette import Palette
from dyadflow.report.session_dots import DotPanel, draw_session_dots
from dyadflow.report.session_values import units, value_by_session
from dyadflow.report.wording import ABSENT, is_missing, phase_title


@dataclass(frozen=True)
class Transitions:
    """A tier: from in rows, to in columns; cells are (percent, count, shade, arrow), None on the diagonal."""

    title: str
    own: PooledTransitions
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, int, float, int] | None]]]


@dataclass(frozen=True)
class DyadicBehaviour:
    """Shared states by phase as stacked bars, their legend, and measures of regulation with a dot a session."""

    figure: Markup
    legend: list[tuple[str, str]]
    regulation: Markup
    sessions: int
    dyads: int


def describe_transitions(path: Path, scheme: Scheme) -> list[Transitions]:
    """Every tier's transitions over all sessions and phases."""
    return [_describe_tier(own, scheme) for own in pool_transitions(path, scheme)]


def _describe_tier(own: PooledTransitions, scheme: Scheme) -> Transitions:
    codes = list(dict.fromkeys(own.rows.from_code))
    found = {(row.from_code, row.to_code): row for row in own.rows.itertuples()}

    def cell(before: str, after: str) -> tuple[str, int, float, int] | None:
        row = found.get((before, after))
        if row is None or before == after:
            return None
        if is_missing(row.probability):
            return ABSENT, int(row.count), 0.0, 0
        return f"{100 * row.probability:.0f}", int(row.count), float(row.probability), residual_arrow(row)

    rows = [(before, [cell(before, after) for after in codes]) for before in codes]
    return Transitions(scheme.tiers[own.tier].title or own.tier, own, codes, rows)


def describe_dyadic(
    dyadic: Path | None, regulation: Path | None, scheme: Scheme, palette: Palette
) -> DyadicBehaviour | None:
    """Shared states and mutual regulation; None where the scheme names none, or nobody coded both partners."""
    if dyadic is None or regulation is None or scheme.dyadic is None:
        return None
    states, repair = read_both(dyadic, regulation)
    if states.empty:
        return None
    phases = shown_phases(scheme, states)
    titles = phase_titles(scheme)
    names = [phase_title(phase, titles) for phase in phases]
    shown = shared_states(scheme)
    shares = {
        phase: [
            value_by_session(states[(states.phase == phase) & (states.state == state.name)], "proportion")
            for state in shown
        ]
        for phase in phases
    }
    styles = [palette.state_style(state.name) for state in shown]
    bars = [
        (
            name,
            [
                Part(style, state.title, 0.0 if is_missing(own.mean) else own.mean, shown="mean share of the time")
                for style, state, own in zip(styles, shown, shares[phase], strict=True)
            ],
        )
        for name, phase in zip(names, phases, strict=True)
    ]
    panels = [
        DotPanel(
            title,
            unit,
            [value_by_session(repair[repair.phase == phase], name, bounds=bounds) for phase in phases],
            percent=bounds == (0.0, 1.0),
        )
        for name, title, unit, bounds in REGULATION
    ]
    panels = [panel for panel in panels if any(len(own.values) for own in panel.rows)]
    sessions, dyads = units([own for parts in shares.values() for own in parts])
    return DyadicBehaviour(
        draw_stacked_bars(bars, "Mean share of the time in each shared state, by phase", margin=margin_for(names, 100)),
        list(zip(styles, [state.title for state in shown], strict=True)),
        draw_session_dots(names, ["both"] * len(names), panels, "Measures of mutual regulation, by phase")
        if panels else Markup(""),
        sessions,
        dyads,
    )  # fmt: skip

"""What both partners do together: shared states phase by phase, and how matches are lost and regained."""

from pathlib import Path
from typing import TYPE_CHECKING

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_tables import REGULATION, State, read_both, shared_states, shown_phases
from dyadflow.report.palette import ink_on, safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.code_proportions import session_sentence
from dyadflow.report.paper.dots import ROW_MM, DotRow, draw_dot_rows, scale_end
from dyadflow.report.paper.heat import draw_swatch
from dyadflow.report.session_values import SessionValues, units, value_by_session
from dyadflow.report.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOT_COLOUR = "#4a82b4"
_BAR_MM, _HEAD_MM, _KEY_MM, _SCALE_MM, _GAP_MM = 7.0, 5.5, 5.5, 9.0, 5.0


def draw_dyadic(dyadic: Path, regulation: Path, scheme: Scheme) -> "Figure":
    """Draw the mean share of each shared state by phase, and four measures of regulation with a dot a session.

    Parameters
    ----------
    dyadic, regulation
        Tables of `behaviour.dyadic` and `behaviour.regulation`.
    scheme
        States, titles, colours.
    """
    if scheme.dyadic is None:
        return style.draw_sentence("The coding scheme does not say which codes of both partners match (dyadic).")
    states, repair = read_both(dyadic, regulation)
    if states.empty:
        return style.draw_sentence("No session has both partners coded, so there is no shared state to draw.")
    phases = shown_phases(scheme, states)
    titles = ["All of the session" if phase == "all" else scheme.title_of(phase) for phase in phases]
    label_mm = max(map(style.text_width_mm, titles)) + 3.0
    shares = {
        phase: [
            (state, value_by_session(states[(states.phase == phase) & (states.state == state.name)], "proportion"))
            for state in shared_states(scheme)
        ]
        for phase in phases
    }
    measured = {
        name: [value_by_session(repair[repair.phase == phase], name, bounds=bounds) for phase in phases]
        for name, _, _, bounds in REGULATION
    }
    measured = {name: own for name, own in measured.items() if any(len(part.values) for part in own)}
    foot = _foot([own for parts in shares.values() for _, own in parts], sorted(set(states.coder)), scheme)
    bars_mm = _HEAD_MM + _KEY_MM + len(phases) * _BAR_MM + 4.0
    dots_mm = 2 * _HEAD_MM + len(phases) * ROW_MM + _SCALE_MM + 2.0 if measured else 0.0
    width = style.PAGE_MM
    figure = style.new_figure(width, style.MARGIN_MM + bars_mm + dots_mm + style.foot_height_mm(foot, width))
    _draw_shares(figure, shares, titles, label_mm)
    if measured:
        _draw_measures(figure, measured, titles, label_mm, style.MARGIN_MM + bars_mm)
    style.write_foot(figure, foot)
    return figure


def _draw_shares(
    figure: "Figure", shares: dict[str, list[tuple[State, SessionValues]]], titles: list[str], label_mm: float
) -> None:
    """One bar a phase, filled by the mean shares of the states; above them their names."""
    top, left = style.MARGIN_MM, style.MARGIN_MM + label_mm
    room = style.PAGE_MM - style.MARGIN_MM - left
    style.write_text(figure, style.MARGIN_MM, top, "Shared states", size=style.TITLE_PT, weight="bold")
    place = left
    for state, _ in next(iter(shares.values())):
        draw_swatch(figure, place, top + _HEAD_MM + 1.4, safe_colour(state.colour))
        style.write_text(figure, place + 2.8, top + _HEAD_MM + 1.4, state.title, va="center_baseline", color=style.SOFT)
        place += 2.8 + style.text_width_mm(state.title) + 5.0
    top += _HEAD_MM + _KEY_MM
    axes = style.place_axes(figure, left, top, room, len(shares) * _BAR_MM)
    axes.set(xlim=(0, 1), ylim=(len(shares), 0))
    axes.set_axis_off()
    for number, (title, parts) in enumerate(zip(titles, shares.values(), strict=True)):
        style.write_text(figure, left - 2.0, top + (number + 0.5) * _BAR_MM, title, ha="right", va="center_baseline")
        start, total = 0.0, sum(own.mean for _, own in parts if own.mean == own.mean)
        for state, own in parts:
            share = own.mean / total if own.mean == own.mean and total else 0.0
            axes.barh(
                number + 0.5, share, left=start, height=0.76, color=safe_colour(state.colour), edgecolor="white", lw=0.6
            )
            if share * room >= 5.0:
                axes.text(start + share / 2, number + 0.5, f"{100 * share:.0f}", ha="center", va="center_baseline",
                          color=ink_on(safe_colour(state.colour)))  # fmt: skip
            start += share


def _draw_measures(
    figure: "Figure", measured: dict[str, list[SessionValues]], titles: list[str], label_mm: float, top: float
) -> None:
    """One panel a measure, side by side, a row of dots a phase."""
    left = style.MARGIN_MM + label_mm
    style.write_text(figure, style.MARGIN_MM, top, "Mutual regulation", size=style.TITLE_PT, weight="bold")
    panel = (style.PAGE_MM - style.MARGIN_MM - left - 2 - _GAP_MM * (len(REGULATION) - 1)) / len(REGULATION)
    plot = top + 2 * _HEAD_MM
    for number, title in enumerate(titles):
        style.write_text(figure, left - 2.0, plot + (number + 0.5) * ROW_MM, title, ha="right", va="center_baseline")
    shown = [own for own in REGULATION if own[0] in measured]
    for column, (name, title, unit, bounds) in enumerate(shown):
        place = left + column * (panel + _GAP_MM)
        rows = [DotRow(own, _DOT_COLOUR) for own in measured[name]]
        lowest = min((value for row in rows for value in (*row.own.values, row.own.low) if value == value), default=0.0)
        style.write_text(figure, place, top + _HEAD_MM, title)
        axes = style.place_axes(figure, place, plot, panel, len(rows) * ROW_MM)
        span = (min(0.0, 1.06 * lowest), scale_end(rows, 0.2))
        draw_dot_rows(axes, rows, span, percent=bounds == (0.0, 1.0), ticks=3)
        axes.set_xlabel(unit, labelpad=2, color=style.SOFT)


def _foot(parts: list[SessionValues], coders: list[str], scheme: Scheme) -> str:
    sessions, dyads = units(parts)
    assert scheme.dyadic is not None  # or there were no states to draw
    first, second = (scheme.tiers[name].title.lower() or name for name in scheme.dyadic.tiers)
    return (
        f"Above, the mean share of the time in which {first} and {second} are in the same kind of state, in percent of "
        f"the time in which both could be seen. Below: {session_sentence(coders)} A reparation is a mismatch that "
        f"turns into a match; the time to it is the mean length of such mismatches. Synchrony is the highest "
        f"cross-correlation of both levels of engagement within the lags of the study. "
        f"{plural(sessions, 'session')} of {plural(dyads, 'dyad')}."
    )

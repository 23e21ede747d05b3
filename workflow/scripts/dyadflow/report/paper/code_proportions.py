"""How much of the time each code takes, phase by phase: a dot a session, the mean and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_tables import MEASURE_TEXT, measured_codes, shown_phases
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.dots import ROW_MM, DotRow, draw_dot_rows, scale_end
from dyadflow.report.paper.heat import Label, draw_row_label, label_width_mm
from dyadflow.report.session_values import units, value_by_session
from dyadflow.report.wording import listing, plural
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEAD_MM, _PANEL_HEAD_MM, _SCALE_MM, _GAP_MM = 5.5, 5.0, 10.5, 4.0
#: How wide a panel is at most.
_PANEL_MM = 52.0


@dataclass(frozen=True)
class _Block:
    """A tier: its title, names of its rows, and for each phase a row of dots a code."""

    title: str
    labels: list[Label]
    phases: dict[str, list[DotRow]]


def draw_behaviour(measures: Path, scheme: Scheme) -> "Figure":
    """Draw the proportion of each code.

    Parameters
    ----------
    measures
        Table of `behaviour.measures`.
    scheme
        Titles, colours and order.
    """
    table = read_table(measures, [*MEASURE_TEXT, "proportion"], text=MEASURE_TEXT)
    phases = shown_phases(scheme, table)
    blocks = [block for tier in scheme.tiers if (block := _block(table[table.tier == tier], scheme, tier, phases))]
    if not blocks:
        return style.draw_sentence("Nobody has coded behaviour that could be summed up.")
    label_mm = label_width_mm([label for block in blocks for label in block.labels])
    room_mm = style.PAGE_MM - 2 * style.MARGIN_MM - label_mm - _GAP_MM * (len(phases) - 1) - 2
    panel_mm = min(room_mm / len(phases), _PANEL_MM)
    width = max(2 * style.MARGIN_MM + label_mm + len(phases) * (panel_mm + _GAP_MM) - _GAP_MM + 2, style.COLUMN_MM)
    heights = [_HEAD_MM + _PANEL_HEAD_MM + len(block.labels) * ROW_MM + _SCALE_MM for block in blocks]
    foot = _foot(blocks, table)
    figure = style.new_figure(width, style.MARGIN_MM + sum(heights) + style.foot_height_mm(foot, width) + 1)
    top = style.MARGIN_MM
    for block, height in zip(blocks, heights, strict=True):
        _draw_block(figure, block, top, label_mm, panel_mm, scheme)
        top += height
    style.write_foot(figure, foot)
    return figure


def _block(table: pd.DataFrame, scheme: Scheme, tier: str, phases: Sequence[str]) -> _Block | None:
    codes = measured_codes(scheme, tier)
    if table.empty or not codes:
        return None
    found = {
        phase: [
            DotRow(
                value_by_session(table[(table.phase == phase) & (table.code == code)], "proportion", bounds=(0.0, 1.0)),
                safe_colour(scheme.colour_of(code)),
            )
            for code in codes
        ]
        for phase in phases
    }
    labels = [Label(code, scheme.title_of(code), safe_colour(scheme.colour_of(code))) for code in codes]
    return _Block(scheme.tiers[tier].title or tier, labels, found)


def _draw_block(figure: "Figure", block: _Block, top: float, label_mm: float, panel_mm: float, scheme: Scheme) -> None:
    left = style.MARGIN_MM + label_mm
    style.write_text(figure, style.MARGIN_MM, top, block.title, size=style.TITLE_PT, weight="bold")
    plot = top + _HEAD_MM + _PANEL_HEAD_MM
    end = scale_end([row for rows in block.phases.values() for row in rows], 0.2)
    for number, label in enumerate(block.labels):
        draw_row_label(figure, label, left - 1.6, plot + (number + 0.5) * ROW_MM)
    for column, (phase, rows) in enumerate(block.phases.items()):
        place = left + column * (panel_mm + _GAP_MM)
        title = "" if phase == "all" else scheme.title_of(phase)
        style.write_text(figure, place, top + _HEAD_MM, title)
        axes = style.place_axes(figure, place, plot, panel_mm, len(rows) * ROW_MM)
        draw_dot_rows(axes, rows, (0.0, end), percent=True)
        axes.set_xlabel("Share of the observed time (%)" if len(block.phases) < 3 or not column else "", labelpad=2)


def _foot(blocks: list[_Block], table: pd.DataFrame) -> str:
    sessions, dyads = units([row.own for block in blocks for rows in block.phases.values() for row in rows])
    return (
        f"Share of the time that was coded and could be seen. {session_sentence(sorted(set(table.coder)))} "
        f"{plural(sessions, 'session')} of {plural(dyads, 'dyad')}."
    )


def session_sentence(coders: Sequence[str]) -> str:
    """What a dot stands for, and the mark below the dots."""
    by = f"mean over the coders of a session ({listing(list(coders))})" if len(coders) > 1 else f"coder {coders[0]}"
    return f"Each dot is one session, {by}; the diamond is the mean over dyads with its {style.NINETY_FIVE} interval."

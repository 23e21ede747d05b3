"""Which code follows which: one matrix a tier."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.behaviour_tables import NOTABLE, PooledTransitions, pool_transitions, residual_arrow
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.heat import HeatCell, Label, draw_heat, label_width_mm
from dyadflow.report.wording import count, is_missing, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL_MM = (12.5, 8.6)
_HEAD_MM = 13.0


def draw_transitions(transitions: Path, scheme: Scheme) -> "Figure":
    """Draw how often each code is followed by each other one.

    Parameters
    ----------
    transitions
        Table of `behaviour.transitions`.
    scheme
        Titles and colours.
    """
    parts = pool_transitions(transitions, scheme)
    if not parts:
        return style.draw_sentence(
            "In no tier of three codes or more, which exclude each other, does a code follow another."
        )
    labels = [
        [
            Label(code, scheme.title_of(code), safe_colour(scheme.colour_of(code)))
            for code in dict.fromkeys(own.rows.from_code)
        ]
        for own in parts
    ]
    label_mm = label_width_mm([label for own in labels for label in own])
    foot = _foot(parts, scheme)
    room_mm = style.PAGE_MM - 2 * style.MARGIN_MM - label_mm
    cells_mm = [(min(_CELL_MM[0], room_mm / len(own)), _CELL_MM[1]) for own in labels]
    wide = max(cell[0] * len(own) for cell, own in zip(cells_mm, labels, strict=True))
    width = max(2 * style.MARGIN_MM + label_mm + wide, style.COLUMN_MM)
    heights = [_HEAD_MM + _CELL_MM[1] * len(own) + 4.0 for own in labels]
    figure = style.new_figure(width, style.MARGIN_MM + sum(heights) + style.foot_height_mm(foot, width))
    top, left = style.MARGIN_MM, style.MARGIN_MM + label_mm
    for own, names, cell_mm, height in zip(parts, labels, cells_mm, heights, strict=True):
        title = scheme.tiers[own.tier].title or own.tier
        style.write_text(figure, style.MARGIN_MM, top, title, size=style.TITLE_PT, weight="bold")
        style.write_text(figure, left - 1.6, top + _HEAD_MM - 1.2, "from \N{DOWNWARDS ARROW}", ha="right", va="bottom",
                         color=style.SOFT, style="italic")  # fmt: skip
        style.write_text(figure, left, top + 4.6, "to \N{RIGHTWARDS ARROW}", color=style.SOFT, style="italic")
        draw_heat(figure, left, top + _HEAD_MM, cell_mm, names, names, _cells(own.rows, [name.code for name in names]))
        top += height
    style.write_foot(figure, foot)
    return figure


def _cells(rows: pd.DataFrame, codes: list[str]) -> list[list[HeatCell | None]]:
    found = {(row.from_code, row.to_code): row for row in rows.itertuples()}

    def cell(before: str, after: str) -> HeatCell | None:
        row = found.get((before, after))
        if before == after or row is None:
            return None
        if is_missing(row.probability):
            return HeatCell("\N{EN DASH}")
        return HeatCell(f"{100 * row.probability:.0f}", count(row.count), row.probability, residual_arrow(row))

    return [[cell(before, after) for after in codes] for before in codes]


def _foot(parts: list[PooledTransitions], scheme: Scheme) -> str:
    rests = "; ".join(
        f"{scheme.tiers[own.tier].title or own.tier}: {plural(own.total, 'transition')} in "
        f"{plural(own.sessions, 'session')} of {plural(own.dyads, 'dyad')}, as {own.coder} coded them"
        for own in parts
    )
    return (
        "Of the bouts of the code of the row that another code follows at once, the percentage that the code of the "
        "column follows; how many below. A code cannot follow itself. A filled triangle marks what is more frequent "
        "than chance would have it, an open one what is less (adjusted residual beyond "
        f"\N{PLUS-MINUS SIGN}{NOTABLE}, expected count at least 5; sessions pooled, so no test over dyads). {rests}."
    )

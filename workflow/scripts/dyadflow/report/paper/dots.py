"""Rows of dots, one a session, with their mean and its interval: what the figures of behaviour are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyadflow.report.paper import style
from dyadflow.report.session_values import SessionValues, spread_dots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of a row, and how large its dots are: smaller where there are many.
ROW_MM = 5.4
_DOT_PT, _SMALL_DOT_PT, _MANY = 2.6, 1.7, 40
#: How far a dot may be set off the middle of its row.
_REACH_MM = 1.5


@dataclass(frozen=True)
class DotRow:
    """Values of one row and the colour of their dots."""

    own: SessionValues
    colour: str


def draw_dot_rows(
    axes: "Axes", rows: Sequence[DotRow], span: tuple[float, float], *, percent: bool = False, ticks: int = 4
) -> None:
    """Draw one row below the other on one scale.

    Parameters
    ----------
    axes
        As high as the rows together (`ROW_MM` each).
    rows
        From top to bottom.
    span
        Ends of the scale.
    percent
        Whether values are shares, whose scale is written in percent.
    ticks
        How many marks the scale has at most, besides its first.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set(xlim=span, ylim=(len(rows), 0))
    axes.set_facecolor("none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelleft=False)
    marks = MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]).tick_values(*span)
    axes.set_xticks([mark for mark in marks if span[0] <= mark <= span[1]])
    if percent:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}"))
    axes.grid(axis="x", color=style.RULE, lw=0.4)
    axes.set_axisbelow(True)
    width_mm = axes.get_position().width * style.size_mm(axes.figure)[0]  # type: ignore[arg-type]  # no figure in a figure
    for number, row in enumerate(rows):
        middle = number + 0.5
        values = row.own.values
        size = _SMALL_DOT_PT if len(values) > _MANY else _DOT_PT
        heights = spread_dots((values - span[0]) / (span[1] - span[0]) * width_mm, size * 25.4 / 72, _REACH_MM)
        axes.plot(
            values, middle - 0.1 + heights / ROW_MM, "o", ms=size, mfc=row.colour, mec=style.INK, mew=0.25, alpha=0.85,
            clip_on=False, zorder=3,
        )  # fmt: skip
        below = number + 0.86
        if row.own.low == row.own.low:
            axes.plot(
                [row.own.low, row.own.high], [below, below], "-", color=style.INK, lw=1.0, zorder=4, clip_on=False
            )
        if row.own.mean == row.own.mean:
            axes.plot([row.own.mean], [below], "D", ms=3.0, color=style.INK, zorder=5, clip_on=False)
        if number:
            axes.axhline(number, color=style.RULE, lw=0.4, zorder=1)


def scale_end(rows: Sequence[DotRow], least: float) -> float:
    """The end of a scale from 0 that holds every value and interval."""
    values = [value for row in rows for value in (*row.own.values, row.own.high) if value == value]
    return max([least, *values]) * 1.04

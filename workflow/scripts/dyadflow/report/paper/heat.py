"""A matrix of cells whose ground says how large their value is, with the value written on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyadflow.report.paper import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class HeatCell:
    """What stands in a cell and small below it, its ground (0 to 1), and an arrow: up (1), down (-1) or none."""

    text: str
    below: str = ""
    share: float = 0.0
    arrow: int = 0


@dataclass(frozen=True)
class Label:
    """A name beside a row or column: its code, what people call it, and the colour of its swatch."""

    code: str
    title: str = ""
    colour: str = ""


def label_width_mm(labels: Sequence[Label]) -> float:
    """Room that the names of rows need left of the cells."""
    return max((_own_width_mm(label) for label in labels), default=0.0) + 2.0


def _own_width_mm(label: Label) -> float:
    swatch = 3.2 if label.colour else 0.0
    title = style.text_width_mm(label.title) + 1.6 if label.title and label.title != label.code else 0.0
    return swatch + title + style.text_width_mm(label.code)


def draw_heat(
    figure: "Figure",
    left: float,
    top: float,
    cell_mm: tuple[float, float],
    rows: Sequence[Label],
    columns: Sequence[Label],
    cells: Sequence[Sequence[HeatCell | None]],
    *,
    columns_below: bool = False,
) -> None:
    """Draw a matrix.

    Parameters
    ----------
    left, top
        Where its cells begin, in millimetres from the top left corner; names stand outside of that.
    cell_mm
        Width and height of a cell.
    rows, columns
        Names.
    cells
        Row by row; None leaves a cell empty.
    columns_below
        Whether the names of columns stand below the cells.
    """
    from matplotlib.patches import Rectangle

    width, height = cell_mm
    axes = style.place_axes(figure, left, top, width * len(columns), height * len(rows))
    axes.set(xlim=(0, width * len(columns)), ylim=(height * len(rows), 0))
    axes.set_axis_off()
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if cell is not None:
                corner = (column * width, row * height)
                axes.add_patch(
                    Rectangle(corner, width, height, facecolor=style.heat_colour(cell.share), edgecolor="white", lw=1.2)
                )
                _write_cell(axes, cell, corner, cell_mm)
    for row, label in enumerate(rows):
        draw_row_label(figure, label, left - 1.6, top + (row + 0.5) * height)
    for column, label in enumerate(columns):
        place = top + height * len(rows) + 1.2 if columns_below else top - 1.2
        style.write_text(
            figure,
            left + (column + 0.5) * width,
            place,
            label.code,
            ha="center",
            va="top" if columns_below else "bottom",
        )


def _write_cell(axes: "Axes", cell: HeatCell, corner: tuple[float, float], cell_mm: tuple[float, float]) -> None:
    ink = "white" if cell.share > style.DEEP else style.INK
    soft = style.SOFT if cell.share < style.DIM else ink
    x, y = corner[0] + cell_mm[0] / 2, corner[1] + cell_mm[1] / 2
    lift = 1.35 if cell.below else 0.0
    axes.text(x, y - lift, cell.text, ha="center", va="center", color=ink, size=style.TITLE_PT if cell.below else 7.0)
    if cell.below:
        axes.text(x, y + 1.85, cell.below, ha="center", va="center", color=soft, size=style.SMALL_PT)
    if cell.arrow:
        _draw_arrow(axes, cell.arrow, corner[0] + cell_mm[0] - 1.7, corner[1] + 1.7, ink)


def _draw_arrow(axes: "Axes", way: int, x: float, y: float, ink: str) -> None:
    """A filled triangle that points up, or an open one that points down; y grows downwards."""
    from matplotlib.patches import Polygon

    tip, base = y - 0.8 * way, y + 0.8 * way
    axes.add_patch(
        Polygon(
            [(x - 0.9, base), (x + 0.9, base), (x, tip)], closed=True, lw=0.5, edgecolor=ink,
            facecolor=ink if way > 0 else "none",
        )
    )  # fmt: skip


def draw_row_label(figure: "Figure", label: Label, right: float, middle: float) -> None:
    """Write a row's name so that it ends at `right`: swatch, title, code."""
    style.write_text(figure, right, middle, label.code, ha="right", va="center_baseline")
    right -= style.text_width_mm(label.code) + 1.6
    if label.title and label.title != label.code:
        style.write_text(figure, right, middle, label.title, ha="right", va="center_baseline", color=style.SOFT)
        right -= style.text_width_mm(label.title) + 1.6
    if label.colour:
        draw_swatch(figure, right - 1.6, middle, label.colour)


def draw_swatch(figure: "Figure", left: float, middle: float, colour: str) -> None:
    """A small square of a code's colour."""
    from matplotlib.patches import Rectangle

    width, height = style.size_mm(figure)
    figure.add_artist(
        Rectangle(
            (left / width, 1 - (middle + 0.9) / height), 1.8 / width, 1.8 / height, facecolor=colour,
            edgecolor=style.SOFT, lw=0.3, transform=figure.transFigure,
        )
    )  # fmt: skip

"""Small panels in rows, placed in millimetres: what the figures of results are laid out with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyadflow.report.paper import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Block:
    """Panels that belong together, under one heading.

    Parameters
    ----------
    title
        The heading.
    panels
        How many.
    """

    title: str
    panels: int


@dataclass(frozen=True)
class Layout:
    """Sizes in millimetres.

    Parameters
    ----------
    columns
        Panels side by side.
    width, height
        Of a panel.
    left, right
        Room beside each panel: for its scale, and before the next.
    above, below
        Room over each panel for its title, and under it for its scale.
    """

    columns: int
    width: float
    height: float
    left: float = 8.0
    right: float = 2.0
    above: float = 5.0
    below: float = 10.0

    _HEAD_MM = 5.0

    def make(self, blocks: Sequence[Block], foot: str) -> "tuple[Figure, Iterator[Axes]]":
        """An empty figure with room for all blocks, and its panels in order."""
        cell_width, cell_height = self.left + self.width + self.right, self.above + self.height + self.below
        most = min(self.columns, max(block.panels for block in blocks))
        width = max(style.COLUMN_MM, 2 * style.MARGIN_MM + most * cell_width)
        rows = [-(-block.panels // self.columns) for block in blocks]
        height = style.MARGIN_MM + sum(self._HEAD_MM + count * cell_height for count in rows)
        figure = style.new_figure(width, height + style.foot_height_mm(foot, width))

        def panels() -> "Iterator[Axes]":
            top = style.MARGIN_MM
            for block, count in zip(blocks, rows, strict=True):
                style.write_text(figure, style.MARGIN_MM, top, block.title, size=style.TITLE_PT, weight="bold")
                for number in range(block.panels):
                    row, column = divmod(number, self.columns)
                    axes = style.place_axes(
                        figure, style.MARGIN_MM + column * cell_width + self.left,
                        top + self._HEAD_MM + row * cell_height + self.above, self.width, self.height)
                    tidy(axes)
                    yield axes
                top += self._HEAD_MM + count * cell_height

        style.write_foot(figure, foot)
        return figure, panels()


def tidy(axes: "Axes") -> None:
    """Axes without a frame, with a light grid behind."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=style.RULE, lw=0.4)
    axes.set_axisbelow(True)


def name_panel(axes: "Axes", title: str, note: str = "") -> None:
    """Write a panel's title over it, and a softer note behind."""
    axes.set_title(title, loc="left", size=style.TEXT_PT, color=style.INK, pad=3)
    if note:
        axes.set_title(note, loc="right", size=style.SMALL_PT, color=style.SOFT, pad=3)

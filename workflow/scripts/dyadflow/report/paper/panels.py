"""Small panels in rows, placed in millimetres: what the figures of results are laid out with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dyadflow.report.paper import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Between a panel and what stands over it, and what a note on a line of its own takes.
_PAD_PT, _NOTE_PT = 3.0, 7.5


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

    def fit(self, offers: Iterable[tuple[Sequence[Block], str]], least_mm: float) -> "tuple[Layout, int]":
        """Lower the panels until the figure fits a page.

        Parameters
        ----------
        offers
            Blocks and foot: first everything, then ever less.
        least_mm
            The height below which a panel is not to be read any more.

        Returns
        -------
        Layout
            With the height of its panels.
        int
            The place of the first offer that fits; that of the last where none does.
        """
        place = 0
        for place, (blocks, foot) in enumerate(offers):
            rows = sum(-(-block.panels // self.columns) for block in blocks)
            rest = style.PAGE_HEIGHT_MM - style.MARGIN_MM - style.foot_height_mm(foot, self._width(blocks))
            height = (rest - len(blocks) * self._HEAD_MM) / rows - self.above - self.below
            if height >= least_mm:
                return replace(self, height=min(self.height, height)), place
        return replace(self, height=least_mm), place

    def _width(self, blocks: Sequence[Block]) -> float:
        most = min(self.columns, max(block.panels for block in blocks))
        return max(style.COLUMN_MM, 2 * style.MARGIN_MM + most * (self.left + self.width + self.right))

    def make(self, blocks: Sequence[Block], foot: str) -> "tuple[Figure, Iterator[Axes]]":
        """An empty figure with room for all blocks, and its panels in order."""
        cell_width, cell_height = self.left + self.width + self.right, self.above + self.height + self.below
        width = self._width(blocks)
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
    """Write a panel's title over it, and a softer note behind; below the title where the line is too short for both.

    Room for a second line is the caller's to leave (`name_height_mm`).
    """
    figure = axes.get_figure(root=True)
    assert figure is not None, "a panel stands in a figure"
    width_mm = axes.get_position().width * style.size_mm(figure)[0]
    lines = _title_lines(title, width_mm)
    axes.set_title(
        "\n".join(lines), loc="left", size=style.TEXT_PT, color=style.INK, linespacing=1.15,
        pad=_PAD_PT if not note or _beside(lines, note, width_mm) else _PAD_PT + _NOTE_PT)
    if note:
        beside = _beside(lines, note, width_mm)
        place = {"xy": (1, 1), "ha": "right"} if beside else {"xy": (0, 1), "ha": "left"}
        axes.annotate(
            note, **place, xycoords="axes fraction", xytext=(0, _PAD_PT), textcoords="offset points", va="baseline",
            size=style.SMALL_PT, color=style.SOFT, annotation_clip=False)


def name_height_mm(names: Iterable[tuple[str, str]], width_mm: float) -> float:
    """Room that `name_panel` needs over panels of this width, for the largest of pairs of title and note."""
    heights = [0.0]
    for title, note in names:
        lines = _title_lines(title, width_mm)
        below = _NOTE_PT if note and not _beside(lines, note, width_mm) else 0.0
        heights.append(_PAD_PT + below + 1.15 * style.TEXT_PT * len(lines))
    return max(heights) * 25.4 / 72 + 0.8


def _title_lines(title: str, width_mm: float) -> list[str]:
    return style.wrap(title, width_mm, style.TEXT_PT) or [""]


def _beside(lines: Sequence[str], note: str, width_mm: float) -> bool:
    """Whether a note has room behind the last line of a title."""
    used = style.text_width_mm(lines[-1], style.TEXT_PT) + style.text_width_mm(note, style.SMALL_PT)
    return used + 3.0 <= width_mm

"""What coders take for what: frames of every two classes, normalised within the rows."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.coders import Confusion, describe_confusion
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.heat import HeatCell, Label, draw_heat, label_width_mm
from dyadflow.report.wording import count, count_range, listing
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIR_TEXT = ["target", "phase", "code", "coder_a", "coder_b"]
_TEXT = ["target", "coder_a", "coder_b", "code_a", "code_b"]
_CELL_MM = (13.0, 9.5)
_NAMES_MM, _GAP_MM = 9.0, 7.0
#: Matrices together are no higher than this if leaving out the titles of codes can help it.
_TALLEST_MM = 220.0


def draw_confusion(confusion: Path, agreement: Path, scheme: Scheme) -> "Figure":
    """Draw one matrix a target and pair of coders.

    Parameters
    ----------
    confusion, agreement
        Tables of `agreement.coders`; from the latter, on how many sessions and dyads each pair rests.
    scheme
        Titles, colours and the order of classes.
    """
    pairs = read_table(agreement, [*PAIR_TEXT, "sessions", "dyads"], text=PAIR_TEXT)
    pairs = pairs[(pairs.phase == "all") & (pairs.code == "all")]
    table = read_table(confusion, [*_TEXT, "frames"], text=_TEXT)
    parts: list[_Panel] = []
    for target, spec in scheme.targets.items():
        labels = [Label(name, scheme.title_of(name), safe_colour(scheme.colour_of(name))) for name in spec.classes]
        own = table[table.target == target]
        for (a, b), counts in own.groupby(["coder_a", "coder_b"], sort=False):
            described = describe_confusion(counts[["code_a", "code_b", "frames"]], spec.classes, a, b)
            parts.append(_Panel(spec.title or target, labels, described))
    if not parts:
        return style.draw_sentence("No two coders coded the same session, so there is no confusion to draw.")
    # Where there are many, codes alone: the figure has to fit on a page.
    plain = [replace(part, labels=[Label(label.code) for label in part.labels]) for part in parts]
    layout = next(
        (own for own in (_Layout.of(parts), _Layout.of(plain)) if own.height_mm < _TALLEST_MM), _Layout.of(plain)
    )
    foot = _foot(parts, pairs)
    figure = style.new_figure(
        layout.width_mm, style.MARGIN_MM + layout.height_mm + style.foot_height_mm(foot, layout.width_mm)
    )
    top = style.MARGIN_MM
    for line, height in zip(layout.lines, layout.heights, strict=True):
        for column, part in enumerate(line):
            _draw_panel(figure, layout.left(column), top, layout, part)
        top += height
    style.write_foot(figure, foot)
    return figure


@dataclass(frozen=True)
class _Panel:
    """One matrix: its title, the names of its classes, its counts."""

    title: str
    labels: list[Label]
    own: Confusion


@dataclass(frozen=True)
class _Layout:
    """Panels line by line, and how much room they need."""

    lines: list[list[_Panel]]
    heights: list[float]
    label_mm: float
    panel_mm: float
    head_mm: float

    @classmethod
    def of(cls, parts: list[_Panel]) -> "_Layout":
        label_mm = label_width_mm([label for part in parts for label in part.labels])
        label_mm = max(
            label_mm, *(style.text_width_mm(f"{part.own.rows_are} \N{DOWNWARDS ARROW}") + 3 for part in parts)
        )
        panel_mm = label_mm + _CELL_MM[0] * max(len(part.labels) for part in parts)
        room_mm = style.PAGE_MM - 2 * style.MARGIN_MM
        across = min(max(int((room_mm + _GAP_MM) // (panel_mm + _GAP_MM)), 1), len(parts))
        pairs = max(Counter(part.title for part in parts).values())
        across -= across % pairs if pairs < across else 0
        lines = [parts[start : start + across] for start in range(0, len(parts), across)]
        titles = max(len(style.wrap(part.title, panel_mm, style.TITLE_PT, "bold")) for part in parts)
        head_mm = titles * style.line_height_mm(style.TITLE_PT) + _NAMES_MM
        heights = [head_mm + _CELL_MM[1] * max(len(part.labels) for part in line) + 5.0 for line in lines]
        return cls(lines, heights, label_mm, panel_mm, head_mm)

    @property
    def width_mm(self) -> float:
        across = len(self.lines[0])
        return max(2 * style.MARGIN_MM + across * (self.panel_mm + _GAP_MM) - _GAP_MM, style.COLUMN_MM)

    @property
    def height_mm(self) -> float:
        return sum(self.heights)

    def left(self, column: int) -> float:
        """Where the cells of a column's panels begin."""
        return style.MARGIN_MM + column * (self.panel_mm + _GAP_MM) + self.label_mm


def _draw_panel(figure: "Figure", left: float, top: float, layout: _Layout, part: _Panel) -> None:
    for number, line in enumerate(style.wrap(part.title, layout.panel_mm, style.TITLE_PT, "bold")):
        place = top + number * style.line_height_mm(style.TITLE_PT)
        style.write_text(figure, left - layout.label_mm, place, line, size=style.TITLE_PT, weight="bold")
    cells_top = top + layout.head_mm
    coders = {"color": style.SOFT, "style": "italic"}
    rows_are, columns_are = f"{part.own.rows_are} \N{DOWNWARDS ARROW}", f"{part.own.columns_are} \N{RIGHTWARDS ARROW}"
    style.write_text(figure, left - 1.6, cells_top - 1.2, rows_are, ha="right", va="bottom", **coders)
    style.write_text(figure, left, cells_top - 4.8, columns_are, va="bottom", **coders)
    cells = [
        [HeatCell(f"{100 * share:.0f}" if total else "\N{EN DASH}", count(frames), share) for frames, share in line]
        for _, total, line in part.own.rows
    ]
    draw_heat(figure, left, cells_top, _CELL_MM, part.labels, part.labels, cells)


def _foot(parts: list[_Panel], pairs: pd.DataFrame) -> str:
    coders = list(dict.fromkeys(name for part in parts for name in (part.own.rows_are, part.own.columns_are)))
    return (
        f"Of the video frames to which the coder of the rows gave a class, the percentage that the coder of the "
        f"columns gave each class; frames below. Only frames to which both gave a class; a pair coded "
        f"{count_range(pairs.sessions)} sessions of {count_range(pairs.dyads)} dyads. Coders: {listing(coders)}."
    )

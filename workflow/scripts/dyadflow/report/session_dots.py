"""Panels side by side with a row of dots a name, one dot a session, over their mean and its interval, as inline SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dyadflow.report.figures import MARGIN, PLOT_WIDTH, coordinate, margin_for
from dyadflow.report.session_values import SessionValues, spread_dots
from dyadflow.report.wording import MINUS

_ROW, _GAP, _DOT, _SMALL_DOT, _MANY = 27.0, 26.0, 7.0, 5.0, 40


@dataclass(frozen=True)
class DotPanel:
    """One panel: its title, the unit of its scale, values row by row, and whether they are shares."""

    title: str
    unit: str
    rows: Sequence[SessionValues]
    percent: bool = False


def draw_session_dots(
    names: Sequence[str], styles: Sequence[str], panels: Sequence[DotPanel], title: str, *, one_scale: bool = False
) -> Markup:
    """Draw the panels side by side.

    Parameters
    ----------
    names, styles
        Of each row: what is written left of it, and the style class of its dots.
    panels
        From left to right, each with a value for every row.
    title
        What the figure shows, for readers who do not see it.
    one_scale
        Whether all panels have the scale that holds the values of all.
    """
    margin, top = margin_for(names, MARGIN), 24.0
    width = (PLOT_WIDTH - 14 - _GAP * (len(panels) - 1)) / max(len(panels), 1)
    bottom = top + _ROW * len(names)
    pieces = [
        Markup('<text class="row" x="{}" y="{}">{}</text>').format(
            margin - 12, coordinate(top + _ROW * (number + 0.5) + 4), name
        )
        for number, name in enumerate(names)
    ]
    every = [own for panel in panels for own in panel.rows]
    for number, panel in enumerate(panels):
        left = margin + number * (width + _GAP)
        scale = _Scale.of(every if one_scale else panel.rows, left, width, 3 if len(panels) > 3 else 4)
        pieces.append(_draw_scale(panel, scale, top, bottom))
        for row, own in enumerate(panel.rows):
            pieces.append(_draw_row(own, panel, names[row], styles[row], scale, top + row * _ROW))
    return Markup('<svg class="figure" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        margin + PLOT_WIDTH, coordinate(bottom + 36), title, Markup("").join(pieces)
    )


@dataclass(frozen=True)
class _Scale:
    """From values to places: ends, step of its marks, left edge and width."""

    low: float
    high: float
    step: float
    left: float
    width: float

    @classmethod
    def of(cls, rows: Sequence[SessionValues], left: float, width: float, marks: int) -> "_Scale":
        values = [value for own in rows for value in (*own.values, own.low, own.high) if value == value]
        high, low = max([0.0, *values]) or 1.0, min([0.0, *values])
        rough = (high - low) / marks
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * 0.999)
        low = step * math.floor(low / step + 1e-9)
        return cls(low, low + 1.03 * (high - low), step, left, width)

    def x(self, value: float) -> float:
        return self.left + self.width * (value - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        amount = int((self.high - self.low) / self.step + 1e-9)
        return [round(self.low + self.step * number, 9) for number in range(amount + 1)]


def _shown(value: float, step: float, percent: bool) -> str:
    scaled, step = (100 * value, 100 * step) if percent else (value, step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9) + (round(step / 10 ** math.floor(math.log10(step)), 6) == 2.5))
    return f"{scaled + 0.0:.{digits}f}".replace("-", MINUS)


def _draw_scale(panel: DotPanel, scale: _Scale, top: float, bottom: float) -> Markup:
    lines = Markup("").join(
        Markup('<path class="grid" d="M{0} {1}V{2}"/><text class="tick" x="{0}" y="{3}">{4}</text>').format(
            coordinate(scale.x(mark)), top - 3, coordinate(bottom), coordinate(bottom + 15),
            _shown(mark, scale.step, panel.percent),
        )
        for mark in scale.marks()
    )  # fmt: skip
    return Markup(
        '<text class="panel" x="{0}" y="13">{1}</text>{2}<path class="grid" d="M{0} {3}h{4}"/>'
        '<text class="tick unit" x="{5}" y="{6}">{7}</text>'
    ).format(
        coordinate(scale.left), panel.title, lines, coordinate(bottom), coordinate(scale.width),
        coordinate(scale.left + scale.width / 2), coordinate(bottom + 31), panel.unit,
    )  # fmt: skip


def _draw_row(own: SessionValues, panel: DotPanel, name: str, style: str, scale: _Scale, top: float) -> Markup:
    if not len(own.values):
        return Markup("")
    dot = _SMALL_DOT if len(own.values) > _MANY else _DOT
    middle = top + 0.4 * _ROW
    heights = spread_dots((own.values - scale.low) / (scale.high - scale.low) * scale.width, dot, 6.0)
    fine = scale.step / 10

    def told(value: float) -> str:
        return f"{_shown(value, fine, panel.percent)}{' %' if panel.percent else ''}"

    dots = Markup("").join(
        Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}: {}</title></circle>').format(
            style, coordinate(scale.x(value)), coordinate(middle + height), coordinate(dot / 2), session, told(value)
        )
        for value, height, session in zip(own.values, heights, own.sessions, strict=True)
    )
    below = top + 0.85 * _ROW
    whisker = Markup("")
    interval = ""
    if own.low == own.low:
        whisker = Markup('<path class="whisker" d="M{} {}H{}"/>').format(
            coordinate(scale.x(own.low)), coordinate(below), coordinate(scale.x(own.high))
        )
        interval = f" [{told(own.low)}, {told(own.high)}]"
    diamond = Markup('<path d="M{} {}l4.5 4.5l-4.5 4.5l-4.5 -4.5z"/>').format(
        coordinate(scale.x(own.mean)), coordinate(below - 4.5)
    )
    return Markup('<g class="dots">{}<g class="mean"><title>{}, {}: mean {}{}</title>{}{}</g></g>').format(
        dots, name, panel.title, told(own.mean), interval, whisker, diamond
    )

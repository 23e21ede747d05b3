"""Figures as inline SVG: stacked bars, and dots with intervals.

Every text that comes from a study passes through `Markup.format`, which escapes it. Colours of codes are
classes ``k0``, ``k1`` ... that the page's style sheet defines once; all other colours are the page's own, so
that a figure follows the reader's light or dark setting.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dyadflow.report.wording import clock

#: Width of a timeline's drawing area, and of the margin left of it for row names, in SVG units.
PLOT_WIDTH, MARGIN = 860, 140


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal; a page with 92 sessions holds some 60,000 of them."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Part:
    """A share of a stacked bar: style class, name, seconds; `shown`, if given, is said in place of the time."""

    style: str
    name: str
    seconds: float
    shown: str = ""


def draw_stacked_bars(
    rows: Sequence[tuple[str, Sequence[Part]]],
    title: str,
    *,
    plot_width: float = PLOT_WIDTH,
    margin: float = MARGIN,
) -> Markup:
    """Draw one horizontal bar a row, each filling the width, with shares written where there is room."""
    height = 30
    pieces = []
    for number, (name, parts) in enumerate(rows):
        y = number * height
        pieces.append(Markup('<text class="row" x="{}" y="{}">{}</text>').format(margin - 10, y + 19, name))
        pieces.append(_draw_bar(parts, y + 4, height - 8, plot_width, margin))
    return Markup('<svg class="figure" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        margin + plot_width, len(rows) * height, title, Markup("").join(pieces)
    )


def _draw_bar(parts: Sequence[Part], y: float, height: float, plot_width: float, margin: float) -> Markup:
    total = sum(part.seconds for part in parts)
    drawn, x = [], float(margin)
    for part in parts:
        if not part.seconds:
            continue
        share = part.seconds / total
        width = share * plot_width
        drawn.append(
            Markup(
                '<rect class="{} edge" x="{}" y="{}" width="{}" height="{}">'
                "<title>{}: {}, {} %</title></rect>"
            ).format(
                part.style,
                coordinate(x),
                y,
                coordinate(width),
                height,
                part.name,
                part.shown or clock(part.seconds),
                f"{100 * share:.1f}",
            )
        )
        if width >= 46:
            drawn.append(
                Markup('<text class="on {}" x="{}" y="{}">{}</text>').format(
                    part.style, coordinate(x + width / 2), y + height / 2 + 4, f"{100 * share:.0f} %"
                )
            )
        x += width
    return Markup("").join(drawn)


@dataclass(frozen=True)
class Dot:
    """A value with its interval; NaN where there is none."""

    value: float
    low: float
    high: float
    shown: str


@dataclass(frozen=True)
class DotRow:
    """One cell in a dot figure: its name, the model (which decides the marker), one dot a panel."""

    name: str
    marker: int
    headline: bool
    dots: Sequence[Dot]


@dataclass(frozen=True)
class Line:
    """A vertical line in one panel: style class, where, its name."""

    style: str
    value: float
    name: str


def draw_dots(
    panels: Sequence[str], rows: Sequence[DotRow], lines: Sequence[Sequence[Line]], title: str
) -> Markup:
    """Draw a dot and its 95 % interval per row and panel, over vertical lines for baselines and coders.

    Parameters
    ----------
    panels
        Titles of the panels, side by side.
    rows
        Cells, top to bottom, each with one `Dot` a panel.
    lines
        Reference lines of each panel.
    title
        What the figure shows, for readers who do not see it.
    """
    margin, gap, row_height, top = 200, 56, 22, 44
    width = (MARGIN + PLOT_WIDTH - margin - gap * (len(panels) - 1) - 12) / len(panels)
    bottom = top + row_height * len(rows)
    pieces = [
        Markup('<text class="row{}" x="{}" y="{}">{}</text>').format(
            " strong" if row.headline else "", margin - 14, top + row_height * number + 15, row.name
        )
        for number, row in enumerate(rows)
    ]
    for panel, name in enumerate(panels):
        left = margin + panel * (width + gap)
        span = scale_span(
            [value for row in rows for value in (row.dots[panel].value, row.dots[panel].low)]
            + [line.value for line in lines[panel]]
        )

        def across(value: float, left: float = left, span: tuple[float, float] = span) -> float:
            return left + width * (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0])

        pieces.append(Markup('<text class="panel" x="{}" y="14">{}</text>').format(coordinate(left), name))
        pieces.append(draw_scale(span, across, top, bottom))
        pieces += [_draw_line(line, across, top, bottom) for line in lines[panel]]
        pieces += [
            _draw_dot(row, row.dots[panel], across, top + row_height * number + 11)
            for number, row in enumerate(rows)
        ]
    return Markup('<svg class="figure wide" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        MARGIN + PLOT_WIDTH, bottom + 26, title, Markup("").join(pieces)
    )


def scale_span(values: Iterable[float]) -> tuple[float, float]:
    """From 0, or a tick below the lowest negative value, to 1: never cut to magnify a difference."""
    lowest = min([0.0, *(value for value in values if value == value)])
    steps = 0
    while -0.2 * steps > lowest + 1e-12:
        steps += 1
    return -0.2 * steps, 1.0


def draw_scale(span: tuple[float, float], across: Callable[[float], float], top: float, bottom: float) -> Markup:
    """Draw the grid lines of a scale with a tick every 0.2, whose numbers stand below `bottom`."""
    ticks = [round(span[0] + 0.2 * number, 1) for number in range(round((span[1] - span[0]) / 0.2) + 1)]
    return Markup("").join(
        Markup('<path class="grid" d="M{0} {1}V{2}"/><text class="tick" x="{0}" y="{3}">{4}</text>').format(
            coordinate(across(tick)), top, bottom, bottom + 16, f"{tick:.1f}".replace("-", "\N{MINUS SIGN}")
        )
        for tick in ticks
    )


def _draw_line(line: Line, across: Callable[[float], float], top: float, bottom: float) -> Markup:
    if line.value != line.value:
        return Markup("")
    return Markup('<path class="line at-{}" d="M{} {}V{}"><title>{}</title></path>').format(
        line.style, coordinate(across(line.value)), top - 8, bottom, line.name
    )


def _draw_dot(row: DotRow, dot: Dot, across: Callable[[float], float], y: float) -> Markup:
    if dot.value != dot.value:
        return Markup("")
    x = across(dot.value)
    whisker = Markup("")
    if dot.low == dot.low and dot.high == dot.high:
        whisker = Markup('<path class="whisker" d="M{} {}H{}"/>').format(
            coordinate(across(dot.low)), y, coordinate(across(dot.high))
        )
    shapes = (
        Markup('<circle cx="{0}" cy="{1}" r="5"/>').format(coordinate(x), y),
        Markup('<path d="M{0} {1}l6 6l-6 6l-6 -6z"/>').format(coordinate(x), y - 6),
        Markup('<rect x="{0}" y="{1}" width="9" height="9"/>').format(coordinate(x - 4.5), y - 4.5),
        Markup('<path d="M{0} {1}l6 10h-12z"/>').format(coordinate(x), y - 6),
        Markup('<path d="M{0} {1}l6 -10h-12z"/>').format(coordinate(x), y + 6),
        Markup('<path d="M{0} {1}h4v4h4v4h-4v4h-4v-4h-4v-4h4z"/>').format(coordinate(x - 2), y - 6),
    )
    return Markup('<g class="m{}{}"><title>{}: {}</title>{}{}</g>').format(
        row.marker % len(shapes),
        " strong" if row.headline else "",
        row.name,
        dot.shown,
        whisker,
        shapes[row.marker % len(shapes)],
    )


def margin_for(names: Iterable[str], least: int) -> int:
    """Room left of a plot for the longest of its row names, in SVG units, and no less than `least`."""
    return max(least, 20 + round(6.8 * max(map(len, names), default=0)))

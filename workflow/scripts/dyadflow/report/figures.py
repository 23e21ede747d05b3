"""Figures as inline SVG: stacked bars, dots with intervals, and one timeline a session.

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
_BAND, _CURVE, _GAP = 15, 24, 4
#: A segment at least this wide has its code written on it.
_LABEL_WIDTH = 30


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal; a page with 92 sessions holds some 60,000 of them."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Part:
    """A share of a stacked bar: style class, name, seconds."""

    style: str
    name: str
    seconds: float


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
                clock(part.seconds),
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


def _draw_line(line: Line, across, top: float, bottom: float) -> Markup:
    if line.value != line.value:
        return Markup("")
    return Markup('<path class="line at-{}" d="M{} {}V{}"><title>{}</title></path>').format(
        line.style, coordinate(across(line.value)), top - 8, bottom, line.name
    )


def _draw_dot(row: DotRow, dot: Dot, across, y: float) -> Markup:
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
    )
    return Markup('<g class="m{}{}"><title>{}: {}</title>{}{}</g>').format(
        row.marker % len(shapes),
        " strong" if row.headline else "",
        row.name,
        dot.shown,
        whisker,
        shapes[row.marker % len(shapes)],
    )


@dataclass(frozen=True)
class Block:
    """A coloured stretch of a timeline band: style class, code, onset and offset in seconds."""

    style: str
    code: str
    onset_s: float
    offset_s: float


@dataclass(frozen=True)
class Band:
    """A row of blocks."""

    name: str
    blocks: Sequence[Block]
    kind: str = "human"


@dataclass(frozen=True)
class Curve:
    """A confidence line: points of (seconds, value from 0 to 1); None breaks the line."""

    name: str
    points: Sequence[tuple[float, float] | None]


def draw_timeline(groups: Sequence[Sequence[Band | Curve]], duration_s: float, title: str) -> Markup:
    """Draw the rows of a session over time; groups of rows stand a little apart."""
    plot = _Plot(
        PLOT_WIDTH / max(duration_s, 1e-9), margin_for((row.name for group in groups for row in group), MARGIN)
    )
    pieces, y = [], 2.0
    for group in groups:
        for row in group:
            if isinstance(row, Band):
                pieces.append(_draw_band(row, y, plot))
                y += _BAND + _GAP
            else:
                pieces.append(_draw_curve(row, y, plot))
                y += _CURVE + _GAP
        y += 8
    pieces.insert(0, _draw_clock(duration_s, y, plot))
    return Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        plot.margin + PLOT_WIDTH, coordinate(y + 16), title, Markup("").join(pieces)
    )


def margin_for(names: Iterable[str], least: int) -> int:
    """Room left of a plot for the longest of its row names, in SVG units, and no less than `least`."""
    return max(least, 20 + round(6.8 * max(map(len, names), default=0)))


@dataclass(frozen=True)
class _Plot:
    """SVG units a second, and where second 0 lies."""

    scale: float
    margin: int

    def x(self, seconds: float) -> float:
        return self.margin + seconds * self.scale


def _draw_band(band: Band, y: float, plot: _Plot) -> Markup:
    name = Markup('<text class="row {}" x="{}" y="{}">{}</text>').format(
        band.kind, plot.margin - 10, _BAND - 4, band.name
    )
    blocks = Markup("").join(_draw_block(block, plot) for block in band.blocks)
    return Markup('<g transform="translate(0 {})">{}<path class="bed" d="M{} 0h{}v{}h-{}z"/>{}</g>').format(
        coordinate(y), name, plot.margin, PLOT_WIDTH, _BAND, PLOT_WIDTH, blocks
    )


def _draw_block(block: Block, plot: _Plot) -> Markup:
    left = plot.x(block.onset_s)
    right = min(plot.x(block.offset_s), plot.margin + PLOT_WIDTH)
    width = max(right - left, 0.3)
    drawn = Markup('<path class="{}" d="M{} 0h{}v{}h-{}z"><title>{} {}\N{EN DASH}{} s</title></path>').format(
        block.style,
        coordinate(left),
        coordinate(width),
        _BAND,
        coordinate(width),
        block.code,
        f"{block.onset_s:.1f}",
        f"{block.offset_s:.1f}",
    )
    if width >= max(_LABEL_WIDTH, 6 * len(block.code) + 4):
        drawn += Markup('<text class="on {}" x="{}" y="{}">{}</text>').format(
            block.style, coordinate(left + width / 2), _BAND - 4, block.code
        )
    return drawn


def _draw_curve(curve: Curve, y: float, plot: _Plot) -> Markup:
    path, pen = [], "M"
    for point in curve.points:
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{coordinate(plot.x(point[0]))} {coordinate(_CURVE * (1 - point[1]))}")
        pen = "L"
    return Markup(
        '<g transform="translate(0 {0})"><text class="row model" x="{1}" y="{2}">{3}</text>'
        '<path class="grid" d="M{4} 0h{5}M{4} {6}h{5}M{4} {7}h{5}"/><path class="curve" d="{8}"/></g>'
    ).format(
        coordinate(y),
        plot.margin - 10,
        _CURVE / 2 + 4,
        curve.name,
        plot.margin,
        PLOT_WIDTH,
        _CURVE // 2,
        _CURVE,
        "".join(path),
    )


def _draw_clock(duration_s: float, y: float, plot: _Plot) -> Markup:
    step = next((step for step in (5, 10, 15, 30, 60, 120, 300, 600, 1200) if duration_s / step <= 12), 3600)
    ticks = [step * number for number in range(int(duration_s // step) + 1)]
    return Markup("").join(
        Markup('<path class="grid" d="M{0} 0V{1}"/><text class="tick{4}" x="{0}" y="{2}">{3}</text>').format(
            coordinate(plot.x(tick)),
            coordinate(y),
            coordinate(y + 13),
            clock(tick),
            " last" if tick * plot.scale > PLOT_WIDTH - 20 else "",
        )
        for tick in ticks
    )

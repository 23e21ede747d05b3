"""What happened over the time of a session, as rows of coloured strips: one timeline as inline SVG.

Every text that comes from a study passes through `Markup.format`, which escapes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dyadflow.report.figures import MARGIN, PLOT_WIDTH, coordinate, margin_for
from dyadflow.report.strip_rows import Band, Block, Curve, Pin, Pins, Row, assign_lanes
from dyadflow.report.wording import clock

_BAND, _CURVE, _PINS, _GAP, _APART = 15, 24, 13, 4, 8
#: A segment at least this wide has its code written on it.
_LABEL_WIDTH = 30
#: Steps of the clock in seconds; the first that needs at most `_TICKS` marks is taken.
_STEPS, _TICKS = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600), 12


def draw_timeline(
    groups: Sequence[Sequence[Row]],
    duration_s: float,
    title: str,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Markup:
    """Draw the rows of a session over time; groups of rows stand a little apart.

    Parameters
    ----------
    groups
        Rows from top to bottom.
    duration_s
        Where the time axis ends.
    title
        What the figure shows, for readers who do not see it.
    start_s
        Where it begins: below 0 where something lies before the recording.
    end_s
        Where the recording ends, to be marked.
    """
    plot = _Plot(
        start_s,
        PLOT_WIDTH / max(duration_s - start_s, 1e-9),
        margin_for((row.name for group in groups for row in group), MARGIN),
    )
    pieces, y = [], 2.0 if end_s is None else 18.0
    top = y
    for group in groups:
        for row in group:
            drawn, height = _draw_row(row, y, plot)
            pieces.append(drawn)
            y += height + _GAP
        y += _APART
    pieces.insert(0, _draw_clock(duration_s, top, y, plot))
    if end_s is not None:
        pieces.append(_draw_end(end_s, y, plot))
    return Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        plot.margin + PLOT_WIDTH, coordinate(y + 16), title, Markup("").join(pieces)
    )


@dataclass(frozen=True)
class _Plot:
    """Which second lies at the left edge, SVG units a second, and where that edge is."""

    start_s: float
    scale: float
    margin: int

    def x(self, seconds: float) -> float:
        return self.margin + (seconds - self.start_s) * self.scale

    @property
    def right(self) -> float:
        return self.margin + PLOT_WIDTH


def _draw_row(row: Row, y: float, plot: _Plot) -> tuple[Markup, int]:
    """A row, and how high it is."""
    if isinstance(row, Band):
        return _draw_band(row, y, plot), _BAND
    if isinstance(row, Curve):
        return _draw_curve(row, y, plot), _CURVE
    return _draw_pins(row, y, plot), _PINS


def _draw_band(band: Band, y: float, plot: _Plot) -> Markup:
    name = Markup('<text class="row {}" x="{}" y="{}">{}</text>').format(
        band.kind, plot.margin - 10, _BAND - 4, band.name
    )
    bed = Markup('<path class="bed" d="M{} 0h{}v{}h-{}z"/>').format(plot.margin, PLOT_WIDTH, _BAND, PLOT_WIDTH)
    if band.behind:
        bed = Markup('<path class="grid" d="M{} {}h{}"/>').format(plot.margin, _BAND, PLOT_WIDTH)
        bed += Markup("").join(
            Markup('<rect class="{} behind" x="{}" y="{}" width="{}" height="{}"/>').format(
                block.style, coordinate(left), -_GAP / 2, coordinate(width), _BAND + _GAP
            )
            for block in band.behind
            for left, width in [_extent(block, plot)]
        )
    lanes = assign_lanes(band.blocks)
    blocks = Markup("").join(
        _draw_block(block, plot, lane * _BAND / of, _BAND / of)
        for block, (lane, of) in zip(band.blocks, lanes, strict=True)
    )
    return Markup('<g transform="translate(0 {})">{}{}{}</g>').format(coordinate(y), name, bed, blocks)


def _extent(block: Block, plot: _Plot) -> tuple[float, float]:
    """Left edge and width of a block; it ends with the plot, and what has no length is still seen."""
    left = plot.x(block.onset_s)
    least = 1.5 if block.offset_s == block.onset_s else 0.3
    return left, max(min(plot.x(block.offset_s), plot.right) - left, least)


def _draw_block(block: Block, plot: _Plot, top: float, height: float) -> Markup:
    left, width = _extent(block, plot)
    drawn = Markup('<path class="{}" d="M{} {}h{}v{}h-{}z"><title>{} {}\N{EN DASH}{} s</title></path>').format(
        block.style,
        coordinate(left),
        coordinate(top),
        coordinate(width),
        coordinate(height),
        coordinate(width),
        block.code,
        f"{block.onset_s:.1f}",
        f"{block.offset_s:.1f}",
    )
    if height == _BAND and width >= max(_LABEL_WIDTH, 6 * len(block.code) + 4):
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


def _draw_pins(row: Pins, y: float, plot: _Plot) -> Markup:
    name = Markup('<text class="row soft" x="{}" y="{}">{}</text>').format(plot.margin - 10, _PINS - 3, row.name)
    drawn = [_draw_pin(pin, plot) for pin in sorted(row.pins, key=lambda pin: _GRADES.index(pin.grade))]
    return Markup('<g transform="translate(0 {})">{}{}</g>').format(coordinate(y), name, Markup("").join(drawn))


#: What lies on top comes last.
_GRADES = ("note", "warning", "error")
#: Shapes that differ without colour, round the point (0, 6): a ring, a triangle, a filled diamond.
SHAPES = {
    "note": Markup('<circle cx="0" cy="6" r="3.2"/>'),
    "warning": Markup('<path d="M0 1.5l5 9.5h-10z"/>'),
    "error": Markup('<path d="M0 0l6 6l-6 6l-6 -6z"/>'),
}


def _draw_pin(pin: Pin, plot: _Plot) -> Markup:
    left, right = (min(max(plot.x(at), plot.margin), plot.right) for at in (pin.onset_s, pin.offset_s))
    span = Markup('<path d="M0 6h{}"/>').format(coordinate(right - left)) if right - left > 6 else Markup("")
    return Markup('<g class="pin {}" transform="translate({} 0)"><title>{}</title>{}{}</g>').format(
        pin.grade, coordinate(left), pin.told, span, SHAPES[pin.grade]
    )


def _draw_clock(duration_s: float, top: float, y: float, plot: _Plot) -> Markup:
    span_s = duration_s - plot.start_s
    step = next((step for step in _STEPS if span_s / step <= _TICKS), 3600)
    first, last = -int(-plot.start_s // step), int(duration_s // step)
    return Markup("").join(
        Markup('<path class="grid" d="M{0} {5}V{1}"/><text class="tick{4}" x="{0}" y="{2}">{3}</text>').format(
            coordinate(plot.x(tick)),
            coordinate(y),
            coordinate(y + 13),
            clock(tick),
            " last" if plot.x(tick) > plot.right - 20 else "",
            coordinate(top - 2),
        )
        for tick in (step * number for number in range(first, last + 1))
    )


def _draw_end(end_s: float, y: float, plot: _Plot) -> Markup:
    """A line where the recording ends, with its name to the left, or to the right where there is room."""
    x = plot.x(end_s)
    roomy = plot.right - x > 170
    return Markup('<path class="end" d="M{0} 3V{1}"/><text class="end{4}" x="{2}" y="11">{3}</text>').format(
        coordinate(x),
        coordinate(y),
        coordinate(x + 5 if roomy else x - 5),
        f"recording ends {clock(end_s)}",
        "" if roomy else " before",
    )

"""Rows of marks on one scale from 0 to 1: a value with its interval, and what it is held against."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dyadflow.report.figures import coordinate, draw_scale, margin_for, scale_span

_NAN = float("nan")
#: Marks drawn as an upright bar, as a square, and as a stretch from low to high; all others are dots.
_BARS, _SQUARES, _STRETCHES = frozenset({"bound", "whole"}), frozenset({"human"}), {"chance": 12, "link": 3}


@dataclass(frozen=True)
class Mark:
    """One value: how it is drawn, the value, what is shown of it, and its interval, NaN where there is none.

    Styles are ``dot``; ``solid`` and ``hollow``, for dots of which some differ from the others; ``claim``, a dot
    that is not to be believed; ``human``, a square; ``bound`` and ``whole``, upright bars; ``chance``, a band from
    low to high; ``link``, a thin one that joins two others.
    """

    style: str
    value: float
    shown: str
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True)
class MarkRow:
    """A name with its marks, drawn in their order.

    `apart` sets the row off from the one above, `note` stands at its right, and a `strong` row's name stands out.
    """

    name: str
    marks: Sequence[Mark]
    apart: bool = False
    note: str = ""
    strong: bool = False


def draw_marks(
    rows: Sequence[MarkRow], title: str, *, plot_width: float = 255, row_height: float = 24, margin: float | None = None
) -> Markup:
    """Draw one row of marks below the other, over the lines of a scale.

    Parameters
    ----------
    rows
        From top to bottom.
    title
        What the figure shows, for readers who do not see it.
    plot_width, row_height, margin
        Width of the scale, height of a row, room for the names, in SVG units; without a margin, what the
        longest name needs.

    Returns
    -------
    Markup
        An SVG figure. A value that is NaN draws nothing.
    """
    left, top = margin_for((row.name for row in rows), 40) if margin is None else margin, 6
    longest_note = max((len(row.note) for row in rows), default=0)
    right = 20 + 6.2 * longest_note if longest_note else 12
    values = [value for row in rows for mark in row.marks for value in (mark.value, mark.low)]
    span = scale_span(values)

    def across(value: float) -> float:
        return left + plot_width * (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0])

    pieces: list[Markup] = []
    y: float = top
    for row in rows:
        y += 8 if row.apart else 0
        middle = y + row_height / 2
        pieces.append(
            Markup('<text class="row{}" x="{}" y="{}">{}</text>').format(
                " strong" if row.strong else "", left - 12, coordinate(middle + 4), row.name
            )
        )
        if row.note:
            pieces.append(
                Markup('<text class="beside{}" x="{}" y="{}">{}</text>').format(
                    " strong" if row.strong else "", coordinate(left + plot_width + 12), coordinate(middle + 4),
                    row.note,
                )
            )
        pieces += [_draw_mark(row.name, mark, across, middle) for mark in row.marks]
        y += row_height
    pieces.insert(0, draw_scale(span, across, top, y + 2))
    return Markup('<svg class="figure" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        coordinate(left + plot_width + right), coordinate(y + 24), title, Markup("").join(pieces)
    )


def _draw_mark(name: str, mark: Mark, across: Callable[[float], float], y: float) -> Markup:
    if mark.style in _STRETCHES:
        return _draw_stretch(name, mark, across, y)
    if mark.value != mark.value:
        return Markup("")
    x = across(mark.value)
    whisker = Markup("")
    if mark.low == mark.low and mark.high == mark.high:
        whisker = Markup('<path class="whisker" d="M{} {}H{}"/>').format(
            coordinate(across(mark.low)), coordinate(y), coordinate(across(mark.high))
        )
    if mark.style in _BARS:
        shape = Markup('<path d="M{} {}v18"/>').format(coordinate(x), coordinate(y - 9))
    elif mark.style in _SQUARES:
        shape = Markup('<rect x="{}" y="{}" width="9" height="9"/>').format(coordinate(x - 4.5), coordinate(y - 4.5))
    else:
        shape = Markup('<circle cx="{}" cy="{}" r="5"/>').format(coordinate(x), coordinate(y))
    return Markup('<g class="mark {}"><title>{}: {}</title>{}{}</g>').format(
        mark.style, name, mark.shown, whisker, shape
    )


def _draw_stretch(name: str, mark: Mark, across: Callable[[float], float], y: float) -> Markup:
    if mark.low != mark.low or mark.high != mark.high:
        return Markup("")
    height, (start, stop) = _STRETCHES[mark.style], sorted((across(mark.low), across(mark.high)))
    return Markup(
        '<g class="mark {}"><title>{}: {}</title><rect x="{}" y="{}" width="{}" height="{}"/></g>'
    ).format(
        mark.style, name, mark.shown, coordinate(start), coordinate(y - height / 2),
        # A band without width would not be seen.
        coordinate(max(stop - start, 2)), height,
    )

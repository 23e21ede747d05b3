"""A square in which confidence is laid against the share right."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dyadflow.report.figures import coordinate

_LEFT, _TOP, _SIDE, _HISTOGRAM = 52, 10, 260, 44


@dataclass(frozen=True)
class Bin:
    """Frames of about the same confidence: its mean, the share right with its interval, how many, what is shown."""

    confidence: float
    accuracy: float
    low: float
    high: float
    frames: int
    shown: str


def draw_reliability(series: Sequence[tuple[str, Sequence[Bin]]], title: str) -> Markup:
    """Draw the share right over confidence, and below it how many frames have which confidence.

    Parameters
    ----------
    series
        Style (``raw`` or ``calibrated``) and bins, from low confidence to high. The last stands on top, and its
        frames are those that are counted below.
    title
        What the figure shows, for readers who do not see it.

    Notes
    -----
    On the diagonal, probabilities mean what they say (DeGroot & Fienberg 1983; Guo et al. 2017, Fig. 1).
    """
    pieces = [_draw_frame()]
    for style, bins in series:
        points = [(_across(own.confidence), _up(own.accuracy)) for own in bins]
        path = "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
        pieces.append(Markup('<path class="curve {}" d="{}"/>').format(style, path))
        pieces += [_draw_bin(style, own) for own in bins]
    if series:
        pieces.append(_draw_histogram(series[-1][1]))
    return Markup('<svg class="figure square" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        _LEFT + _SIDE + 16, _TOP + _SIDE + _HISTOGRAM + 46, title, Markup("").join(pieces)
    )


def _across(value: float) -> float:
    return _LEFT + _SIDE * value


def _up(value: float) -> float:
    return _TOP + _SIDE * (1 - value)


def _draw_frame() -> Markup:
    pieces = []
    bottom = _TOP + _SIDE + _HISTOGRAM + 8
    for step in range(6):
        value = step / 5
        pieces.append(
            Markup(
                '<path class="grid" d="M{0} {1}V{2}M{3} {4}H{5}"/><text class="tick" x="{0}" y="{6}">{7}</text>'
                '<text class="tick last" x="{8}" y="{9}">{7}</text>'
            ).format(
                coordinate(_across(value)), _TOP, bottom, _LEFT, coordinate(_up(value)), _LEFT + _SIDE,
                bottom + 14, f"{value:.1f}", _LEFT - 7, coordinate(_up(value) + 4),
            )
        )  # fmt: skip
    pieces.append(
        Markup('<path class="diagonal" d="M{} {}L{} {}"/>').format(_LEFT, _TOP + _SIDE, _LEFT + _SIDE, _TOP)
    )
    pieces.append(
        Markup('<text class="tick unit" x="{}" y="{}">probability of the class chosen</text>').format(
            coordinate(_across(0.5)), bottom + 29
        )
    )
    middle = coordinate(_up(0.5))
    pieces.append(
        Markup(
            '<text class="tick unit" x="14" y="{0}" transform="rotate(-90 14 {0})">share of frames right</text>'
        ).format(middle)
    )
    return Markup("").join(pieces)


def _draw_bin(style: str, own: Bin) -> Markup:
    x, y = _across(own.confidence), _up(own.accuracy)
    whisker = Markup("")
    if own.low == own.low and own.high == own.high:
        whisker = Markup('<path class="whisker" d="M{} {}V{}"/>').format(
            coordinate(x), coordinate(_up(own.low)), coordinate(_up(own.high))
        )
    return Markup('<g class="mark {}"><title>{}</title>{}<circle cx="{}" cy="{}" r="4.5"/></g>').format(
        style, own.shown, whisker, coordinate(x), coordinate(y)
    )


def _draw_histogram(bins: Sequence[Bin]) -> Markup:
    total, most = sum(own.frames for own in bins), max((own.frames for own in bins), default=0)
    bottom = _TOP + _SIDE + _HISTOGRAM + 8
    return Markup("").join(
        Markup(
            '<rect class="amount" x="{}" y="{}" width="10" height="{}"><title>{} % of the frames</title></rect>'
        ).format(
            coordinate(_across(own.confidence) - 5), coordinate(bottom - _HISTOGRAM * own.frames / most),
            coordinate(_HISTOGRAM * own.frames / most), f"{100 * own.frames / total:.1f}",
        )
        for own in bins
        if most
    )  # fmt: skip

"""Soft-edged shapes on a small picture, fast enough to paint a minute of video in about a second."""

from collections.abc import Callable
from functools import lru_cache
from math import ceil, cos, floor, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Red, green, blue, each 0 to 255.
Colour = tuple[float, float, float]

#: Part of a picture, to be laid on another: left and top edge, what it keeps of what lies below (shares), and what
#: it adds to that.
Cutting = tuple[int, int, NDArray[np.floating[Any]], NDArray[np.floating[Any]]]

#: Places and sizes are rounded to this share of a pixel, so that one stamp serves many frames: invisible in
#: the video, and four times as fast as painting every shape anew.
STEPS = 2


class Canvas:
    """A picture that shapes are painted on.

    Parameters
    ----------
    background
        Shape (height, width, 3), float32, 0 to 255.
    pixels
        What to paint on, of the same shape; made if not given.

    Notes
    -----
    Each shape touches only a small box, whose rows numpy walks in one go because a pixel's colours lie side
    by side.
    """

    def __init__(self, background: NDArray[np.float32], pixels: NDArray[np.float32] | None = None) -> None:
        self.background = background
        self.pixels = background.copy() if pixels is None else pixels
        self.height, self.width = background.shape[:2]
        self._rows = (np.arange(self.height, dtype=np.float32) + 0.5)[:, None]
        # Each column three times, once for each colour, so that a limb is worked out in two dimensions.
        self._columns = np.repeat(np.arange(self.width, dtype=np.float32) + 0.5, 3)
        self._flat = self.pixels.view()
        self._flat.shape = (self.height, 3 * self.width)

    def clear(self) -> None:
        """Start the next frame."""
        np.copyto(self.pixels, self.background)

    def ellipse(
        self,
        x: float,
        y: float,
        half_width: float,
        half_height: float,
        colour: Colour,
        *,
        angle: float = 0.0,
        opacity: float = 1.0,
        soft: float = 1.0,
        top: float | None = None,
        bottom: float | None = None,
    ) -> None:
        """Paint an ellipse.

        `soft` widens the edge by that factor; `top` and `bottom` cut the ellipse off at these heights.
        """
        if half_width < 0.3 or half_height < 0.3:
            return
        self._stamp(
            x,
            y,
            _ellipse(
                _step(x % 1),
                _step(y % 1),
                _step(half_width),
                _step(half_height),
                colour,
                round(angle * 32),
                round(opacity * 16),
                soft,
                None if top is None else _step(top - y),
                None if bottom is None else _step(bottom - y),
            ),
        )

    def curve(
        self,
        x: float,
        y: float,
        half_width: float,
        bend: float,
        thickness: float,
        colour: Colour,
        *,
        slope: float = 0.0,
    ) -> None:
        """Paint a bent line, as of lips or brows; `bend` lowers the middle, `slope` the right end."""
        self._stamp(
            x,
            y,
            _curve(
                _step(x % 1),
                _step(y % 1),
                _step(half_width),
                _step(bend),
                _step(thickness),
                round(slope * 16),
                colour,
            ),
        )

    def limb(self, x0: float, y0: float, x1: float, y1: float, radius: float, colour: Colour) -> None:
        """Paint a thick line with round ends; never stamped, because limbs take every angle and length."""
        left, right = sorted((x0, x1))
        upper, lower = sorted((y0, y1))
        left, right = max(int(left - radius) - 1, 0), min(ceil(right + radius) + 1, self.width)
        upper, lower = max(int(upper - radius) - 1, 0), min(ceil(lower + radius) + 1, self.height)
        if left >= right or upper >= lower:
            return
        across, down = self._columns[3 * left : 3 * right] - x0, self._rows[upper:lower] - y0
        dx, dy = x1 - x0, y1 - y0
        square = max(dx * dx + dy * dy, 1e-6)
        along = across * (dx / square) + down * (dy / square)
        np.clip(along, 0.0, 1.0, out=along)
        # The squared distance to the line; near the edge, (r^2 - d^2) / 2r is the distance to it.
        alpha = along * dx
        np.subtract(across, alpha, out=alpha)
        np.multiply(alpha, alpha, out=alpha)
        along *= dy
        np.subtract(down, along, out=along)
        along *= along
        alpha += along
        alpha *= -0.5 / radius
        alpha += 0.5 * radius + 0.5
        np.clip(alpha, 0.0, 1.0, out=alpha)
        region = self._flat[upper:lower, 3 * left : 3 * right]
        difference = np.tile(np.array(colour, dtype=np.float32), right - left) - region
        difference *= alpha
        region += difference

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Paint an upright rectangle, to the nearest whole pixels."""
        rows, columns = slice(max(round(y0), 0), max(round(y1), 0)), slice(max(round(x0), 0), max(round(x1), 0))
        self.pixels[rows, columns] = np.array(colour, dtype=np.float32)

    def lay(self, cutting: Cutting, x: float = 0.0, y: float = 0.0) -> None:
        """Lay on what was prepared with `cut_out`, shifted by whole pixels."""
        left, top, keep, add = cutting
        self._stamp(round(x), round(y), (left, top, keep, add))

    def _stamp(self, x: float, y: float, stamp: Cutting) -> None:
        """Lay a prepared shape on the picture, cut off at its edges."""
        left, top, keep, add = stamp
        left, top = left + floor(x), top + floor(y)
        height, width = keep.shape[:2]
        right, bottom = left + width, top + height
        if left < 0 or top < 0 or right > self.width or bottom > self.height:
            cut = (
                slice(max(-top, 0), max(height - max(bottom - self.height, 0), 0)),
                slice(max(-left, 0), max(width - max(right - self.width, 0), 0)),
            )
            keep, add = keep[cut], add[cut]
            left, top, right, bottom = (
                max(left, 0),
                max(top, 0),
                min(right, self.width),
                min(bottom, self.height),
            )
            if left >= right or top >= bottom or not keep.size:
                return
        region = self.pixels[top:bottom, left:right]
        region *= keep
        region += add


def cut_out(height: int, width: int, paint: Callable[[Canvas], None]) -> Cutting:
    """Prepare what stays the same from frame to frame.

    Parameters
    ----------
    height, width
        Of the picture that it will be laid on.
    paint
        Paints it on a canvas of that size.
    """
    on_black, on_white = (
        Canvas(np.full((height, width, 3), grey, dtype=np.float32)) for grey in (0.0, 255.0)
    )
    paint(on_black)
    paint(on_white)
    keep = (on_white.pixels - on_black.pixels) / 255
    rows, columns = np.nonzero((keep < 1).any(2))
    place = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    return int(columns.min()), int(rows.min()), keep[place].copy(), on_black.pixels[place].copy()


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two, `share` of the way to the second, in 16 steps."""
    share = round(share * 16) / 16
    red, green, blue = (a + share * (b - a) for a, b in zip(first, second, strict=True))
    return red, green, blue


def shaded(colour: Colour, factor: float) -> Colour:
    """A darker or lighter colour."""
    red, green, blue = colour
    return factor * red, factor * green, factor * blue


def _step(value: float) -> int:
    return round(value * STEPS)


def _finished(
    left: int, top: int, alpha: NDArray[np.floating[Any]], colour: Colour
) -> Cutting:
    """A stamp: where it begins, what it keeps of the picture, what it adds to it."""
    alpha = np.repeat(alpha.astype(np.float32)[:, :, None], 3, axis=2)
    return left, top, 1 - alpha, alpha * np.array(colour, dtype=np.float32)


@lru_cache(maxsize=6000)
def _ellipse(
    x: int,
    y: int,
    half_width: int,
    half_height: int,
    colour: Colour,
    angle: int,
    opacity: int,
    soft: float,
    top: int | None,
    bottom: int | None,
) -> Cutting:
    """An ellipse as a stamp; everything in steps, x and y within the first pixel."""
    a, b = max(half_width, 1) / STEPS, max(half_height, 1) / STEPS
    reach, rise = (max(a, b), max(a, b)) if angle else (a, b)
    left, right = -ceil(reach) - 1, ceil(reach) + 3
    upper = -ceil(rise) - 1 if top is None else max(-ceil(rise) - 1, floor(top / STEPS) - 1)
    lower = ceil(rise) + 3 if bottom is None else min(ceil(rise) + 3, ceil(bottom / STEPS) + 3)
    across = np.arange(left, right) + 0.5 - x / STEPS
    down = (np.arange(upper, max(lower, upper + 1)) + 0.5 - y / STEPS)[:, None]
    c, s = cos(angle / 32), sin(angle / 32)
    square = ((across * c + down * s) / a) ** 2 + ((down * c - across * s) / b) ** 2
    # 1 - r^2 is about twice the distance from the edge in units of the smaller half axis.
    alpha = np.clip((1 - square) * 0.5 * min(a, b) / soft + 0.5, 0.0, 1.0) * opacity / 16
    if top is not None:
        alpha = alpha * np.clip(down - top / STEPS + 0.5, 0.0, 1.0)
    if bottom is not None:
        alpha = alpha * np.clip(bottom / STEPS + 0.5 - down, 0.0, 1.0)
    return _finished(left, upper, alpha, colour)


@lru_cache(maxsize=6000)
def _curve(
    x: int,
    y: int,
    half_width: int,
    bend: int,
    thickness: int,
    slope: int,
    colour: Colour,
) -> Cutting:
    """A bent line as a stamp; everything in steps, slope in sixteenths."""
    wide, thick = max(half_width, 1) / STEPS, max(thickness, 1) / STEPS
    reach = ceil(abs(bend) / STEPS + abs(slope) / 16 * wide + thick) + 2
    across = np.arange(-ceil(wide) - 1, ceil(wide) + 3) + 0.5 - x / STEPS
    down = (np.arange(-reach, reach + 1) + 0.5 - y / STEPS)[:, None]
    relative = across / wide
    width = thick * np.sqrt(np.clip(1 - relative**2, 0.0, 1.0))
    middle = bend / STEPS * (1 - 1.5 * relative**2) + slope / 16 * across
    alpha = np.clip(width + 0.5 - np.abs(down - middle), 0.0, 1.0) * (width > 0)
    return _finished(-ceil(wide) - 1, -reach, alpha, colour)

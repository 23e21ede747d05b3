"""A canvas in the drawing's own units, where the camera stands still and the picture is 312 x 240."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, sin

from dyadflow.demo.canvas import Canvas, Colour, Cutting, cut_out
from dyadflow.demo.play.looks import PlayLook

#: The picture in units of the drawing; all lengths and places of the scene are in them.
WIDTH, HEIGHT = 312.0, 240.0


@dataclass(frozen=True)
class Pen:
    """Paints in units: shifted and zoomed as the session's camera is.

    Parameters
    ----------
    canvas
        What to paint on.
    look
        Of the session.
    """

    canvas: Canvas
    look: PlayLook

    @property
    def scale(self) -> float:
        """Pixels of a unit."""
        return self.canvas.height / HEIGHT * self.look.zoom

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a place."""
        unit, zoom = self.canvas.height / HEIGHT, self.look.zoom
        return (
            (WIDTH / 2 + self.look.x + (x - WIDTH / 2) * zoom) * unit,
            (HEIGHT / 2 + self.look.y + (y - HEIGHT / 2) * zoom) * unit,
        )

    def ellipse(
        self,
        place: tuple[float, float],
        half_width: float,
        half_height: float,
        colour: Colour,
        *,
        angle: float = 0.0,
        opacity: float = 1.0,
        soft: float = 1.0,
    ) -> None:
        """Paint an ellipse round a place."""
        scale = self.scale
        self.canvas.ellipse(
            *self.at(*place), half_width * scale, half_height * scale, colour,
            angle=angle, opacity=opacity, soft=soft,
        )

    def limb(self, start: tuple[float, float], end: tuple[float, float], radius: float, colour: Colour) -> None:
        """Paint a thick line with round ends."""
        self.canvas.limb(*self.at(*start), *self.at(*end), radius * self.scale, colour)

    def curve(
        self, place: tuple[float, float], half_width: float, bend: float, thickness: float, colour: Colour
    ) -> None:
        """Paint a bent line."""
        scale = self.scale
        self.canvas.curve(*self.at(*place), half_width * scale, bend * scale, thickness * scale, colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Paint an upright rectangle."""
        self.canvas.box(*self.at(x0, y0), *self.at(x1, y1), colour)

    def cut_out(self, paint: Callable[["Pen"], None]) -> Cutting:
        """Prepare what stays the same from frame to frame, to be laid on with `lay`."""
        return cut_out(self.canvas.height, self.canvas.width, lambda canvas: paint(Pen(canvas, self.look)))

    def lay(self, cutting: Cutting, x: float = 0.0, y: float = 0.0) -> None:
        """Lay on what was prepared, shifted by so many units."""
        self.canvas.lay(cutting, x * self.scale, y * self.scale)


def turned(origin: tuple[float, float], right: float, down: float, angle: float) -> tuple[float, float]:
    """A place `right` and `down` of an origin, after turning by an angle (radians, clockwise)."""
    c, s = cos(angle), sin(angle)
    return origin[0] + right * c - down * s, origin[1] + right * s + down * c

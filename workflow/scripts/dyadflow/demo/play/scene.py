"""The room of guided play, seen from the side: wall, floor, high chair, table, and what lies on it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.camera import out_of_focus
from dyadflow.demo.canvas import Canvas, mixed, shaded
from dyadflow.demo.play.looks import PlayLook
from dyadflow.demo.play.pen import Pen

FLOOR_Y = 208.0
TABLE_TOP_Y, TABLE_X = 170.0, (146.0, 262.0)
#: Where the object of a task stands.
OBJECT_X = 206.0
WOOD_LIGHT = (255, 240, 214)


def paint_room(look: PlayLook, rng: np.random.Generator, height_px: int, width_px: int) -> NDArray[np.float32]:
    """The room behind everybody, shape (height, width, 3): wall, a picture on it, floor, out of focus."""
    down = np.linspace(1.03, 0.93, height_px, dtype=np.float32)[:, None, None]
    wall = np.broadcast_to(np.array(look.wall, dtype=np.float32) * down, (height_px, width_px, 3))
    canvas = Canvas(wall.copy())
    pen = Pen(canvas, look)
    left, top = rng.uniform(172, 204), rng.uniform(14, 26)
    pen.box(left, top, left + 40, top + 30, shaded(look.wall, 0.72))
    pen.box(left + 3, top + 3, left + 37, top + 27, mixed(look.wall, (150, 190, 214), rng.uniform(0.3, 0.7)))
    door = rng.uniform(-6, 6)
    pen.box(door - 20, 16, door + 30, FLOOR_Y, shaded(look.wall, 0.88))
    pen.box(-40, FLOOR_Y - 5, 352, FLOOR_Y, shaded(look.wall, 0.8))
    pen.box(-40, FLOOR_Y, 352, 260, look.floor)
    reach = max(height_px // 120, 1)
    padded = np.pad(canvas.pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    return np.ascontiguousarray(out_of_focus(padded, reach)[reach:-reach, reach:-reach])


def paint_chairs(pen: Pen) -> None:
    """The chairs of parent and experimenter, behind everything."""
    colour = shaded(pen.look.table, 0.7)
    for back_x, knee_x in ((9.5, 59.0), (303.5, 259.0)):
        pen.box(back_x - 3.5, 124, back_x + 3.5, 238, colour)
        pen.box(min(back_x, knee_x) - 3, 192, max(back_x, knee_x) + 3, 201, colour)
        pen.box(knee_x - 3, 201, knee_x + 3, 238, colour)


def paint_high_chair(pen: Pen) -> None:
    """The infant's high chair, behind the infant: back, seat and splayed legs."""
    colour, shade = pen.look.chair, shaded(pen.look.chair, 0.78)
    pen.limb((96, 196), (82, 246), 4.5, shade)
    pen.limb((136, 196), (150, 246), 4.5, shade)
    pen.limb((88, 226), (145, 226), 2.5, shade)
    pen.limb((91, 118), (97, 190), 7.5, colour)
    pen.limb((96, 193), (140, 193), 7, colour)


def paint_table(pen: Pen) -> None:
    """The table, in front of everybody's laps."""
    colour = pen.look.table
    pen.box(TABLE_X[0] + 14, TABLE_TOP_Y + 9, TABLE_X[0] + 22, 246, shaded(colour, 0.78))
    pen.box(TABLE_X[1] - 22, TABLE_TOP_Y + 9, TABLE_X[1] - 14, 246, shaded(colour, 0.78))
    pen.box(TABLE_X[0], TABLE_TOP_Y, TABLE_X[1], TABLE_TOP_Y + 10, shaded(colour, 0.9))
    pen.box(TABLE_X[0], TABLE_TOP_Y, TABLE_X[1], TABLE_TOP_Y + 4, mixed(colour, WOOD_LIGHT, 0.5))


def paint_boxes(pen: Pen) -> None:
    """Dolls: two open boxes, a doll looking out of one."""
    toy, colour = pen.look.toys["dolls"]
    doll = (OBJECT_X + 14, TABLE_TOP_Y - 20)
    pen.ellipse((doll[0], doll[1] + 10), 6, 9, toy)
    pen.ellipse(doll, 5.5, 5.5, (244, 214, 190))
    for x in (OBJECT_X - 12, OBJECT_X + 14):
        pen.box(x - 11, TABLE_TOP_Y - 17, x + 11, TABLE_TOP_Y, colour)
        pen.box(x - 11, TABLE_TOP_Y - 17, x + 11, TABLE_TOP_Y - 13, shaded(colour, 1.25))


def paint_bowl(pen: Pen) -> None:
    """Shaker: a bowl with more eggs in it."""
    toy, colour = pen.look.toys["shaker"]
    for x in (-8, 8):
        pen.ellipse((OBJECT_X + x, TABLE_TOP_Y - 13), 7, 9, toy)
    across, down = pen.at(OBJECT_X, TABLE_TOP_Y - 12)
    pen.canvas.ellipse(across, down, 24 * pen.scale, 12.5 * pen.scale, colour, top=down)


def paint_drum(pen: Pen) -> None:
    """Drum: with a light skin and laces."""
    _, colour = pen.look.toys["drum"]
    left, right, top = OBJECT_X - 25, OBJECT_X + 25, TABLE_TOP_Y - 24
    pen.box(left, top + 4, right, TABLE_TOP_Y, colour)
    for x in (-19, -7, 5, 17):
        pen.limb((OBJECT_X + x, top + 7), (OBJECT_X + x + 5, TABLE_TOP_Y - 3), 1.2, (240, 226, 190))
    pen.ellipse((OBJECT_X, top + 4), 25, 5, (246, 240, 226))
    pen.box(left, TABLE_TOP_Y - 3, right, TABLE_TOP_Y, (240, 226, 190))


#: What stands on the table while a task is played.
OBJECTS: Mapping[str, Callable[[Pen], None]] = MappingProxyType(
    {"dolls": paint_boxes, "shaker": paint_bowl, "drum": paint_drum}
)

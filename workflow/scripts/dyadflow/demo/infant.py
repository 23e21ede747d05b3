"""The infant's half of the picture: in a high chair, behind a tray with a toy."""

from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.canvas import Canvas, mixed
from dyadflow.demo.looks import Look

HEAD = (80.0, 66.0)
HEAD_RADIUS = 35.0
#: Where the hands rest on the tray.
HANDS = ((50.0, 136.0), (110.0, 136.0))
SHOULDERS = ((58.0, 112.0), (102.0, 112.0))
TOY = (34.0, 131.0)
CHAIR, CHAIR_SHADE = (150, 124, 100), (128, 104, 84)
TRAY, TRAY_EDGE = (232, 226, 214), (196, 188, 174)


def furnish_infant(room: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """The room with the back of the high chair in it, shape (size, size, 3)."""
    canvas, u = Canvas(room), look.unit
    x, y = (80 + look.x) * u, (104 + look.y) * u
    canvas.ellipse(x, y, 56 * u, 74 * u, CHAIR_SHADE)
    canvas.ellipse(x, y + 2 * u, 51 * u, 69 * u, CHAIR)
    return canvas.pixels


def draw_infant(canvas: Canvas, look: Look, pose: dict[str, float]) -> None:
    """Paint one frame of the infant; `pose` has the fields of `poses.FIELDS`."""
    u, zoom = look.unit, look.zoom * (1 + pose["lean"])

    def place(x: float, y: float) -> tuple[float, float]:
        """Drawing units to pixels: the figure grows from the tray upwards."""
        return (80 + look.x + (x - 80) * zoom) * u, (138 + look.y + (y - 138) * zoom) * u

    scale = u * zoom
    sway = 0.35 * pose["head_x"]
    x, y = place(80 + sway, 138)
    canvas.ellipse(x, y, 32 * scale, 40 * scale, look.clothes)
    canvas.ellipse(x, y + 6 * scale, 20 * scale, 26 * scale, look.clothes_shade, opacity=0.5, soft=4)
    _head(canvas, look, pose, *place(HEAD[0] + pose["head_x"], HEAD[1] + pose["head_y"]), HEAD_RADIUS * scale)
    _tray(canvas, look)
    for (shoulder_x, shoulder_y), (hand_x, hand_y), side in zip(
        SHOULDERS, HANDS, ("left", "right"), strict=True
    ):
        out = -1 if side == "left" else 1
        hand = place(hand_x + pose[f"{side}_x"], hand_y + pose[f"{side}_y"])
        shoulder = place(shoulder_x + sway, shoulder_y)
        elbow = (0.5 * (shoulder[0] + hand[0]) + out * 9 * scale, 0.5 * (shoulder[1] + hand[1]) + 7 * scale)
        canvas.limb(*shoulder, *elbow, 8.5 * scale, look.clothes)
        canvas.limb(*elbow, *hand, 7 * scale, look.clothes_shade)
        canvas.ellipse(*hand, 8.5 * scale, 8 * scale, look.skin)
        canvas.ellipse(
            hand[0] - scale,
            hand[1] - 1.5 * scale,
            4.5 * scale,
            4 * scale,
            look.skin_light,
            opacity=0.6,
            soft=2,
        )
    if pose["cover"] > 0.02:
        # Somebody's sleeve between camera and face.
        x, y = place(80 + pose["head_x"], HEAD[1] + 8 + pose["head_y"] + 90 * (1 - pose["cover"]))
        canvas.limb(x + 70 * scale, y + 40 * scale, x, y, 22 * scale, look.toy)
        canvas.ellipse(x - 6 * scale, y - 4 * scale, 25 * scale, 21 * scale, look.skin_shade)
        for finger in range(4):
            canvas.limb(
                x - 12 * scale,
                y + (finger * 9 - 16) * scale,
                x - 34 * scale,
                y + (finger * 10 - 20) * scale,
                5 * scale,
                look.skin,
            )


def _tray(canvas: Canvas, look: Look) -> None:
    u = look.unit
    x, y = (80 + look.x) * u, (166 + look.y) * u
    canvas.ellipse(x, y, 84 * u, 30 * u, TRAY_EDGE)
    canvas.ellipse(x, y + 3 * u, 82 * u, 29 * u, TRAY)
    x, y = (TOY[0] + look.x) * u, (TOY[1] + look.y) * u
    canvas.ellipse(x, y, 12 * u, 12 * u, look.toy)
    canvas.ellipse(x, y, 6 * u, 6 * u, look.eye_white, opacity=0.7)


def _head(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    """A round head: cheeks, big eyes, little hair."""
    flushed = 0.55 * pose["blush"]
    skin = mixed(look.skin, look.blush, flushed) if flushed > 0.02 else look.skin
    yaw, pitch = pose["yaw"], pose["pitch"]
    c, s = cos(pose["roll"]), sin(pose["roll"])

    def on_face(right: float, down: float) -> tuple[float, float]:
        """A point of the face, in radii from the head's centre, after turning and tilting."""
        right, down = (
            right * (1 - 0.28 * abs(yaw)) + 0.46 * yaw,
            down * (1 - 0.15 * abs(pitch)) + 0.34 * pitch,
        )
        return x + radius * (right * c - down * s), y + radius * (right * s + down * c)

    for side in (-1, 1):
        ear = (0.97 - 0.2 * max(side * yaw, 0)) * side
        canvas.ellipse(
            x + radius * (ear * c - 0.1 * s),
            y + radius * (ear * s + 0.1 * c),
            0.17 * radius,
            0.22 * radius,
            look.skin_shade,
        )
    canvas.ellipse(x, y, 0.96 * radius, radius, look.skin_shade, angle=pose["roll"])
    canvas.ellipse(
        x - 0.01 * radius, y - 0.02 * radius, 0.93 * radius, 0.96 * radius, skin, angle=pose["roll"]
    )
    # Hair: more of it shows when the head sinks, less when it is thrown back.
    line = y - radius * (0.60 - 0.25 * pitch)
    canvas.ellipse(
        x - 0.05 * yaw * radius,
        y - 0.05 * radius,
        0.95 * radius,
        0.98 * radius,
        look.hair,
        bottom=line,
        opacity=0.85,
    )
    canvas.ellipse(
        *on_face(0.06, -0.76), 0.07 * radius, 0.22 * radius, look.hair_light, angle=pose["roll"] - 0.4
    )
    canvas.ellipse(*on_face(-0.04, -0.80), 0.06 * radius, 0.18 * radius, look.hair, angle=pose["roll"] + 0.35)
    for side in (-1, 1):
        canvas.ellipse(
            *on_face(0.52 * side, 0.32),
            0.22 * radius,
            0.18 * radius,
            look.blush,
            opacity=0.22 + 0.3 * pose["blush"],
            soft=3,
        )
        _eye(canvas, look, pose, *on_face(0.37 * side, -0.02), radius)
        canvas.curve(
            *on_face(0.37 * side, -0.33 - 0.10 * pose["brow"]),
            0.19 * radius,
            -0.05 * radius,
            0.045 * radius,
            look.hair,
            slope=0.55 * side * min(pose["brow"], 0.0) + 0.05 * side,
        )
    nose = on_face(0.06 * yaw, 0.22)
    canvas.ellipse(*nose, 0.10 * radius, 0.075 * radius, look.skin_shade)
    canvas.ellipse(
        nose[0] - 0.02 * radius,
        nose[1] - 0.03 * radius,
        0.06 * radius,
        0.045 * radius,
        look.skin_light,
        opacity=0.7,
    )
    _mouth(canvas, look, pose, *on_face(0.0, 0.52), radius)


def _eye(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    opening = pose["eyes"]
    if opening < 0.25:
        canvas.curve(x, y, 0.17 * radius, 0.05 * radius, 0.05 * radius, look.dark)
        return
    canvas.ellipse(x, y, 0.175 * radius, 0.165 * radius * opening, look.eye_white)
    gaze_x, gaze_y = x + 0.05 * pose["yaw"] * radius, y + 0.04 * pose["pitch"] * radius
    height = min(0.115, 0.15 * opening) * radius
    canvas.ellipse(gaze_x, gaze_y, 0.115 * radius, height, look.iris)
    canvas.ellipse(gaze_x, gaze_y, 0.065 * radius, min(0.065 * radius, height), look.dark)
    canvas.ellipse(
        gaze_x - 0.035 * radius, gaze_y - 0.035 * radius, 0.028 * radius, 0.028 * radius, look.eye_white
    )
    canvas.curve(x, y - 0.15 * radius * opening, 0.18 * radius, -0.05 * radius, 0.03 * radius, look.dark)


def _mouth(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    opening, smile = pose["mouth"], pose["smile"]
    half_width = (0.24 + 0.10 * max(smile, 0.0) + 0.06 * opening) * radius
    if opening < 0.12:
        canvas.curve(x, y, half_width, 0.16 * smile * radius, 0.05 * radius, look.lips)
        return
    height = (0.08 + 0.24 * opening) * radius
    # A smile is straight above and round below; a cry is round above and flat below.
    top = y - height * 0.35 if smile > 0.3 else None
    bottom = y + height * 0.6 if smile < -0.3 else None
    canvas.ellipse(
        x,
        y,
        half_width * 1.12,
        height * 1.15,
        look.lips,
        top=top and top - 0.05 * radius,
        bottom=bottom and bottom + 0.05 * radius,
    )
    canvas.ellipse(x, y, half_width, height, look.mouth, top=top, bottom=bottom)
    canvas.ellipse(x, y + 0.45 * height, half_width * 0.6, height * 0.45, look.tongue, bottom=bottom)

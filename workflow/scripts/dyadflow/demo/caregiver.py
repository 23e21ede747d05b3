"""The caregiver's half of the picture: seated, face and upper body towards the camera beside the infant."""

from math import cos, sin

from dyadflow.demo.canvas import Canvas, mixed
from dyadflow.demo.looks import Look

HEAD = (80.0, 64.0)
HEAD_RADIUS = 29.0
HANDS = ((52.0, 146.0), (108.0, 146.0))
SHOULDERS = ((46.0, 118.0), (114.0, 118.0))


def draw_caregiver(canvas: Canvas, look: Look, pose: dict[str, float]) -> None:
    """Paint one frame of the caregiver; `pose` has the fields of `poses.FIELDS`."""
    u, zoom = look.unit, look.zoom * (1 + pose["lean"])

    def place(x: float, y: float) -> tuple[float, float]:
        """Drawing units to pixels: leaning in enlarges the figure from below."""
        return (80 + look.x + (x - 80) * zoom) * u, (150 + look.y + (y - 150) * zoom) * u

    scale = u * zoom
    sway = 0.4 * pose["head_x"]
    head = place(HEAD[0] + pose["head_x"], HEAD[1] + pose["head_y"])
    radius = HEAD_RADIUS * scale
    _back_hair(canvas, look, pose, *head, radius)
    canvas.ellipse(
        *place(80 + 0.55 * pose["head_x"], 96 + 0.25 * pose["head_y"]),
        11 * scale,
        22 * scale,
        look.skin_shade,
    )
    x, y = place(80 + sway, 158)
    canvas.ellipse(x, y, 46 * scale, 56 * scale, look.clothes)
    canvas.ellipse(x, place(80, 103)[1], 13 * scale, 9 * scale, look.skin_shade)
    canvas.ellipse(x, y + 8 * scale, 26 * scale, 38 * scale, look.clothes_shade, opacity=0.4, soft=5)
    _face(canvas, look, pose, *head, radius)
    for (shoulder_x, shoulder_y), (hand_x, hand_y), side in zip(
        SHOULDERS, HANDS, ("left", "right"), strict=True
    ):
        out = -1 if side == "left" else 1
        hand = place(hand_x + pose[f"{side}_x"], hand_y + pose[f"{side}_y"])
        shoulder = place(shoulder_x + sway, shoulder_y)
        elbow = (0.5 * (shoulder[0] + hand[0]) + out * 13 * scale, 0.5 * (shoulder[1] + hand[1]) + 12 * scale)
        canvas.limb(*shoulder, *elbow, 10.5 * scale, look.clothes)
        canvas.limb(*elbow, *hand, 8.5 * scale, look.clothes_shade)
        canvas.ellipse(*hand, 9 * scale, 10 * scale, look.skin)
        canvas.ellipse(
            hand[0] - scale, hand[1] - 2 * scale, 5 * scale, 5.5 * scale, look.skin_light, opacity=0.5, soft=2
        )
    if pose["cover"] > 0.02:
        # Her own arm before the face.
        x, y = head[0], head[1] + 100 * scale * (1 - pose["cover"])
        canvas.limb(
            x + 44 * scale, y + 66 * scale, x + 8 * scale, y + 6 * scale, 13 * scale, look.clothes_shade
        )
        canvas.ellipse(x, y, 24 * scale, 21 * scale, look.skin_shade)
        for finger in range(4):
            canvas.limb(
                x - 4 * scale,
                y + (finger * 9 - 15) * scale,
                x - 25 * scale,
                y + (finger * 10 - 18) * scale,
                5 * scale,
                look.skin,
            )


def _back_hair(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    canvas.ellipse(
        x - 0.08 * pose["yaw"] * radius, y - 0.08 * radius, 0.98 * radius, 1.12 * radius, look.hair
    )
    fall = 0.5 + 0.9 * look.hair_length
    for side in (-1, 1):
        canvas.ellipse(
            x + (0.76 * side - 0.05 * pose["roll"]) * radius,
            y + 0.5 * (fall - 0.1) * radius,
            0.27 * radius,
            (0.32 + 0.5 * fall) * radius,
            look.hair,
        )


def _face(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    """An oval face under a fringe."""
    flushed = 0.4 * pose["blush"]
    skin = mixed(look.skin, look.blush, flushed) if flushed > 0.02 else look.skin
    yaw, pitch = pose["yaw"], pose["pitch"]
    c, s = cos(pose["roll"]), sin(pose["roll"])

    def on_face(right: float, down: float) -> tuple[float, float]:
        right, down = right * (1 - 0.3 * abs(yaw)) + 0.40 * yaw, down * (1 - 0.15 * abs(pitch)) + 0.30 * pitch
        return x + radius * (right * c - down * s), y + radius * (right * s + down * c)

    canvas.ellipse(
        x + 0.10 * yaw * radius, y + 0.04 * radius, 0.79 * radius, radius, look.skin_shade, angle=pose["roll"]
    )
    canvas.ellipse(
        x + 0.11 * yaw * radius, y + 0.02 * radius, 0.76 * radius, 0.96 * radius, skin, angle=pose["roll"]
    )
    # The fringe: a cap that comes down as the head does.
    line = y - radius * (0.52 - 0.22 * pitch)
    canvas.ellipse(x, y - 0.10 * radius, 0.90 * radius, 1.02 * radius, look.hair, bottom=line)
    canvas.ellipse(
        x - 0.2 * radius,
        y - 0.72 * radius,
        0.42 * radius,
        0.22 * radius,
        look.hair_light,
        opacity=0.6,
        soft=3,
        bottom=line,
    )
    for side in (-1, 1):
        canvas.ellipse(
            *on_face(0.42 * side, 0.30),
            0.19 * radius,
            0.15 * radius,
            look.blush,
            opacity=0.16 + 0.3 * pose["blush"],
            soft=3,
        )
        _eye(canvas, look, pose, *on_face(0.32 * side, -0.06), radius)
        canvas.curve(
            *on_face(0.33 * side, -0.30 - 0.10 * pose["brow"]),
            0.19 * radius,
            -0.05 * radius,
            0.055 * radius,
            look.hair,
            slope=0.6 * side * min(pose["brow"], 0.0) + 0.08 * side,
        )
    nose = on_face(0.10 * yaw, 0.24)
    canvas.ellipse(*on_face(0.08 * yaw, 0.11), 0.06 * radius, 0.18 * radius, look.skin_shade)
    canvas.ellipse(*nose, 0.11 * radius, 0.07 * radius, look.skin_shade)
    _mouth(canvas, look, pose, *on_face(0.0, 0.56), radius)


def _eye(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    opening = pose["eyes"]
    if opening < 0.25:
        canvas.curve(x, y, 0.16 * radius, 0.04 * radius, 0.05 * radius, look.dark)
        return
    canvas.ellipse(x, y, 0.165 * radius, 0.115 * radius * opening, look.eye_white)
    gaze_x, gaze_y = x + 0.05 * pose["yaw"] * radius, y + 0.03 * pose["pitch"] * radius
    height = 0.105 * radius * opening
    canvas.ellipse(gaze_x, gaze_y, 0.09 * radius, height, look.iris)
    canvas.ellipse(gaze_x, gaze_y, 0.05 * radius, min(0.05 * radius, height), look.dark)
    canvas.curve(x, y - 0.10 * radius * opening, 0.18 * radius, -0.045 * radius, 0.04 * radius, look.dark)


def _mouth(canvas: Canvas, look: Look, pose: dict[str, float], x: float, y: float, radius: float) -> None:
    opening, smile = pose["mouth"], pose["smile"]
    half_width = (0.24 + 0.12 * max(smile, 0.0)) * radius
    if opening < 0.12:
        canvas.curve(x, y, half_width, 0.15 * smile * radius, 0.065 * radius, look.lips)
        return
    height = (0.06 + 0.20 * opening) * radius
    top = y - height * 0.3 if smile > 0.3 else None
    canvas.ellipse(x, y, half_width * 1.12, height * 1.3, look.lips, top=top and top - 0.07 * radius)
    canvas.ellipse(x, y, half_width, height, look.mouth, top=top)
    if top is not None:
        # Teeth.
        canvas.ellipse(
            x, y, half_width * 0.86, height * 0.9, look.eye_white, top=top, bottom=top + 0.35 * height
        )
    else:
        canvas.ellipse(x, y + 0.5 * height, half_width * 0.55, height * 0.4, look.tongue)

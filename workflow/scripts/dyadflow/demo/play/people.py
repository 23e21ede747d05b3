"""Infant, parent and experimenter in profile, each drawn from the angles of their movements."""

from math import cos, radians, sin

from dyadflow.demo.canvas import Colour, mixed
from dyadflow.demo.play.looks import DARK, Person
from dyadflow.demo.play.pen import Pen, turned

RIGHT, LEFT = 1, -1

#: The infant: seat, length of the trunk, radius of the head, and how far its centre is from the shoulders.
INFANT_SEAT, TRUNK, HEAD_RADIUS, NECK = (118.0, 186.0), 50.0, 29.0, 37.0
#: How far the infant's trunk and head tilt from where they are on average (radians), and the head bobs (units).
TRUNK_TILT, HEAD_TILT, HEAD_BOB = 0.07, 0.34, 5.0
#: The arm from the shoulder: lengths, mean direction and swing (radians; 0 points to the table, up is negative).
UPPER_ARM, LOWER_ARM, ARM_MEAN, ARM_SWING, ELBOW_SWING = 28.0, 28.0, radians(-24), radians(42), radians(14)
#: The drum stick points up from the forearm, in radians.
STICK_UP = radians(6)
PARENT_SEAT, EXPERIMENTER_SEAT = (36.0, 196.0), (284.0, 198.0)
WHITE = (248, 246, 240)


def paint_adult_legs(pen: Pen) -> None:
    """Paint what never moves of parent and experimenter."""
    for (x, y), side in ((PARENT_SEAT, RIGHT), (EXPERIMENTER_SEAT, LEFT)):
        pen.limb((x, y), (x + side * 36, y + 2), 15, DARK)


def paint_infant_legs(pen: Pen) -> None:
    """Paint what never moves of the infant."""
    (x, y), person = INFANT_SEAT, pen.look.infant
    pen.limb((x, y), (x + 34, y + 4), 11, person.clothes_shade)
    pen.limb((x + 34, y + 4), (x + 36, y + 28), 8, person.skin)


def draw_infant_body(pen: Pen, head_angle: float, movement: float) -> tuple[float, float]:
    """Paint the infant without the arm that plays.

    Parameters
    ----------
    pen
        Of the picture.
    head_angle
        Where the head is on its path, in radians.
    movement
        Factor on how far it moves.

    Returns
    -------
    tuple of float
        Where the shoulder is.
    """
    person = pen.look.infant
    sway, bob = movement * sin(head_angle), movement * cos(head_angle)
    tilt = 0.05 + TRUNK_TILT * sway
    shoulders = turned(INFANT_SEAT, 0, -TRUNK, tilt)
    pen.limb(INFANT_SEAT, (shoulders[0], shoulders[1] + 10), 21, person.clothes)
    lean = tilt + HEAD_TILT * sway
    head = turned(shoulders, 2, -NECK, lean)
    _draw_head(pen, person, (head[0], head[1] + HEAD_BOB * bob), HEAD_RADIUS, 0.8 * lean, RIGHT, infant=True)
    return shoulders[0] + 4, shoulders[1] + 10


def draw_infant_arm(pen: Pen, shoulder: tuple[float, float], arm_angle: float, task: str, movement: float) -> None:
    """Paint the arm that plays, and the toy in its hand; no toy if `task` is empty."""
    person = pen.look.infant
    swing = ARM_MEAN + movement * ARM_SWING * sin(arm_angle)
    bend = radians(24) + movement * ELBOW_SWING * cos(arm_angle)
    elbow = turned(shoulder, UPPER_ARM, 0, swing + bend)
    hand = turned(elbow, LOWER_ARM, 0, swing - bend)
    if task == "drum":
        toy, _ = pen.look.toys[task]
        tip = turned(hand, 26, 0, swing - STICK_UP)
        pen.limb(turned(hand, -8, 0, swing - STICK_UP), tip, 3.2, (214, 180, 120))
        pen.ellipse(tip, 15, 15, toy)
    pen.limb(shoulder, elbow, 11, person.clothes_shade)
    pen.limb(elbow, hand, 9, person.clothes_shade)
    if task == "dolls":
        toy, _ = pen.look.toys[task]
        pen.limb(hand, turned(hand, 15, 0, swing), 13, toy)
        face = turned(hand, 31, 0, swing)
        pen.ellipse(face, 12, 12, toy)
        pen.ellipse(turned(face, -2, 1, swing), 8, 8, (250, 224, 202))
    if task == "shaker":
        toy, _ = pen.look.toys[task]
        pen.ellipse(turned(hand, 16, 0, swing), 21, 16, toy, angle=swing)
        pen.ellipse(turned(hand, 21, -6, swing), 6, 4, WHITE, angle=swing, opacity=0.6)
    pen.ellipse(hand, 8.5, 8.5, person.skin)


def draw_parent(pen: Pen, angle: float) -> None:
    """Paint the parent, who sits behind the infant and holds the chair."""
    person = pen.look.parent
    sway = sin(angle)
    seat = PARENT_SEAT
    shoulders = turned(seat, 0, -78, 0.06 + 0.03 * sway)
    pen.limb(seat, shoulders, 25, person.clothes)
    head = turned(shoulders, 4, -43, 0.10 + 0.05 * sway)
    pen.limb((shoulders[0] + 2, shoulders[1] - 14), head, 9, person.skin_shade)
    _draw_head(pen, person, head, 24, 0.10 + 0.06 * sway, RIGHT)
    elbow, hand = (shoulders[0] + 14, shoulders[1] + 40), (90.0, 148.0)
    pen.limb((shoulders[0] + 4, shoulders[1] + 6), elbow, 11, person.clothes_shade)
    pen.limb(elbow, hand, 8.5, person.clothes_shade)
    pen.ellipse(hand, 8, 8, person.skin)


def draw_experimenter(pen: Pen, angle: float, gesture: float) -> None:
    """Paint the experimenter, who bobs towards the infant and away, and gestures over the table."""
    person = pen.look.experimenter
    sway, bob = sin(angle), cos(angle)
    seat = EXPERIMENTER_SEAT
    shoulders = turned(seat, 0, -80, -0.10 - 0.03 * sway)
    pen.limb(seat, shoulders, 25, person.clothes)
    head = turned(shoulders, -6, -42, -0.10 - 0.08 * sway)
    head = head[0], head[1] + 2 * bob
    pen.limb((shoulders[0] - 2, shoulders[1] - 14), head, 9, person.skin_shade)
    _draw_head(pen, person, head, 25, -0.08 - 0.08 * sway, LEFT)
    hand = (240.0 + 4 * cos(gesture), 152.0 + 6 * sin(gesture))
    elbow = (shoulders[0] - 12, shoulders[1] + 42)
    pen.limb((shoulders[0] - 4, shoulders[1] + 6), elbow, 11, person.clothes_shade)
    pen.limb(elbow, hand, 8.5, person.clothes_shade)
    pen.ellipse(hand, 8, 8, person.skin)


def _draw_head(
    pen: Pen, person: Person, place: tuple[float, float], radius: float, tilt: float, side: int, *, infant: bool = False
) -> None:
    """Paint a head in profile that looks to one side."""

    def on_face(forward: float, down: float) -> tuple[float, float]:
        """A place of the head, in radii from its centre."""
        return turned(place, side * radius * forward, radius * down, tilt)

    hair, skin = person.hair, person.skin
    pen.ellipse(on_face(0.0, 0.0), radius, radius, hair)
    if not infant:
        pen.ellipse(on_face(-0.5, 0.55), 0.42 * radius, 0.7 * radius, hair)
    face = (0.66, 0.72) if infant else (0.66, 0.78)
    pen.ellipse(on_face(0.34, 0.22), face[0] * radius, face[1] * radius, skin)
    pen.ellipse(on_face(1.0, 0.26), 0.15 * radius, 0.12 * radius, person.skin_shade)
    pen.ellipse(on_face(-0.12, 0.22), 0.15 * radius, 0.2 * radius, person.skin_shade)
    pen.ellipse(on_face(0.34, 0.52), 0.2 * radius, 0.17 * radius, _blush(skin), opacity=0.5, soft=2)
    pen.ellipse(on_face(0.64, 0.06), 0.15 * radius, 0.17 * radius, WHITE)
    pen.ellipse(on_face(0.69, 0.07), 0.09 * radius, 0.12 * radius, DARK)
    pen.curve(on_face(0.66, 0.6), 0.18 * radius, 0.07 * radius, 0.06 * radius, person.lips)


def _blush(skin: Colour) -> Colour:
    return mixed(skin, (214, 60, 56), 0.5)



"""What a dyad looks like: colours, place in the picture, light. All of it nuisance to a classifier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.camera import out_of_focus
from dyadflow.demo.canvas import Colour, mixed, shaded
from dyadflow.demo.settings import DemoSettings, draw_for

#: Skin and hair from light to dark; each dyad draws a place along the line, the infant near the caregiver.
SKIN = ((246, 210, 186), (204, 154, 122))
HAIR = ((150, 112, 72), (62, 44, 36))
CLOTHES = ((88, 118, 156), (132, 104, 124), (94, 124, 106), (114, 106, 148), (92, 122, 134))
#: One laboratory: all sessions are recorded in the same room.
WALL = (212, 208, 200)


@dataclass(frozen=True)
class Look:
    """How one role appears in one session; colours are red, green, blue.

    Parameters
    ----------
    unit
        Pixels for one unit of the drawing, which is 160 units high.
    x, y
        Shift of the whole figure, in units.
    zoom
        Factor on the figure's size.
    hair_length
        0 short to 1 over the shoulders; adults only.
    """

    unit: float
    x: float
    y: float
    zoom: float
    skin: Colour
    skin_shade: Colour
    skin_light: Colour
    blush: Colour
    hair: Colour
    hair_light: Colour
    clothes: Colour
    clothes_shade: Colour
    iris: Colour
    toy: Colour
    hair_length: float
    eye_white: Colour
    dark: Colour
    lips: Colour
    mouth: Colour
    tongue: Colour


def draw_look(session: str, role: str, settings: DemoSettings) -> Look:
    """Draw the appearance of a role."""
    family = draw_for(session, "family", seed=settings.seed)
    tone, hair_tone = family.random(), family.random()
    rng = draw_for(session, f"look/{role}", seed=settings.seed)
    tone = float(np.clip(tone + rng.normal(0.0, 0.08), 0.0, 1.0))
    skin = mixed(*SKIN, tone)
    hair = mixed(*HAIR, float(np.clip(hair_tone + rng.normal(0.0, 0.1), 0.0, 1.0)))
    clothes = shaded(CLOTHES[rng.integers(len(CLOTHES))], rng.uniform(0.94, 1.06))
    black = (30, 20, 20)
    return Look(
        unit=settings.height_px / 160,
        x=rng.uniform(-3, 3),
        y=rng.uniform(-2, 2),
        zoom=rng.uniform(0.97, 1.03),
        skin=skin,
        skin_shade=shaded(skin, 0.86),
        skin_light=mixed(skin, (255, 245, 235), 0.35),
        blush=mixed(skin, (214, 60, 56), 0.75),
        hair=hair,
        hair_light=mixed(hair, (255, 235, 200), 0.18),
        clothes=clothes,
        clothes_shade=shaded(clothes, 0.84),
        iris=((88, 120, 146), (92, 68, 48), (96, 112, 78))[rng.integers(3)],
        toy=((232, 190, 64), (226, 120, 70), (120, 186, 110))[rng.integers(3)],
        hair_length=float(rng.random()),
        eye_white=(250, 248, 244),
        dark=black,
        lips=mixed(skin, (178, 62, 66), 0.6),
        mouth=(92, 26, 32),
        tongue=(206, 104, 104),
    )


def draw_room(session: str, role: str, settings: DemoSettings) -> NDArray[np.float32]:
    """The room behind a role: a wall and one piece of furniture, out of focus, shape (size, size, 3)."""
    rng = draw_for(session, f"room/{role}", seed=settings.seed)
    size = settings.height_px
    wall = np.array(shaded(WALL, rng.uniform(0.96, 1.0)), dtype=np.float32)
    down = np.linspace(1.03, 0.90, size, dtype=np.float32)[:, None, None]
    room = np.broadcast_to(wall * down, (size, size, 3)).copy()
    left, width, top = rng.uniform(0.0, 0.7), rng.uniform(0.15, 0.3), rng.uniform(0.05, 0.35)
    piece = slice(int(left * size), int((left + width) * size))
    room[int(top * size) :, piece] *= np.float32(rng.uniform(0.93, 0.97))
    floor = int(rng.uniform(0.85, 0.88) * size)
    room[floor:] *= np.float32(0.82)
    # The edges of the furniture are a few pixels wide.
    return out_of_focus(room, max(size // 40, 1))

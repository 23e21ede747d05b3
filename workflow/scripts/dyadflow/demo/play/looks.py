"""What a session of guided play looks like: people, clothes, room, camera. All of it nuisance to a classifier."""

from dataclasses import dataclass

import numpy as np

from dyadflow.demo.canvas import Colour, mixed, shaded
from dyadflow.demo.looks import HAIR, SKIN
from dyadflow.demo.play.behaviour import PlaySession
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.settings import draw_for

INFANT_CLOTHES = ((66, 132, 190), (196, 92, 84), (84, 150, 104), (142, 104, 176), (214, 148, 66), (70, 150, 156))
PARENT_CLOTHES = ((92, 96, 112), (116, 100, 92), (86, 106, 100), (120, 112, 132))
WALLS = ((222, 216, 204), (206, 214, 220), (216, 220, 206), (226, 212, 208))
FLOORS = ((150, 128, 104), (128, 122, 120), (164, 146, 122))
CHAIRS = ((176, 138, 96), (214, 208, 196), (112, 86, 66), (138, 150, 160))
TABLES = ((202, 170, 128), (226, 222, 212), (156, 118, 84))
#: Each experimenter looks the same in all sessions: skin and hair along the lines of `SKIN` and `HAIR`, clothes.
EXPERIMENTERS = {"1": (0.15, 0.9, (62, 84, 134)), "2": (0.7, 0.35, (150, 74, 92))}
DARK = (44, 32, 30)


@dataclass(frozen=True)
class Person:
    """Colours of one person."""

    skin: Colour
    skin_shade: Colour
    hair: Colour
    clothes: Colour
    clothes_shade: Colour
    lips: Colour


@dataclass(frozen=True)
class PlayLook:
    """How one session appears.

    Parameters
    ----------
    infant, parent, experimenter
        The people.
    wall, floor, chair, table
        Colours of the room.
    toys
        Colour of the toy in the infant's hand, and of what stands on the table, by task.
    x, y, zoom
        Where the camera stands: shift in units of the drawing, and factor on sizes.
    """

    infant: Person
    parent: Person
    experimenter: Person
    wall: Colour
    floor: Colour
    chair: Colour
    table: Colour
    toys: dict[str, tuple[Colour, Colour]]
    x: float
    y: float
    zoom: float


def draw_play_look(session: PlaySession, settings: PlaySettings) -> PlayLook:
    """Draw the appearance of a session."""
    rng = draw_for(session.name, "look", seed=settings.seed)
    tone, hair = rng.random(), rng.random()

    def one_of(colours: tuple[Colour, ...]) -> Colour:
        return shaded(colours[rng.integers(len(colours))], rng.uniform(0.94, 1.06))

    def relative(clothes: Colour) -> Person:
        own_tone, own_hair = np.clip(rng.normal((tone, hair), 0.08), 0.0, 1.0).tolist()
        return _person(own_tone, own_hair, clothes)

    return PlayLook(
        infant=relative(one_of(INFANT_CLOTHES)),
        parent=relative(one_of(PARENT_CLOTHES)),
        experimenter=_person(*EXPERIMENTERS[session.dyad.experimenter]),
        wall=one_of(WALLS),
        floor=one_of(FLOORS),
        chair=one_of(CHAIRS),
        table=one_of(TABLES),
        toys={
            "dolls": (one_of(((206, 54, 120), (232, 96, 40))), one_of(((120, 92, 62), (92, 128, 96)))),
            "shaker": (one_of(((250, 206, 30), (240, 120, 30))), one_of(((86, 120, 168), (150, 84, 104)))),
            "drum": (one_of(((214, 40, 44), (28, 118, 214))), one_of(((188, 54, 60), (50, 120, 150)))),
        },
        x=rng.uniform(-5, 5),
        y=rng.uniform(-3, 3),
        zoom=rng.uniform(0.97, 1.03),
    )


def _person(tone: float, hair_tone: float, clothes: Colour) -> Person:
    skin = mixed(*SKIN, tone)
    return Person(
        skin=skin,
        skin_shade=shaded(skin, 0.84),
        hair=mixed(*HAIR, hair_tone),
        clothes=clothes,
        clothes_shade=shaded(clothes, 0.8),
        lips=mixed(skin, (178, 62, 66), 0.6),
    )

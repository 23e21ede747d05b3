"""From behaviour to posture: where head, hands and face are in every frame.

Each code has a posture and a way of moving. A posture is held with the strength of its bout, and passes
into the next over about half a second, so that a boundary is where people would put it but cannot be read
off one frame. Distances are in units of 1/160 of the picture's height.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.behaviour import STILL_FACE, Session
from dyadflow.demo.settings import DemoSettings, draw_for
from dyadflow.demo.voices import active_bout, mouth_opening, plan_voice

#: What a posture consists of. yaw and pitch turn the face (1 is about 60 degrees, to the right and down),
#: roll tilts it (radians), lean enlarges head and shoulders, mouth opens, smile bends the lips, brow raises,
#: blush reddens, cover hides the face behind a hand, left and right are the hands' way from rest. eyes: 1 for
#: open and 0 for closed in the finished poses; in a posture, what to add to 1.
FIELDS = (
    "head_x",
    "head_y",
    "yaw",
    "pitch",
    "roll",
    "lean",
    "mouth",
    "smile",
    "eyes",
    "brow",
    "blush",
    "cover",
    "left_x",
    "left_y",
    "right_x",
    "right_y",
)

POSTURES: dict[str, dict[str, float]] = {
    # Looks at the caregiver: the neutral posture.
    "Ineu": dict(brow=0.2),
    # Turned to the toy on the tray, a hand on it.
    "Inon": dict(
        yaw=-0.9, pitch=0.45, head_x=-20, head_y=8, roll=-0.15, left_x=-14, left_y=-6, right_x=-30, right_y=-4
    ),
    # Bright face, arms up.
    "Ipos": dict(
        smile=1.0, mouth=0.4, brow=0.5, head_y=-4, blush=0.25, left_x=-18, left_y=-66, right_x=18, right_y=-66
    ),
    # Arched back, mouth wide open, red, arms thrown out.
    "Ipro": dict(
        smile=-0.9,
        mouth=1.0,
        eyes=-0.9,
        brow=-0.9,
        blush=1.0,
        head_y=-12,
        pitch=-0.5,
        roll=0.1,
        left_x=-34,
        left_y=-26,
        right_x=34,
        right_y=-26,
    ),
    # Sunk together, turned away, hands in the lap.
    "Iwit": dict(
        yaw=0.75,
        pitch=0.75,
        head_x=20,
        head_y=20,
        roll=0.22,
        smile=-0.6,
        eyes=-0.45,
        brow=-0.3,
        left_x=20,
        left_y=8,
        right_x=-12,
        right_y=8,
    ),
    "Islp": dict(
        eyes=-1.0, roll=-0.4, head_x=-8, head_y=14, mouth=0.1, left_x=12, left_y=8, right_x=-12, right_y=8
    ),
    "Iusc": dict(cover=1.0),
    # Watches, hands resting.
    "Cneu": dict(),
    # Leans in, one hand speaking along.
    "Cpvc": dict(lean=0.12, brow=0.6, smile=0.35, roll=0.16, head_x=6, head_y=3, right_x=0, right_y=-58),
    # Leans in laughing, both hands up to play.
    "Cpos": dict(
        lean=0.22, smile=1.0, mouth=0.35, brow=0.6, head_y=4, left_x=-14, left_y=-74, right_x=14, right_y=-74
    ),
    # Leans back, looks down.
    "Cwit": dict(
        lean=-0.20,
        pitch=0.85,
        head_y=12,
        head_x=12,
        smile=-0.5,
        eyes=-0.45,
        left_x=14,
        left_y=6,
        right_x=-14,
        right_y=6,
    ),
    # Close up, reaching across to the infant.
    "Cint": dict(
        lean=0.34,
        brow=-0.5,
        smile=-0.2,
        head_x=-16,
        head_y=8,
        left_x=-34,
        left_y=-30,
        right_x=-54,
        right_y=-24,
    ),
    # Face tense, hands on the hips.
    "Chos": dict(
        lean=0.2,
        brow=-1.0,
        smile=-0.9,
        mouth=0.3,
        blush=0.7,
        head_x=-4,
        head_y=10,
        pitch=0.2,
        left_x=-30,
        left_y=-14,
        right_x=30,
        right_y=-14,
    ),
    # Turned to something else in the room.
    "Cnon": dict(yaw=1.0, head_x=16, roll=0.1, right_x=18, right_y=-26, left_x=20, left_y=-4),
    "Cusc": dict(cover=1.0, lean=0.1),
}

#: How a code moves: sway of the head and of the hands (amplitude, Hz).
MOTIONS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "Ineu": ((1.2, 0.4), (1.5, 0.5)),
    "Inon": ((1.2, 0.6), (3.5, 1.6)),
    "Ipos": ((2.5, 1.3), (9.0, 2.4)),
    "Ipro": ((4.0, 2.0), (10.0, 3.2)),
    "Iwit": ((0.5, 0.25), (0.5, 0.3)),
    "Islp": ((0.4, 0.3), (0.2, 0.3)),
    "Iusc": ((1.0, 0.5), (2.0, 1.0)),
    "Cneu": ((0.9, 0.35), (1.0, 0.4)),
    "Cpvc": ((3.0, 0.9), (5.0, 1.1)),
    "Cpos": ((4.0, 1.2), (10.0, 2.0)),
    "Cwit": ((0.5, 0.25), (0.5, 0.3)),
    "Cint": ((2.5, 1.6), (8.0, 2.2)),
    "Chos": ((2.5, 1.4), (3.5, 1.4)),
    "Cnon": ((1.8, 0.6), (4.0, 0.8)),
    "Cusc": ((1.5, 0.5), (2.0, 0.8)),
}
#: Bouts differ: range of the strength with which a posture is held, and the spread of its parts about it.
STRENGTH = (0.65, 1.1)
SPREAD = dict(
    head_x=2.5,
    head_y=2.0,
    yaw=0.12,
    pitch=0.10,
    roll=0.05,
    lean=0.025,
    mouth=0.03,
    smile=0.08,
    eyes=0.05,
    brow=0.15,
    blush=0.05,
    cover=0.0,
    left_x=5.0,
    left_y=5.0,
    right_x=5.0,
    right_y=5.0,
)
#: A posture passes into the next over this time.
PASSAGE_S = 0.5
#: In the still-face the caregiver keeps still: what is left of every movement.
STILL_FACE_MOTION = 0.12
BLINK_EVERY_S, BLINK_S = 3.2, 0.16


def pose_role(session: Session, role: str, settings: DemoSettings) -> NDArray[np.float64]:
    """Work out the posture of a role in every frame, shape (frames, len(FIELDS))."""
    rng = draw_for(session.name, f"pose/{role}", seed=settings.seed)
    times_s = (np.arange(session.frames) + 0.5) / session.rate_hz
    bouts = getattr(session, role)
    at = active_bout(bouts, times_s)
    liveliness = settings.expressiveness * float(np.exp(rng.normal(0.0, 0.1)))

    targets = np.zeros((len(bouts), len(FIELDS)))
    spread = np.array([SPREAD[name] for name in FIELDS])
    for number, bout in enumerate(bouts):
        strength = rng.uniform(*STRENGTH) * liveliness
        posture = POSTURES[bout.code]
        targets[number] = [posture.get(name, 0.0) * strength for name in FIELDS]
        targets[number] += rng.normal(0.0, 1.0, len(FIELDS)) * spread
        targets[number, FIELDS.index("cover")] = posture.get("cover", 0.0)
    motion = np.array([[*MOTIONS[bout.code][0], *MOTIONS[bout.code][1]] for bout in bouts])

    passage = max(int(PASSAGE_S * session.rate_hz) | 1, 3)
    values = _glide(targets[at], passage)
    moving = _glide(motion[at], passage)
    if role == "caregiver":
        moving[:, [0, 2]] *= _glide(_still_face_factor(session, times_s)[:, None], passage)
    _add_motion(values, moving, session.rate_hz, rng)
    _add_face(values, role, session, settings, times_s, rng)
    return values


def _glide(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Smooth each column with a raised cosine, `width` frames wide (odd), edges held."""
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= kernel.sum()
    padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def _still_face_factor(session: Session, times_s: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """1 outside the still-face; inside, what is left of movement while the instruction is kept."""
    still = next(phase for phase in session.phases if phase.code == STILL_FACE)
    within = (times_s >= still.onset_s) & (times_s < still.offset_s)
    return np.where(within, STILL_FACE_MOTION, 1.0)


def _add_motion(
    values: NDArray[np.float64],
    moving: NDArray[np.float64],
    rate_hz: float,
    rng: np.random.Generator,
) -> None:
    """Sway head and hands; the phases of the oscillations run on through changes of frequency."""
    head_phase = 2 * np.pi * (np.cumsum(moving[:, 1]) / rate_hz + rng.random())
    hand_phase = 2 * np.pi * (np.cumsum(moving[:, 3]) / rate_hz + rng.random())
    head, hands = moving[:, 0], moving[:, 2]
    values[:, FIELDS.index("head_x")] += head * np.sin(head_phase)
    values[:, FIELDS.index("head_y")] += 0.6 * head * np.sin(2 * head_phase + 0.7)
    values[:, FIELDS.index("roll")] += 0.02 * head * np.sin(head_phase + 0.4)
    for side, lag in (("left", 0.0), ("right", 2.2)):
        values[:, FIELDS.index(f"{side}_x")] += 0.6 * hands * np.cos(hand_phase + lag)
        values[:, FIELDS.index(f"{side}_y")] += hands * np.sin(hand_phase + lag)


def _add_face(
    values: NDArray[np.float64],
    role: str,
    session: Session,
    settings: DemoSettings,
    times_s: NDArray[np.floating[Any]],
    rng: np.random.Generator,
) -> None:
    """Open the mouth with the voice, blink, and turn the eye field into an opening of 0 to 1."""
    mouth, eyes = FIELDS.index("mouth"), FIELDS.index("eyes")
    opening = mouth_opening(plan_voice(session, role, settings), times_s)
    values[:, mouth] = np.clip(values[:, mouth] + 0.45 * opening, 0.0, 1.2)
    blinks_s = np.cumsum(rng.exponential(BLINK_EVERY_S, int(session.duration_s / BLINK_EVERY_S * 2) + 4))
    to_blink_s = np.abs(times_s[:, None] - blinks_s).min(1)
    values[:, eyes] = np.clip(1.0 + values[:, eyes], 0.0, 1.0) * np.clip(to_blink_s / BLINK_S * 2, 0.0, 1.0)
    for name in ("blush", "cover"):
        values[:, FIELDS.index(name)] = np.clip(values[:, FIELDS.index(name)], 0.0, 1.0)

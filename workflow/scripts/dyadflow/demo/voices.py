"""Who makes a sound when: utterances of infant and caregiver, drawn from what they are doing.

Both the picture (the mouth moves) and the sound follow from this plan.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.behaviour import STILL_FACE, Session
from dyadflow.demo.bouts import Bout
from dyadflow.demo.settings import DemoSettings, draw_for


@dataclass(frozen=True)
class Manner:
    """How a role sounds while a code lasts.

    Parameters
    ----------
    share
        Probability that a slot of the bout is filled with an utterance.
    length_s, pause_s
        Range of an utterance and of the pause after it.
    pitch_hz
        Centre of the fundamental frequency.
    swing
        Size of the pitch contour, as a fraction of the centre: large in motherese, small in monotone.
    syllables_hz
        Syllables, sobs or laughs a second.
    loudness
        Peak amplitude, 1 is full scale.
    breath
        Share of noise in the voice: hoarse, harsh or whispered.
    """

    share: float
    length_s: tuple[float, float]
    pause_s: tuple[float, float]
    pitch_hz: float
    swing: float
    syllables_hz: float
    loudness: float
    breath: float = 0.03


#: What is not named here is silent: withdrawal, sleep.
MANNERS = {
    # A cry: high, loud, falling, about one a second with an audible breath in between.
    "Ipro": Manner(0.92, (0.7, 1.2), (0.15, 0.35), 450, 0.22, 0.0, 0.34, 0.12),
    # Laughter and squeals.
    "Ipos": Manner(0.60, (0.4, 0.9), (0.2, 0.6), 380, 0.30, 5.0, 0.20, 0.06),
    # Coos, now and then.
    "Ineu": Manner(0.22, (0.3, 0.6), (0.6, 1.4), 310, 0.12, 0.0, 0.12),
    "Inon": Manner(0.12, (0.2, 0.5), (0.8, 1.6), 300, 0.08, 0.0, 0.10),
    "Iwit": Manner(0.10, (0.3, 0.5), (0.9, 1.6), 330, 0.06, 0.0, 0.07, 0.1),
    # Flat remarks.
    "Cneu": Manner(0.16, (0.4, 0.9), (0.6, 1.4), 195, 0.05, 4.0, 0.12),
    # Motherese: high, with wide slow contours.
    "Cpvc": Manner(0.92, (0.6, 1.4), (0.15, 0.4), 275, 0.38, 3.2, 0.20),
    # Singing and laughing.
    "Cpos": Manner(0.85, (0.5, 1.1), (0.1, 0.4), 330, 0.26, 5.2, 0.25, 0.06),
    "Cwit": Manner(0.12, (0.4, 0.8), (0.8, 1.6), 165, 0.02, 3.0, 0.08),
    # Insisting, without waiting for an answer.
    "Cint": Manner(0.95, (0.25, 0.5), (0.08, 0.18), 235, 0.08, 6.5, 0.26, 0.08),
    # High and harsh.
    "Chos": Manner(0.80, (0.4, 0.9), (0.15, 0.4), 310, 0.12, 5.0, 0.30, 0.35),
    # Talk to somebody else in the room.
    "Cnon": Manner(0.45, (0.5, 1.2), (0.3, 0.9), 200, 0.10, 4.5, 0.09),
}
#: In the still-face the caregiver is told to be silent: a lapse of the face is seldom one of the voice.
STILL_FACE_SHARE = 0.3


@dataclass(frozen=True)
class Utterance:
    """One sound of one role; times in seconds."""

    code: str
    onset_s: float
    offset_s: float
    pitch_hz: float
    loudness: float


def plan_voice(session: Session, role: str, settings: DemoSettings) -> tuple[Utterance, ...]:
    """Draw the utterances of a role, in order, none overlapping another."""
    rng = draw_for(session.name, f"voice/{role}", seed=settings.seed)
    register = float(np.exp(rng.normal(0.0, 0.06)))
    strength = float(np.exp(rng.normal(0.0, 0.12)))
    still = next(phase for phase in session.phases if phase.code == STILL_FACE)
    utterances: list[Utterance] = []
    for bout in getattr(session, role):
        if (manner := MANNERS.get(bout.code)) is None:
            continue
        time_s = bout.onset_s + rng.uniform(0.0, 0.3)
        while time_s < bout.offset_s - 0.12:
            stop_s = min(time_s + rng.uniform(*manner.length_s), bout.offset_s + 0.1, session.duration_s)
            share = manner.share
            if role == "caregiver" and still.onset_s <= time_s < still.offset_s:
                share *= STILL_FACE_SHARE if bout.code != "Cneu" else 0.0
            if rng.random() < share:
                utterances.append(
                    Utterance(
                        bout.code,
                        time_s,
                        stop_s,
                        manner.pitch_hz * register * float(np.exp(rng.normal(0.0, 0.05))),
                        manner.loudness * strength * float(rng.uniform(0.7, 1.0)),
                    )
                )
            time_s = stop_s + rng.uniform(*manner.pause_s)
    return tuple(utterances)


def mouth_opening(utterances: tuple[Utterance, ...], times_s: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """How far the voice opens the mouth at each time, 0 to 1, shape (frames,)."""
    opening = np.zeros(len(times_s))
    for utterance in utterances:
        first, stop = np.searchsorted(times_s, [utterance.onset_s, utterance.offset_s])
        local_s = times_s[first:stop] - utterance.onset_s
        opening[first:stop] = loudness_contour(utterance, local_s)
    return opening


def loudness_contour(utterance: Utterance, local_s: NDArray[np.floating]) -> NDArray[np.floating]:
    """Loudness within an utterance, 0 to 1, by seconds since its onset: a rise, a fall, and syllables."""
    length_s = utterance.offset_s - utterance.onset_s
    arch = np.minimum(np.minimum(local_s / 0.06, (length_s - local_s) / 0.10), 1.0).clip(0.0)
    rate_hz = MANNERS[utterance.code].syllables_hz
    if rate_hz:
        arch = arch * (0.55 - 0.45 * np.cos(2 * np.pi * rate_hz * local_s))
    return arch


def active_bout(bouts: tuple[Bout, ...], times_s: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """Index of the bout at each time, shape (frames,)."""
    return np.searchsorted([bout.onset_s for bout in bouts], times_s, side="right") - 1

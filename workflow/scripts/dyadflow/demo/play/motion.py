"""From engagement to movement: where arm, head and the two adults are in every frame.

A movement is a path that is walked round and round; a place on it is an angle. While the infant is engaged, the
angle goes on at an even pace. Otherwise it stays, and every few seconds it hops by a random amount. Where it
starts is drawn evenly from the whole circle, and how far it has come since then depends on nothing but what the
infant does. So in every single frame, engaged or not, every place on the path is equally likely: one frame says
nothing about engagement, and only the course of several does.

The head takes up the tempo of the experimenter, at a lag that is drawn anew for each session: following somebody
shows in the movement, and not in any posture.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.bouts import Bout
from dyadflow.demo.play.behaviour import YES, PlaySession
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.settings import draw_for

#: Paths of the session. Of each, what `move` gives is the angle in radians.
MOVERS = ("arm", "head", "experimenter", "gesture", "parent")
#: Rounds a second of arm, head and experimenter: slow enough for a picture every 0.32 s, and never near one
#: round a picture, where movement would look like rest.
RHYTHM_HZ = (0.65, 1.1)
#: Rounds a second of what adults do besides.
GESTURE_HZ, PARENT_HZ = (0.25, 0.5), (0.2, 0.4)
#: The tempo wanders by about this share, over a few seconds.
TEMPO_SPREAD, TEMPO_S = 0.10, 4.0
#: Movement begins and ends over this time.
PASSAGE_S = 0.4
#: A resting hand or head hops after so many seconds, by so many rounds to either side, in so many seconds.
HOP_EVERY_S, HOP_ROUNDS, HOP_S = (2.0, 4.0), (0.1, 0.4), 0.48


def move(session: PlaySession, settings: PlaySettings) -> dict[str, NDArray[np.float64]]:
    """Where on its path everybody is.

    Returns
    -------
    dict
        For each of `MOVERS` the angle in every frame, in radians, shape (frames,); frame n shows the moment
        (n + 0.5) / rate.
    """
    seed, name = settings.seed, session.name
    tempo = draw_for(name, "tempo", seed=seed)
    own_hz = {mover: float(tempo.uniform(*RHYTHM_HZ)) for mover in ("arm", "experimenter")}
    own_hz |= {"gesture": float(tempo.uniform(*GESTURE_HZ)), "parent": float(tempo.uniform(*PARENT_HZ))}
    own_hz["head"] = own_hz["experimenter"]
    angles = {}
    for mover in MOVERS:
        rng = draw_for(name, f"motion/{mover}", seed=seed)
        start = rng.random()
        rounds = _pace(rng, session, own_hz[mover])
        if mover in session.moving:
            times_s = (np.arange(session.frames) + 0.5) / session.rate_hz
            active = _smooth(_holds(session.moving[mover], times_s), PASSAGE_S * session.rate_hz)
            rounds = rounds * active + _hops(rng, times_s) * (1 - active)
        angles[mover] = 2 * np.pi * (start + np.cumsum(rounds))
    return angles


def _pace(rng: np.random.Generator, session: PlaySession, hz: float) -> NDArray[np.float64]:
    """Rounds gone in each frame by one who does not rest, shape (frames,)."""
    width = max(round(TEMPO_S * session.rate_hz), 1)
    wander = _smooth(rng.normal(0.0, np.sqrt(width), session.frames), width)
    return hz / session.rate_hz * np.clip(1 + TEMPO_SPREAD * wander, 0.75, 1.25)


def _hops(rng: np.random.Generator, times_s: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Rounds gone in each frame by one who only hops now and then, shape (frames,)."""
    gone = np.zeros(len(times_s))
    onset_s = rng.uniform(0.0, HOP_EVERY_S[1])
    while onset_s < times_s[-1]:
        size = rng.uniform(*HOP_ROUNDS) * rng.choice((-1, 1))
        along = np.clip((times_s - onset_s) / HOP_S, 0.0, 1.0)
        gone += size * (1 - np.cos(np.pi * along)) / 2
        onset_s += rng.uniform(*HOP_EVERY_S)
    return np.diff(gone, prepend=0.0)


def _holds(bouts: Sequence[Bout], times_s: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """1 where a bout of ``yes`` holds, else 0; bouts touch and cover all times."""
    at = np.searchsorted([bout.onset_s for bout in bouts], times_s, side="right") - 1
    return np.array([bout.code == YES for bout in bouts], dtype=np.float64)[at]


def _smooth(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """The running mean over an odd number of frames next to `width`, edges held."""
    half = int(width // 2)
    return np.convolve(np.pad(values, half, mode="edge"), np.ones(2 * half + 1) / (2 * half + 1), mode="valid")

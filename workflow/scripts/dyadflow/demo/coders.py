"""Two people who code the same session: near each other, never alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.behaviour import Session
from dyadflow.demo.bouts import Bout, join, move_boundaries, overlook, within
from dyadflow.demo.settings import draw_for

#: Probability that a bout of the usual length is given another code. Chosen so that agreement on frames
#: comes out where the first paper's coders were (kappa 0.73-0.82 infant, 0.72-0.73 caregiver); neighbours
#: in meaning are confused, opposites hardly ever.
CONFUSION: dict[str, dict[str, float]] = {
    "Ineu": {"Inon": 0.06, "Ipos": 0.04, "Iwit": 0.02},
    "Inon": {"Ineu": 0.06, "Iwit": 0.04},
    "Ipos": {"Ineu": 0.06, "Inon": 0.02},
    "Ipro": {"Iwit": 0.06, "Inon": 0.02, "Ineu": 0.01},
    "Iwit": {"Inon": 0.06, "Ipro": 0.04, "Ineu": 0.02, "Islp": 0.01},
    "Islp": {"Iwit": 0.15},
    "Iusc": {"Inon": 0.15},
    "Cneu": {"Cpvc": 0.06, "Cwit": 0.04, "Cnon": 0.01},
    "Cpvc": {"Cneu": 0.06, "Cpos": 0.06, "Cint": 0.02},
    "Cpos": {"Cpvc": 0.09, "Cneu": 0.02, "Cint": 0.02},
    "Cwit": {"Cneu": 0.10, "Cnon": 0.02},
    "Cint": {"Cpvc": 0.07, "Chos": 0.06, "Cpos": 0.03},
    "Chos": {"Cint": 0.15, "Cpvc": 0.04},
    "Cnon": {"Cneu": 0.06, "Cwit": 0.03},
    "Cusc": {"Cnon": 0.15},
}
#: A long look settles what a short one leaves open: the probability above holds for a bout of this length and
#: goes with its inverse, within the factors given.
USUAL_BOUT_S = 2.5
CONFUSION_FACTORS = (0.25, 1.5)
#: Phases begin with a spoken sign, so their boundaries are marked better than those of behaviour.
PHASE_JITTER_SD_S = 0.06


@dataclass(frozen=True)
class CoderHabits:
    """How one coder codes.

    Parameters
    ----------
    format, suffix
        What the coder's software writes, as the coding sheet names it, and its file suffix.
    jitter_sd_s, delay_s
        Spread and mean of the difference between a boundary and where the coder puts it.
    confusability
        Factor on `CONFUSION`.
    missed_below_s, missed_share
        Of the bouts shorter than this, this share is not seen: the bout before goes on.
    """

    format: str
    suffix: str
    jitter_sd_s: float
    delay_s: float
    confusability: float
    missed_below_s: float = 1.0
    missed_share: float = 0.35


#: anna codes in The Observer, ben in ELAN, more quickly and a little late.
CODERS: Mapping[str, CoderHabits] = {
    "anna": CoderHabits("observer", ".txt", jitter_sd_s=0.18, delay_s=0.02, confusability=0.65),
    "ben": CoderHabits("eaf", ".eaf", jitter_sd_s=0.24, delay_s=0.06, confusability=0.85),
}


def code_session(session: Session, coder: str, *, seed: int) -> Segments:
    """What one coder makes of a session.

    Parameters
    ----------
    session
        The truth.
    coder
        A key of `CODERS`.
    seed
        The study's.

    Returns
    -------
    Segments
        Tiers ``infant``, ``caregiver`` and ``phase``; touching, whole milliseconds, from the first phase's
        onset to the last one's offset as this coder saw them.
    """
    habits = CODERS[coder]
    start_s, stop_s = session.phases[0].onset_s, session.phases[-1].offset_s
    rows = []
    for tier in ("infant", "caregiver", PHASE_TIER):
        rng = draw_for(session.name, f"{coder}/{tier}", seed=seed)
        if tier == PHASE_TIER:
            bouts = move_boundaries(rng, session.phases, PHASE_JITTER_SD_S, 0.0, end_s=session.duration_s)
        else:
            seen = within(getattr(session, tier), start_s, stop_s)
            noticed = overlook(rng, seen, habits.missed_below_s, habits.missed_share)
            seen = join(_confuse(rng, bout, habits) for bout in noticed)
            bouts = move_boundaries(rng, seen, habits.jitter_sd_s, habits.delay_s, end_s=session.duration_s)
        rows += [
            {
                "session": session.name,
                "coder": coder,
                "tier": tier,
                "code": bout.code,
                "onset_s": bout.onset_s,
                "offset_s": bout.offset_s,
            }
            for bout in bouts
        ]
    return Segments.from_rows(rows)


def _confuse(rng: np.random.Generator, bout: Bout, habits: CoderHabits) -> Bout:
    """Perhaps give a bout another code."""
    factor = habits.confusability * float(np.clip(USUAL_BOUT_S / bout.duration_s, *CONFUSION_FACTORS))
    draw = rng.random()
    for code, probability in CONFUSION[bout.code].items():
        draw -= factor * probability
        if draw < 0:
            return Bout(code, bout.onset_s, bout.offset_s)
    return bout

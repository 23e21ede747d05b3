"""Two people who code the same session: near each other, never alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.behaviour import Bout, Session
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
#: A boundary never moves beyond this share of the bouts on either side, so that bouts keep their order.
LARGEST_SHIFT = 0.45


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
            bouts = _move_boundaries(rng, session.phases, PHASE_JITTER_SD_S, 0.0, end_s=session.duration_s)
        else:
            seen = _within(getattr(session, tier), start_s, stop_s)
            seen = _join([_confuse(rng, bout, habits) for bout in _overlook(rng, seen, habits)])
            bouts = _move_boundaries(rng, seen, habits.jitter_sd_s, habits.delay_s, end_s=session.duration_s)
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


def _within(bouts: tuple[Bout, ...], start_s: float, stop_s: float) -> list[Bout]:
    """The part of the bouts between two times."""
    return [
        Bout(bout.code, max(bout.onset_s, start_s), min(bout.offset_s, stop_s))
        for bout in bouts
        if bout.offset_s > start_s and bout.onset_s < stop_s
    ]


def _join(bouts: list[Bout]) -> list[Bout]:
    """Neighbours of one code as one bout."""
    joined: list[Bout] = []
    for bout in bouts:
        if joined and joined[-1].code == bout.code:
            joined[-1] = Bout(bout.code, joined[-1].onset_s, bout.offset_s)
        else:
            joined.append(bout)
    return joined


def _overlook(rng: np.random.Generator, bouts: list[Bout], habits: CoderHabits) -> list[Bout]:
    """Leave out some of the short bouts; the one before goes on."""
    kept: list[Bout] = []
    for bout in bouts:
        missed = bout.duration_s < habits.missed_below_s and rng.random() < habits.missed_share
        if missed and kept:
            kept[-1] = Bout(kept[-1].code, kept[-1].onset_s, bout.offset_s)
        else:
            kept.append(bout)
    return _join(kept)


def _confuse(rng: np.random.Generator, bout: Bout, habits: CoderHabits) -> Bout:
    """Perhaps give a bout another code."""
    factor = habits.confusability * float(np.clip(USUAL_BOUT_S / bout.duration_s, *CONFUSION_FACTORS))
    draw = rng.random()
    for code, probability in CONFUSION[bout.code].items():
        draw -= factor * probability
        if draw < 0:
            return Bout(code, bout.onset_s, bout.offset_s)
    return bout


def _move_boundaries(
    rng: np.random.Generator,
    bouts: list[Bout] | tuple[Bout, ...],
    sd_s: float,
    delay_s: float,
    *,
    end_s: float,
) -> list[Bout]:
    """Put every boundary where the coder pressed the key, within the recording, in whole milliseconds."""
    edges = np.array([bout.onset_s for bout in bouts] + [bouts[-1].offset_s])
    room = np.diff(edges) * LARGEST_SHIFT
    before = np.concatenate([[edges[0]], room])
    after = np.concatenate([room, [end_s - edges[-1]]])
    shift = np.clip(rng.normal(delay_s, sd_s, len(edges)), -before, after)
    moved = np.round(edges + shift, 3)
    # Rounding up must not carry the last boundary beyond the recording.
    moved[-1] = min(moved[-1], np.floor(end_s * 1000) / 1000)
    return [Bout(bout.code, float(moved[n]), float(moved[n + 1])) for n, bout in enumerate(bouts)]

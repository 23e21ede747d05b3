"""What infant and caregiver do: a semi-Markov process whose rates change with the phase.

In each phase a role's behaviour is a sequence of bouts. A bout's length is drawn from a gamma distribution
of its code; the next code is drawn with odds that depend on the phase, on the code that ends, on the dyad
and, for the caregiver, on what the infant is doing at that moment.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dyadflow.demo.bouts import Bout
from dyadflow.demo.dyads import AGE_MEAN_MONTHS, Dyad, describe_dyad
from dyadflow.demo.settings import PHASE_SHARES, DemoSettings, draw_for

INFANT_CODES = ("Ineu", "Inon", "Ipos", "Ipro", "Iwit", "Islp", "Iusc")
CAREGIVER_CODES = ("Cneu", "Cpvc", "Cpos", "Cwit", "Cint", "Chos", "Cnon", "Cusc")
STILL_FACE = "still-face"

#: Odds of each code when a bout begins, by phase. The still-face effect is in them: the infant protests and
#: withdraws and smiles less, and part of that carries over into the reunion.
INFANT_ODDS = {
    "play": dict(Ineu=1.00, Inon=0.85, Ipos=1.00, Ipro=0.22, Iwit=0.16, Islp=0.02, Iusc=0.06),
    "turn-away": dict(Ineu=0.70, Inon=1.00, Ipos=0.15, Ipro=0.35, Iwit=0.30, Islp=0.02, Iusc=0.06),
    "still-face": dict(Ineu=0.60, Inon=0.90, Ipos=0.18, Ipro=0.80, Iwit=0.80, Islp=0.04, Iusc=0.04),
    "reunion": dict(Ineu=0.90, Inon=0.70, Ipos=0.90, Ipro=0.55, Iwit=0.30, Islp=0.02, Iusc=0.06),
}
#: The caregiver's, likewise. In the still-face the neutral face is instructed; the other odds are lapses.
CAREGIVER_ODDS = {
    "play": dict(Cneu=0.80, Cpvc=1.00, Cpos=0.90, Cwit=0.22, Cint=0.32, Chos=0.14, Cnon=0.10, Cusc=0.06),
    "turn-away": dict(Cneu=0.30, Cpvc=0.10, Cpos=0.05, Cwit=0.20, Cint=0.05, Chos=0.03, Cnon=2.50, Cusc=0.05),
    "still-face": dict(
        Cneu=4.00, Cpvc=0.35, Cpos=0.30, Cwit=0.45, Cint=0.08, Chos=0.05, Cnon=0.05, Cusc=0.02
    ),
    "reunion": dict(Cneu=0.65, Cpvc=1.00, Cpos=1.00, Cwit=0.22, Cint=0.40, Chos=0.14, Cnon=0.06, Cusc=0.06),
}
#: Mean length of a bout in seconds. About 85 segments of a role's tier in six minutes (4.2 s each) are usual;
#: bouts are a little shorter here, so that a minute holds every common code.
MEAN_DWELL_S = dict(
    Ineu=2.8,
    Inon=3.2,
    Ipos=2.8,
    Ipro=3.6,
    Iwit=3.4,
    Islp=3.0,
    Iusc=1.3,
    Cneu=2.8,
    Cpvc=3.2,
    Cpos=2.8,
    Cwit=3.0,
    Cint=2.8,
    Chos=2.4,
    Cnon=2.2,
    Cusc=1.3,
)
#: In the still-face the caregiver holds the neutral face for long, and lapses are short.
STILL_FACE_DWELL_S = dict(Cneu=6.0, Cpvc=1.4, Cpos=1.4, Cwit=2.2, Cint=1.3, Chos=1.3, Cnon=1.3, Cusc=1.0)
#: Shape of the gamma distribution: 1 would be a Markov process; 3 makes very short and very long bouts rarer.
DWELL_SHAPE = 3.0
#: Coders do not mark shorter bouts, so there are none.
MIN_DWELL_S = 0.4
#: Which codes follow which more or less often than the odds say: a protest rarely turns into a smile at once.
AFFINITY = {
    ("Ipro", "Ipos"): 0.25,
    ("Ipos", "Ipro"): 0.3,
    ("Iwit", "Ipos"): 0.4,
    ("Ipro", "Iwit"): 1.8,
    ("Ineu", "Ipos"): 1.6,
    ("Iwit", "Inon"): 1.5,
    ("Cpvc", "Cpos"): 1.7,
    ("Cpos", "Cpvc"): 1.5,
    ("Cpos", "Chos"): 0.3,
    ("Chos", "Cint"): 2.0,
    ("Cwit", "Cneu"): 1.8,
    ("Cwit", "Cpos"): 0.4,
}
#: How the caregiver answers the infant: factors on the caregiver's odds, given the infant's code.
RESPONSE = {
    ("Ipos", "Cpos"): 2.2,
    ("Ipos", "Cwit"): 0.5,
    ("Ipro", "Cpvc"): 1.5,
    ("Ipro", "Cpos"): 0.5,
    ("Ipro", "Cint"): 1.8,
    ("Inon", "Cneu"): 1.5,
    ("Iwit", "Cpvc"): 1.3,
}
#: Difference in log odds between the groups: the anxious caregivers smile less and intrude more.
GROUP_EFFECT = {"anxiety": dict(Cpos=-0.25, Cpvc=-0.10, Cint=0.30, Cwit=0.20), "control": {}}
#: Older infants attend to objects more: log odds of Inon for each month above the mean age.
AGE_EFFECT = {"Inon": 0.10}
#: A phase's start ends what the caregiver is doing after this many seconds (uniform between the two).
REACTION_S = (0.15, 0.6)
#: Dyads differ in tempo: standard deviation of the log of a factor on every bout's length.
TEMPO_SPREAD = 0.12


@dataclass(frozen=True)
class Session:
    """The truth of one session.

    Parameters
    ----------
    name
        The session.
    dyad
        Its covariates.
    frames
        Frames of the recording at `rate_hz`.
    rate_hz
        Frames a second.
    phases
        Touching intervals; before the first and after the last nobody codes.
    infant, caregiver
        Touching bouts from 0 to the end of the recording.
    """

    name: str
    dyad: Dyad
    frames: int
    rate_hz: float
    phases: tuple[Bout, ...]
    infant: tuple[Bout, ...]
    caregiver: tuple[Bout, ...]

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return self.frames / self.rate_hz


def simulate_session(session: str, settings: DemoSettings) -> Session:
    """Draw what happens in one session.

    Parameters
    ----------
    session
        Its name; with the settings it decides everything.
    settings
        Of the study.
    """
    dyad = describe_dyad(session)
    phases, frames = _draw_phases(draw_for(session, "phases", seed=settings.seed), settings)
    end_s = round(frames / settings.rate_hz, 3)
    infant = _draw_bouts(
        draw_for(session, "infant", seed=settings.seed),
        INFANT_ODDS,
        phases,
        end_s,
        spread=settings.dyad_spread,
        shift={
            code: slope * (dyad.infant_age_months - AGE_MEAN_MONTHS) for code, slope in AGE_EFFECT.items()
        },
    )
    caregiver = _draw_bouts(
        draw_for(session, "caregiver", seed=settings.seed),
        CAREGIVER_ODDS,
        phases,
        end_s,
        spread=settings.dyad_spread,
        shift=GROUP_EFFECT[dyad.group],
        partner=infant,
        breaks=True,
    )
    return Session(session, dyad, frames, settings.rate_hz, phases, infant, caregiver)


def _draw_phases(rng: np.random.Generator, settings: DemoSettings) -> tuple[tuple[Bout, ...], int]:
    """Phases one after the other, and the number of frames of the whole recording."""

    def jittered(share: float) -> float:
        return (
            settings.duration_s
            * share
            * rng.uniform(1 - settings.duration_jitter, 1 + settings.duration_jitter)
        )

    spare = (1 - sum(PHASE_SHARES.values())) / 2
    time_s, phases = round(jittered(spare), 3), []
    for name, share in PHASE_SHARES.items():
        end_s = round(time_s + jittered(share), 3)
        phases.append(Bout(name, time_s, end_s))
        time_s = end_s
    frames = int(np.ceil((time_s + jittered(spare)) * settings.rate_hz))
    return tuple(phases), frames


def _draw_bouts(
    rng: np.random.Generator,
    odds: Mapping[str, Mapping[str, float]],
    phases: tuple[Bout, ...],
    end_s: float,
    *,
    spread: float,
    shift: Mapping[str, float],
    partner: tuple[Bout, ...] = (),
    breaks: bool = False,
) -> tuple[Bout, ...]:
    """Bouts from 0 to `end_s`; with `breaks`, a phase's start ends the bout under way."""
    codes = list(next(iter(odds.values())))
    personal = np.exp(rng.normal(0.0, spread, len(codes)) + [shift.get(code, 0.0) for code in codes])
    tempo = float(np.exp(rng.normal(0.0, TEMPO_SPREAD)))
    starts = [phase.onset_s for phase in phases]
    partner_starts = [bout.onset_s for bout in partner]

    bouts: list[Bout] = []
    time_s, forced = 0.0, True
    while time_s < end_s:
        # Before the first phase people behave as in play, after the last as in it.
        phase = phases[max(bisect_right(starts, time_s) - 1, 0)]
        weights = np.array([odds[phase.code][code] for code in codes]) * personal
        if partner:
            answered = partner[bisect_right(partner_starts, time_s) - 1].code
            weights *= [RESPONSE.get((answered, code), 1.0) for code in codes]
        if bouts and not forced:
            last = bouts[-1].code
            weights *= [0.0 if code == last else AFFINITY.get((last, code), 1.0) for code in codes]
        code = codes[rng.choice(len(codes), p=weights / weights.sum())]
        stop_s = time_s + _draw_dwell(rng, code, phase.code, tempo)
        forced = False
        if breaks:
            upcoming = next((start for start in starts if start > time_s), np.inf)
            reacted_s = upcoming + rng.uniform(*REACTION_S)
            if stop_s > reacted_s:
                stop_s, forced = reacted_s, True
        # The last bout takes a rest that would be too short to code.
        stop_s = end_s if end_s - stop_s < MIN_DWELL_S else round(stop_s, 3)
        if bouts and bouts[-1].code == code:
            bouts[-1] = Bout(code, bouts[-1].onset_s, stop_s)
        else:
            bouts.append(Bout(code, time_s, stop_s))
        time_s = stop_s
    return tuple(bouts)


def _draw_dwell(rng: np.random.Generator, code: str, phase: str, tempo: float) -> float:
    """Length of a bout in seconds."""
    mean_s = MEAN_DWELL_S[code]
    if phase == STILL_FACE:
        mean_s = STILL_FACE_DWELL_S.get(code, mean_s)
    excess_s = max(mean_s - MIN_DWELL_S, 0.1) * tempo
    return MIN_DWELL_S + float(rng.gamma(DWELL_SHAPE, excess_s / DWELL_SHAPE))

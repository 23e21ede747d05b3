"""Three people who code guided play: each marks the tasks, and inside them only when the infant is engaged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.bouts import Bout, join, move_boundaries, overlook, within
from dyadflow.demo.play.behaviour import NO, TASKS, VARIABLES, YES, PlaySession
from dyadflow.demo.play.dyads import BLOCKS
from dyadflow.demo.settings import draw_for
from dyadflow.errors import DyadflowError

#: Who coded which block: all three the pilot, two each of the others, so that everybody has a block held out.
CODERS_OF_BLOCK: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"pilot": ("A", "B", "C"), "1": ("A", "B"), "2": ("B", "C"), "3": ("A", "C")}
)
#: Where a coder sees the edges of a task: spread of the difference in seconds, and how far it can be at most.
SPAN_JITTER_SD_S, SPAN_JITTER_MOST_S = 0.75, 1.5
#: A long look settles what a short one leaves open: a bout of this length is misjudged with the coder's own
#: probability, and others in inverse proportion to their length, within the factors given.
USUAL_BOUT_S = 8.0
MISJUDGED_FACTORS = (0.5, 1.5)
#: What is left of a bout at the edge of a coder's span is marked only if it is longer than this.
LEAST_MARK_S = 0.4


@dataclass(frozen=True)
class PlayHabits:
    """How one coder codes.

    Parameters
    ----------
    jitter_sd_s, delay_s
        Spread and mean of the difference between a boundary of engagement and where the coder puts it.
    strict, lenient
        Probability that a bout of engagement of the usual length is taken for none, and the reverse.
    missed_below_s, missed_share
        Of the bouts shorter than this, this share is not seen: the bout before goes on.
    """

    jitter_sd_s: float
    delay_s: float
    strict: float
    lenient: float
    missed_below_s: float = 3.5
    missed_share: float = 0.4


CODERS: Mapping[str, PlayHabits] = MappingProxyType(
    {
        "A": PlayHabits(jitter_sd_s=0.85, delay_s=0.10, strict=0.05, lenient=0.05),
        "B": PlayHabits(jitter_sd_s=0.95, delay_s=0.25, strict=0.08, lenient=0.04),
        "C": PlayHabits(jitter_sd_s=1.00, delay_s=0.20, strict=0.04, lenient=0.08),
    }
)


def coders_of(session: str) -> tuple[str, ...]:
    """Who coded a session of the study.

    Raises
    ------
    DyadflowError
        If it is not one of the study's sessions.
    """
    for block, sessions in BLOCKS.items():
        if session in sessions:
            return CODERS_OF_BLOCK[block]
    raise DyadflowError(
        f"nobody coded a session called {session!r}",
        fix=f"name one of {', '.join(name for sessions in BLOCKS.values() for name in sessions)}",
    )


def code_play(session: PlaySession, coder: str, *, seed: int) -> Segments:
    """What one coder makes of a session, in the scheme's words.

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
        Tier ``phase`` with the tasks as this coder saw them; tiers ``task_engagement`` and
        ``social_engagement`` with ``yes`` alone, inside those. Whole milliseconds.

    Raises
    ------
    DyadflowError
        If nobody of that name codes.
    """
    if coder not in CODERS:
        raise DyadflowError(f"no coder is called {coder!r}", fix=f"name one of {', '.join(CODERS)}")
    spans = _mark_tasks(draw_for(session.name, f"{coder}/tasks", seed=seed), session)
    coded = {PHASE_TIER: spans}
    for variable in VARIABLES:
        coded[variable] = []
        for span in spans:
            rng = draw_for(session.name, f"{coder}/{span.code}/{variable}", seed=seed)
            coded[variable] += _mark_engagement(rng, session.engaged[variable], span, CODERS[coder])
    return segments_of(session.name, coder, coded)


def segments_of(session: str, coder: str, tiers: Mapping[str, Iterable[Bout]]) -> Segments:
    """Segments of one coder from the bouts of each tier."""
    return Segments.from_rows(
        {
            "session": session,
            "coder": coder,
            "tier": tier,
            "code": bout.code,
            "onset_s": bout.onset_s,
            "offset_s": bout.offset_s,
        }
        for tier, bouts in tiers.items()
        for bout in bouts
    )


def _mark_tasks(rng: np.random.Generator, session: PlaySession) -> list[Bout]:
    """The tasks with every edge where the coder saw it: never beyond half of the pause next to it."""
    edges = [0.0, *(edge for task in session.tasks for edge in (task.onset_s, task.offset_s)), session.duration_s]
    most_s = min([SPAN_JITTER_MOST_S, *(0.45 * (after - before) for before, after in zip(
        edges[::2], edges[1::2], strict=True))])
    shifts = np.clip(rng.normal(0.0, SPAN_JITTER_SD_S, (len(TASKS), 2)), -most_s, most_s)
    return [
        Bout(task.code, round(task.onset_s + float(early), 3), round(task.offset_s + float(late), 3))
        for task, (early, late) in zip(session.tasks, shifts, strict=True)
    ]


def _mark_engagement(
    rng: np.random.Generator, bouts: Iterable[Bout], span: Bout, habits: PlayHabits
) -> list[Bout]:
    """The moments of engagement inside one span of one coder."""
    seen = within(bouts, span.onset_s, span.offset_s)
    seen = overlook(rng, seen, habits.missed_below_s, habits.missed_share)
    seen = join(_misjudge(rng, bout, habits) for bout in seen)
    seen = move_boundaries(rng, seen, habits.jitter_sd_s, habits.delay_s, end_s=span.offset_s)
    return [
        bout for bout in within(seen, span.onset_s, span.offset_s)
        if bout.code == YES and bout.duration_s > LEAST_MARK_S
    ]


def _misjudge(rng: np.random.Generator, bout: Bout, habits: PlayHabits) -> Bout:
    """Perhaps take engagement for none, or the reverse."""
    factor = float(np.clip(USUAL_BOUT_S / bout.duration_s, *MISJUDGED_FACTORS))
    if rng.random() >= factor * (habits.strict if bout.code == YES else habits.lenient):
        return bout
    return Bout(NO if bout.code == YES else YES, bout.onset_s, bout.offset_s)

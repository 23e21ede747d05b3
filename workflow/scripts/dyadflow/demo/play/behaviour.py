"""What an infant does in guided play: in every task, two kinds of engagement that come and go.

Task and social engagement alternate between ``yes`` and ``no``, each in bouts of its own, independent of each
other. Of each task of a dyad, a certain share is ``yes``; dyads differ in it about the planted probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dyadflow.demo.bouts import Bout, join, within
from dyadflow.demo.play.dyads import Dyad, describe_dyad
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.settings import draw_for

TASKS = ("dolls", "shaker", "drum")
TASK_ENGAGEMENT, SOCIAL_ENGAGEMENT = VARIABLES = ("task_engagement", "social_engagement")
YES, NO = "yes", "no"

#: Probability of ``yes`` in an average dyad: the empirical probabilities of Fraile et al. (2022), table 2.
YES_SHARE = {
    ("dolls", TASK_ENGAGEMENT): 0.60,
    ("dolls", SOCIAL_ENGAGEMENT): 0.72,
    ("shaker", TASK_ENGAGEMENT): 0.41,
    ("shaker", SOCIAL_ENGAGEMENT): 0.56,
    ("drum", TASK_ENGAGEMENT): 0.53,
    ("drum", SOCIAL_ENGAGEMENT): 0.70,
}
#: The one task and variable whose state nothing in the picture follows: there the infant's head moves and rests
#: in bouts of its own, drawn apart from the bouts that coders code. No honest network can learn it.
NO_SIGNAL = ("drum", SOCIAL_ENGAGEMENT)

#: Lengths of bouts are drawn from a gamma distribution of this shape before they are made to fit the task: 1
#: would be a Markov process, and at 12 most are about as long as their mean.
BOUT_SHAPE = 12.0
#: There are never so many bouts that the rarer ones would be shorter than this on average.
LEAST_MEAN_BOUT_S = 6.0
#: Lead-in, pauses and lead-out are longer or shorter by up to this share.
PAUSE_JITTER = 0.2


@dataclass(frozen=True)
class PlaySession:
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
    tasks
        When each task is played; pauses lie between.
    engaged
        For each variable touching bouts of ``yes`` and ``no`` from 0 to the end of the recording: what coders
        code, inside the tasks.
    moving
        For ``arm`` and ``head`` likewise: when it moves in rhythm (``yes``) and when it rests. The arm follows
        task engagement; the head follows social engagement but for the task in `NO_SIGNAL`.
    """

    name: str
    dyad: Dyad
    frames: int
    rate_hz: float
    tasks: tuple[Bout, ...]
    engaged: Mapping[str, tuple[Bout, ...]]
    moving: Mapping[str, tuple[Bout, ...]]

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return self.frames / self.rate_hz


def simulate_play(session: str, settings: PlaySettings) -> PlaySession:
    """Draw what happens in one session.

    Parameters
    ----------
    session
        Its name; with the settings it decides everything.
    settings
        Of the study.
    """
    tasks, frames = _draw_tasks(draw_for(session, "tasks", seed=settings.seed), settings)
    end_s = round(frames / settings.rate_hz, 3)
    # A task's process holds up to the middle of the pauses around it: coders may see its edges elsewhere.
    middles = [round((before.offset_s + after.onset_s) / 2, 3) for before, after in pairwise(tasks)]
    edges = [0.0, *middles, end_s]
    engaged, shown = {}, {}
    for variable in VARIABLES:
        coded: list[Bout] = []
        visible: list[Bout] = []
        for task, start_s, stop_s in zip(tasks, edges[:-1], edges[1:], strict=True):
            share = _dyad_share(session, task.code, variable, settings)
            purpose = f"{task.code}/{variable}"
            bouts = _draw_bouts(session, task, purpose, share, start_s, stop_s, settings)
            coded += bouts
            if (task.code, variable) == NO_SIGNAL:
                bouts = _draw_bouts(session, task, f"{purpose}/shown", share, start_s, stop_s, settings)
            visible += bouts
        engaged[variable], shown[variable] = tuple(join(coded)), tuple(join(visible))
    moving = {"arm": shown[TASK_ENGAGEMENT], "head": shown[SOCIAL_ENGAGEMENT]}
    return PlaySession(session, describe_dyad(session), frames, settings.rate_hz, tasks, engaged, moving)


def _draw_tasks(rng: np.random.Generator, settings: PlaySettings) -> tuple[tuple[Bout, ...], int]:
    """The tasks' spans, and the number of frames of the whole recording."""

    def jittered(length_s: float, jitter: float) -> float:
        return length_s * rng.uniform(1 - jitter, 1 + jitter)

    time_s, tasks = 0.0, []
    for task in TASKS:
        onset_s = round(time_s + jittered(settings.pause_s, PAUSE_JITTER), 3)
        time_s = round(onset_s + jittered(settings.task_s, settings.task_jitter), 3)
        tasks.append(Bout(task, onset_s, time_s))
    frames = int(np.ceil((time_s + jittered(settings.pause_s, PAUSE_JITTER)) * settings.rate_hz))
    return tuple(tasks), frames


def _dyad_share(session: str, task: str, variable: str, settings: PlaySettings) -> float:
    """Probability of ``yes`` in one dyad."""
    planted = YES_SHARE[task, variable]
    rng = draw_for(session, f"share/{task}/{variable}", seed=settings.seed)
    log_odds = np.log(planted / (1 - planted)) + rng.normal(0.0, settings.dyad_spread)
    return float(1 / (1 + np.exp(-log_odds)))


def _draw_bouts(
    session: str, task: Bout, purpose: str, share: float, start_s: float, stop_s: float, settings: PlaySettings
) -> list[Bout]:
    """Touching bouts from `start_s` to `stop_s`, which go round and round with the task's length as period.

    However the round is turned, `share` of the task is ``yes``; and because it is turned by a random amount,
    every moment of the task is ``yes`` with that probability.
    """
    rng = draw_for(session, purpose, seed=settings.seed)
    period_s = task.duration_s
    most = int(min(share, 1 - share) * period_s / LEAST_MEAN_BOUT_S)
    cycles = int(np.clip(round(period_s / settings.cycle_s + rng.uniform(-0.5, 0.5)), 1, max(most, 1)))
    lengths = rng.gamma(BOUT_SHAPE, size=(cycles, 2))
    lengths *= period_s * np.array([share, 1 - share]) / lengths.sum(0)
    ends_s = np.cumsum(lengths.ravel())
    time_s = start_s - period_s - rng.uniform(0.0, period_s)
    bouts: list[Bout] = []
    while time_s < stop_s:
        for place, end_s in enumerate(np.round(time_s + ends_s, 3).tolist()):
            bouts.append(Bout((YES, NO)[place % 2], bouts[-1].offset_s if bouts else start_s - 1.0, end_s))
        time_s += period_s
    return within(bouts, start_s, stop_s)

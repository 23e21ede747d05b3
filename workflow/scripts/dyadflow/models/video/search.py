"""Random draws from a phase's search space, and the choice among them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dyadflow.models.seeds import derive_seed
from dyadflow.models.video.settings import HandValues

if TYPE_CHECKING:
    from dyadflow.models.video.settings import LogRange, SearchPhase

#: Share of the draws that are zero, where zero is among them; that of the authors' released code.
ZERO = 0.2


def draw_candidates(phase: "SearchPhase", *, name: str, seed: int) -> list[HandValues]:
    """Draw hyperparameters of one phase.

    Parameters
    ----------
    phase
        Ranges, and how many to draw.
    name
        ``head`` or ``fine_tuning``.
    seed
        The study's seed and nothing else, so that every cell compares the same candidates. A larger number of
        candidates continues the same list.
    """
    return [
        _draw(phase, np.random.default_rng(derive_seed(seed, "candidates", name, number)))
        for number in range(phase.candidates)
    ]


def pick_best(scores: Sequence[Sequence[float]]) -> int:
    """Which candidate has the best mean score; of equals, the one drawn first."""
    return int(np.argmax([np.mean(row) for row in scores]))


def _draw(phase: "SearchPhase", rng: np.random.Generator) -> HandValues:
    return HandValues(
        learning_rate=_draw_from(phase.learning_rate, rng), decay=_draw_from(phase.decay, rng),
        l2=_draw_from(phase.l2, rng), class_weights=phase.class_weights[rng.integers(len(phase.class_weights))],
    )


def _draw_from(range_: "LogRange", rng: np.random.Generator) -> float:
    share, zero = rng.random(), rng.random() < ZERO
    drawn = math.exp(math.log(range_.low) + share * (math.log(range_.high) - math.log(range_.low)))
    return 0.0 if zero and range_.or_zero else min(max(drawn, range_.low), range_.high)

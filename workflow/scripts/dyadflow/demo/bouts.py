"""Bouts, and what a person who codes does to them: short ones are missed, boundaries come out shifted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

#: A boundary never moves beyond this share of the bouts on either side, so that bouts keep their order.
LARGEST_SHIFT = 0.45


@dataclass(frozen=True)
class Bout:
    """One interval, ``[onset_s, offset_s)``, with whole milliseconds."""

    code: str
    onset_s: float
    offset_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.offset_s - self.onset_s


def within(bouts: Iterable[Bout], start_s: float, stop_s: float) -> list[Bout]:
    """The part of the bouts between two times."""
    return [
        Bout(bout.code, max(bout.onset_s, start_s), min(bout.offset_s, stop_s))
        for bout in bouts
        if bout.offset_s > start_s and bout.onset_s < stop_s
    ]


def join(bouts: Iterable[Bout]) -> list[Bout]:
    """Touching bouts, neighbours of one code as one bout."""
    joined: list[Bout] = []
    for bout in bouts:
        if joined and joined[-1].code == bout.code:
            joined[-1] = Bout(bout.code, joined[-1].onset_s, bout.offset_s)
        else:
            joined.append(bout)
    return joined


def overlook(rng: np.random.Generator, bouts: Sequence[Bout], below_s: float, share: float) -> list[Bout]:
    """Leave out a share of the bouts shorter than `below_s`; the one before goes on."""
    kept: list[Bout] = []
    for bout in bouts:
        missed = bout.duration_s < below_s and rng.random() < share
        if missed and kept:
            kept[-1] = Bout(kept[-1].code, kept[-1].onset_s, bout.offset_s)
        else:
            kept.append(bout)
    return join(kept)


def move_boundaries(
    rng: np.random.Generator, bouts: Sequence[Bout], sd_s: float, delay_s: float, *, end_s: float
) -> list[Bout]:
    """Put every boundary of touching bouts where the coder pressed the key.

    Parameters
    ----------
    rng
        Draws the differences.
    bouts
        At least one.
    sd_s, delay_s
        Spread and mean of the difference between a boundary and where it is put.
    end_s
        End of the recording; boundaries stay within it, on whole milliseconds.
    """
    edges = np.array([bout.onset_s for bout in bouts] + [bouts[-1].offset_s])
    room = np.diff(edges) * LARGEST_SHIFT
    before = np.concatenate([[edges[0]], room])
    after = np.concatenate([room, [end_s - edges[-1]]])
    shift = np.clip(rng.normal(delay_s, sd_s, len(edges)), -before, after)
    moved = np.round(edges + shift, 3)
    # Rounding up must not carry the last boundary beyond the recording.
    moved[-1] = min(moved[-1], np.floor(end_s * 1000) / 1000)
    return [Bout(bout.code, float(moved[n]), float(moved[n + 1])) for n, bout in enumerate(bouts)]

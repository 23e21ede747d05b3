"""The rows of a timeline: stretches of codes, confidence, and marks of what is said about a place."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Blocks that overlap by no more than this touch; at most so many are drawn above each other where they overlap more.
_SLACK_S, _LANES = 0.002, 3


@dataclass(frozen=True)
class Block:
    """A coloured stretch of a timeline band: style class, code, onset and offset in seconds."""

    style: str
    code: str
    onset_s: float
    offset_s: float


@dataclass(frozen=True)
class Band:
    """A row of blocks; those of `behind` are drawn pale behind them, and no bed under what has no code."""

    name: str
    blocks: Sequence[Block]
    kind: str = "human"
    behind: Sequence[Block] = ()


@dataclass(frozen=True)
class Curve:
    """A confidence line: points of (seconds, value from 0 to 1); None breaks the line."""

    name: str
    points: Sequence[tuple[float, float] | None]


@dataclass(frozen=True)
class Pin:
    """A place that something is said about: ``error``, ``warning`` or ``note``, its span in seconds, the sentence."""

    grade: str
    onset_s: float
    offset_s: float
    told: str


@dataclass(frozen=True)
class Pins:
    """A row of pins."""

    name: str
    pins: Sequence[Pin]


Row = Band | Curve | Pins


def assign_lanes(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """For each block the lane of its row that it lies in, and of how many: (0, 1) for one that overlaps no other.

    A row has as many lanes as blocks lie over each other there, at most `_LANES`; the rest lie over the last.
    """
    order = sorted(range(len(blocks)), key=lambda number: (blocks[number].onset_s, blocks[number].offset_s))
    lanes = [(0, 1)] * len(blocks)
    cluster: list[tuple[int, int]] = []
    ends_s: list[float] = []
    for number in [*order, None]:
        onset_s = float("inf") if number is None else blocks[number].onset_s
        if all(onset_s >= end_s - _SLACK_S for end_s in ends_s):
            for member, lane in cluster:
                lanes[member] = (lane, len(ends_s))
            cluster, ends_s = [], []
        if number is None:
            break
        free = [lane for lane, end_s in enumerate(ends_s) if onset_s >= end_s - _SLACK_S]
        if not free and len(ends_s) < _LANES:
            free = [len(ends_s)]
            ends_s.append(onset_s)
        lane = free[0] if free else _LANES - 1
        ends_s[lane] = max(ends_s[lane], blocks[number].offset_s)
        cluster.append((number, lane))
    return lanes

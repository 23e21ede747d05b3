"""Which coders can be compared on what, and what every two of them said of the same frames."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.annotations.labels import SessionLabels


@dataclass(frozen=True)
class Pair:
    """Two coders who coded a target in the same sessions; coders in order of their names."""

    target: str
    coder_a: str
    coder_b: str
    classes: tuple[str, ...]
    sessions: tuple[str, ...]


@dataclass(frozen=True)
class PairCounts(Pair):
    """What two coders said of the same frames, session by session.

    Parameters
    ----------
    dyads
        The dyad of each session, shape (sessions,).
    phases
        From `phase_names`.
    counts
        Frames, shape (sessions, phases, classes, classes): coder a in rows, coder b in columns.
    """

    dyads: tuple[str, ...]
    phases: tuple[str, ...]
    counts: NDArray[np.int64]


def count_pairs(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    coders: Mapping[tuple[str, str], str],
) -> Iterator[PairCounts]:
    """Count what every two human coders said of the frames that both coded, in order of target and name.

    Parameters are those of `compare_coders`.
    """
    phases = phase_names(labels)
    for pair in find_pairs(labels, coders):
        counts = [_count(labels[session], pair, phases) for session in pair.sessions]
        yield PairCounts(
            **vars(pair), dyads=tuple(dyads[session] for session in pair.sessions), phases=phases,
            counts=np.stack(counts),
        )


def find_pairs(labels: Mapping[str, SessionLabels], coders: Mapping[tuple[str, str], str]) -> Iterator[Pair]:
    """Every two human coders who coded a target in the same session, in order of target and name."""
    for target, classes in target_classes(labels).items():
        present = human_coders(labels, coders, target)
        names = sorted({name for those in present.values() for name in those})
        for coder_a, coder_b in combinations(names, 2):
            shared = [session for session, those in present.items() if coder_a in those and coder_b in those]
            if shared:
                yield Pair(target, coder_a, coder_b, classes, tuple(shared))


def target_classes(labels: Mapping[str, SessionLabels]) -> dict[str, tuple[str, ...]]:
    """Each target with its classes, in the order of sessions."""
    found: dict[str, tuple[str, ...]] = {}
    for session in labels.values():
        found |= {name: tuple(classes) for name, classes in session.classes.items()}
    return found


def human_coders(
    labels: Mapping[str, SessionLabels], coders: Mapping[tuple[str, str], str], target: str
) -> dict[str, list[str]]:
    """For each session the human coders who coded the target in it, by name."""
    return {
        session: sorted(name for name, codes in found.codes.get(target, {}).items()
                        if coders.get((session, name)) == "human" and has_coded(codes))
        for session, found in labels.items()
    }


def phase_names(labels: Mapping[str, SessionLabels]) -> tuple[str, ...]:
    """Names of the phases, then ``""`` for what lies outside all of them."""
    return (*dict.fromkeys(name for session in labels.values() for name in session.phases), "")


def phase_slots(session: SessionLabels, phases: tuple[str, ...]) -> NDArray[np.int64]:
    """For each frame of a session its place in `phase_names`, shape (frames,)."""
    # The last slot is that of frames outside every phase: index -1 of `phase` points to it.
    slots = np.array([*(phases.index(name) for name in session.phases), len(phases) - 1])
    return slots[session.phase.astype(np.int64)]


def coded_phases(labels: Mapping[str, SessionLabels], target: str) -> set[str]:
    """Names of the phases in which anybody gave a frame a class of the target."""
    found: set[str] = set()
    for session in labels.values():
        for codes in session.codes.get(target, {}).values():
            found |= {session.phases[index] for index in np.unique(session.phase[codes >= 0]) if index >= 0}
    return found


def by_phase(
    counts: NDArray[Any], phases: tuple[str, ...], coded: Collection[str]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """``all`` and each coded phase with its counts.

    Parameters
    ----------
    counts
        Shape (sessions, phases, ...).
    phases
        From `phase_names`.
    coded
        From `coded_phases`.
    """
    yield "all", counts.sum(1)
    for place, phase in enumerate(phases):
        if phase in coded:
            yield phase, counts[:, place]


def _count(session: SessionLabels, pair: Pair, phases: tuple[str, ...]) -> NDArray[np.int64]:
    """Frames of one session by phase and both coders' classes, shape (phases, classes, classes)."""
    size = len(session.classes[pair.target])
    a, b = (session.codes[pair.target][name].astype(np.int64) for name in (pair.coder_a, pair.coder_b))
    both = (a >= 0) & (b >= 0)
    cells = (phase_slots(session, phases)[both] * size + a[both]) * size + b[both]
    shape = (len(phases), size, size)
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)

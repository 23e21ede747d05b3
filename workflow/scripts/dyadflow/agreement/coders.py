"""Agreement between the human coders of a study, target by target and phase by phase."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.annotations.labels import SessionLabels

AGREEMENT_COLUMNS = (
    "target", "phase", "coder_a", "coder_b", "percent", "percent_low", "percent_high",
    "kappa", "kappa_low", "kappa_high", "sessions", "dyads", "frames",
)
CONFUSION_COLUMNS = ("target", "coder_a", "coder_b", "code_a", "code_b", "frames")


@dataclass(frozen=True)
class PairCounts:
    """What two coders said of the same frames, session by session.

    Parameters
    ----------
    target, coder_a, coder_b
        Which pair on which target; coders in order of their names.
    classes
        The target's classes.
    sessions
        Those that both coded.
    dyads
        The dyad of each, shape (sessions,).
    phases
        Names of the phases, then ``""`` for frames outside all of them.
    counts
        Frames, shape (sessions, phases, classes, classes): coder a in rows, coder b in columns.
    """

    target: str
    coder_a: str
    coder_b: str
    classes: tuple[str, ...]
    sessions: tuple[str, ...]
    dyads: tuple[str, ...]
    phases: tuple[str, ...]
    counts: NDArray[np.int64]


def compare_coders(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    coders: Mapping[tuple[str, str], str],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Percent agreement and Cohen's kappa of every two human coders, with dyad-level intervals.

    Parameters
    ----------
    labels
        Frame labels of each session.
    dyads
        The dyad of each session.
    coders
        Kind of each (session, coder). Only ``human`` counts: coding that was made by correcting a
        prediction agrees with the prediction, not with another coder.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns target, phase, coder_a, coder_b, percent, percent_low, percent_high (0 to 100), kappa,
        kappa_low, kappa_high, sessions, dyads, frames. Phase is ``all`` or a name; phases in which nobody
        coded a class of that target, such as excluded ones, have no row. `sessions` and `dyads` are those
        with frames to compare. Two coders who coded a target in the same session, but in no frame both, have
        a row with 0 frames; two who never coded the same session have none.

    Notes
    -----
    The units are frames to which both coders gave a class of the target: uncoded, unscorable and excluded
    frames are no class. Kappa is empty where it is undefined (`cohen_kappa`). Intervals: `jackknife_interval`
    over dyads.
    """
    rows = []
    for pair in count_pairs(labels, dyads, coders):
        for phase, counts in _by_phase(pair, _coded_phases(labels, pair.target)):
            key = {"target": pair.target, "phase": phase, "coder_a": pair.coder_a, "coder_b": pair.coder_b}
            rows.append(key | agreement_of(counts, pair.dyads, level))
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def tabulate_confusion(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    coders: Mapping[tuple[str, str], str],
) -> pd.DataFrame:
    """Which classes the coders take for which: frames for every pair of classes.

    Parameters are those of `compare_coders`.

    Returns
    -------
    DataFrame
        Columns target, coder_a, coder_b, code_a, code_b, frames; every pair of classes has a row.
    """
    rows = [
        (pair.target, pair.coder_a, pair.coder_b, code_a, code_b, int(frames))
        for pair in count_pairs(labels, dyads, coders)
        for code_a, line in zip(pair.classes, pair.counts.sum((0, 1)), strict=True)
        for code_b, frames in zip(pair.classes, line, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(CONFUSION_COLUMNS))


def count_pairs(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    coders: Mapping[tuple[str, str], str],
) -> Iterator[PairCounts]:
    """Count what every two human coders said of the frames that both coded, in order of target and name.

    Parameters are those of `compare_coders`.
    """
    targets: dict[str, tuple[str, ...]] = {}
    phases: dict[str, None] = {}
    for session in labels.values():
        targets |= {name: tuple(classes) for name, classes in session.classes.items()}
        phases |= dict.fromkeys(session.phases)
    for target, classes in targets.items():
        present = {
            session: sorted(name for name, codes in found.codes.get(target, {}).items()
                            if coders.get((session, name)) == "human" and has_coded(codes))
            for session, found in labels.items()
        }
        names = sorted({name for those in present.values() for name in those})
        for coder_a, coder_b in combinations(names, 2):
            shared = [session for session, those in present.items() if coder_a in those and coder_b in those]
            if shared:
                counts = [
                    _count(labels[session], target, coder_a, coder_b, tuple(phases)) for session in shared]
                yield PairCounts(
                    target, coder_a, coder_b, classes, tuple(shared), tuple(dyads[session] for session in shared),
                    (*phases, ""), np.stack(counts))


def _count(
    session: SessionLabels, target: str, coder_a: str, coder_b: str, phases: tuple[str, ...]
) -> NDArray[np.int64]:
    """Frames of one session by phase and both coders' classes, shape (phases + 1, classes, classes)."""
    size = len(session.classes[target])
    a, b = (session.codes[target][name].astype(np.int64) for name in (coder_a, coder_b))
    # One slot more, for frames outside every phase: index -1 of `phase` points to it.
    slots = np.array([*(phases.index(name) for name in session.phases), len(phases)])
    phase = slots[session.phase.astype(np.int64)]
    both = (a >= 0) & (b >= 0)
    cells = (phase[both] * size + a[both]) * size + b[both]
    shape = (len(phases) + 1, size, size)
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)


def _coded_phases(labels: Mapping[str, SessionLabels], target: str) -> set[str]:
    """Names of the phases in which anybody gave a frame a class of the target."""
    found: set[str] = set()
    for session in labels.values():
        for codes in session.codes.get(target, {}).values():
            found |= {session.phases[index] for index in np.unique(session.phase[codes >= 0]) if index >= 0}
    return found


def _by_phase(pair: PairCounts, coded: set[str]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """``all`` and each coded phase, with counts of shape (sessions, classes, classes)."""
    yield "all", pair.counts.sum(1)
    for index, phase in enumerate(pair.phases):
        if phase in coded:
            yield phase, pair.counts[:, index]


def agreement_of(counts: NDArray[np.int64], dyads: Sequence[str], level: float) -> dict[str, float | int]:
    """Percent agreement and kappa with dyad-level intervals, and on how much they rest.

    Parameters
    ----------
    counts
        Units, shape (sessions, classes, classes).
    dyads
        The dyad of each session.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    dict
        percent, percent_low, percent_high, kappa, kappa_low, kappa_high, sessions, dyads, frames, as in
        `compare_coders`.
    """
    names, place = np.unique(np.array(dyads, dtype=object).astype(str), return_inverse=True)
    table = np.zeros((len(names), *counts.shape[1:]), dtype=np.int64)
    np.add.at(table, place, counts)
    total = table.sum(0)
    percent_low, percent_high = jackknife_interval(table, percent_agreement, bounds=(0.0, 100.0), level=level)
    kappa_low, kappa_high = jackknife_interval(table, cohen_kappa, bounds=(-1.0, 1.0), level=level)
    return {
        "percent": float(percent_agreement(total)), "percent_low": percent_low, "percent_high": percent_high,
        "kappa": float(cohen_kappa(total)), "kappa_low": kappa_low, "kappa_high": kappa_high,
        "sessions": int(counts.any((1, 2)).sum()), "dyads": int(table.any((1, 2)).sum()),
        "frames": int(total.sum()),
    }

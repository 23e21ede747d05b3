"""Agreement between the human coders of a study, target by target, phase by phase and code by code."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import jackknife_interval, sum_by_dyad
from dyadflow.agreement.kappa import cohen_kappa, one_against_rest, percent_agreement, weighted_kappa
from dyadflow.agreement.pairs import by_phase, coded_phases, count_pairs, target_classes
from dyadflow.annotations.labels import SessionLabels

AGREEMENT_COLUMNS = (
    "target", "phase", "code", "coder_a", "coder_b", "percent", "percent_low", "percent_high",
    "kappa", "kappa_low", "kappa_high", "kappa_linear", "kappa_linear_low", "kappa_linear_high",
    "kappa_quadratic", "kappa_quadratic_low", "kappa_quadratic_high", "sessions", "dyads", "frames",
)
CONFUSION_COLUMNS = ("target", "coder_a", "coder_b", "code_a", "code_b", "frames")

#: The code of a row that is about all classes of a target.
ALL_CODES = "all"


def compare_coders(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    coders: Mapping[tuple[str, str], str],
    *,
    ordered: Collection[str] = (),
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
    ordered
        Targets the order of whose classes means something, which have a weighted kappa too.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns target, phase, code, coder_a, coder_b, percent, percent_low, percent_high (0 to 100), kappa,
        kappa_low, kappa_high, kappa_linear and kappa_quadratic with theirs, sessions, dyads, frames. Phase is
        ``all`` or a name; phases in which nobody coded a class of that target, such as excluded ones, have no
        row. Code is ``all`` or a class, which is then compared with all others taken together. The weighted
        kappas are empty but for ordered targets and all codes. `sessions` and `dyads` are those with frames to
        compare. Two coders who coded a target in the same session, but in no frame both, have a row with 0
        frames; two who never coded the same session have none.

    Notes
    -----
    The units are frames to which both coders gave a class of the target: uncoded, unscorable and excluded
    frames are no class. Kappa is empty where it is undefined (`cohen_kappa`). Intervals: `jackknife_interval`
    over dyads.
    """
    rows = []
    coded = {target: coded_phases(labels, target) for target in target_classes(labels)}
    for pair in count_pairs(labels, dyads, coders):
        for phase, counts in by_phase(pair.counts, pair.phases, coded[pair.target]):
            for code, table in by_code(counts, pair.classes):
                row = {"target": pair.target, "phase": phase, "code": code, "coder_a": pair.coder_a,
                       "coder_b": pair.coder_b} | agreement_of(table, pair.dyads, level)
                if pair.target in ordered and code == ALL_CODES:
                    row |= _weighted(table, pair.dyads, level)
                rows.append(row)
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)).astype(
        {name: float for name in AGREEMENT_COLUMNS if name.startswith(("percent", "kappa"))})


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


def by_code(counts: NDArray[Any], classes: Sequence[str]) -> Iterator[tuple[str, NDArray[Any]]]:
    """``all`` with the counts as they are, then each class against the rest, shape (..., 2, 2)."""
    yield ALL_CODES, counts
    for place, name in enumerate(classes):
        yield name, one_against_rest(counts, place)


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
    table = sum_by_dyad(counts, dyads)
    total = table.sum(0)
    percent_low, percent_high = jackknife_interval(
        table, percent_agreement, bounds=(0.0, 100.0), level=level, at_once=True)
    kappa_low, kappa_high = jackknife_interval(table, cohen_kappa, bounds=(-1.0, 1.0), level=level, at_once=True)
    return {
        "percent": float(percent_agreement(total)), "percent_low": percent_low, "percent_high": percent_high,
        "kappa": float(cohen_kappa(total)), "kappa_low": kappa_low, "kappa_high": kappa_high,
        "sessions": int(counts.any((1, 2)).sum()), "dyads": int(table.any((1, 2)).sum()),
        "frames": int(total.sum()),
    }


def _weighted(counts: NDArray[np.int64], dyads: Sequence[str], level: float) -> dict[str, float]:
    """Both weighted kappas with their intervals."""
    table = sum_by_dyad(counts, dyads)
    found: dict[str, float] = {}
    kinds: tuple[Literal["linear", "quadratic"], ...] = ("linear", "quadratic")
    for weights in kinds:
        low, high = jackknife_interval(
            table, partial(weighted_kappa, weights=weights), bounds=(-1.0, 1.0), level=level,
            at_once=True)
        found |= {f"kappa_{weights}": float(weighted_kappa(table.sum(0), weights)),
                  f"kappa_{weights}_low": low, f"kappa_{weights}_high": high}
    return found

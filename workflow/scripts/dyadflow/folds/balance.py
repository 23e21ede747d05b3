"""How alike the folds are: the share of every class in each, beside that of the whole."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("fold", "target", "class", "share", "whole_share", "relative_deviation", "sessions", "dyads")


def balance_table(counts: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Say of every fold, target and class how far its share lies from that of all sessions together.

    Parameters
    ----------
    counts
        Columns session, dyad, then ``<target>:<class>`` with frames (`count_labels`).
    folds
        Columns session and outer, for the same sessions.

    Returns
    -------
    DataFrame
        Columns fold, target, class, share (of the fold's frames that have a class of the target), whole_share
        (the same over all sessions), relative_deviation ((share - whole_share) / whole_share), sessions and
        dyads (of the fold). A share is missing where nobody coded the target, and the deviation also where the
        class never occurs.
    """
    outer = _outer_of(counts, folds)
    frames = counts.drop(columns=["session", "dyad"])
    rows = []
    for fold in sorted(set(outer)):
        inside = outer == fold
        size = {"sessions": int(inside.sum()), "dyads": int(counts.dyad[inside].nunique())}
        for target, columns in _columns_by_target(counts).items():
            whole, part = frames[columns].sum(), frames.loc[inside, columns].sum()
            for name in columns:
                share, expected = _share(part[name], part.sum()), _share(whole[name], whole.sum())
                rows.append({
                    "fold": int(fold), "target": target, "class": name[len(target) + 1:],
                    "share": share, "whole_share": expected,
                    "relative_deviation": _share(share - expected, expected), **size,
                })
    return pd.DataFrame(rows, columns=list(COLUMNS))


def imbalance(counts: pd.DataFrame, folds: pd.DataFrame) -> float:
    """What a search for folds makes small, of a table of folds: see `imbalance_of_folds`.

    Parameters
    ----------
    counts, folds
        As in `balance_table`.

    Returns
    -------
    float
        The sum over the folds; 0 if every fold is like the whole.
    """
    outer, table = _outer_of(counts, folds), tally(counts)
    sums = np.stack([table[outer == fold].sum(0) for fold in sorted(set(outer))])
    return float(imbalance_of_folds(sums, table.sum(0), len(sums)).sum())


def tally(counts: pd.DataFrame) -> NDArray[np.float64]:
    """What the imbalance of folds is worked out from, one row a session, to be summed over those of a fold.

    Parameters
    ----------
    counts
        Columns session, dyad, then ``<target>:<class>`` with frames (`count_labels`).

    Returns
    -------
    ndarray, shape (sessions, 2 * targets + 1)
        Of each target the frames of its last class; of each target all its frames; 1. Whole numbers, whose sums
        are exact in whatever order they are taken.
    """
    columns = _columns_by_target(counts).values()
    positive = [counts[names[-1]].to_numpy(np.float64) for names in columns]
    frames = [counts[names].sum(axis=1).to_numpy(np.float64) for names in columns]
    return np.stack([*positive, *frames, np.ones(len(counts))], axis=1)


def imbalance_of_folds(
    sums: NDArray[np.float64], whole: NDArray[np.float64], folds: int
) -> NDArray[np.float64]:
    """How unlike the whole each of many folds is.

    Parameters
    ----------
    sums
        `tally` summed over the sessions of a fold, shape (..., 2 * targets + 1).
    whole
        `tally` summed over all sessions, shape (2 * targets + 1,).
    folds
        How many folds there are.

    Returns
    -------
    ndarray, shape (...)
        Twice the sum over targets of ((p - P) / P)**2, where p is the share of the last class in the fold and P
        that in the whole, plus ((s - S) / S)**2, where s is the fold's number of sessions and S the number of
        sessions over the number of folds.

    Notes
    -----
    Fraile et al. (ICMI 2022, doi 10.1145/3536221.3556629), Section 3.3, with the weights of their released code,
    whose sum over folds is the score of a partition. (That code gives both variables of a task the share of the
    two together; here each target has its own, as the text says.) A fold in which nobody coded a target counts
    as if its last class did not occur there. A target whose last class occurs nowhere is as balanced as can be.
    """
    targets = (len(whole) - 1) // 2
    expected = np.divide(
        whole[:targets], whole[targets:-1], out=np.zeros(targets), where=whole[targets:-1] > 0)
    there = expected > 0
    positive, frames = sums[..., :targets][..., there], sums[..., targets:-1][..., there]
    share = positive / np.maximum(frames, 1)
    sessions = whole[-1] / folds
    return 2 * np.square(share / expected[there] - 1).sum(-1) + np.square(sums[..., -1] / sessions - 1)


def _columns_by_target(counts: pd.DataFrame) -> dict[str, list[str]]:
    """Names of the columns of each target, in the order of its classes."""
    found: dict[str, list[str]] = {}
    for name in counts.columns.drop(["session", "dyad"]):
        found.setdefault(name.rpartition(":")[0], []).append(name)
    return found


def _outer_of(counts: pd.DataFrame, folds: pd.DataFrame) -> NDArray[np.int64]:
    """The outer fold of each session, in the order of `counts`."""
    return folds.set_index("session").outer[counts.session].to_numpy(np.int64)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")

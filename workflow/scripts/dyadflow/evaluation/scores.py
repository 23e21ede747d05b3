"""Rows of the result tables, from one cell's confusions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.agreement.intervals import NO_INTERVAL, interval_from_left_out, leave_one_out, nonempty
from dyadflow.evaluation.counts import CellCounts
from dyadflow.evaluation.metrics import BOUNDS, UNWEIGHTED, metrics_of

#: With fewer the intervals of a class, and of unweighted means, cover too little (bench/interval_coverage.py).
LEAST_DYADS_OF_A_CLASS = 3


def score_dyads(counts: NDArray[np.int64], level: float) -> list[dict[str, Any]]:
    """Every metric of the pooled confusion of some dyads, with its interval.

    Parameters
    ----------
    counts
        Confusions, shape (dyads, classes, classes).
    level
        Nominal coverage.

    Returns
    -------
    list of dict
        One for each metric: metric, value, low, high, dyads (those with a scored frame), frames. An unweighted mean has
        no interval where a class is shown by fewer dyads than `LEAST_DYADS_OF_A_CLASS`.
    """
    table = nonempty(counts)
    pooled = table.sum(0)
    values, left_out = metrics_of(pooled), metrics_of(leave_one_out(table))
    # A class that fewer dyads show says nothing about its spread, and an unweighted mean rests on it as on any other.
    few = len(table) and (table.sum(-1) > 0).sum(0).min() < LEAST_DYADS_OF_A_CLASS
    rows = []
    for name, bounds in BOUNDS.items():
        low, high = NO_INTERVAL if few and name in UNWEIGHTED else interval_from_left_out(
            float(values[name]), left_out[name], bounds=bounds, level=level)
        rows.append({
            "metric": name, "value": float(values[name]), "low": low, "high": high,
            "dyads": len(table), "frames": int(pooled.sum()),
        })
    return rows


def score_cell(cell: CellCounts, instructed: tuple[str, ...], level: float) -> list[dict[str, Any]]:
    """Rows of ``cells.tsv`` for one cell: every phase, every metric."""
    rows = []
    for phase, counts in cell.slices(instructed).items():
        of_folds = metrics_of(cell.by_fold(counts)[1])
        for row in score_dyads(cell.by_dyad(counts), level):
            mean, deviation = _mean_and_deviation(of_folds[row["metric"]])
            rows.append(cell.cell.key | {"phase": phase, "fold_mean": mean, "fold_sd": deviation} | row)
    return rows


def score_folds(cell: CellCounts) -> list[dict[str, Any]]:
    """Rows of ``fold_scores.tsv`` for one cell: every outer fold, every metric, over all phases."""
    folds, counts = cell.by_fold(cell.counts.sum(1))
    found = metrics_of(counts)
    return [
        cell.cell.key | {"fold": fold, "metric": name, "value": float(found[name][place])}
        for place, fold in enumerate(folds) for name in BOUNDS
    ]


def score_groups(cell: CellCounts, groups: dict[str, dict[str, str]], level: float) -> list[dict[str, Any]]:
    """Rows of ``groups.tsv`` for one cell: every level of every covariate, every metric, over all phases.

    Parameters
    ----------
    cell
        Whose results.
    groups
        For each covariate, the level of each session.
    level
        Nominal coverage.
    """
    everything = cell.counts.sum(1)
    rows = []
    for covariate, level_of in groups.items():
        # In the order of the covariate's own levels, as `covariates.group_sessions` gives them.
        for name in dict.fromkeys(level_of.values()):
            chosen = np.array([level_of[session] == name for session in cell.truth.sessions])
            if chosen.any():
                kept = everything * chosen[:, None, None]
                rows += [cell.cell.key | {"covariate": covariate, "level": name} | row
                         for row in score_dyads(cell.by_dyad(kept), level)]
    return rows


def list_confusion(cell: CellCounts, instructed: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of ``confusion.tsv`` for one cell: every phase, every pair of classes."""
    classes = cell.truth.classes
    return [
        cell.cell.key | {"phase": phase, "truth": truth, "predicted": predicted, "frames": int(frames)}
        for phase, counts in cell.slices(instructed).items()
        for truth, line in zip(classes, counts.sum(0), strict=True)
        for predicted, frames in zip(classes, line, strict=True)
    ]


def _mean_and_deviation(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and sample standard deviation over the folds in which the metric is defined; NaN if too few."""
    there = values[np.isfinite(values)]
    return (
        float(there.mean()) if len(there) else float("nan"),
        float(there.std(ddof=1)) if len(there) > 1 else float("nan"),
    )

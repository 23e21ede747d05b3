"""How well each class is told from all others: at the most probable class, and at every threshold."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import NO_INTERVAL, interval_from_left_out, leave_one_out
from dyadflow.evaluation.counts import KEY, count_cell
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Request, Scored, gather_scored
from dyadflow.evaluation.scores import LEAST_DYADS_OF_A_CLASS
from dyadflow.tables import write_table

CLASS_COLUMNS = (*KEY, "phase", "class", "metric", "value", "low", "high", "dyads", "frames")
CURVE_COLUMNS = (*KEY, "class", "curve", "threshold", "x", "y")
#: Probabilities are rounded to so many levels, so that curves are counts that add up over dyads.
LEVELS = 4096
#: Points of a curve at most.
_POINTS = 200


def score_classes(
    request: Request, *, instructed: Sequence[str], level: float, classes: str | Path, curves: str | Path
) -> None:
    """Score every class against all others, pooled over held-out dyads.

    Parameters
    ----------
    request
        Which cells.
    instructed
        Phases in which behaviour is instructed; results are also given without each.
    level
        Nominal coverage of the intervals over dyads.
    classes
        TSV to write: protocol, target, stream, model, phase (``all``, ``without X``), class, metric (precision, recall,
        f1, average_precision, roc_auc), value, low, high, dyads (that show the class), frames (of the class).
    curves
        TSV to write: protocol, target, stream, model, class, curve (pr: recall and precision; roc: false and true
        positive rate), threshold, x, y; at most 200 points a curve.

    Notes
    -----
    Average precision and area under the ROC curve are those of scikit-learn on probabilities rounded to 1/4096. A class
    that no frame shows has no values, and one that fewer than three dyads show no intervals.
    """
    scored: list[dict[str, Any]] = []
    drawn: list[dict[str, Any]] = []
    for each in gather_scored(request).scored:
        phases = ("all", *(f"without {name}" for name in instructed if name in each.truth.phases))
        confusions = count_cell(each.cell, each.truth, each.probabilities)
        slices = confusions.slices(tuple(instructed))
        histograms = _histograms(each, phases)
        for phase in phases:
            if phase not in slices:
                continue
            by_dyad = confusions.by_dyad(slices[phase])
            for place, name in enumerate(each.truth.classes):
                scored += [
                    each.cell.key | {"phase": phase, "class": name} | row
                    for row in score_class(by_dyad, histograms[phase][:, place], place, level)
                ]
        drawn += _draw(each, histograms["all"].sum(0))
    write_table(pd.DataFrame(scored, columns=list(CLASS_COLUMNS)), classes)
    write_table(pd.DataFrame(drawn, columns=list(CURVE_COLUMNS)), curves)


def average_precision(histogram: NDArray[Any]) -> NDArray[np.float64]:
    """Average precision from counts by rounded score.

    Parameters
    ----------
    histogram
        Shape (..., 2, levels): frames of other classes and of the class, by score from lowest to highest.

    Returns
    -------
    ndarray, shape (...)
        The sum over thresholds of precision times the recall that is gained; NaN without a frame of the class.
    """
    hits, said = _cumulated(histogram)
    total = hits[..., -1:]
    gained = np.diff(hits, axis=-1, prepend=0)
    precision = np.divide(hits, said, out=np.zeros(hits.shape), where=said > 0)
    whole = (precision * gained).sum(-1)
    return np.divide(whole, total[..., 0], out=np.full(whole.shape, np.nan), where=total[..., 0] > 0)


def roc_auc(histogram: NDArray[Any]) -> NDArray[np.float64]:
    """Area under the ROC curve from counts by rounded score (as `average_precision`): the share of pairs of a frame of
    the class and another in which the former scores higher, ties counting half; NaN without both."""
    counts = np.asarray(histogram, np.float64)
    others, own = counts[..., 0, :], counts[..., 1, :]
    below = np.cumsum(others, axis=-1) - others
    pairs = (own * (below + others / 2)).sum(-1)
    room = others.sum(-1) * own.sum(-1)
    return np.divide(pairs, room, out=np.full(pairs.shape, np.nan), where=room > 0)


def score_class(
    confusions: NDArray[np.int64], histogram: NDArray[np.int64], place: int, level: float
) -> list[dict[str, Any]]:
    """Every metric of one class against all others, with its interval.

    Parameters
    ----------
    confusions
        Of some dyads, shape (dyads, classes, classes).
    histogram
        Of the same dyads: frames of other classes and of this one by score, shape (dyads, 2, levels).
    place
        Which class.
    level
        Nominal coverage.

    Returns
    -------
    list of dict
        One for each metric: metric, value, low, high, dyads (that show the class), frames (of the class). None if no
        frame shows it; no interval if fewer dyads do than `LEAST_DYADS_OF_A_CLASS`.
    """
    there = histogram.sum((1, 2)) > 0
    confusions, histogram = confusions[there], histogram[there]
    frames, dyads = int(histogram[:, 1].sum()), int(histogram[:, 1].any(-1).sum())
    if not frames:
        return []
    statistics = {
        **{metric: (confusions, _of_class(place, metric)) for metric in ("precision", "recall", "f1")},
        "average_precision": (histogram, average_precision), "roc_auc": (histogram, roc_auc),
    }
    rows = []
    for metric, (counts, statistic) in statistics.items():
        value = float(statistic(counts.sum(0)))
        low, high = NO_INTERVAL if dyads < LEAST_DYADS_OF_A_CLASS else interval_from_left_out(
            value, statistic(leave_one_out(counts)), level=level)
        rows.append({"metric": metric, "value": value, "low": low, "high": high, "dyads": dyads, "frames": frames})
    return rows


def _cumulated(histogram: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frames of the class, and all frames, at or above each score, from the highest down."""
    falling = np.asarray(histogram, np.float64)[..., ::-1]
    return np.cumsum(falling[..., 1, :], axis=-1), np.cumsum(falling.sum(-2), axis=-1)


def _histograms(each: Scored, phases: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """For each phase, counts of shape (dyads, classes, 2, levels)."""
    truth, size = each.truth, len(each.truth.classes)
    dyads = sorted({truth.folds[name].dyad for name in truth.sessions})
    tables = {phase: np.zeros((len(dyads), size, 2, LEVELS), np.int64) for phase in phases}
    for session, held_out in read_held_out(each.probabilities, truth):
        codes, place = truth.codes[session], dyads.index(truth.folds[session].dyad)
        for phase, table in tables.items():
            kept = codes >= 0
            if phase != "all":
                kept &= truth.phase[session] != truth.phases.index(phase.removeprefix("without "))
            levels = np.clip(np.rint(held_out.probabilities[kept] * (LEVELS - 1)), 0, LEVELS - 1).astype(np.int64)
            own = (codes[kept][:, None] == np.arange(size)).astype(np.int64)
            cells = (np.arange(size) * 2 + own) * LEVELS + levels
            table[place] += np.bincount(cells.ravel(), minlength=size * 2 * LEVELS).reshape(size, 2, LEVELS)
    return tables


def _of_class(place: int, metric: str) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """Precision, recall or F1 of one class from confusions, shape (..., classes, classes)."""
    def statistic(confusions: NDArray[Any]) -> NDArray[np.float64]:
        counts = np.asarray(confusions, np.float64)
        hits, true, said = counts[..., place, place], counts[..., place, :].sum(-1), counts[..., :, place].sum(-1)
        part, whole = {"precision": (hits, said), "recall": (hits, true), "f1": (2 * hits, true + said)}[metric]
        return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)

    return statistic


def _draw(each: Scored, histograms: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Points of both curves of every class that occurs."""
    rows = []
    for place, name in enumerate(each.truth.classes):
        hits, said = _cumulated(histograms[place])
        total, others = hits[-1], said[-1] - hits[-1]
        if not total:
            continue
        thresholds = np.arange(LEVELS - 1, -1, -1) / (LEVELS - 1)
        reached = np.flatnonzero(np.diff(said, prepend=0) > 0)
        kept = np.unique(reached[np.linspace(0, len(reached) - 1, min(_POINTS - 1, len(reached))).round().astype(int)])
        recall, precision = hits[kept] / total, hits[kept] / said[kept]
        curves = {"pr": (np.r_[0, recall], np.r_[precision[:1], precision])}
        if others:
            curves["roc"] = (np.r_[0, (said[kept] - hits[kept]) / others], np.r_[0, recall])
        for curve, (x, y) in curves.items():
            rows += [
                each.cell.key | {"class": name, "curve": curve, "threshold": at, "x": one, "y": other}
                for at, one, other in zip(np.r_[1.0, thresholds[kept]], x, y, strict=True)
            ]
    return rows

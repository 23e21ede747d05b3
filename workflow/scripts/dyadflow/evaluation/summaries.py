"""Whether the numbers that a psychologist would publish come out the same from predicted codes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.icc import icc
from dyadflow.evaluation.counts import KEY
from dyadflow.evaluation.differences import interval_of_mean
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Gathered, Request, Scored, gather_scored
from dyadflow.models.bout_matching import find_bouts
from dyadflow.tables import write_table

SUMMARY_COLUMNS = (
    *KEY, "phase", "class", "measure", "icc", "icc_low", "icc_high", "bias", "bias_low", "bias_high", "coded_mean",
    "predicted_mean", "sessions", "dyads",
)
MEASURES = ("proportion", "rate_per_min", "mean_bout_s")


def compare_summaries(request: Request, *, level: float, summaries: str | Path) -> None:
    """Sum up each session's behaviour from human and from predicted codes, and compare over dyads.

    Parameters
    ----------
    request
        Which cells.
    level
        Nominal coverage of the intervals.
    summaries
        TSV to write, a row for each cell, phase (``all`` and each of the scheme's), class and measure: protocol,
        target, stream, model, phase, class, measure, icc (ICC(A,1) of human and model), icc_low, icc_high, bias
        (predicted minus coded, mean over dyads), bias_low, bias_high, coded_mean, predicted_mean, sessions, dyads.

    Notes
    -----
    proportion: of the frames with a class; rate_per_min: bouts a minute of these; mean_bout_s: of the bouts there are,
    no value where there is none. Predicted codes are smoothed as the model of the fold smooths, and count only where
    the human gave a class. Sessions of a dyad are averaged first. A class that neither ever shows has no row.
    Where most dyads are alike, ICC is low however small the errors are; then look at the bias. ICC: McGraw & Wong
    (1996).
    """
    gathered = gather_scored(request)
    rows = [row for each in gathered.scored for row in _compare(each, gathered, level)]
    write_table(pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS)), summaries)


def _compare(each: Scored, gathered: Gathered, level: float) -> Iterator[dict[str, Any]]:
    truth = each.truth
    phases = {"all": None, **{name: place for place, name in enumerate(truth.phases)}}
    measured: dict[str, list[NDArray[np.float64]]] = {name: [] for name in phases}
    owners: dict[str, list[str]] = {name: [] for name in phases}
    for session, held_out in read_held_out(each.probabilities, truth):
        codes, rate_hz = truth.codes[session].astype(np.int64), gathered.rate_hz(session)
        predicted = held_out.smoothed_codes()
        for name, place in phases.items():
            known = codes >= 0 if place is None else (codes >= 0) & (truth.phase[session] == place)
            if known.any():
                measured[name].append(np.stack([
                    measure(said, known, len(truth.classes), rate_hz) for said in (codes, predicted)]))
                owners[name].append(truth.folds[session].dyad)
    for name, values in measured.items():
        if values:
            yield from _rows(each, name, np.stack(values), np.array(owners[name]), level)


def measure(
    codes: NDArray[np.int64], known: NDArray[np.bool_], classes: int, rate_hz: float
) -> NDArray[np.float64]:
    """Proportion, bouts a minute and mean length of a bout in seconds of every class.

    Parameters
    ----------
    codes, known
        Class of each frame, and which frames count; shape (frames,).
    classes
        How many there are.
    rate_hz
        Frames a second.

    Returns
    -------
    ndarray, shape (classes, 3)
        The last is NaN for a class without a bout.
    """
    bouts = find_bouts(codes, known)
    lengths = (bouts.stops - bouts.starts) / rate_hz
    inside = (bouts.codes >= 0) & (bouts.codes < classes)
    count = np.bincount(bouts.codes[inside], minlength=classes).astype(np.float64)
    total_s = np.bincount(bouts.codes[inside], lengths[inside], minlength=classes)
    whole_s = known.sum() / rate_hz
    mean_s = np.divide(total_s, count, out=np.full(classes, np.nan), where=count > 0)
    return np.stack([total_s / whole_s, 60 * count / whole_s, mean_s], axis=1)


def _rows(
    each: Scored, phase: str, values: NDArray[np.float64], owners: NDArray[Any], level: float
) -> Iterator[dict[str, Any]]:
    """Rows of one phase from values of shape (sessions, 2, classes, 3)."""
    for place, name in enumerate(each.truth.classes):
        if not values[:, :, place, 1].any():
            continue
        for number, measured in enumerate(MEASURES):
            whole = np.isfinite(values[:, :, place, number]).all(1)
            table = _mean_by_dyad(values[whole, :, place, number], owners[whole])
            agreed = icc(table, level=level).icc_a1
            low, high = interval_of_mean(table[:, 1] - table[:, 0], level)
            coded, predicted = (float(mean) for mean in table.mean(0)) if len(table) else (np.nan, np.nan)
            yield each.cell.key | {
                "phase": phase, "class": name, "measure": measured, "icc": agreed.value, "icc_low": agreed.low,
                "icc_high": agreed.high, "bias": predicted - coded, "bias_low": low, "bias_high": high,
                "coded_mean": coded, "predicted_mean": predicted, "sessions": int(whole.sum()), "dyads": len(table),
            }


def _mean_by_dyad(values: NDArray[np.float64], owners: NDArray[Any]) -> NDArray[np.float64]:
    """Values of sessions, shape (sessions, 2), averaged over the sessions of each dyad, in order of their names."""
    names, places, sessions = np.unique(owners, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), 2))
    np.add.at(sums, places, values)
    return sums / sessions[:, None]

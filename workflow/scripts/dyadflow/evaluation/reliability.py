"""Whether probabilities mean what they say: before calibration, and after."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import interval_from_left_out, leave_one_out
from dyadflow.evaluation.counts import KEY
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Request, Scored, gather_scored
from dyadflow.tables import write_table

CALIBRATION_COLUMNS = (*KEY, "probabilities", "metric", "value", "low", "high", "dyads", "frames")
BIN_COLUMNS = (*KEY, "probabilities", "bin_low", "bin_high", "confidence", "accuracy", "low", "high", "frames")
BINS = 15
_TINY = 1e-7
#: Where what a dyad adds up stands: frames, those that were right, and the sum of confidence, by bin; then, over all
#: frames, Brier score and negative log likelihood.
_FRAMES, _RIGHT, _CONFIDENCE = range(3)


def score_calibration(
    request: Request, *, level: float, calibration: str | Path, bins: str | Path
) -> None:
    """Score the probabilities of every cell, pooled over held-out dyads.

    Parameters
    ----------
    request
        Which cells.
    level
        Nominal coverage of the intervals over dyads.
    calibration
        TSV to write: protocol, target, stream, model, probabilities (``raw``, as the network gave them; ``calibrated``,
        without the shift by class weights and at the temperature of its fold), metric (ece, brier, nll, confidence,
        accuracy), value, low, high, dyads, frames.
    bins
        TSV to write: protocol, target, stream, model, probabilities, bin_low, bin_high (of the highest probability of a
        frame), confidence (its mean), accuracy, low, high, frames; bins without a frame have no row.

    Notes
    -----
    ece: expected calibration error, in 15 bins of equal width (Guo et al. 2017); its value is pushed up by chance where
    frames are few. brier: sum over classes of squared differences. nll: mean negative log likelihood.
    """
    scored: list[dict[str, Any]] = []
    drawn: list[dict[str, Any]] = []
    for each in gather_scored(request).scored:
        for kind, (by_bin, sums) in _add_up(each).items():
            scored += _score(each, kind, by_bin, sums, level)
            drawn += _bins(each, kind, by_bin, level)
    write_table(pd.DataFrame(scored, columns=list(CALIBRATION_COLUMNS)), calibration)
    write_table(pd.DataFrame(drawn, columns=list(BIN_COLUMNS)), bins)


def expected_calibration_error(by_bin: NDArray[Any]) -> NDArray[np.float64]:
    """From frames, right frames and summed confidence by bin, shape (..., 3, bins); shape (...)."""
    counts = np.asarray(by_bin, np.float64)
    frames = counts[..., _FRAMES, :].sum(-1)
    apart = np.abs(counts[..., _RIGHT, :] - counts[..., _CONFIDENCE, :]).sum(-1)
    return np.divide(apart, frames, out=np.full(apart.shape, np.nan), where=frames > 0)


def add_up_frames(probabilities: NDArray[np.float64], codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What frames with a class add up: by bin, shape (3, bins), and over all, shape (2,).

    Parameters
    ----------
    probabilities
        Shape (frames, classes).
    codes
        Class of each frame, shape (frames,); negative is none.
    """
    by_bin, sums, kept = np.zeros((3, BINS)), np.zeros(2), codes >= 0
    own, right = probabilities[kept], codes[kept].astype(np.int64)
    if len(own):
        top = own.max(axis=1)
        which = np.clip((top * BINS).astype(np.int64), 0, BINS - 1)
        hits = own.argmax(axis=1) == right
        for row, weights in ((_FRAMES, None), (_RIGHT, hits), (_CONFIDENCE, top)):
            by_bin[row] = np.bincount(which, weights, minlength=BINS)
        sums[0] = ((own - np.eye(own.shape[1])[right]) ** 2).sum()
        sums[1] = -np.log(np.clip(own[np.arange(len(own)), right], _TINY, None)).sum()
    return by_bin, sums


def _add_up(each: Scored) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each kind of probabilities, sums by dyad: (dyads, 3, bins), and (dyads, 2)."""
    truth = each.truth
    dyads = sorted({truth.folds[name].dyad for name in truth.sessions})
    found = {kind: (np.zeros((len(dyads), 3, BINS)), np.zeros((len(dyads), 2))) for kind in ("raw", "calibrated")}
    for session, held_out in read_held_out(each.probabilities, truth):
        codes, place = truth.codes[session], dyads.index(truth.folds[session].dyad)
        for kind, (by_bin, sums) in found.items():
            values = held_out.probabilities.astype(np.float64) if kind == "raw" else held_out.calibrated()
            own_bins, own_sums = add_up_frames(values, codes)
            by_bin[place] += own_bins
            sums[place] += own_sums
    return found


def calibration_statistics() -> dict[str, tuple[Callable[[NDArray[Any]], NDArray[Any]], tuple[float, float]]]:
    """Every score from what dyads add up, with the least and greatest value that it can take.

    What they add up has the shape (..., 3 * bins + 2): frames, right frames and summed confidence by bin, then Brier
    score and negative log likelihood.
    """
    def bins_of(rows: NDArray[Any]) -> NDArray[Any]:
        return rows[..., : 3 * BINS].reshape(*rows.shape[:-1], 3, BINS)

    def mean(of: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[NDArray[Any]], NDArray[Any]]:
        return lambda rows: of(rows) / bins_of(rows)[..., _FRAMES, :].sum(-1)

    return {
        "ece": (lambda rows: expected_calibration_error(bins_of(rows)), (0.0, 1.0)),
        "brier": (mean(lambda rows: rows[..., -2]), (0.0, 2.0)),
        "nll": (mean(lambda rows: rows[..., -1]), (0.0, float("inf"))),
        "confidence": (mean(lambda rows: bins_of(rows)[..., _CONFIDENCE, :].sum(-1)), (0.0, 1.0)),
        "accuracy": (mean(lambda rows: bins_of(rows)[..., _RIGHT, :].sum(-1)), (0.0, 1.0)),
    }


def _score(each: Scored, kind: str, by_bin: NDArray[Any], sums: NDArray[Any], level: float) -> list[dict[str, Any]]:
    there = by_bin[:, _FRAMES].sum(-1) > 0
    # Side by side, so that leaving a dyad out is one subtraction.
    table = np.concatenate([by_bin[there].reshape(there.sum(), -1), sums[there]], axis=1)
    rows = []
    for metric, (statistic, bounds) in calibration_statistics().items():
        value = float(statistic(table.sum(0)))
        low, high = interval_from_left_out(value, statistic(leave_one_out(table)), bounds=bounds, level=level)
        rows.append(each.cell.key | {
            "probabilities": kind, "metric": metric, "value": value, "low": low, "high": high, "dyads": len(table),
            "frames": int(by_bin[:, _FRAMES].sum()),
        })
    return rows


def _bins(each: Scored, kind: str, by_bin: NDArray[Any], level: float) -> list[dict[str, Any]]:
    rows = []
    for place in range(BINS):
        own = by_bin[by_bin[:, _FRAMES, place] > 0][:, :, place]
        if not len(own):
            continue
        frames, right, confidence = own.sum(0)
        rests = leave_one_out(own)
        low, high = interval_from_left_out(
            right / frames, rests[:, _RIGHT] / np.maximum(rests[:, _FRAMES], 1), level=level)
        rows.append(each.cell.key | {
            "probabilities": kind, "bin_low": place / BINS, "bin_high": (place + 1) / BINS,
            "confidence": confidence / frames, "accuracy": right / frames, "low": low, "high": high,
            "frames": int(frames),
        })
    return rows

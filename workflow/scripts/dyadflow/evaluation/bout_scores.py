"""Bouts instead of frames: whether they are found, in the right order, and where they begin and end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import interval_from_left_out, leave_one_out
from dyadflow.evaluation.counts import KEY
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Gathered, Request, Scored, gather_scored
from dyadflow.models.bout_matching import Bouts, count_edits, count_matches, find_bouts, match, segmental_f1
from dyadflow.tables import write_table

BOUT_COLUMNS = (*KEY, "smoothing", "metric", "value", "low", "high", "dyads", "bouts")
OVERLAPS = (10, 25, 50)
#: Edges are compared of bouts that share at least so much of their union.
_EDGES_AT = 0.25
#: What a dyad adds up: edits and longest sequences; found, invented and missed at each overlap; matched bouts with the
#: summed distances of their onsets and offsets in seconds; predicted and true bouts.
_EDITS, _F1, _EDGES, _BOUTS = slice(0, 2), slice(2, 11), slice(11, 14), slice(14, 16)
_WIDTH = 16


def score_bouts(request: Request, *, level: float, bouts: str | Path) -> None:
    """Score the bouts of every cell, pooled over held-out dyads.

    Parameters
    ----------
    request
        Which cells.
    level
        Nominal coverage of the intervals over dyads.
    bouts
        TSV to write: protocol, target, stream, model, smoothing (``none``, the most probable class of each frame;
        ``tuned``, as the model of its fold smooths), metric, value, low, high, dyads, bouts (true ones).

    Notes
    -----
    Runs are taken within stretches of frames that have a true class; what nobody coded belongs to no bout. f1_10, f1_25
    and f1_50: F1 of bouts that share 10, 25 or 50 % of their union with a true one of their class, counted over all
    classes; edit: 1 minus the edits that turn the predicted sequence of codes into the true one, over the length of the
    longer, summed over stretches and then divided, so that a long stretch counts for more (Lea et al. 2017, there in
    percent and for each video). onset_error_s, offset_error_s: mean distance of the edges of bouts matched at 25 %.
    bouts_ratio: predicted over true bouts.
    """
    rows: list[dict[str, Any]] = []
    gathered = gather_scored(request)
    for each in gathered.scored:
        for smoothing, table in _add_up(each, gathered).items():
            rows += _score(each, smoothing, table, level)
    write_table(pd.DataFrame(rows, columns=list(BOUT_COLUMNS)), bouts)


def count_bouts(truth: Bouts, predicted: Bouts, rate_hz: float) -> NDArray[np.float64]:
    """What one session adds up, shape (16,)."""
    counts = np.zeros(_WIDTH)
    counts[_EDITS] = count_edits(truth, predicted)
    counts[_F1] = np.concatenate([count_matches(truth, predicted, overlap / 100) for overlap in OVERLAPS])
    matched = match(truth, predicted, _EDGES_AT)
    found = matched >= 0
    own = matched[found]
    counts[_EDGES] = (
        len(own),
        np.abs(predicted.starts[found] - truth.starts[own]).sum() / rate_hz,
        np.abs(predicted.stops[found] - truth.stops[own]).sum() / rate_hz,
    )
    counts[_BOUTS] = len(predicted), len(truth)
    return counts


def _add_up(each: Scored, gathered: Gathered) -> dict[str, NDArray[np.float64]]:
    """For each smoothing, what every dyad adds up, shape (dyads, 16)."""
    truth = each.truth
    dyads = sorted({truth.folds[name].dyad for name in truth.sessions})
    tables = {smoothing: np.zeros((len(dyads), _WIDTH)) for smoothing in ("none", "tuned")}
    for session, held_out in read_held_out(each.probabilities, truth):
        codes, place = truth.codes[session], dyads.index(truth.folds[session].dyad)
        known = codes >= 0
        true = find_bouts(codes.astype(np.int64), known)
        for smoothing, table in tables.items():
            said = held_out.codes if smoothing == "none" else held_out.smoothed_codes()
            table[place] += count_bouts(true, find_bouts(said, known), gathered.rate_hz(session))
    return tables


def bout_statistics() -> dict[str, tuple[Callable[[NDArray[Any]], NDArray[Any]], tuple[float, float]]]:
    """Every score from what dyads add up, shape (..., 16), with the least and greatest value that it can take."""
    def f1_at(place: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
        return lambda sums: segmental_f1(sums[..., _F1][..., 3 * place:3 * place + 3])

    def ratio(of: slice, part: int, whole: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
        return lambda sums: _ratio(sums[..., of][..., part], sums[..., of][..., whole])

    endless = (0.0, float("inf"))
    return {
        "edit": (lambda sums: 1 - _ratio(sums[..., 0], sums[..., 1]), (0.0, 1.0)),
        **{f"f1_{overlap}": (f1_at(place), (0.0, 1.0)) for place, overlap in enumerate(OVERLAPS)},
        "onset_error_s": (ratio(_EDGES, 1, 0), endless), "offset_error_s": (ratio(_EDGES, 2, 0), endless),
        "bouts_ratio": (ratio(_BOUTS, 0, 1), endless),
    }


def _score(each: Scored, smoothing: str, table: NDArray[np.float64], level: float) -> list[dict[str, Any]]:
    table = table[table[:, _BOUTS].sum(1) > 0]
    if not len(table):
        return []
    rows = []
    for metric, (statistic, bounds) in bout_statistics().items():
        value = float(statistic(table.sum(0)))
        low, high = interval_from_left_out(value, statistic(leave_one_out(table)), bounds=bounds, level=level)
        rows.append(each.cell.key | {
            "smoothing": smoothing, "metric": metric, "value": value, "low": low, "high": high, "dyads": len(table),
            "bouts": int(table[:, _BOUTS][:, 1].sum()),
        })
    return rows


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)

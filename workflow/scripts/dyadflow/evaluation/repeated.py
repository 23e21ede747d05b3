"""Named comparisons over a cross-validation that was repeated with other folds."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.evaluation.comparisons import choose_opponent
from dyadflow.evaluation.counts import Cell, CellCounts
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.settings import Comparison

REPEATED_COLUMNS = (
    "protocol_group", "target", "stream", "model", "against_stream", "against_model", "metric", "difference", "low",
    "high", "folds", "deals", "p",
)


def list_repeated(
    counted: Sequence[CellCounts], comparisons: Sequence[Comparison], repeats: Mapping[str, str], *, level: float
) -> list[dict]:
    """Rows of ``repeated.tsv``.

    Parameters
    ----------
    counted
        Confusions of all cells, baselines among them.
    comparisons
        What was named beforehand.
    repeats
        For each protocol the name of the group of protocols that differ in nothing but their deal of folds. A group of
        one is no repeated cross-validation and has no row: within one, folds share training dyads, and no variance of
        theirs is that of the mean (Bengio & Grandvalet 2004); there the sign-flip test over dyads stands.
    level
        Nominal coverage.
    """
    by_cell = {each.cell: each for each in counted if not each.truth.by_frame}
    rows = []
    for group in dict.fromkeys(repeats.values()):
        protocols = [name for name, own in repeats.items() if own == group]
        if len(protocols) < 2:
            continue
        for comparison in comparisons:
            ours = [Cell(name, comparison.target, comparison.stream, comparison.network) for name in protocols]
            if not all(cell in by_cell for cell in ours):
                continue
            # The opponent is chosen once, in the first protocol, so that every deal is against the same.
            first = choose_opponent(ours[0], comparison, by_cell)
            theirs = [Cell(name, first.target, first.stream, first.model) for name in protocols]
            if all(cell in by_cell for cell in theirs):
                pairs = [(by_cell[one], by_cell[other]) for one, other in zip(ours, theirs, strict=True)]
                rows.append({
                    "protocol_group": group, "target": comparison.target, "stream": comparison.stream,
                    "model": comparison.network, "against_stream": first.stream, "against_model": first.model,
                    "metric": comparison.metric,
                } | _compare(pairs, comparison.metric, level))
    return rows


def corrected_resampled_t(
    differences: ArrayLike, shares: ArrayLike, *, level: float = 0.95
) -> tuple[float, float, float, float]:
    """Nadeau and Bengio's corrected resampled t test.

    Parameters
    ----------
    differences
        One a fold and repetition, shape (folds,).
    shares
        For each, dyads tested over dyads trained on.
    level
        Nominal coverage.

    Returns
    -------
    mean, low, high, p
        Two-sided. Interval and p are NaN with fewer than two differences, or none that differ.

    Notes
    -----
    Nadeau & Bengio (2003), Machine Learning 52, 239-281: variance (1 / J + tested / trained) s^2 with J - 1 degrees of
    freedom.
    """
    from scipy.special import stdtr, stdtrit

    values, ratio = np.asarray(differences, np.float64), float(np.mean(shares))
    count, mean = len(values), float(np.mean(values))
    if count < 2 or np.ptp(values) == 0:
        return mean, float("nan"), float("nan"), float("nan")
    error = np.sqrt((1 / count + ratio) * values.var(ddof=1))
    reach = float(stdtrit(count - 1, 0.5 + level / 2) * error)
    return mean, mean - reach, mean + reach, float(2 * stdtr(count - 1, -abs(mean) / error))


def _compare(pairs: Sequence[tuple[CellCounts, CellCounts]], metric: str, level: float) -> dict:
    differences: list[float] = []
    shares: list[float] = []
    for one, other in pairs:
        values = [_by_fold(each, metric) for each in (one, other)]
        differences += list(values[0] - values[1])
        dyads = [len({fold.dyad for fold in one.truth.folds.values() if fold.outer == outer})
                 for outer in one.by_fold(one.counts.sum(1))[0]]
        shares += [tested / (sum(dyads) - tested) for tested in dyads]
    there = np.isfinite(differences)
    mean, low, high, p = corrected_resampled_t(np.array(differences)[there], np.array(shares)[there], level=level)
    return {"difference": mean, "low": low, "high": high, "folds": int(there.sum()), "deals": len(pairs), "p": p}


def _by_fold(each: CellCounts, metric: str) -> NDArray[np.float64]:
    return metrics_of(each.by_fold(each.counts.sum(1))[1])[metric]

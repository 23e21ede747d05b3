"""Named comparisons over a cross-validation that was repeated with other folds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dyadflow.evaluation.comparisons import choose_opponent
from dyadflow.evaluation.counts import Cell, CellCounts
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.settings import Comparison
from dyadflow.evaluation.truth import Truth

REPEATED_COLUMNS = (
    "protocol_group", "target", "stream", "model", "against_stream", "against_model", "metric", "difference", "low",
    "high", "folds", "deals", "p",
)


def list_repeated(
    counted: Sequence[CellCounts], comparisons: Sequence[Comparison], repeats: Mapping[str, str],
    truths: Mapping[tuple[str, str], Truth], *, level: float,
) -> list[dict[str, Any]]:
    """Rows of ``repeated.tsv``.

    Parameters
    ----------
    counted
        Confusions of all cells, baselines among them.
    comparisons
        What was named beforehand.
    repeats
        For each protocol the name of the group of protocols that differ in nothing but their deal of folds.
    truths
        For each (protocol, target) the truth of every session, scored or not: it says how many dyads each fold has.
    level
        Nominal coverage.

    Returns
    -------
    list of dict
        One for each group of several protocols and comparison that at least two of them can make: protocol_group,
        target, stream, model, against_stream, against_model, metric, difference (mean over all folds of all deals of
        the metric pooled within the fold, first cell minus second), low, high, folds (in which the metric is defined
        for both), deals, p (`corrected_resampled_t`).

    Notes
    -----
    A group of one is no repeated cross-validation and has no row: within one, folds share training dyads, and no
    estimate of their variance is unbiased (Bengio & Grandvalet 2004); there the sign-flip test over dyads stands.
    Where the opponent is the better baseline, it is chosen in the first of the protocols, so that every deal is against
    the same.
    """
    by_cell = {each.cell: each for each in counted if not each.truth.by_frame}
    rows = []
    for group in dict.fromkeys(repeats.values()):
        protocols = [name for name, own in repeats.items() if own == group]
        for comparison in comparisons:
            pairs = _pair(protocols, comparison, by_cell)
            if len(pairs) > 1:
                other = pairs[0][1].cell
                rows.append({
                    "protocol_group": group, "target": comparison.target, "stream": comparison.stream,
                    "model": comparison.network, "against_stream": other.stream, "against_model": other.model,
                    "metric": comparison.metric,
                } | _compare(pairs, truths, comparison.metric, level))
    return rows


def corrected_resampled_t(
    differences: ArrayLike, shares: ArrayLike, *, level: float = 0.95
) -> tuple[float, float, float, float]:
    """Nadeau and Bengio's corrected resampled t test.

    Parameters
    ----------
    differences
        One for each fold of each deal, shape (folds,).
    shares
        For each, dyads tested over dyads trained on; their mean is taken.
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

    values = np.asarray(differences, np.float64)
    count, mean = len(values), float(values.mean()) if len(values) else float("nan")
    if count < 2 or np.ptp(values) == 0:
        return mean, float("nan"), float("nan"), float("nan")
    ratio = float(np.asarray(shares, np.float64).mean())
    error = np.sqrt((1 / count + ratio) * values.var(ddof=1))
    reach = float(stdtrit(count - 1, 0.5 + level / 2) * error)
    return mean, mean - reach, mean + reach, float(2 * stdtr(count - 1, -abs(mean) / error))


def _pair(
    protocols: Sequence[str], comparison: Comparison, by_cell: dict[Cell, CellCounts]
) -> list[tuple[CellCounts, CellCounts]]:
    """Both cells of a comparison in each protocol that has both."""
    other = comparison.against
    pairs = []
    for protocol in protocols:
        ours = Cell(protocol, comparison.target, comparison.stream, comparison.network)
        if ours not in by_cell:
            continue
        if other == "better_baseline":
            chosen = choose_opponent(ours, comparison, by_cell)
            other = [chosen.stream, chosen.model]
        theirs = Cell(protocol, comparison.target, *other)
        if theirs in by_cell:
            both = set(by_cell[ours].truth.sessions) & set(by_cell[theirs].truth.sessions)
            pairs.append((by_cell[ours].only(both), by_cell[theirs].only(both)))
    return pairs


def _compare(
    pairs: Sequence[tuple[CellCounts, CellCounts]], truths: Mapping[tuple[str, str], Truth], metric: str, level: float
) -> dict[str, Any]:
    differences: list[float] = []
    shares: list[float] = []
    for one, other in pairs:
        (folds, ours), (_, theirs) = (each.by_fold(each.counts.sum(1)) for each in (one, other))
        differences += list(metrics_of(ours)[metric] - metrics_of(theirs)[metric])
        # Every fold counts for training, also those that are not scored.
        everyone = truths[one.cell.protocol, one.cell.target].folds.values()
        outer = {fold.dyad: fold.outer for fold in everyone}
        tested = [sum(number == fold for number in outer.values()) for fold in folds]
        shares += [count / max(len(outer) - count, 1) for count in tested]
    there = np.isfinite(differences)
    mean, low, high, p = corrected_resampled_t(np.array(differences)[there], np.array(shares)[there], level=level)
    return {"difference": mean, "low": low, "high": high, "folds": int(there.sum()), "deals": len(pairs), "p": p}

"""Whether a model errs more with some people than with others: what would bias the very analysis that it serves."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.evaluation.counts import KEY, CellCounts
from dyadflow.evaluation.covariates import MISSING
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.signflip import correct_by_holm
from dyadflow.models.seeds import derive_seed

GROUP_GAP_COLUMNS = (
    *KEY, "covariate", "level_a", "level_b", "metric", "difference", "low", "high", "dyads_a", "dyads_b", "p", "p_holm",
)
METRICS = ("accuracy", "f1_macro", "kappa")
#: So many ways of dealing dyads to two groups are all tried; of more, so many random ones. Holm's correction over a
#: table of hundreds of rows needs p values that can be that small.
EXACT_UP_TO, DRAWS = 20_000, 20_000


def list_group_gaps(
    counted: Sequence[CellCounts], groups: Mapping[str, Mapping[str, str]], *, level: float, seed: int
) -> list[dict[str, Any]]:
    """Rows of ``group_gaps.tsv``: differences between the levels of each covariate.

    Parameters
    ----------
    counted
        Confusions of trained cells; those split by frame are left out.
    groups
        For each covariate, the level of each session (`covariates.group_sessions`).
    level
        Nominal coverage.
    seed
        Of random permutations.

    Returns
    -------
    list of dict
        For each cell, covariate, pair of levels with at least two dyads each, and metric of a dyad's own frames
        (accuracy, f1_macro, kappa): difference (mean over the dyads of level_a minus that of level_b), low, high
        (Welch's t), dyads_a, dyads_b, p (`permutation_p`), p_holm (over all rows).

    Notes
    -----
    Sessions without a level belong to no group. Nor do dyads whose sessions lie in several levels: they would be
    compared with themselves. F1 has the target's fixed classes, so a dyad that never shows one of them has a lower one:
    where groups behave differently, look at accuracy and kappa beside it.
    """
    rows = []
    for each in counted:
        if each.truth.by_frame:
            continue
        dyads = sorted({each.truth.folds[name].dyad for name in each.truth.sessions})
        values = metrics_of(each.by_dyad(each.counts.sum(1)))
        for covariate, level_of in groups.items():
            level_of_dyad = _levels_of_dyads(each, level_of)
            for pair in combinations((name for name in dict.fromkeys(level_of.values()) if name != MISSING), 2):
                one, other = ([level_of_dyad.get(dyad) == name for dyad in dyads] for name in pair)
                rows += [
                    each.cell.key | {"covariate": covariate, "level_a": pair[0], "level_b": pair[1], "metric": metric}
                    | row
                    for metric in METRICS
                    for row in _compare(
                        values[metric][one], values[metric][other], level,
                        seed=derive_seed(seed, "group gaps", covariate, *pair, metric))
                ]
    for row, p in zip(rows, correct_by_holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return rows


def _levels_of_dyads(each: CellCounts, level_of: Mapping[str, str]) -> dict[str, str]:
    """The level of each dyad whose sessions all lie in one."""
    found: dict[str, set[str]] = {}
    for session in each.truth.sessions:
        found.setdefault(each.truth.folds[session].dyad, set()).add(level_of[session])
    return {dyad: levels.pop() for dyad, levels in found.items() if len(levels) == 1}


def _compare(
    one: NDArray[np.float64], other: NDArray[np.float64], level: float, *, seed: int
) -> Iterator[dict[str, Any]]:
    """One metric of two groups of dyads; nothing where fewer than two of either have it."""
    one, other = one[np.isfinite(one)], other[np.isfinite(other)]
    if min(len(one), len(other)) > 1:
        low, high = welch_interval(one, other, level)
        yield {
            "difference": float(one.mean() - other.mean()), "low": low, "high": high, "dyads_a": len(one),
            "dyads_b": len(other), "p": permutation_p(one, other, seed=seed),
        }


def welch_interval(one: NDArray[np.float64], other: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Interval of a difference of two means with unlike spreads (Welch 1947); NaN where nothing varies."""
    from scipy.special import stdtrit

    shares = [values.var(ddof=1) / len(values) for values in (one, other)]
    if not sum(shares):
        return float("nan"), float("nan")
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(values) - 1) for share, values in zip(shares, (one, other), strict=True))
    reach, middle = stdtrit(freedom, 0.5 + level / 2) * np.sqrt(sum(shares)), one.mean() - other.mean()
    return float(middle - reach), float(middle + reach)


def permutation_p(one: NDArray[np.float64], other: NDArray[np.float64], *, seed: int) -> float:
    """Two-sided p value of a difference of means, if any of the dyads might have been in either group.

    Every way of dealing them is tried up to 20,000; of more, 20,000 random ones, the observed one counted in.
    """
    values, count = np.concatenate([one, other]), len(one)
    observed = abs(one.mean() - other.mean()) - 1e-12
    total = values.sum()

    def apart(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.abs(sums / count - (total - sums) / len(other))

    if comb(len(values), count) <= EXACT_UP_TO:
        sums = np.array([values[list(chosen)].sum() for chosen in combinations(range(len(values)), count)])
        return float((apart(sums) >= observed).mean())
    dealt = np.random.default_rng(seed).permuted(np.tile(values, (DRAWS, 1)), axis=1)
    sums = dealt[:, :count].sum(1)
    return float((1 + (apart(sums) >= observed).sum()) / (1 + DRAWS))

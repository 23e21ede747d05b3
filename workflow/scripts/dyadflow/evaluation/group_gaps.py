"""Whether a model errs more with some people than with others: what would bias the very analysis that it serves."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from dyadflow.evaluation.cells import KEY
from dyadflow.evaluation.counts import CellCounts
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.signflip import correct_by_holm
from dyadflow.models.seeds import derive_seed

GROUP_GAP_COLUMNS = (
    *KEY, "covariate", "level_a", "level_b", "metric", "difference", "low", "high", "dyads_a", "dyads_b", "p", "p_holm",
)
METRICS = ("accuracy", "f1_weighted", "kappa")
#: So many ways of dealing dyads to two groups are all tried; of more, so many random ones.
EXACT_UP_TO, DRAWS = 5_000, 5_000


def list_group_gaps(
    counted: Sequence[CellCounts], groups: Mapping[str, Mapping[str, str]], *, level: float, seed: int
) -> list[dict]:
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
        (accuracy, f1_weighted, kappa): difference (mean over the dyads of level_a minus that of level_b), low, high
        (Welch's t), dyads_a, dyads_b, p (dyads dealt to the two levels anew; two-sided), p_holm (over all rows).
    """
    rows = []
    for each in counted:
        if each.truth.by_frame:
            continue
        dyads = sorted({each.truth.folds[name].dyad for name in each.truth.sessions})
        values = metrics_of(each.by_dyad(each.counts.sum(1)))
        for covariate, level_of in groups.items():
            level_of_dyad = {each.truth.folds[name].dyad: level_of[name] for name in each.truth.sessions}
            for one, other in combinations(dict.fromkeys(level_of.values()), 2):
                for metric in METRICS:
                    ours, theirs = (
                        np.array([values[metric][place] for place, dyad in enumerate(dyads)
                                  if level_of_dyad[dyad] == wanted])
                        for wanted in (one, other))
                    ours, theirs = ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]
                    if min(len(ours), len(theirs)) < 2:
                        continue
                    low, high = welch_interval(ours, theirs, level)
                    rows.append(each.cell.key | {
                        "covariate": covariate, "level_a": one, "level_b": other, "metric": metric,
                        "difference": float(ours.mean() - theirs.mean()), "low": low, "high": high,
                        "dyads_a": len(ours), "dyads_b": len(theirs),
                        "p": permutation_p(ours, theirs, seed=derive_seed(seed, covariate, one, other, metric)),
                    })
    for row, p in zip(rows, correct_by_holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return rows


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

    Every way of dealing them is tried up to 5,000; of more, 5,000 random ones, the observed one counted in.
    """
    values, count = np.concatenate([one, other]), len(one)
    observed = abs(one.mean() - other.mean()) - 1e-12
    total = values.sum()

    def apart(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.abs(sums / count - (total - sums) / len(other))

    if comb(len(values), count) <= EXACT_UP_TO:
        sums = np.array([values[list(chosen)].sum() for chosen in combinations(range(len(values)), count)])
        return float((apart(sums) >= observed).mean())
    rng = np.random.default_rng(seed)
    sums = np.array([values[rng.permutation(len(values))[:count]].sum() for _ in range(DRAWS)])
    return float((1 + (apart(sums) >= observed).sum()) / (1 + DRAWS))

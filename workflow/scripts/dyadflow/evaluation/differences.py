"""A paired difference summed up over dyads: its mean, its interval, and whether it is more than chance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.evaluation.signflip import sign_flip_p


def sum_up_differences(differences: ArrayLike, *, level: float = 0.95, seed: int = 0) -> dict[str, Any]:
    """Sum up one difference a dyad.

    Parameters
    ----------
    differences
        Shape (dyads,); NaN for dyads in which there is none.
    level
        Nominal coverage of the interval.
    seed
        Of the random sign flips, which more than 16 dyads need.

    Returns
    -------
    dict
        difference (the mean), low, high (Student's t interval of a mean; NaN with fewer than two dyads, or none
        that differ), dyads (with a difference), wins (dyads in which it is above 0), p (`sign_flip_p`).
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.isfinite(values)]
    low, high = interval_of_mean(values, level)
    return {
        "difference": float(values.mean()) if len(values) else float("nan"),
        "low": low, "high": high, "dyads": len(values), "wins": int((values > 0).sum()),
        "p": sign_flip_p(values, seed=seed),
    }


def interval_of_mean(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Student's t interval of a mean; NaN where fewer than two values, or none that differ."""
    if len(values) < 2 or np.ptp(values) == 0:
        return float("nan"), float("nan")
    from scipy.special import stdtrit

    reach = stdtrit(len(values) - 1, 0.5 + level / 2) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)

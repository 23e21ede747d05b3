"""Agreement of two coders as a function of a shift between their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.annotations.doctor.timeline import NOTHING, Timeline

#: Coders who hold the same moments for less time than this, all tiers together, cannot check each other.
LEAST_COMMON_S = 10.0
#: A shift counts only where at least this share of what can be coded by both at the best of shifts still is: at the
#: far ends a few moments agree by chance.
LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class LaggedAgreement:
    """Cohen's kappa of two timelines, the second moved against the first.

    Parameters
    ----------
    lags
        Shape (lags,): how many moments later the second lies; ascending.
    kappa
        Shape (lags,): all tiers together; NaN where they have too little in common.
    step_s
        Distance of two moments in seconds.
    """

    lags: NDArray[np.int64]
    kappa: NDArray[np.float64]
    step_s: float

    def at(self, lag: int) -> float:
        """Kappa at one lag; 0 where they have too little in common."""
        found = self.kappa[self.lags == lag]
        return float(found[0]) if len(found) and np.isfinite(found[0]) else 0.0

    def best(self) -> tuple[int, float]:
        """The lag of the highest kappa, and by a parabola through it and its neighbours the shift in seconds."""
        place = int(np.nanargmax(self.kappa))
        lag, beside = int(self.lags[place]), self.kappa[max(place - 1, 0):place + 2]
        bend = beside[0] - 2 * beside[1] + beside[2] if len(beside) == 3 else np.nan
        finer = 0.5 * (beside[0] - beside[2]) / bend if np.isfinite(bend) and bend < 0 else 0.0
        return lag, (lag + finer) * self.step_s


def agree_by_lag(first: Timeline, second: Timeline, tiers: Iterable[str]) -> LaggedAgreement | None:
    """Agreement of two timelines at every shift of the second against the first.

    Parameters
    ----------
    first, second
        On the same grid.
    tiers
        Those to look at; a tier that one of them lacks says nothing.

    Returns
    -------
    LaggedAgreement or None
        None if at no shift both hold `LEAST_COMMON_S`.

    Notes
    -----
    Kappa (Cohen 1960) with observed and expected agreement summed over tiers before the quotient, so that a tier
    counts by how much of it was coded. At each lag marginals are those of the moments that both have coded there.
    All sums over moments are cross-correlations, taken by the fast Fourier transform.
    """
    lengths = [len(next(iter(line.codes.values()))) for line in (first, second)]
    size = 1 << int(np.ceil(np.log2(sum(lengths))))
    both, same, chance = np.zeros(size), np.zeros(size), np.zeros(size)
    for tier in tiers:
        if tier in first.codes and tier in second.codes:
            for total, part in zip((both, same, chance), _correlate(first.codes[tier], second.codes[tier], size),
                                   strict=True):
                total += part
    if both.max() * first.step_s < LEAST_COMMON_S:
        return None
    enough = both >= max(LEAST_OVERLAP * both.max(), LEAST_COMMON_S / first.step_s)
    usable = enough & (both - chance > 1e-6)
    kappa = np.full(size, np.nan)
    kappa[usable] = (same - chance)[usable] / (both - chance)[usable]
    if not usable.any():
        return None
    places = np.arange(size)
    lags = np.where(places >= lengths[1], places - size, places) + (second.start - first.start)
    order = np.argsort(lags)
    return LaggedAgreement(lags[order], kappa[order], first.step_s)


def _correlate(first: NDArray[Any], second: NDArray[Any], size: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """At each lag: moments that both have coded, those with the same code, and those expected to by chance."""

    def transform(where: NDArray[np.bool_]) -> NDArray[np.complex128]:
        return np.fft.rfft(where.astype(float), size)

    def count(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
        return np.fft.irfft(np.conj(one) * other, size).round()

    coded_first, coded_second = transform(first != NOTHING), transform(second != NOTHING)
    both, same, products = count(coded_first, coded_second), np.zeros(size), np.zeros(size)
    for code in np.union1d(first, second):
        if code != NOTHING:
            one, other = transform(first == code), transform(second == code)
            same += count(one, other)
            products += count(one, coded_second) * count(coded_first, other)
    return both, same, products / np.maximum(both, 1.0)


def kappa_at(first: Timeline, second: Timeline, tiers: Iterable[str]) -> float:
    """Cohen's kappa of two timelines as they lie, as in `agree_by_lag`; NaN if they hold too little in common."""
    both = same = chance = 0.0
    for tier in tiers:
        if tier in first.codes and tier in second.codes:
            one, other, _ = overlap(first, second, tier)
            coded = (one != NOTHING) & (other != NOTHING)
            one, other, count = one[coded], other[coded], float(coded.sum())
            both, same = both + count, same + float((one == other).sum())
            products = (float((one == code).sum()) * float((other == code).sum()) for code in np.unique(one))
            chance += sum(products) / max(count, 1.0)
    if both * first.step_s < LEAST_COMMON_S or both - chance <= 1e-6:
        return float("nan")
    return (same - chance) / (both - chance)


def overlap(first: Timeline, second: Timeline, tier: str) -> tuple[NDArray[np.int16], NDArray[np.int16], int]:
    """Codes of both at the moments that both reach, and where among the first's moments these begin."""
    one, other = first.codes[tier], second.codes[tier]
    start = max(first.start, second.start)
    stop = max(min(first.start + len(one), second.start + len(other)), start)
    return (
        one[start - first.start:stop - first.start], other[start - second.start:stop - second.start],
        start - first.start,
    )

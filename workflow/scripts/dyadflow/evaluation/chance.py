"""What the same predictions would score by chance, with their rhythm left as it is.

Frames that are shuffled lose what makes behaviour behaviour: it goes on. A model whose codes last as long as true ones
scores far above shuffled frames without knowing anything. So predictions are moved as a whole: in time, or from dyad to
dyad.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.evaluation.counts import KEY
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.scored import Gathered, Request, Scored, gather_scored
from dyadflow.models.seeds import derive_seed
from dyadflow.tables import write_table

CHANCE_COLUMNS = (*KEY, "method", "metric", "value", "chance_mean", "chance_low", "chance_high", "draws", "p")
METRICS = ("accuracy", "f1_macro", "kappa")
#: A shift moves predictions by at least so much, as far as the session allows.
_LEAST_SHIFT_S = 10.0


def compare_with_chance(request: Request, *, draws: int, seed: int, chance: str | Path) -> None:
    """Compare every cell with its own predictions, shifted in time and exchanged between dyads.

    Parameters
    ----------
    request
        Which cells.
    draws
        How often; 0: the table has no row.
    seed
        Of the random shifts and exchanges.
    chance
        TSV to write: protocol, target, stream, model, method, metric (accuracy, f1_macro, kappa), value (pooled),
        chance_mean, chance_low, chance_high (between which 95 % of the draws lie), draws (in which the metric is
        defined), p (share of draws at least as good, the observed one counted in).

    Notes
    -----
    ``shift``: in each session the predicted codes are rotated by a random time of at least ten seconds (a quarter of
    sessions shorter than 40 s). What stays is how often and how long each code is given; what goes is when. Frames that
    were never predicted take no part.

    ``dyads``: each dyad is given the predictions of another, drawn so that nobody keeps their own, session by session
    in order, aligned where each phase begins (without phases, where the session begins) and cut to the shorter. What
    stays is also when in a phase a code is typical; what goes is whose behaviour it is. What has no partner is not
    scored: frames beyond the shorter, outside all phases, or in a phase that the other lacks. Where dyads are so few
    that they can be exchanged in fewer ways than there are draws, each way is taken once. One dyad has no row.
    """
    rows: list[dict[str, Any]] = []
    gathered = gather_scored(request)
    for each in gathered.scored if draws else ():
        rng = np.random.default_rng(derive_seed(seed, "chance", *each.cell.key.values()))
        sessions = _Sessions(each, gathered)
        observed = metrics_of(sessions.observed())
        for method, tables in (("shift", sessions.shifted(draws, rng)), ("dyads", sessions.exchanged(draws, rng))):
            found = metrics_of(tables)
            rows += [
                _sum_up(each, method, name, float(observed[name]), found[name]) for name in METRICS if len(tables)]
    write_table(pd.DataFrame(rows, columns=list(CHANCE_COLUMNS)), chance)


def _sum_up(each: Scored, method: str, metric: str, value: float, drawn: NDArray[np.float64]) -> dict[str, Any]:
    there = drawn[np.isfinite(drawn)]
    low, high = np.quantile(there, (0.025, 0.975)) if len(there) else (np.nan, np.nan)
    p = (1 + (there >= value - 1e-12).sum()) / (1 + len(there)) if np.isfinite(value) else np.nan
    return each.cell.key | {
        "method": method, "metric": metric, "value": value,
        "chance_mean": float(there.mean()) if len(there) else np.nan, "chance_low": float(low),
        "chance_high": float(high), "draws": len(there),
        "p": float(p),
    }


class _Sessions:
    """True and predicted codes of a cell's scored sessions, and what moving the latter gives."""

    def __init__(self, each: Scored, gathered: Gathered) -> None:
        self._truth, self._gathered = each.truth, gathered
        self._size = len(each.truth.classes)
        # -1 where the network was not asked.
        self._predicted = {
            session: np.where(np.isfinite(held.probabilities).all(1), held.codes, -1)
            for session, held in read_held_out(each.probabilities, each.truth)
        }
        self.dyads: dict[str, list[str]] = {}
        for session in each.truth.sessions:
            self.dyads.setdefault(each.truth.folds[session].dyad, []).append(session)

    def observed(self) -> NDArray[np.int64]:
        """The confusion as it is, shape (classes, classes)."""
        parts = [self._count(self._truth.codes[session], self._predicted[session]) for session in self._predicted]
        return np.sum(parts, axis=0, dtype=np.int64)

    def shifted(self, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Pooled confusions with every session's predictions rotated, shape (draws, classes, classes)."""
        total = np.zeros((draws, self._size, self._size), np.int64)
        for session, predicted in self._predicted.items():
            frames = int((predicted >= 0).sum())
            least = max(1, min(round(_LEAST_SHIFT_S * self._gathered.rate_hz(session)), frames // 4))
            if frames < 2 * least:
                total += self._count(self._truth.codes[session], predicted)
                continue
            total += self._by_lag(session)[rng.integers(least, frames - least, draws, endpoint=True)]
        return total

    def exchanged(self, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Pooled confusions with every dyad given another's predictions, shape (draws, classes, classes)."""
        names = list(self.dyads)
        pairs = np.zeros((len(names), len(names), self._size, self._size), np.int64)
        parts = {session: list(self._parts(session)) for session in self._predicted}
        for one, mine in enumerate(names):
            for other, theirs in enumerate(names):
                if one != other:
                    for ours, its in zip(self.dyads[mine], self.dyads[theirs], strict=False):
                        pairs[one, other] += self._count_aligned(parts[ours], parts[its])
        orders = derange(len(names), draws, rng)
        return np.array([pairs[np.arange(len(names)), order].sum(0) for order in orders]).reshape(
            -1, self._size, self._size)

    def _by_lag(self, session: str) -> NDArray[np.int64]:
        """Confusion for every rotation of the predictions, shape (frames, classes, classes): circular correlations."""
        asked = self._predicted[session] >= 0
        codes, predicted = self._truth.codes[session][asked], self._predicted[session][asked]
        frames, classes = len(predicted), np.arange(self._size)
        true = np.fft.rfft((codes[None] == classes[:, None]).astype(np.float64), axis=1)
        said = np.fft.rfft((predicted[None] == classes[:, None]).astype(np.float64), axis=1)
        counts = np.fft.irfft(true[:, None] * np.conj(said)[None], n=frames, axis=2)
        return np.rint(counts).astype(np.int64).transpose(2, 0, 1)

    def _parts(self, session: str) -> Iterator[tuple[NDArray[np.int8], NDArray[np.int64]]]:
        """True and predicted codes of each phase; without phases, of the session."""
        codes, predicted, phase = self._truth.codes[session], self._predicted[session], self._truth.phase[session]
        if not self._truth.phases:
            yield codes, predicted
        for place in range(len(self._truth.phases)):
            yield codes[phase == place], predicted[phase == place]

    def _count_aligned(
        self, ours: Sequence[tuple[NDArray[Any], NDArray[Any]]], its: Sequence[tuple[NDArray[Any], NDArray[Any]]]
    ) -> NDArray[np.int64]:
        """Our truth against their predictions, phase by phase from where it begins."""
        lengths = [min(len(codes), len(said)) for (codes, _), (_, said) in zip(ours, its, strict=True)]
        return self._count(
            np.concatenate([codes[:length] for (codes, _), length in zip(ours, lengths, strict=True)]),
            np.concatenate([said[:length] for (_, said), length in zip(its, lengths, strict=True)]),
        )

    def _count(self, codes: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.int64]:
        known = (codes >= 0) & (predicted >= 0)
        cells = codes[known].astype(np.int64) * self._size + predicted[known]
        return np.bincount(cells, minlength=self._size**2).reshape(self._size, self._size)


def derange(count: int, draws: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Orders in which nobody stays in place: all there are if these are no more than `draws`, else so many random ones.

    Parameters
    ----------
    count
        Of dyads; a single one has no such order.
    draws
        How many at most.
    rng
        Source of chance.
    """
    stay = np.arange(count)
    # Of two or more, at least a third of all orders leave nobody in place.
    if factorial(count) <= 3 * draws or count < 2:
        every = [np.array(order) for order in permutations(range(count)) if (np.array(order) != stay).all()]
        if len(every) <= draws:
            return every
    found: list[NDArray[np.int64]] = []
    while len(found) < draws:
        order = rng.permutation(count)
        if (order != stay).all():
            found.append(order)
    return found

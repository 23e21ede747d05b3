"""Search for balanced folds: many random partitions of the dyads, the best of them made better by swaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.folds.balance import imbalance_of_folds, tally
from dyadflow.folds.request import check_request, empty_fold
from dyadflow.folds.table import inner_column

#: Partitions scored at once hold about this many (partition, fold, dyad), so that memory stays flat.
BATCH_CELLS = 400_000

#: How many of the best random partitions are improved by swaps.
STARTS = 100

#: What a swap must gain at least; less may be rounding.
LEAST_GAIN = 1e-9


def search_folds(
    counts: pd.DataFrame,
    *,
    outer: int,
    candidates: int = 100_000,
    seed: int = 0,
    covariates: Mapping[str, Mapping[str, str]] | None = None,
    in_every_fold: Mapping[str, Sequence[str]] | None = None,
    pins: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Give every session an outer fold so that the folds are as alike as can be found.

    Parameters
    ----------
    counts
        Columns session, dyad, then ``<target>:<class>`` with frames (`count_labels`).
    outer
        How many folds.
    candidates
        Random partitions that are scored.
    seed
        Of the partitions.
    covariates
        Of every session, its columns of the session sheet.
    in_every_fold
        Columns of the sheet with the values that every fold must show in one of its sessions at least.
    pins
        Outer folds fixed by hand, by dyad. The search runs over the other dyads.

    Returns
    -------
    DataFrame
        Columns session, dyad, outer, inner_of_0 ... inner_of_{outer - 1}: the same table as `assign_folds` gives.
        The inner folds are the other outer folds, under their own numbers, and are missing where the session is
        held out.

    Raises
    ------
    DyadflowError
        If there are fewer dyads than folds, if a session is listed twice, if a pin names a dyad or fold that is
        not there, if pins leave a fold without dyads, or if not every fold can show a value of `in_every_fold`.

    Notes
    -----
    What is made small is the objective of Fraile et al. (`imbalance_of_folds`), summed over the folds. A random
    partition puts dyads / outer dyads in each fold, rounded up or down; around pinned dyads the folds are filled
    up as evenly as these allow. The best random partitions are then improved: as long as exchanging two dyads of
    different folds helps, or giving one of a larger fold to a smaller, the step that helps most is made.

    Folds are chosen anew when the coding changes or sessions are added. To keep a table, pin its dyads.
    """
    pins = dict(pins or {})
    check_request(counts, outer, pins)
    problem = _make_problem(counts, outer, covariates or {}, in_every_fold or {}, pins)
    _check_values(problem, in_every_fold or {})
    starts = _draw_best(problem, candidates, np.random.default_rng(seed))
    missing, _, best = min(
        (_improve(problem, start) for start in starts), key=lambda found: (found[0], round(found[1], 12)))
    if missing:
        raise _unmet(problem, best, candidates)
    table = counts[["session", "dyad"]].reset_index(drop=True)
    fold_of = dict(zip(problem.dyads, best.tolist(), strict=True))
    table["outer"] = pd.array([fold_of[dyad] for dyad in table.dyad], dtype="Int64")
    for fold in range(outer):
        table[inner_column(fold)] = table.outer.mask(table.outer == fold)
    return table


@dataclass(frozen=True)
class _Problem:
    """What is to be partitioned.

    `dyads` are in the order in which the sheet first names them. `values`, shape (dyads, columns): `tally` of each
    dyad, then for each required value the number of its sessions that show it. `pinned`: the fold of each dyad,
    -1 where it is free. `slots`: the folds that free dyads fill, one entry a dyad. `larger`: how many of the folds
    `level` get one dyad more, since there are not enough for all of these.
    """

    dyads: list[str]
    values: NDArray[np.float64]
    required: list[tuple[str, str]]
    pinned: NDArray[np.int64]
    slots: NDArray[np.int64]
    level: NDArray[np.int64]
    larger: int
    outer: int

    @property
    def free(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.pinned < 0)

    def judge(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Required values missing from, and imbalance of, folds with these sums of `values`, shape (..., columns)."""
        cut = self.values.shape[1] - len(self.required)
        return (
            (sums[..., cut:] == 0).sum(-1),
            imbalance_of_folds(sums[..., :cut], self.values[:, :cut].sum(0), self.outer),
        )

    def sums(self, assigned: NDArray[np.int64]) -> NDArray[np.float64]:
        """`values` summed by fold: for assignments of shape (..., dyads), shape (..., outer, columns)."""
        inside = assigned[..., None, :] == np.arange(self.outer)[:, None]
        return inside.astype(np.float64) @ self.values


def _make_problem(
    counts: pd.DataFrame,
    outer: int,
    covariates: Mapping[str, Mapping[str, str]],
    in_every_fold: Mapping[str, Sequence[str]],
    pins: Mapping[str, int],
) -> _Problem:
    required = [(column, value) for column, values in in_every_fold.items() for value in values]
    shows = [
        [float(covariates.get(session, {}).get(column) == value) for column, value in required]
        for session in counts.session
    ]
    by_session = np.hstack([tally(counts), np.array(shows).reshape(len(counts), len(required))])
    dyads = list(dict.fromkeys(counts.dyad))
    place = {dyad: number for number, dyad in enumerate(dyads)}
    values = np.zeros((len(dyads), by_session.shape[1]))
    np.add.at(values, [place[dyad] for dyad in counts.dyad], by_session)
    pinned = np.array([pins.get(dyad, -1) for dyad in dyads])
    return _Problem(dyads, values, required, pinned, *_fill(pinned, outer), outer)


def _fill(pinned: NDArray[np.int64], outer: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """How free dyads are spread evenly over the folds: `slots`, `level` and `larger` of the problem."""
    held = np.array([(pinned == fold).sum() for fold in range(outer)])
    slots: list[int] = []
    left = int((pinned < 0).sum())
    while True:
        level = np.flatnonzero(held == held.min())
        if left < len(level):
            break
        slots += level.tolist()
        held[level] += 1
        left -= len(level)
    if not held.all():
        raise empty_fold(int(level[-1]))
    return np.array(slots, dtype=np.int64), level, left


def _draw_best(problem: _Problem, candidates: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The best `STARTS` of many random partitions, shape (starts, dyads), the best first."""
    free = problem.free
    size = max(1, BATCH_CELLS // (problem.outer * len(problem.dyads)))
    best, missing, score = np.empty((0, len(problem.dyads)), np.int64), np.empty(0, np.int64), np.empty(0)
    for first in range(0, candidates, size):
        number = min(size, candidates - first)
        drawn = np.tile(problem.pinned, (number, 1))
        more = rng.permuted(np.tile(problem.level, (number, 1)), axis=1)[:, :problem.larger]
        drawn[:, free] = rng.permuted(np.hstack([np.tile(problem.slots, (number, 1)), more]), axis=1)
        lacking, imbalance = (each.sum(-1) for each in problem.judge(problem.sums(drawn)))
        best, missing = np.concatenate([best, drawn]), np.concatenate([missing, lacking])
        score = np.concatenate([score, imbalance])
        # Rounded, so that a last bit, which may differ between machines, does not decide between equals.
        kept = np.lexsort((score.round(12), missing))[:STARTS]
        best, missing, score = best[kept], missing[kept], score[kept]
    return best


def _improve(problem: _Problem, assigned: NDArray[np.int64]) -> tuple[int, float, NDArray[np.int64]]:
    """Exchange dyads, or hand one on, as long as that helps; required values come first, then balance."""
    # Nobody, the last, stands for the dyad that is missing in a smaller fold.
    nobody = len(assigned)
    values = np.vstack([problem.values, np.zeros(problem.values.shape[1])])
    while True:
        sums = problem.sums(assigned)
        missing, score = problem.judge(sums)
        one, other, here, there = _steps(problem, assigned, nobody)
        if not len(one):
            return int(missing.sum()), float(score.sum()), assigned
        change = values[other] - values[one]
        found = [problem.judge(sums[here] + change), problem.judge(sums[there] - change)]
        fewer = sum(each[0] for each in found) - missing[here] - missing[there]
        gain = sum(each[1] for each in found) - score[here] - score[there]
        best = np.lexsort((gain.round(12), fewer))[0]
        if (int(fewer[best]), float(gain[best])) >= (0, -LEAST_GAIN):
            return int(missing.sum()), float(score.sum()), assigned
        assigned = assigned.copy()
        assigned[one[best]] = there[best]
        if other[best] != nobody:
            assigned[other[best]] = here[best]


def _steps(
    problem: _Problem, assigned: NDArray[np.int64], nobody: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every step that keeps the folds' sizes: a free dyad, the one it changes places with, and the folds of both."""
    free = problem.free
    one, other = (free[each] for each in np.triu_indices(len(free), 1))
    apart = assigned[one] != assigned[other]
    one, other = one[apart], other[apart]
    size = np.bincount(assigned, minlength=problem.outer)[problem.level]
    larger, smaller = problem.level[size > size.min()], problem.level[size == size.min()]
    if not len(larger):
        return one, other, assigned[one], assigned[other]
    movable = free[np.isin(assigned[free], larger)]
    moved, to = np.repeat(movable, len(smaller)), np.tile(smaller, len(movable))
    return (
        np.concatenate([one, moved]), np.concatenate([other, np.full(len(moved), nobody)]),
        np.concatenate([assigned[one], assigned[moved]]), np.concatenate([assigned[other], to]),
    )


def _check_values(problem: _Problem, in_every_fold: Mapping[str, Sequence[str]]) -> None:
    """Refuse values that fewer dyads show than there are folds."""
    for place, (column, value) in enumerate(problem.required, start=-len(problem.required)):
        showing = int((problem.values[:, place] > 0).sum())
        if showing < problem.outer:
            raise DyadflowError(
                f"{column} {value} is to be in every fold, but there are {problem.outer} folds and the number of coded "
                f"dyads that have it is {showing}",
                where="folds.in_every_fold",
                fix=f"take {value} out, or ask for at most {showing} folds" if showing > 2 else f"take {value} out",
            )


def _unmet(problem: _Problem, best: NDArray[np.int64], candidates: int) -> DyadflowError:
    """The sentence for a search in which no partition shows every required value in every fold."""
    lacking = problem.sums(best)[:, -len(problem.required):] == 0
    fold, value = (int(each[0]) for each in np.nonzero(lacking))
    column, level = problem.required[value]
    return DyadflowError(
        f"none of {candidates:,} random partitions, nor any improved by swaps, has all of in_every_fold in every "
        f"fold; the nearest has no {column} {level} in fold {fold}",
        where="folds.in_every_fold",
        fix="ask for fewer values or folds, pin fewer dyads, or raise folds.candidates",
    )

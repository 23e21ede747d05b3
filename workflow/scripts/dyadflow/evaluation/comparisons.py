"""Comparisons of cells that were named beforehand, paired by dyad."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.evaluation.baselines import BASELINES, NO_STREAM
from dyadflow.evaluation.counts import Cell, CellCounts
from dyadflow.evaluation.differences import sum_up_differences
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.settings import Comparison
from dyadflow.evaluation.signflip import correct_by_holm


def compare_cells(
    cells: Sequence[CellCounts], comparisons: Sequence[Comparison], *, level: float = 0.95, seed: int = 0,
    missing: Sequence[Mapping[str, str]] = (),
) -> list[dict[str, Any]]:
    """Make the study's comparisons, in every protocol that has the named cell.

    Parameters
    ----------
    cells
        All cells, baselines among them.
    comparisons
        What was named beforehand.
    level
        Nominal coverage of the interval.
    seed
        Of the random sign flips, which more than 16 dyads need.
    missing
        Cells that could not be trained: comparisons with them cannot be made, and have no row.

    Returns
    -------
    list of dict
        Rows of ``comparisons.tsv``: protocol, target, stream, model, against_stream, against_model, metric,
        difference (mean over dyads of the dyad's own metric, first cell minus second), low, high, dyads (in
        which the metric is defined for both cells), wins (dyads in which the first cell is better), p
        (sign-flip), p_holm (over all rows).

    Raises
    ------
    DyadflowError
        If a comparison names a cell that no protocol has, or one that it lacks for the same protocol.

    Notes
    -----
    The metric is worked out from each dyad's own confusion with the target's fixed classes, and every dyad
    weighs the same; hence the difference is not that of two pooled values of ``cells.tsv``.

    ``better_baseline`` is whichever of majority and phase has the higher pooled metric, majority if they are
    equal. It is chosen with the results in view, but the choice is the stronger opponent's: it works against
    the cell that is tested, never for it.

    The interval is that of a mean over dyads (Student's t). It leaves out the variance of training again, and
    it is not corrected for the number of comparisons.
    """
    by_cell = {found.cell: found for found in cells}
    untrained = {Cell(*(row[name] for name in ("protocol", "target", "stream", "model"))) for row in missing}
    # What a split by frame claims is not compared with anything: it would be mistaken for a finding.
    leaky = {found.cell.protocol for found in cells if found.truth.by_frame}
    known = [cell.protocol for cell in [*by_cell, *sorted(untrained, key=str)]]
    protocols = [name for name in dict.fromkeys(known) if name not in leaky]
    rows = []
    for comparison in comparisons:
        ours = [Cell(name, comparison.target, comparison.stream, comparison.network) for name in protocols]
        present = [cell for cell in ours if cell in by_cell]
        if not present and not untrained & set(ours):
            raise _no_such_cell(ours[0] if ours else None, comparison, list(by_cell))
        for cell in present:
            other = choose_opponent(cell, comparison, by_cell, untrained)
            if other in untrained:
                continue
            rows.append(cell.key | {
                "against_stream": other.stream, "against_model": other.model, "metric": comparison.metric,
            } | _compare(by_cell[cell], by_cell[other], comparison.metric, level, seed))
    for row, p in zip(rows, correct_by_holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return rows


def choose_opponent(
    cell: Cell, comparison: Comparison, by_cell: dict[Cell, CellCounts], untrained: Collection[Cell] = ()
) -> Cell:
    """The cell to compare with, in the same protocol."""
    if comparison.against != "better_baseline":
        other = Cell(cell.protocol, cell.target, *comparison.against)
        if other not in by_cell and other not in untrained:
            raise _no_such_cell(other, comparison, list(by_cell))
        return other
    baselines = [Cell(cell.protocol, cell.target, NO_STREAM, model) for model in BASELINES]
    pooled = [metrics_of(by_cell[other].counts.sum((0, 1)))[comparison.metric] for other in baselines]
    return baselines[int(np.nan_to_num(pooled, nan=-np.inf).argmax())]


def _compare(ours: CellCounts, theirs: CellCounts, metric: str, level: float, seed: int) -> dict[str, Any]:
    """Mean paired difference of the dyads' own metrics, with its interval and p value; over dyads that both scored."""
    both = set(ours.truth.sessions) & set(theirs.truth.sessions)
    ours, theirs = ours.only(both), theirs.only(both)
    mine, other = (metrics_of(each.by_dyad(each.counts.sum(1)))[metric] for each in (ours, theirs))
    return sum_up_differences(mine - other, level=level, seed=seed)


def _no_such_cell(cell: Cell | None, comparison: Comparison, there: list[Cell]) -> DyadflowError:
    """The sentence for a comparison that cannot be made."""
    named = f"{cell.stream} with {cell.model}" if cell else f"{comparison.stream} with {comparison.network}"
    same = [each for each in there if each.target == comparison.target]
    known = dict.fromkeys(f"{each.stream} with {each.model}" for each in same)
    return DyadflowError(
        f"a comparison for target {comparison.target} names {named}, which was not trained; there are "
        f"{', '.join(known) or 'none for this target'}",
        where="evaluation.comparisons", fix="name a cell of the study",
    )

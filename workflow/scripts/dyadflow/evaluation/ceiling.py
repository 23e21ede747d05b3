"""How near a model comes to what two people reach on the very same frames."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.agreement.intervals import interval_from_left_out, leave_one_out
from dyadflow.agreement.kappa import cohen_kappa
from dyadflow.evaluation.cells import KEY
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Gathered, Request, Scored, gather_scored
from dyadflow.tables import write_table

CEILING_COLUMNS = (
    *KEY, "coder", "other", "kappa_machine", "machine_low", "machine_high", "kappa_human", "human_low", "human_high",
    "share", "share_low", "share_high", "dyads", "frames",
)


def compare_with_coders(request: Request, *, level: float, ceiling: str | Path) -> None:
    """Set every cell beside each human coder, on the frames that two of them coded.

    Parameters
    ----------
    request
        Which cells. Every human coder of a session counts, whoever scores.
    level
        Nominal coverage of the intervals over dyads.
    ceiling
        TSV to write, a row for each cell and ordered pair of coders: protocol, target, stream, model, coder (whom the
        model is compared with), other (the second person), kappa_machine (model and coder), machine_low, machine_high,
        kappa_human (other and coder), human_low, human_high, share (of the one in the other), share_low, share_high,
        dyads, frames (that both people gave a class).

    Notes
    -----
    No frame is left out because people disagree on it. A model that was trained on the coder it is compared with may
    reach a share above 1: it learned that coder's habits. Coding that a prediction assisted never counts.
    """
    gathered = gather_scored(request)
    rows = [
        each.cell.key | row for each in gathered.scored
        for pair, counts in _count_pairs(each, gathered, request) for row in [_sum_up(*pair, counts, level)]
    ]
    write_table(pd.DataFrame(rows, columns=list(CEILING_COLUMNS)), ceiling)


def _count_pairs(
    each: Scored, gathered: Gathered, request: Request
) -> Iterator[tuple[tuple[str, str], NDArray[np.int64]]]:
    """For each ordered pair of coders with frames in common, confusions of (model, other) with the coder, shape
    (dyads, 2, classes, classes)."""
    truth, size = each.truth, len(each.truth.classes)
    dyads = sorted({truth.folds[name].dyad for name in truth.sessions})
    tables: dict[tuple[str, str], NDArray[np.int64]] = {}
    for session, held_out in read_held_out(each.probabilities, truth):
        by_coder = {
            coder: codes for coder, codes in gathered.labels[session].codes[truth.target].items()
            if request.kinds.get((session, coder)) == "human" and has_coded(codes)
        }
        for coder, other in permutations(by_coder, 2):
            # A frame that a network was not asked about (outside a task of its own) is a unit of nobody.
            both = (by_coder[coder] >= 0) & (by_coder[other] >= 0) & np.isfinite(held_out.probabilities).all(1)
            table = tables.setdefault((coder, other), np.zeros((len(dyads), 2, size, size), np.int64))
            said = by_coder[coder][both].astype(np.int64)
            for place, theirs in enumerate((held_out.codes[both], by_coder[other][both].astype(np.int64))):
                table[dyads.index(truth.folds[session].dyad), place] += np.bincount(
                    said * size + theirs, minlength=size * size).reshape(size, size)
    yield from sorted((pair, table) for pair, table in tables.items() if table.any())


def _sum_up(coder: str, other: str, counts: NDArray[np.int64], level: float) -> dict:
    table = counts[counts.any((1, 2, 3))]
    pooled, rests = cohen_kappa(table.sum(0)), cohen_kappa(leave_one_out(table))
    machine, human = (float(value) for value in pooled)
    share, left_out = _share(pooled), _share(rests)
    kappas = (-1.0, 1.0)
    machine_low, machine_high = interval_from_left_out(machine, rests[:, 0], bounds=kappas, level=level)
    human_low, human_high = interval_from_left_out(human, rests[:, 1], bounds=kappas, level=level)
    # A share below 0 is no logarithm's; then there is no interval.
    share_low, share_high = interval_from_left_out(float(share), left_out, bounds=(0.0, float("inf")), level=level)
    return {
        "coder": coder, "other": other, "kappa_machine": machine, "machine_low": machine_low,
        "machine_high": machine_high, "kappa_human": human, "human_low": human_low, "human_high": human_high,
        "share": float(share), "share_low": share_low, "share_high": share_high, "dyads": len(table),
        "frames": int(table[:, 0].sum()),
    }


def _share(kappas: NDArray[np.float64]) -> NDArray[np.float64]:
    """The model's kappa over the people's, from shape (..., 2); NaN where people do no better than chance."""
    machine, human = kappas[..., 0], kappas[..., 1]
    return np.divide(machine, human, out=np.full(np.shape(human), np.nan), where=human > 0)

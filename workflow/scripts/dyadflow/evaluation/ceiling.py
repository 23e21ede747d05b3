"""How near a model comes to what two people reach on the very same frames."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coded import has_coded
from dyadflow.agreement.intervals import interval_from_left_out
from dyadflow.agreement.kappa import cohen_kappa
from dyadflow.evaluation.counts import KEY
from dyadflow.evaluation.held_out import read_held_out
from dyadflow.evaluation.scored import Gathered, Request, Scored, gather_scored
from dyadflow.tables import write_table

CEILING_COLUMNS = (
    *KEY, "coder", "other", "kappa_machine", "machine_low", "machine_high", "kappa_human", "human_low", "human_high",
    "share", "share_low", "share_high", "dyads", "frames",
)
#: What stands for both coders in the row of a cell that sums up its pairs.
ALL_PAIRS = "all pairs"


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
        dyads, frames (that both people gave a class). With more than two coders a cell begins with a row in which both
        are ``all pairs``: means of the kappas of all ordered pairs, and the first mean over the second; dyads and
        frames that at least two people coded.

    Notes
    -----
    No frame is left out because people disagree on it. A model that was trained on the coder it is compared with may
    reach a share above 1: it learned that coder's habits. Coding that a prediction assisted never counts.
    """
    gathered = gather_scored(request)
    rows = [
        each.cell.key | row for each in gathered.scored for row in _rows(*_count_pairs(each, gathered, request), level)]
    write_table(pd.DataFrame(rows, columns=list(CEILING_COLUMNS)), ceiling)


def _count_pairs(
    each: Scored, gathered: Gathered, request: Request
) -> tuple[dict[tuple[str, str], NDArray[np.int64]], int]:
    """For each ordered pair of coders with frames in common, confusions of (model, other) with the coder, shape
    (dyads, 2, classes, classes); and the frames that at least two coders gave a class."""
    truth, size, frames = each.truth, len(each.truth.classes), 0
    dyads = sorted({truth.folds[name].dyad for name in truth.sessions})
    tables: dict[tuple[str, str], NDArray[np.int64]] = {}
    for session, held_out in read_held_out(each.probabilities, truth):
        # A frame that a network was not asked about is a unit of nobody.
        asked, place = np.isfinite(held_out.probabilities).all(1), dyads.index(truth.folds[session].dyad)
        by_coder = {
            coder: np.where(asked, codes, -1).astype(np.int64)
            for coder, codes in gathered.labels[session].codes[truth.target].items()
            if request.kinds.get((session, coder)) == "human" and has_coded(codes)
        }
        frames += int((np.sum([codes >= 0 for codes in by_coder.values()], axis=0) > 1).sum())
        for coder, other in permutations(by_coder, 2):
            both = (by_coder[coder] >= 0) & (by_coder[other] >= 0)
            table = tables.setdefault((coder, other), np.zeros((len(dyads), 2, size, size), np.int64))
            for who, theirs in enumerate((held_out.codes, by_coder[other])):
                table[place, who] += np.bincount(
                    by_coder[coder][both] * size + theirs[both], minlength=size * size).reshape(size, size)
    return {pair: tables[pair] for pair in sorted(tables) if tables[pair].any()}, frames


def _rows(tables: dict[tuple[str, str], NDArray[np.int64]], frames: int, level: float) -> Iterator[dict[str, Any]]:
    """Rows of one cell."""
    if len(tables) > 2:
        yield _sum_up(ALL_PAIRS, ALL_PAIRS, np.stack(list(tables.values())), frames, level)
    for (coder, other), table in tables.items():
        yield _sum_up(coder, other, table[None], int(table[:, 0].sum()), level)


def _sum_up(coder: str, other: str, counts: NDArray[np.int64], frames: int, level: float) -> dict[str, Any]:
    """A row from confusions of some pairs, shape (pairs, dyads, 2, classes, classes)."""
    table = counts[:, counts.any((0, 2, 3, 4))]
    whole = table.sum(1)
    pooled, rests = cohen_kappa(whole).mean(0), cohen_kappa(whole[:, None] - table).mean(0)
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
        "share": float(share), "share_low": share_low, "share_high": share_high, "dyads": table.shape[1],
        "frames": frames,
    }


def _share(kappas: NDArray[np.float64]) -> NDArray[np.float64]:
    """The model's kappa over the people's, from shape (..., 2); NaN where people do no better than chance."""
    machine, human = kappas[..., 0], kappas[..., 1]
    return np.divide(machine, human, out=np.full(np.shape(human), np.nan), where=human > 0)

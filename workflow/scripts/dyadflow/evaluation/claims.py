"""What a cell claims, beside what it would have claimed had its frames been split at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dyadflow.agreement.intervals import interval_from_left_out, leave_one_out
from dyadflow.evaluation.counts import KEY, CellCounts
from dyadflow.evaluation.metrics import BOUNDS, metrics_of

CLAIM_COLUMNS = (*KEY, "claimed_protocol", "metric", "value", "claimed", "gap", "low", "high", "dyads")
METRICS = ("accuracy", "f1_macro", "kappa")


def list_claims(counted: Sequence[CellCounts], level: float) -> list[dict[str, Any]]:
    """Rows of ``claims.tsv``: each cell of an honest protocol that a protocol split by frame has as well.

    Parameters
    ----------
    counted
        Confusions of all trained cells.
    level
        Nominal coverage of the interval of the gap, over dyads.

    Returns
    -------
    list of dict
        The key of the honest cell, claimed_protocol, metric (accuracy, f1_macro, kappa), value, claimed, gap (claimed
        minus value), low, high (jackknife-t over dyads of the gap), dyads. Both are pooled over the sessions that both
        protocols score.
    """
    leaky = {
        (each.cell.protocol, each.cell.target, each.cell.stream, each.cell.model): each for each in counted
        if each.truth.by_frame
    }
    rows = []
    for each in counted:
        if each.truth.by_frame:
            continue
        for (protocol, *rest), other in leaky.items():
            both = set(each.truth.sessions) & set(other.truth.sessions)
            if both and tuple(rest) == (each.cell.target, each.cell.stream, each.cell.model):
                rows += [_row(each.only(both), protocol, other.only(both), metric, level) for metric in METRICS]
    return rows


def _row(honest: CellCounts, protocol: str, other: CellCounts, metric: str, level: float) -> dict[str, Any]:
    tables = [own.by_dyad(own.counts.sum(1)) for own in (honest, other)]
    value, claimed = (float(metrics_of(table.sum(0))[metric]) for table in tables)
    without = [metrics_of(leave_one_out(table))[metric] for table in tables]
    widest = BOUNDS[metric][1] - BOUNDS[metric][0]
    low, high = interval_from_left_out(
        claimed - value, np.asarray(without[1] - without[0]), bounds=(-widest, widest), level=level)
    return honest.cell.key | {
        "claimed_protocol": protocol, "metric": metric, "value": value, "claimed": claimed, "gap": claimed - value,
        "low": low, "high": high, "dyads": len(tables[0]),
    }

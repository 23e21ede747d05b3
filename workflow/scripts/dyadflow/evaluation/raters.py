"""Coders and a video network as raters of the same snippets."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.agreement.kappa import cohen_kappa, percent_agreement
from dyadflow.evaluation.snippet_rows import confusion_by_dyad

#: What the network is called among the raters.
NETWORK = "network"

ALL = "all"

SNIPPET = ["target", "session", "start", "dyad"]


def compare_raters(tiles: Mapping[str, pd.DataFrame], *, level: float = 0.95) -> list[dict[str, Any]]:
    """Percent agreement and Cohen's kappa of every two raters on snippets that both rated.

    Parameters
    ----------
    tiles
        For each target, the rows of `read_snippets` of the tiled test set: the snippets are the same for every
        pair, and a network's answer stands beside the label of each coder of the session.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    list of dict
        For ``all`` targets together, then for each: target, rater_a, rater_b (coders in order of their names; then
        each coder with the ``network``), percent (0 to 100), kappa, kappa_low, kappa_high, snippets, dyads. Two
        raters without a common snippet have no row.

    Notes
    -----
    Fraile et al. (ICMI 2022, doi 10.1145/3536221.3556629), Section 4.2 and Fig. 3. Kappa is missing where it is
    undefined (`cohen_kappa`): one class throughout, by both. A network that gives one answer to everything has a
    kappa of 0 with a coder who does not.
    """
    rows = pd.concat([table.assign(target=target) for target, table in tiles.items()])
    labels = rows.pivot(index=SNIPPET, columns="coder", values="label")
    answers = rows.drop_duplicates(SNIPPET).set_index(SNIPPET).predicted.reindex(labels.index)
    coders = list(labels.columns)
    pairs = [(a, b, labels[a], labels[b]) for a, b in combinations(coders, 2)]
    pairs += [(coder, NETWORK, labels[coder], answers) for coder in coders]
    return [
        {"target": target, "rater_a": a, "rater_b": b} | found
        for target in (ALL, *tiles)
        for a, b, one, other in pairs
        for found in _compare(one, other, target, level)
    ]


def average_kappas(raters: Sequence[Mapping[str, Any]], target: str) -> dict[str, Any]:
    """Mean kappa over pairs of coders, and over pairs of a coder and the network.

    Parameters
    ----------
    raters
        What `compare_raters` gave.
    target
        Which target.

    Returns
    -------
    dict
        human, machine, pairs_human, pairs_machine: means, and over how many pairs whose kappa is defined.

    Notes
    -----
    Fraile et al. (ICMI 2022), Table 3.
    """
    found = {}
    for name, machine in (("human", False), ("machine", True)):
        kappas = np.array([
            row["kappa"] for row in raters
            if row["target"] == target and (row["rater_b"] == NETWORK) == machine and np.isfinite(row["kappa"])
        ])
        found[name] = float(kappas.mean()) if len(kappas) else float("nan")
        found[f"pairs_{name}"] = len(kappas)
    return {name: found[name] for name in ("human", "machine", "pairs_human", "pairs_machine")}


def _compare(one: pd.Series, other: pd.Series, target: str, level: float) -> Iterator[dict[str, Any]]:
    """The agreement of two raters on a target's snippets; nothing if they have none in common."""
    both = (one.notna() & other.notna()).to_numpy()
    if target != ALL:
        both = both & (one.index.get_level_values("target") == target)
    if not both.any():
        return
    table = confusion_by_dyad(one.index.get_level_values("dyad")[both], one[both], other[both])
    low, high = jackknife_interval(table, cohen_kappa, bounds=(-1.0, 1.0), level=level)
    yield {
        "percent": float(percent_agreement(table.sum(0))), "kappa": float(cohen_kappa(table.sum(0))),
        "kappa_low": low, "kappa_high": high, "snippets": int(table.sum()), "dyads": len(table),
    }

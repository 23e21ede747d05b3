"""Which hyperparameters mattered: what each value gave, and how much of the differences it explains."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dyadflow.tables import read_table

EFFECT_COLUMNS = (
    "protocol", "target", "stream", "model", "hyperparameter", "value", "inner_f1", "effect", "candidates", "cells",
    "share_of_variance",
)
#: What stands for target and stream where a row is about all cells of a model together.
TOGETHER = "all"
#: Names of no hyperparameter: the cell of a candidate, and how far its score lies from the mean of its cell and fold.
_CELL, _APART = "\tcell", "\tapart"
#: Columns of a search table that are no hyperparameters.
_NO_HYPERPARAMETERS = {
    "outer", "candidate", "inner_f1", "inner_epochs", "pruned", "chosen", "epochs", _CELL, _APART,
}


def tabulate_effects(searches: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Main effects of every hyperparameter that a search varied.

    Parameters
    ----------
    searches
        For each cell protocol, target, stream, model and path of its ``search.tsv``.

    Returns
    -------
    DataFrame
        Columns `EFFECT_COLUMNS`; the first six name a row. For each protocol and model the rows of all its cells
        together, whose target and stream are `TOGETHER`, and then those of each cell. inner_f1 (mean), effect (mean of
        the inner F1 less the mean of all candidates of the same cell and outer fold), candidates, cells,
        share_of_variance (of the differences between candidates within cells and folds that the hyperparameter's own
        values explain, eta squared; shares of several do not add up where candidates are a random subset). Of each
        model the hyperparameter stands first that explains most of all its cells. Candidates that were given up count
        with what they had.
    """
    tables: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for cell in searches:
        table = read_table(cell["path"], ["outer", "candidate", "inner_f1"])
        if len(table):
            table = table.assign(**{_CELL: f"{cell['target']}\t{cell['stream']}"})
            table[_APART] = table.inner_f1 - table.groupby("outer").inner_f1.transform("mean")
            tables.setdefault((cell["protocol"], cell["model"]), []).append(table)
    rows = []
    for (protocol, model), own in tables.items():
        whole = pd.concat(own, ignore_index=True)
        varied = [name for name in whole.columns if name not in _NO_HYPERPARAMETERS and whole[name].nunique() > 1]
        shares = {name: _explain(whole, name) for name in varied}
        varied.sort(key=lambda name: -shares[name] if shares[name] == shares[name] else 0)
        parts = [((TOGETHER, TOGETHER), whole)]
        for name, part in whole.groupby(_CELL, sort=False):
            target, _, stream = str(name).partition("\t")
            parts.append(((target, stream), part))
        rows += [
            (protocol, target, stream, model, *effect) for (target, stream), part in parts for name in varied
            for effect in _effects(part, name)
        ]
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _explain(table: pd.DataFrame, name: str) -> float:
    """Eta squared of one hyperparameter."""
    groups, total = table.groupby(name)[_APART], float((table[_APART] ** 2).sum())
    return float((groups.size() * groups.mean() ** 2).sum()) / total if total else float("nan")


def _effects(table: pd.DataFrame, name: str) -> list[tuple[Any, ...]]:
    """A row for each value of one hyperparameter; none where the search of these cells did not vary it."""
    if table[name].nunique() < 2:
        return []
    found = table.groupby(name).agg(
        inner_f1=("inner_f1", "mean"), effect=(_APART, "mean"), candidates=(_APART, "size"), cells=(_CELL, "nunique"))
    share = _explain(table, name)
    return [(name, *row, share) for row in found.itertuples(name=None)]

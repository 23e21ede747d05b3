"""Which hyperparameters mattered: what each value gave, and how much of the differences it explains."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dyadflow.tables import read_table

EFFECT_COLUMNS = (
    "protocol", "model", "hyperparameter", "value", "inner_f1", "effect", "candidates", "cells", "share_of_variance",
)
#: Columns of a search table that are no hyperparameters.
_NO_HYPERPARAMETERS = {"outer", "candidate", "inner_f1", "inner_epochs", "pruned", "chosen", "epochs"}


def tabulate_effects(searches: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Main effects of every hyperparameter that a search varied.

    Parameters
    ----------
    searches
        For each cell protocol, target, stream, model and path of its ``search.tsv``.

    Returns
    -------
    DataFrame
        Columns `EFFECT_COLUMNS`, a row for each protocol, model, hyperparameter and value: inner_f1 (mean), effect
        (mean of the inner F1 less the mean of all candidates of the same cell and outer fold), candidates, cells,
        share_of_variance (of the differences between candidates within cells and folds that the hyperparameter's own
        values explain, eta squared; shares of several do not add up where candidates are a random subset). Of each
        model the hyperparameter stands first that explains most. Candidates that were given up count with what they
        had.
    """
    tables: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for number, cell in enumerate(searches):
        table = read_table(cell["path"], ["outer", "candidate", "inner_f1"])
        if len(table):
            table = table.assign(cell=number)
            table["apart"] = table.inner_f1 - table.groupby("outer").inner_f1.transform("mean")
            tables.setdefault((cell["protocol"], cell["model"]), []).append(table)
    rows = []
    for (protocol, model), own in tables.items():
        whole = pd.concat(own, ignore_index=True)
        total = float((whole.apart**2).sum())
        varied = []
        for name in whole.columns:
            if name in _NO_HYPERPARAMETERS | {"cell", "apart"} or whole[name].nunique() < 2:
                continue
            groups = whole.groupby(name)
            explained = float((groups.size() * groups.apart.mean() ** 2).sum())
            varied.append((explained / total if total else float("nan"), name, groups))
        for share, name, groups in sorted(varied, key=lambda each: -each[0] if each[0] == each[0] else 0):
            for value, part in groups:
                rows.append((
                    protocol, model, name, value, part.inner_f1.mean(), part.apart.mean(), len(part),
                    part.cell.nunique(), share))
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))

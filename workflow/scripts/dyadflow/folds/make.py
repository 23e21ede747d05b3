"""From the labels of a study to its table of folds, dealt or searched, and how balanced they came out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.folds.assign import assign_folds
from dyadflow.folds.balance import balance_table
from dyadflow.folds.counting import count_labels
from dyadflow.folds.search import search_folds
from dyadflow.folds.settings import FoldSettings


def make_folds(
    labels: str | Path, dyads: Mapping[str, str], *, targets: Sequence[str], coders: Sequence[str],
    settings: FoldSettings | Mapping[str, Any], covariates: Mapping[str, Mapping[str, str]], seed: int,
    pins: Mapping[str, int], deal: int = 0, by_session: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every coded session its folds, as the study says.

    Parameters
    ----------
    labels
        Index of frame labels.
    dyads
        The dyad of every session, in the order of the sheet.
    targets, coders
        Which targets balance the folds, and whose coding of them: of dealt folds the first of these coders who
        coded a session, of searched ones all of them together.
    settings
        Dealt or searched, and how many.
    covariates
        Of every session, the columns that `FoldSettings.in_every_fold` names.
    seed
        Of the search.
    pins
        Outer folds fixed by hand, by dyad.
    deal
        0: dyads are dealt in the order of the sheet. Another number: in another order, which follows from it and the
        seed; repeated cross-validation has several.
    by_session
        Whether sessions are dealt, each by itself, so that a dyad may stand on both sides.

    Returns
    -------
    folds
        As `assign_folds` and `search_folds` give it.
    balance
        As `balance_table` gives it.
    """
    chosen = FoldSettings.model_validate(settings)
    searched = chosen.method == "searched"
    units = {session: session for session in dyads} if by_session else dict(dyads)
    counts = count_labels(labels, units, targets=targets, coders=coders, pool=searched)
    sheet = list(counts.session)
    if deal:
        counts = _shuffle(counts, seed=seed, deal=deal)
    if searched:
        folds = search_folds(
            counts, outer=chosen.outer, candidates=chosen.candidates, seed=seed + deal, covariates=covariates,
            in_every_fold=chosen.in_every_fold, pins=pins,
        )
    else:
        folds = assign_folds(counts, outer=chosen.outer, inner=chosen.inner, pins=pins)
    balance = balance_table(counts, folds)
    folds = folds.set_index("session").loc[sheet].reset_index()
    return folds.assign(dyad=[dyads[session] for session in folds.session]), balance


def _shuffle(counts: pd.DataFrame, *, seed: int, deal: int) -> pd.DataFrame:
    """The same rows, dyad by dyad in another order."""
    order = list(counts.dyad.unique())
    np.random.default_rng([seed, deal]).shuffle(order)
    return pd.concat([counts[counts.dyad == dyad] for dyad in order], ignore_index=True)

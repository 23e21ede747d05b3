"""How many frames of each class a session has: what the folds are balanced by."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dyadflow.annotations.label_index import read_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.errors import DyadflowError


def count_labels(
    labels: str | Path, dyads: Mapping[str, str], *, targets: Sequence[str], coders: Sequence[str] = (),
    pool: bool = False,
) -> pd.DataFrame:
    """Count labelled frames by class, one row a session.

    Parameters
    ----------
    labels
        Index of frame labels (`write_label_index`).
    dyads
        The dyad of every session, in the order of the session sheet. Sessions that the index lacks have no
        coding and get no row.
    targets
        Which targets to count.
    coders
        Whose coding counts: the first of these who coded the session. Empty, or none of them: the first coder
        by name, so that a session that only another coder saw still weighs in the balance.
    pool
        Sum the frames of all of these coders instead (empty, or none of them: of all who coded the session),
        so that a share of frames is that over all their coding together.

    Returns
    -------
    DataFrame
        Columns session, dyad, then ``<target>:<class>`` with frames, in the order of the sheet.

    Raises
    ------
    DyadflowError
        If the index names a session that the sheet lacks.
    """
    files = read_label_index(labels)
    unknown = sorted(set(files) - set(dyads))
    if unknown:
        raise DyadflowError(
            f"session {unknown[0]} has labels but no row in the session sheet", where=str(labels),
            fix="add the session to sessions.tsv",
        )
    rows = []
    for session, dyad in dyads.items():
        if session in files:
            found = _count_session(files[session].read(), targets, coders, pool)
            rows.append({"session": session, "dyad": dyad, **found})
    return pd.DataFrame(rows)


def _count_session(
    labels: SessionLabels, targets: Sequence[str], coders: Sequence[str], pool: bool
) -> dict[str, int]:
    counts = {}
    for target in targets:
        classes, by_coder = labels.classes[target], labels.codes[target]
        counted = [name for name in coders if name in by_coder] or sorted(by_coder)
        codes = np.concatenate(
            [np.empty(0, dtype=np.int8), *(by_coder[name] for name in (counted if pool else counted[:1]))])
        frames = np.bincount(codes[codes >= 0], minlength=len(classes))
        counts.update({f"{target}:{name}": int(frames[number]) for number, name in enumerate(classes)})
    return counts

"""Folds from labels on disk, as a study asks for them."""

import numpy as np
import pytest

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.folds.balance import balance_table
from dyadflow.folds.counting import count_labels
from dyadflow.folds.make import make_folds
from dyadflow.media.grid import FrameGrid

SESSIONS = [f"s{number}" for number in range(6)]
DYADS = {session: f"d-{session}" for session in SESSIONS}


@pytest.fixture
def labels(tmp_path):
    """Six sessions of ten frames: A says yes to as many as the session's number says, B to half of them."""
    for number, session in enumerate(SESSIONS):
        codes = {"A": np.arange(10) < number, "B": np.arange(10) < 5}
        SessionLabels(
            FrameGrid(25.0, 10), (), np.full(10, -1, np.int8), {"dolls": ("no", "yes")},
            {"dolls": {coder: values.astype(np.int8) for coder, values in codes.items()}},
        ).write(tmp_path / f"{session}.h5")
    write_label_index({session: tmp_path / f"{session}.h5" for session in SESSIONS}, tmp_path / "index.tsv",
                      place=tmp_path)
    return tmp_path / "index.tsv"


@pytest.mark.parametrize(("settings", "pool"), [
    ({"method": "dealt", "outer": 3, "inner": 2}, False),
    ({"method": "searched", "outer": 3, "candidates": 50, "in_every_fold": {"who": ["2"]}}, True),
])
def test_searched_folds_pool_the_coders_and_dealt_ones_take_the_first(labels, settings, pool):
    covariates = {session: {"who": str(1 + number % 2)} for number, session in enumerate(SESSIONS)}
    folds, balance = make_folds(
        labels, DYADS, targets=["dolls"], coders=["A", "B"], settings=settings, covariates=covariates, seed=1,
        pins={"d-s0": 2})
    counts = count_labels(labels, DYADS, targets=["dolls"], coders=["A", "B"], pool=pool)
    assert balance.equals(balance_table(counts, folds))
    assert folds.outer[0] == 2
    assert sorted(folds.outer) == [0, 0, 1, 1, 2, 2]
    # A: 15 of 60 frames; both: 45 of 120.
    assert balance.whole_share[balance["class"] == "yes"].unique().tolist() == [45 / 120 if pool else 15 / 60]
    if pool:
        assert sorted(folds.outer[1::2]) == [0, 1, 2], "the second experimenter is in every fold"

"""The schemes of both papers, and frame labels made by hand."""

from pathlib import Path

import numpy as np
import pytest

from dyadflow.annotations.labels import SessionLabels, label_spec
from dyadflow.annotations.scheme import read_scheme
from dyadflow.media.grid import FrameGrid

SCHEMES = Path(__file__).parents[2] / "config" / "schemes"


@pytest.fixture(scope="session")
def guided_spec():
    """Guided play, in which every coder marks the tasks."""
    return label_spec(read_scheme(SCHEMES / "guided-play.yaml"))


@pytest.fixture(scope="session")
def icep_spec():
    """ICEP-R, in which phases are shared and turn-away is excluded."""
    return label_spec(read_scheme(SCHEMES / "icep-r.yaml"))


@pytest.fixture(scope="session")
def make_labels():
    """Labels of one session from each coder's frames of one target."""

    def make(coders, classes=("low", "middle", "high"), *, phase=None, phases=("play", "reunion"), target="infant"):
        frames = len(next(iter(coders.values())))
        return SessionLabels(
            FrameGrid(25.0, frames), phases, np.array(phase if phase is not None else [0] * frames, np.int8),
            {target: tuple(classes)}, {target: {name: np.array(codes, np.int8) for name, codes in coders.items()}},
        )

    return make


@pytest.fixture(scope="session")
def only():
    """The one row of a table in which the named columns have these values."""

    def find(table, **equals):
        for name, value in equals.items():
            table = table[table[name] == value]
        assert len(table) == 1, table
        return table.iloc[0]

    return find

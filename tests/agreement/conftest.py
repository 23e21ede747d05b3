"""The scheme of guided play, in which every coder marks the tasks."""

from pathlib import Path

import pytest

from dyadflow.annotations.labels import label_spec
from dyadflow.annotations.scheme import read_scheme


@pytest.fixture(scope="session")
def guided_spec():
    return label_spec(read_scheme(Path(__file__).parents[2] / "config" / "schemes" / "guided-play.yaml"))

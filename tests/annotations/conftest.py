"""The shipped schemes, and the sample files that stand beside the project where there are any."""

from pathlib import Path

import pytest

from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def icep_r():
    return read_scheme(ROOT / "config" / "schemes" / "icep-r.yaml")


@pytest.fixture(scope="session")
def vocabulary(icep_r):
    return Vocabulary.of(icep_r)


@pytest.fixture(scope="session")
def guided_play():
    return read_scheme(ROOT / "config" / "schemes" / "guided-play.yaml")


@pytest.fixture(scope="session")
def eaf_samples():
    folder = ROOT.parent / "shared" / "data" / "eaf"
    if not folder.is_dir():
        pytest.skip("the public ELAN samples are not beside the project (../shared/data/eaf)")
    return folder

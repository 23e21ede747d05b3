"""Guards rule 11 on a whole run: nothing outside private/ shows persons, plays sound, or names a machine or a file."""

import subprocess
import sys

import pytest

from dyadflow.privacy.check import check_folder
from dyadflow.study.sharing import find_unshareable

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")


def test_a_whole_run_leaves_nothing_that_must_not_be_shared(finished):
    study = finished.path("config", "studies", "tiny.yaml")
    assert find_unshareable(study, finished.path("results")) == []


def test_the_copy_is_checked_and_leaves_private_things_streams_and_models_behind(finished, tmp_path):
    command = [sys.executable, "-c", "from dyadflow.cli import main; main()", "share"]
    done = subprocess.run(
        [*command, str(finished.path("config/studies/tiny.yaml")), "--into", str(tmp_path / "copy"),
         "--results", str(finished.path("results"))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert check_folder(tmp_path / "copy", kept_in=()) == []
    inside = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert {"report/index.html", "prediction/new.eaf", "figures/folds.png", "shared.tsv"} <= inside
    assert not {"private", "logs", "provenance/private"} & inside
    assert not [name for name in inside if name.endswith(".safetensors") or name.startswith("features/logmel/audio/")]

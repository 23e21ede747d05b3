"""Guards ``--use-conda``: the project's environments are made, activated and used by its jobs, and made only once.

A stand-in for conda takes hand-made packages for those of conda-forge. That shows the wiring between rules,
environments and jobs; whether conda-forge has the packages is for a machine that reaches it
(.github/workflows/environments.yml).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conda_stand_in.channel import build_conda
from .conftest import new_project

pytestmark = pytest.mark.xdist_group("conda")

ROOT = Path(__file__).parents[2]
#: Two jobs in two environments: a synthetic session is made, and its coding imported.
TARGET = "results/tiny/annotations/sessions/t1.segments.tsv"
SCRIPTS = {"media": "make_demo_session", "annotations": "import_annotations"}


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    """The stand-in for conda, before any other conda."""
    home = tmp_path_factory.mktemp("conda") / "home"
    programs = build_conda(home, sorted((ROOT / "envs").glob("*.yaml")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        yield home


@pytest.fixture(scope="module")
def made(conda, tmp_path_factory):
    """The tiny study with one session imported under ``--use-conda``."""
    project = new_project(tmp_path_factory.mktemp("with_conda") / "project")
    project.said = project.run("--use-conda", TARGET)
    return project


def environments(project):
    """Folder of each environment that was made, by the name of its YAML file."""
    known = {(ROOT / "envs" / f"{name}.yaml").read_text(): name for name in SCRIPTS}
    made = project.path(".snakemake", "conda")
    return {known[file.read_text()]: file.with_suffix("") for file in made.glob("*.yaml")}


def scripts_run(environment):
    """Scripts that an environment's Python was called for."""
    calls = (environment / "calls.log").read_text().splitlines()
    return [found[1] for call in calls if (found := re.search(r"/tmp\w+\.(\w+)\.py$", call))]


def calls_of(conda, word):
    return [line for line in (conda / "calls.log").read_text().splitlines() if word in line.split()]


def test_only_the_environments_of_its_jobs_are_made(made):
    assert set(environments(made)) == set(SCRIPTS)


def test_an_environment_holds_what_its_file_lists(made):
    for name, folder in environments(made).items():
        listed = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())["dependencies"]
        installed = {re.sub(r"-([^-]+)-[^-]+$", r" =\1", file.stem) for file in folder.glob("conda-meta/*.json")}
        assert installed == {entry for entry in listed if isinstance(entry, str)}
        assert (folder / "pip.txt").read_text().split() == listed[-1]["pip"]


def test_each_job_runs_in_the_environment_of_its_rule(made):
    assert made.path(TARGET).exists()
    for name, folder in environments(made).items():
        assert scripts_run(folder) == [SCRIPTS[name]]
        assert f"Activating conda environment: {folder.relative_to(made.folder)}" in made.said


def test_a_second_run_makes_no_environment_and_runs_no_job(conda, made):
    before = len(calls_of(conda, "create"))
    used = {name: scripts_run(folder) for name, folder in environments(made).items()}
    assert "Nothing to be done" in made.run("--use-conda", TARGET)
    assert len(calls_of(conda, "create")) == before
    assert {name: scripts_run(folder) for name, folder in environments(made).items()} == used


def test_environments_made_ahead_in_a_shared_place_follow_pin_files_and_leave_pip_its_part(conda, made, tmp_path):
    project = made.copy(tmp_path / "project")
    subprocess.run(
        [sys.executable, ROOT / ".github" / "pin_environments.py",
         "--channel-alias", (conda / "channels").as_uri() + "/"], cwd=project.folder, check=True)
    shared = tmp_path / "shared"
    project.run("--use-conda", "--conda-prefix", str(shared), "--conda-create-envs-only", TARGET)
    folders = [file.with_name(file.name.removesuffix(".pin.txt")) for file in shared.glob("*.pin.txt")]
    made_of = [re.search(r"--file (\S+) --prefix (\S+)", call).groups() for call in calls_of(conda, "--yes")]
    assert sorted(made_of) == sorted((f"{folder}.pin.txt", str(folder)) for folder in folders)
    assert len(folders) == len(SCRIPTS)
    for folder in folders:
        pinned = folder.with_name(folder.name + ".pin.txt").read_text().splitlines()
        assert pinned[1] == "@EXPLICIT"
        archives = {line.partition("#")[0].rpartition("/")[2].removesuffix(".tar.bz2") for line in pinned[2:]}
        assert archives == {file.stem for file in folder.glob("conda-meta/*.json")}
        assert (folder / "calls.log").read_text() == "-m pip install --no-input --no-deps pympi-ling==1.71\n"


def test_an_environment_that_no_channel_can_fill_is_said_and_not_pinned(conda, tmp_path):
    (tmp_path / "envs").mkdir()
    text = (ROOT / "envs" / "report.yaml").read_text()
    (tmp_path / "envs" / "report.yaml").write_text(text.replace("jinja2 =3.1.6", "jinja2 =0.0.1"))
    done = subprocess.run(
        [sys.executable, ROOT / ".github" / "pin_environments.py",
         "--channel-alias", (conda / "channels").as_uri() + "/"],
        cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "envs/report.yaml cannot be solved" in done.stderr
    assert "jinja2 0.0.1" in done.stderr
    assert sorted(path.name for path in (tmp_path / "envs").iterdir()) == ["report.yaml"]

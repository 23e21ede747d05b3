"""Guards the words that a user copies: every block of docs/running.md and config/README.md is run as it stands.

Snakemake is asked for a dry run each time, and weights are not fetched; all else is done.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dyadflow.demo.settings import DemoSettings
from dyadflow.demo.write import make_coding, make_recording

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "workflow", "config", "envs", "profiles", "Makefile", "requirements.lock",
         "pyproject.toml")
SESSIONS = [f"s{number:02d}" for number in range(10)]
#: Comes before every block. A user fills in the sheets after `dyadflow init`; here they are copied in.
BEFORE = """
set -eu
snakemake() { command snakemake "$@" --dry-run --quiet; }
dyadflow() {
    case $1 in
        init) command dyadflow "$@"; cp sheets/*.tsv my-study/ ;;
        fetch-weights) test -f "$2"; command dyadflow fetch-weights --help > /dev/null ;;
        *) command dyadflow "$@" ;;
    esac
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("running") / "project"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / ".venv").symlink_to(sys.prefix)
    sheets, data = folder / "sheets", folder / "recordings"
    sheets.mkdir()
    data.mkdir()
    settings = DemoSettings(seed=3, duration_s=20, height_px=64)
    rows, coding = ["session\tdyad\tmedia"], ["session\tcoder\tpath"]
    for name in SESSIONS:
        make_recording(name, settings=settings, path=data / f"{name}.mp4")
        make_coding(name, "anna", settings=settings, path=data / f"{name}.txt")
        rows.append(f"{name}\t{name}\t../recordings/{name}.mp4")
        coding.append(f"{name}\tcoder1\t../recordings/{name}.txt")
    (sheets / "sessions.tsv").write_text("\n".join([*rows, ""]))
    (sheets / "coding.tsv").write_text("\n".join([*coding, ""]))
    run(folder, ". .venv/bin/activate\ndyadflow init my-study")
    return folder


def run(folder: Path, block: str) -> str:
    # As from a shell of the user's own: the tests themselves may have been started by make.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["bash", "-c", BEFORE + block], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=500)
    assert done.returncode == 0, block + done.stdout + done.stderr
    return done.stdout + done.stderr


def blocks(file: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / file).read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", blocks("docs/running.md"), ids=range(len(blocks("docs/running.md"))))
def test_a_block_of_the_page_on_running_can_be_copied(project, block):
    assert "snakemake" in block
    if "dyadflow init" in block:
        shutil.rmtree(project / "my-study")
    else:
        block = ". .venv/bin/activate\n" + block
    run(project, block)


def test_the_blocks_of_the_configurations_page_can_be_copied(project):
    found = [block for block in blocks("config/README.md") if "snakemake" in block]
    assert len(found) == 2
    for block in found:
        run(project, ". .venv/bin/activate\n" + block)


@pytest.mark.parametrize(("target", "words"), [
    ("run", "--cores all --configfile my-study/config.yaml"),
    ("run-gpu", "--cores all --resources gpu=2 --configfile my-study/config.yaml"),
    ("run-cluster", "--workflow-profile profiles/slurm --configfile my-study/config.yaml"),
])
def test_make_says_the_same_words(project, target, words):
    (project / ".venv" / ".ready").exists() or pytest.skip("the environment was not made by make")
    said = run(project, f"touch -d 2000-01-01 requirements.lock pyproject.toml\nmake -n {target} STUDY=my-study GPUS=2")
    assert words in said


def test_make_help_lists_every_command(project):
    said = run(project, "make help")
    named = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert [line.split()[0] for line in said.splitlines()] == named and "run-cluster" in named

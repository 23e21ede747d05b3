"""Guards the licences that `make lint` accepts: the list in pyproject.toml lets nothing pass that nobody looked at."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pip-licenses"]
ALLOWED = {name.strip().lower() for name in SETTINGS["allow-only"].split(";")}


def run(folder, *words):
    """Run the gate of `make lint` with the settings in a folder's pyproject.toml."""
    return subprocess.run(
        [sys.executable, "-m", "piplicenses", *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The licences of each installed package, by its name."""
    listed = json.loads(run(tmp_path_factory.mktemp("plain"), "--format", "json").stdout)
    return {canonicalize_name(one["Name"]): one["License"].lower().split("; ") for one in listed}


def test_all_that_is_installed_passes():
    done = run(ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["cvxopt", "textgrid"])
def test_what_is_not_on_the_list_fails_and_is_named(tmp_path, name):
    text = (ROOT / "pyproject.toml").read_text()
    assert f'    "{name}",\n' in text
    (tmp_path / "pyproject.toml").write_text(text.replace(f'    "{name}",\n', ""))
    done = run(tmp_path)
    assert done.returncode == 1
    assert re.search(rf"not in allow-only licenses was found for package {name}:", done.stderr, re.IGNORECASE)


def test_every_exception_is_locked_and_would_not_pass_without_it(installed):
    lock = (ROOT / "requirements.lock").read_text()
    for name in SETTINGS["ignore-packages"]:
        assert re.search(rf"^{re.escape(name)}==", lock, flags=re.MULTILINE), name
        assert not ALLOWED & set(installed.get(name, [])), name

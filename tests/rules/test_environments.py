"""Guards the conda environments: each holds what its rules need, nothing else, at the versions of requirements.lock."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dyadflow.provenance.digest import DISTRIBUTIONS, LEFT_OUT

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
ENVIRONMENTS = sorted(path.stem for path in (ROOT / "envs").glob("*.yaml"))

#: Where conda-forge calls a distribution otherwise than PyPI does. `matplotlib` of conda-forge would bring Qt.
CONDA_NAMES = {
    "huggingface-hub": "huggingface_hub", "matplotlib": "matplotlib-base", "torch": "pytorch",
    "typing-extensions": "typing_extensions",
}
PYPI_NAMES = {conda: pypi for pypi, conda in CONDA_NAMES.items()}
#: What no module of ours imports, and why an environment holds it all the same.
INDIRECT = {
    "python": "runs the scripts",
    "pip": "installs what conda-forge does not have",
    **dict.fromkeys(
        ("cvxopt", "cvxpy", "numba", "pyannote-database", "pympi-ling", "sortedcontainers", "textgrid", "tqdm",
         "typing-extensions"), "pygamma-agreement imports it, and conda does not see what pip installs"),
}
#: What modules import only where a study asks for it, and users install themselves.
EXTRAS = {"mediapipe": "landmarks"}
#: What is imported only while a run is planned, never by a job.
PLANNING = {"grimp"}
#: Folders whose modules a script loads by name, whichever the study names.
LOADED_BY_NAME = {
    "extract_features": ["features/backbones"], "import_annotations": ["annotations/formats/readers"],
    "train_cell": ["models/networks"], "predict_session": ["models/networks"],
    "train_video_cell": ["models/video/networks"], "predict_clips": ["models/video/networks"],
}


def read_environment(name):
    """What an environment lists: {PyPI name: specifier}, of conda and of pip."""
    listed = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())["dependencies"]
    by_conda, by_pip = {}, {}
    for entry in listed:
        if isinstance(entry, str):
            package, _, specifier = entry.partition(" ")
            by_conda[PYPI_NAMES.get(package, package)] = specifier
        else:
            for line in entry["pip"]:
                requirement = Requirement(line)
                by_pip[requirement.name] = str(requirement.specifier)
    return by_conda, by_pip


@cache
def read_lock():
    """The version of each distribution that the lock has for this Python."""
    found = {}
    for line in re.findall(r"^[A-Za-z0-9].*?(?= \\$)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"python_full_version": "3.11.0"}):
            found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


def environment_of(body):
    return re.search(r'conda:\s+"\.\./envs/(\w+)\.yaml"', body)[1]


def distribution_of(imported):
    return canonicalize_name(DISTRIBUTIONS.get(imported, imported))


def imports_of(code, script):
    """Distributions that a script's modules import, anywhere in them."""
    entries = [
        f"dyadflow.{folder.replace('/', '.')}.{path.stem}" for folder in LOADED_BY_NAME.get(script, ())
        for path in sorted((SCRIPTS / "dyadflow" / folder).glob("[a-z]*.py"))
    ]
    imported = {
        name.split(".")[0] for module in code.reached(SCRIPTS / f"{script}.py", entries)
        for name in code._graph.find_modules_directly_imported_by(module)
    }
    return {distribution_of(name) for name in imported - {"dyadflow", *sys.stdlib_module_names}}


@pytest.fixture(scope="module")
def needed(code, rules):
    """What each environment's rules import: {environment: {distribution: rules}}."""
    found = {name: {} for name in ENVIRONMENTS}
    for rule, body in rules.items():
        for distribution in imports_of(code, rule) - set(EXTRAS):
            found[environment_of(body)].setdefault(distribution, []).append(rule)
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_holds_all_that_its_rules_import(needed, name):
    by_conda, by_pip = read_environment(name)
    missing = {package: rules for package, rules in needed[name].items() if package not in by_conda | by_pip}
    assert not missing, f"envs/{name}.yaml lacks {missing}"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_holds_nothing_that_none_of_its_rules_needs(needed, name):
    by_conda, by_pip = read_environment(name)
    wanted = set(needed[name]) | {"python"} | ({"pip"} if by_pip else set())
    for package in by_pip:
        wanted |= requirements_of(package)
    assert set(by_conda | by_pip) <= wanted
    assert set(by_conda | by_pip) <= set(needed[name]) | set(INDIRECT)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_pip_finds_installed_what_its_packages_require(name):
    by_conda, by_pip = read_environment(name)
    for package in by_pip:
        assert requirements_of(package) <= set(by_conda | by_pip), package
    assert not set(by_conda) & set(by_pip)


def requirements_of(package):
    found = [Requirement(text) for text in requires(package) or ()]
    return {
        canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})
    }


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_has_the_versions_of_the_lock(name):
    by_conda, by_pip = read_environment(name)
    locked = read_lock()
    assert by_conda.pop("python") == "=3.11"
    assert by_conda == {package: f"={locked[package]}" for package in by_conda}
    assert by_pip == {package: f"=={locked[package]}" for package in by_pip}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_plain(name):
    text = (ROOT / "envs" / f"{name}.yaml").read_text()
    content = yaml.safe_load(text)
    # Any byte of the file, a comment too, makes Snakemake build the environment again.
    assert "#" not in text
    assert content["channels"] == ["conda-forge", "nodefaults"]
    plain = [entry for entry in content["dependencies"] if isinstance(entry, str)]
    assert plain[0].startswith("python ")
    assert plain[1:] == sorted(plain[1:])


def test_every_environment_has_rules_and_every_rule_an_environment(rules):
    assert {environment_of(body) for body in rules.values()} == set(ENVIRONMENTS)


def test_what_opens_a_job_needs_nothing_but_python(code):
    waiting, found, outside = ["dyadflow.provenance.stage", "dyadflow.errors"], set(), set()
    while waiting:
        module = waiting.pop()
        found.add(module)
        for imported in code._graph.find_modules_directly_imported_by(module):
            if imported.startswith("dyadflow."):
                waiting += [imported] if imported not in found else []
            else:
                outside.add(imported.split(".")[0])
    assert all(module.startswith(LEFT_OUT) for module in found)
    assert outside - set(sys.stdlib_module_names) == PLANNING


def test_what_users_install_themselves_is_an_extra_of_the_project_and_in_no_environment():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package, extra in EXTRAS.items():
        assert any(Requirement(text).name == package for text in extras[extra])
        assert all(package not in {**one, **other} for one, other in map(read_environment, ENVIRONMENTS))


def test_what_snakemake_puts_before_a_script_needs_nothing_in_the_environment():
    # From the planning environment come only Snakemake's own packages, and nothing compiled for one Python alone.
    program = (
        "import sys; held = set(sys.modules); import snakemake.logging, snakemake.iocontainers\n"
        "for name, module in sys.modules.items():\n"
        "    if name not in held: print(name.split('.')[0], getattr(module, '__file__', None))\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = [line.split(" ", 1) for line in done.stdout.splitlines()]
    others = [(name, file) for name, file in loaded if name not in {*sys.stdlib_module_names, "__mp_main__"}]
    assert {name.partition("_")[0] for name, _ in others} == {"snakemake"}
    assert not [file for _, file in others if not file.endswith(".py")]


def not_pinned(by_conda, pins):
    """What an environment lists, and the text of its pin file does not have at that version."""
    archives = [line.partition("#")[0].rpartition("/")[2] for line in pins.splitlines()]
    wanted = {f"{CONDA_NAMES.get(name, name)}-{version.removeprefix('=')}": name for name, version in by_conda.items()}
    return {name for begins, name in wanted.items()
            if not any(re.match(rf"{re.escape(begins)}[.-]", archive) for archive in archives)}


def test_a_pin_file_that_was_not_written_again_is_found():
    pins = "@EXPLICIT\nhttps://example.org/linux-64/python-3.11.14-h1_0.conda#00\nfile:///c/noarch/pytorch-2.1.0-0.conda#11\n"
    assert not_pinned({"python": "=3.11", "torch": "=2.1.0"}, pins) == set()
    assert not_pinned({"python": "=3.12", "torch": "=2.1", "numpy": "=2.4.6"}, pins) == {"python", "numpy"}


def test_pin_files_that_lie_beside_environments_are_of_the_same_versions_and_leave_nothing_of_pip_out():
    for file in (ROOT / "envs").glob("*.pin.txt"):
        name = file.name.split(".")[0]
        by_conda, by_pip = read_environment(name)
        assert not not_pinned(by_conda, file.read_text()), file
        script = file.with_name(f"{name}.post-deploy.sh")
        installed = set(re.findall(r"'(\S+)'", script.read_text())) if script.exists() else set()
        assert installed == {package + version for package, version in by_pip.items()}, file

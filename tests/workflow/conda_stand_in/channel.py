"""A channel of hand-made packages, and the programs `conda` and `activate` that use it."""

import asyncio
import io
import json
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

import rattler.index
import yaml

#: The environment's Python: the test's own, once it is noted in the environment what it was called for. Nothing is
#: ever installed with it, or the test would change what it runs in.
PYTHON = """#!/bin/sh
echo "$*" >> "$CONDA_PREFIX/calls.log"
case "$1 $2" in "-m pip") exit 0 ;; esac
exec {python} "$@"
"""
ACTIVATE = """export CONDA_PREFIX="$1"
export PATH="$1/bin:$PATH"
"""
CONDA = """#!/bin/sh
CONDA_STAND_IN={home} exec {python} {program} "$@"
"""


def build_conda(home: Path, environments: Iterable[Path]) -> Path:
    """Set up a conda that has every package which the environments list, at the version they list.

    Parameters
    ----------
    home
        Folder to make.
    environments
        YAML files.

    Returns
    -------
    Path
        Folder of the programs, for the beginning of ``PATH``.
    """
    channel = home / "channels" / "conda-forge"
    packages: dict[str, str] = {}
    for file in environments:
        for entry in yaml.safe_load(file.read_text())["dependencies"]:
            if isinstance(entry, str):
                name, version = entry.split(" =")
                packages[name] = version
    for name, version in packages.items():
        files = {"bin/python": PYTHON.format(python=sys.executable)} if name == "python" else {}
        _write_package(channel / "linux-64", name, version, files)
    (channel / "noarch").mkdir()
    asyncio.run(rattler.index.index_fs(channel))
    (home / "bin").mkdir()
    (home / "bin" / "activate").write_text(ACTIVATE)
    conda = home / "bin" / "conda"
    conda.write_text(CONDA.format(home=home, python=sys.executable, program=Path(__file__).with_name("conda.py")))
    conda.chmod(0o755)
    return home / "bin"


def _write_package(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    build = "h0_0"
    about = {
        "name": name, "version": version, "build": build, "build_number": 0, "depends": [], "subdir": "linux-64",
        "arch": "x86_64", "platform": "linux", "timestamp": 1_700_000_000_000,
    }
    everything = {"info/index.json": json.dumps(about), "info/files": "".join(f"{file}\n" for file in files), **files}
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / f"{name}-{version}-{build}.tar.bz2", "w:bz2") as archive:
        for path, text in everything.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))

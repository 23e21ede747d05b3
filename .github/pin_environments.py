"""Solve the conda environments, and write down which archives they come to: ``make pins``, where channels are reached.

For each ``envs/NAME.yaml`` it writes ``envs/NAME.PLATFORM.pin.txt``, which Snakemake takes in place of solving the YAML
again. Such a file cannot name what pip installs, so what the YAML leaves to pip goes to ``envs/NAME.post-deploy.sh``,
which Snakemake runs inside a new environment, made either way.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import rattler
import yaml
from rattler.exceptions import FetchRepoDataError, GatewayError, SolverError

#: What a machine must offer: Linux with the C library of RHEL 8 and its contemporaries, and any 64-bit x86 processor.
MACHINE = {"__unix": ("0", "0"), "__linux": ("4.18", "0"), "__glibc": ("2.28", "0"), "__archspec": ("1", "x86_64")}
POST_DEPLOY = """#!/usr/bin/env bash
# Written by `make pins` from {file}: what pip installs there, which a pin file cannot name.
set -euo pipefail
python -m pip install --no-input --no-deps {packages}
"""


async def solve(content: dict, *, platform: str, cuda: str | None, alias: str | None) -> list[rattler.RepoDataRecord]:
    """Solve one environment.

    Parameters
    ----------
    content
        Of the environment's YAML file.
    platform
        As conda calls it: ``linux-64``.
    cuda
        Version that the driver of the machine's GPU offers; None solves for machines without one.
    alias
        Where channels lie whose names are no addresses; None is conda's own place.

    Returns
    -------
    list
        Packages, each after those that it needs.
    """
    config = rattler.ChannelConfig(channel_alias=alias) if alias else rattler.ChannelConfig()
    machine = MACHINE | ({"__cuda": (cuda, "0")} if cuda else {})
    records = await rattler.solve(
        [rattler.Channel(name, config) for name in content["channels"] if name != "nodefaults"],
        [entry for entry in content["dependencies"] if isinstance(entry, str)],
        platforms=[platform, "noarch"],
        virtual_packages=[
            rattler.GenericVirtualPackage(
                rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build)
            ) for name, (version, build) in machine.items()
        ],
    )
    places = {record.name: place for place, record in enumerate(rattler.RepoDataRecord.sort_topologically(records))}
    return sorted(records, key=lambda record: places[record.name])


def write_pins(file: Path, records: list[rattler.RepoDataRecord], *, platform: str) -> Path:
    """Write an environment's explicit file, and the script for what its YAML leaves to pip."""
    pins = file.with_name(f"{file.stem}.{platform}.pin.txt")
    lines = [f"{record.url}#{record.md5.hex()}" for record in records]
    pins.write_text("\n".join([f"# platform: {platform}", "@EXPLICIT", *lines, ""]))
    listed = yaml.safe_load(file.read_text())["dependencies"]
    packages = [package for entry in listed if isinstance(entry, dict) for package in entry["pip"]]
    if packages:
        quoted = " ".join(f"'{package}'" for package in packages)
        script = file.with_name(f"{file.stem}.post-deploy.sh")
        script.write_text(POST_DEPLOY.format(file=f"envs/{file.name}", packages=quoted))
    return pins


def main() -> int:
    """Pin all environments, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="environments; all of envs/ if none is named")
    parser.add_argument("--platform", default="linux-64")
    parser.add_argument("--cuda", help="solve for a GPU whose driver offers this version of CUDA, such as 12.9")
    parser.add_argument("--channel-alias", help="where the channels lie, if not in conda's own place")
    asked = parser.parse_args()
    failed = 0
    for file in asked.files or sorted(Path("envs").glob("*.yaml")):
        content = yaml.safe_load(file.read_text())
        try:
            records = asyncio.run(solve(
                content, platform=asked.platform, cuda=asked.cuda, alias=asked.channel_alias))
        except (SolverError, GatewayError, FetchRepoDataError) as error:
            print(f"{file} cannot be solved: {' '.join(str(error).split())}", file=sys.stderr)
            failed = 1
            continue
        print(f"{write_pins(file, records, platform=asked.platform)}: {len(records)} packages")
    return failed


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: threads that py-rattler leaves behind sometimes bring down a Python that ends by itself.
    os._exit(code)

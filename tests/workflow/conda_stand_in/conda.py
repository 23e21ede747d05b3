"""A conda for tests: what Snakemake asks of one, answered by py-rattler from a folder of hand-made packages.

`build_conda` in `channel.py` sets it up. Channels are folders beside the program, and every call is noted in
`calls.log`. What pip would bring is noted in the environment, and not installed.
"""

import argparse
import asyncio
import json
import os
import re
import sys
from pathlib import Path

HOME = Path(os.environ["CONDA_STAND_IN"])
PLATFORM = "linux-64"


def main() -> int:
    """Answer one call."""
    arguments = sys.argv[1:]
    with open(HOME / "calls.log", "a") as log:
        log.write(" ".join(arguments) + "\n")
    match [word for word in arguments if not word.startswith("-")]:
        case ["info"]:
            print(json.dumps({"conda_prefix": str(HOME), "platform": PLATFORM}))
        case [] if "--version" in arguments:
            print("conda 25.1.1")
        case ["config", "channel_priority"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["clean"]:
            pass
        case ["env", "create", *_] | ["create", *_]:
            create(arguments)
        case _:
            print(f"the stand-in for conda does not know: {' '.join(arguments)}", file=sys.stderr)
            return 1
    return 0


def create(arguments: list[str]) -> None:
    """Make an environment of a YAML file (`conda env create`) or of an explicit file (`conda create`)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, required=True)
    for flag in ("--quiet", "--no-default-packages", "--yes"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args(arguments)
    asyncio.run(from_yaml(asked) if asked.words == ["env", "create"] else from_explicit(asked))


async def from_yaml(asked: argparse.Namespace) -> None:
    """Solve what a YAML file lists among the hand-made packages, and install it."""
    import yaml
    from packaging.requirements import Requirement

    content = yaml.safe_load(asked.file.read_text())
    specs = [entry for entry in content["dependencies"] if isinstance(entry, str)]
    by_pip = [str(Requirement(line)) for entry in content["dependencies"] if not isinstance(entry, str)
              for line in entry["pip"]]
    await install(await solve(content["channels"], specs), asked.prefix)
    (asked.prefix / "pip.txt").write_text("".join(line + "\n" for line in by_pip))


async def from_explicit(asked: argparse.Namespace) -> None:
    """Install exactly the archives that an explicit file names, once their digests agree."""
    lines = [line for line in asked.file.read_text().splitlines() if line and not line.startswith("#")]
    if lines[0] != "@EXPLICIT":
        raise SystemExit(f"{asked.file} is no explicit file")
    names = {re.match(r"(.+)-[^-]+-[^-]+\.tar\.bz2", path.name)[1] for path in HOME.glob("channels/*/*/*.tar.bz2")}
    found = {record.url: record for record in await solve(["conda-forge"], sorted(names))}
    records = []
    for line in lines[1:]:
        url, _, md5 = line.partition("#")
        if url not in found or found[url].md5.hex() != md5:
            raise SystemExit(f"not found in the channel: {line}")
        records.append(found[url])
    await install(records, asked.prefix)


async def solve(channels: list[str], specs: list[str]) -> list:
    """Find packages among the hand-made ones."""
    import rattler

    config = rattler.ChannelConfig(channel_alias=(HOME / "channels").as_uri() + "/")
    return await rattler.solve(
        [rattler.Channel(name, config) for name in channels if name != "nodefaults"], specs,
        platforms=[PLATFORM, "noarch"], gateway=rattler.Gateway(cache_dir=HOME / "cache"))


async def install(records: list, prefix: Path) -> None:
    """Make an environment of them."""
    import rattler

    await rattler.install(records, prefix, cache_dir=HOME / "cache", show_progress=False)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: threads that py-rattler leaves behind sometimes bring down a Python that ends by itself.
    os._exit(code)

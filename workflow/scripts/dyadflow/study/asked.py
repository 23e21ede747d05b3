"""What each rule asks of a machine, read from the rules as they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from dyadflow.errors import DyadflowError

RULE = re.compile(r"^rule (\w+):\n(.*?)(?=^rule |^# |\Z)", flags=re.DOTALL | re.MULTILINE)
MEMORY = re.compile(r"\bmem_mb=plan\.memory\((\d+)\)")
RUNTIME = re.compile(r"\bruntime=plan\.minutes\((\d+)\)")
LOG = re.compile(r'log:\n\s+"([^"]+)"')


@dataclass(frozen=True)
class Request:
    """What one rule asks for at the first attempt of a job.

    Parameters
    ----------
    rule, room
        Its name, and the file of rules that it stands in.
    each
        Wildcards that tell its jobs apart, `study` left out where there are more.
    mem_mb, runtime_min
        Memory in MB and time in minutes.
    gpu
        Whether it asks for a GPU where the study says so.
    threads
        Whether the study says how many threads it has; else one.
    """

    rule: str
    room: str
    each: tuple[str, ...]
    mem_mb: int
    runtime_min: int
    gpu: bool
    threads: bool


def read_requests(folder: str | Path) -> list[Request]:
    """Read what the rules in a folder ask for, in the order of files and rules.

    Parameters
    ----------
    folder
        With `*.smk` files.

    Raises
    ------
    DyadflowError
        If a rule that makes something does not say its memory and time, or there is no rule at all.
    """
    found = [request for file in sorted(Path(folder).glob("*.smk")) for request in _requests_of(file)]
    if not found:
        raise DyadflowError("there are no rules", where=str(folder), fix="name the folder with the .smk files")
    return found


def _requests_of(file: Path) -> Iterator[Request]:
    for name, body in RULE.findall(file.read_text(encoding="utf-8")):
        memory, runtime, log = (pattern.search(body) for pattern in (MEMORY, RUNTIME, LOG))
        if not (memory and runtime and log):
            raise DyadflowError(
                f"rule {name} does not say its memory, its time or its log", where=str(file),
                fix="write mem_mb=plan.memory(...), runtime=plan.minutes(...) and a log",
            )
        wildcards = re.findall(r"{(\w+)", log[1])
        yield Request(
            rule=name, room=file.stem, each=tuple(wildcards[1:] or wildcards), mem_mb=int(memory[1]),
            runtime_min=int(runtime[1]), gpu="gpu=" in body, threads="threads: plan." in body,
        )


def requests_table(folder: str | Path, profile: str | Path) -> str:
    """All rules as a Markdown table, with how a profile for SLURM sends their jobs."""
    lines = [
        "| rule | a job for each | memory, MB | time, min | GPU | cores | sent as |", "|---|---|---|---|---|---|---|"]
    sent = _sent_as(Path(profile))
    for request in read_requests(folder):
        lines.append(
            f"| `{request.rule}` | {', '.join(request.each) or 'run'} | {request.mem_mb} | {request.runtime_min} | "
            f"{'1, where the study says `cuda`' if request.gpu else ''} | "
            f"{'`torch_threads`' if request.threads else 1} | {sent.get(request.rule, 'a job')} |")
    return "\n".join(lines) + "\n"


def _sent_as(profile: Path) -> dict[str, str]:
    settings = yaml.safe_load(profile.read_text(encoding="utf-8"))
    arrays = [rule.strip() for rule in settings.get("slurm-array-jobs", "").split(",") if rule.strip()]
    sizes = settings.get("group-components", {})
    return dict.fromkeys(arrays, "an array") | {
        rule: f"{sizes.get(group, 1)} in one job" for rule, group in settings.get("groups", {}).items()}

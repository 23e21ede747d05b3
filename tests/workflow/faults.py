"""Faults of machines and people, what was seen, and that the next run ends with the bytes of an undisturbed one.

`python -m tests.workflow.faults` tries all of them on the smallest study of the tests and writes docs/faults.md. One,
the worst, is among the tests.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from dyadflow.provenance.records import ABOUT_THE_RUN

from .conftest import DYADS, ROOT, Project, new_project, smallest_study

TABLE = ROOT / "docs" / "faults.md"
SPOILING = Path(__file__).parent / "spoiling"
#: Where a job is killed: as it begins, within its work, all written, one output renamed, all renamed.
POINTS = ("begin", "later", "half", "between", "done")


def smallest(folder: Path, like: Path = ROOT) -> Project:
    """A study of three sessions and one cell, in which nearly every rule has a job; nothing of it computed yet."""
    project = new_project(folder, like=like)
    project.write_study(smallest_study(), DYADS)
    return project


def results(project: Project) -> dict[str, bytes]:
    """Every result, byte for byte."""
    root = project.path("results")
    files = {path.relative_to(root): path for path in root.rglob("*") if path.is_file()}
    return {
        place.as_posix(): path.read_bytes() for place, path in files.items()
        if not place.name.endswith((".snakemake_timestamp", ".manifest.json")) and not ABOUT_THE_RUN & set(place.parts)
    }


def differences(one: Project, other: Project) -> list[str]:
    """Names of results that only one of two projects has, or that differ."""
    first, second = results(one), results(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


@contextlib.contextmanager
def spoilt(marks: Path, kind: str, **how: str):
    """Spoil the jobs that are started within; see spoiling/sitecustomize.py."""
    new = {"SPOIL": kind, "SPOIL_MARKS": str(marks), **{f"SPOIL_{name.upper()}": value for name, value in how.items()}}
    before = dict(os.environ)
    os.environ.update(new)
    Project.python_path = str(SPOILING)
    try:
        yield
    finally:
        Project.python_path = ""
        os.environ.clear()
        os.environ.update(before)


def points(marks: Path) -> Counter:
    """How many jobs were spoilt at each point."""
    return Counter(mark.read_text().split()[0] for mark in marks.iterdir())


def rules_in_order(project: Project) -> list[str]:
    """Rules of a finished project, by when their first job ended."""
    first: dict[str, float] = {}
    for file in project.path("results").glob("**/benchmarks/**/*.benchmark.tsv"):
        parts = file.parts[file.parts.index("benchmarks") + 1 :]
        rule = parts[0].removesuffix(".benchmark.tsv")
        first[rule] = min(first.get(rule, file.stat().st_mtime), file.stat().st_mtime)
    return sorted(first, key=lambda rule: first[rule])


def tail(text: str, pattern: str) -> str:
    """The last line that holds a pattern."""
    found = [line.strip() for line in text.splitlines() if re.search(pattern, line)]
    return found[-1] if found else "(nothing of the kind)"


@dataclass
class Seen:
    """A line of the table: what was done, what was seen, and how the next run ended."""

    fault: str
    seen: str
    after: str


def jobs_killed(folder: Path, finished: Project) -> Seen:
    """Every job of a run is killed once, at five points of its work by turns."""
    project = smallest(folder / "project", finished.folder)
    with spoilt(folder / "marks", "kill", point="any"):
        project.run("--retries", "1")
    where = points(folder / "marks")
    return Seen(
        "`kill -9` of every job, once each, at five points of its work by turns (`--retries 1`)",
        f"{sum(where.values())} jobs killed: " + ", ".join(f"{point} {where[point]}" for point in sorted(where))
        + "; each ran again and the run ended well", verdict(project, finished))


def snakemake_killed(folder: Path, finished: Project) -> Seen:
    """Snakemake is killed at every stage, while a job is at its most delicate point; its jobs go on, or die, too."""
    project = smallest(folder / "project", finished.folder)
    alone, together, refused = 0, 0, 0
    remaining = set(rules_in_order(finished))
    for number in range(2 * len(remaining)):
        marks = folder / "marks" / str(number)
        with spoilt(marks, "wait", rules="|".join(sorted(remaining)), point=("half", "between")[number // 2 % 2],
                    wait_s="5"):
            process = project.start()
        while process.poll() is None and not marks.exists():
            time.sleep(0.05)
        if process.poll() is not None:
            break
        if number % 2:
            os.killpg(process.pid, signal.SIGKILL)
            together += 1
        else:
            process.kill()
            alone += 1
        process.wait()
        remaining -= {mark.name.split("@")[0] for mark in marks.iterdir()}
        done = project.snakemake("--unlock")
        refused += done.returncode != 0
    # Jobs whose Snakemake is dead may still be at work for a moment.
    project.run()
    assert refused == 0 and not remaining, remaining
    return Seen(
        "`kill -9` of Snakemake at every stage, while a job had written and not yet renamed all; its jobs go on alone, "
        "or die with it (as by a power cut)",
        f"killed {alone} times alone, {together} times with its jobs; `snakemake --unlock`, which Snakemake asks for, "
        "and the same command again", verdict(project, finished))


def disk_full(folder: Path, finished: Project) -> Seen:
    """Results lie on a small disk, which is made larger a little each time that it is full."""
    project = smallest(folder / "project", finished.folder)
    said, full, size_kib = set(), 0, 1024
    with mounted(project.path("results"), size_kib):
        while True:
            done = project.snakemake()
            if done.returncode == 0:
                break
            text = done.stdout + done.stderr
            said |= {re.sub(r"dyadflow, \w+: .*?the disk", "dyadflow, RULE: FILE: the disk", line)
                     for line in text.splitlines() if re.match("dyadflow, .*disk is full", line)}
            full, size_kib = full + 1, int(size_kib * 1.35)
            assert size_kib < 2**20, text
            subprocess.run(
                ["mount", "-o", f"remount,size={size_kib}k", project.path("results")], check=True, timeout=60)
        outcome = verdict(project, finished)
    return Seen("disk full", f"{full} times full on the way from 1 to {size_kib // 1024} MiB; "
                f"{'; '.join(sorted(said)) or 'no sentence'}", outcome)


def read_only(folder: Path, finished: Project) -> Seen:
    """The folder of results cannot be written."""
    project = smallest(folder / "project", finished.folder)
    with mounted(project.path("results"), 2**18):
        shutil.copytree(finished.path("results"), project.path("results"), symlinks=True, dirs_exist_ok=True)
        shutil.copytree(finished.path(".snakemake"), project.path(".snakemake"), symlinks=True)
        project.edit("config/schemes/icep-r.yaml", "codes: [Cwit, Cint, Chos]", "codes: [Cwit, Cint]")
        subprocess.run(["mount", "-o", "remount,ro", project.path("results")], check=True, timeout=60)
        done = project.snakemake()
        text = done.stdout + done.stderr
        subprocess.run(["mount", "-o", "remount,rw", project.path("results")], check=True, timeout=60)
        project.edit("config/schemes/icep-r.yaml", "codes: [Cwit, Cint]", "codes: [Cwit, Cint, Chos]")
        project.run()
        outcome = verdict(project, finished)
    assert done.returncode != 0
    return Seen(
        "results read-only", f"the run stops: {tail(text, 'Write-protected|Read-only|can only be read')}", outcome)


def out_of_memory(folder: Path, finished: Project) -> Seen:
    """A training may not take more memory than it has when it begins."""
    project = smallest(folder / "project", finished.folder)
    said = []
    with spoilt(folder / "marks", "memory", rules="train_cell|extract_features", point="begin"):
        while (done := project.snakemake("--keep-going")).returncode:
            said.append(tail(done.stdout + done.stderr, r"^dyadflow, (train_cell|extract_features).*memory"))
            assert len(said) < 5, done.stdout + done.stderr
    return Seen("out of memory (a limit of the system), once in extraction and once in training",
                f"the run stops {len(said)} times: {' '.join(said)}", verdict(project, finished))


def clock_changes(folder: Path, finished: Project) -> Seen:
    """The clock is a day ahead for some jobs, and a day behind for others."""
    project = smallest(folder / "project", finished.folder)
    with spoilt(folder / "marks", "clock"):
        project.run()
    left = project.planned()
    return Seen("the clock a day ahead in some jobs, a day behind in others",
                f"the run ends well; a dry run after it lists {left or 'nothing'}", verdict(project, finished))


def two_at_once(folder: Path, finished: Project) -> Seen:
    """The same command twice."""
    project = smallest(folder / "project", finished.folder)
    with spoilt(folder / "marks", "wait", rules="label_frames", point="half", wait_s="8"):
        first = project.start()
    while first.poll() is None and not (folder / "marks").exists():
        time.sleep(0.1)
    second = project.snakemake()
    first.wait()
    assert first.returncode == 0 and second.returncode != 0
    return Seen("two runs at once", "the second is refused before it touches anything: "
                f"{tail(second.stdout + second.stderr, 'locked')}", verdict(project, finished))


def node_dies(folder: Path, finished: Project) -> Seen:
    """On a SLURM of one node, the node goes down while a training has written and not yet renamed all."""
    from .one_node_slurm import one_node_slurm, why_not
    from .test_slurm import IMPATIENT, PARTITION, PARTITIONS

    if reason := why_not():
        raise SystemExit(f"the fault of a dying node cannot be tried: {reason}")
    through = smallest(folder / "through", finished.folder)
    through.path("partitions.yaml").write_text(yaml.safe_dump(PARTITIONS))
    os.environ["SNAKEMAKE_SLURM_PARTITIONS"] = str(through.path("partitions.yaml"))
    with one_node_slurm(folder / "daemons") as node:
        with spoilt(folder / "marks", "wait", rules="train_cell", wait_s="60"):
            run = through.start("--workflow-profile", "profiles/slurm", *IMPATIENT)
        while run.poll() is None and not (folder / "marks").exists():
            time.sleep(0.5)
        host = subprocess.run(["sinfo", "--noheader", "--format=%n"], capture_output=True, text=True, check=True)
        name = host.stdout.split()[0]
        subprocess.run(["scontrol", "update", f"nodename={name}", "state=down", "reason=died"], check=True)
        time.sleep(10)
        # Refused where the node has come back by itself, as this SLURM lets it (ReturnToService).
        subprocess.run(["scontrol", "update", f"nodename={name}", "state=resume"], check=False, capture_output=True)
        run.wait(timeout=1800)
        jobs = [job for job in node.jobs() if "train_cell" in job["Comment"] and job["Partition"] == PARTITION]
    assert run.returncode == 0, through.path("run.log").read_text()
    states = ", ".join(f"{job['JobState'].lower()} after {job['Restarts']} restarts" for job in jobs)
    return Seen("a worker node of a cluster dies under a training (SLURM)",
                f"SLURM's jobs of it: {states}; the same run went on to its end", verdict(through, finished))


def verdict(project: Project, finished: Project) -> str:
    """How a run after a fault ended."""
    begun = [path for path in project.path("results").rglob(".part-*")]
    differing = differences(project, finished)
    count = len(results(finished))
    same = f"{count} results, the bytes of an undisturbed run" if not differing else f"DIFFERENT: {differing[:5]}"
    return same + (f"; {len(begun)} pieces of unfinished files left, which nothing reads" if begun else "")


@contextlib.contextmanager
def mounted(place: Path, size_kib: int):
    """A small disk of its own under a folder."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", place], check=True, timeout=60)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True, timeout=60)


FAULTS = {
    "jobs": jobs_killed,
    "snakemake": snakemake_killed,
    "disk": disk_full,
    "read-only": read_only,
    "memory": out_of_memory,
    "clock": clock_changes,
    "two": two_at_once,
    "node": node_dies,
}


def write_table(names: list[str]) -> None:
    """Try faults, all or those named, and write what was seen."""
    head, _, rest = TABLE.read_text(encoding="utf-8").partition("| fault |")
    rows, _, why = rest.partition("\n\n")
    kept = {row.split(" | ")[0].removeprefix("| "): row for row in rows.splitlines()[2:]}
    with tempfile.TemporaryDirectory() as folder:
        finished = smallest(Path(folder) / "finished")
        finished.run()
        for name in names or FAULTS:
            (Path(folder) / name).mkdir()
            seen = FAULTS[name](Path(folder) / name, finished)
            kept[seen.fault] = f"| {seen.fault} | {seen.seen} | {seen.after} |"
            print(kept[seen.fault], flush=True)
            # Each at once: a fault that cannot be tried takes nothing from those before it.
            table = ["| fault | what was seen | after the next run |", "|---|---|---|", *kept.values()]
            TABLE.write_text(head + "\n".join(table) + "\n\n" + why, encoding="utf-8")
            shutil.rmtree(Path(folder) / name, ignore_errors=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    write_table(sys.argv[1:])

"""Guards profiles/slurm on a real SLURM of one node: same results as without, arrays, GPUs, more memory at a retry."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import DYADS, ROOT, Project, new_project, smallest_study
from .faults import results
from .one_node_slurm import GPU_PARTITION, PARTITION, OneNode, one_node_slurm, why_not

REASON = why_not()
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]

PAGE = "results/tiny/report/index.html"
#: As docs/cluster.md tells users to describe the partitions of their cluster.
PARTITIONS = {"partitions": {PARTITION: {"max_mem_mb": 64000}, GPU_PARTITION: {"max_mem_mb": 64000, "max_gpu": 1}}}
#: Not for users: a status check a second, because the jobs of a test are short.
IMPATIENT = ("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1")

SMALL_SNAKEFILE = """
import sys
sys.path.insert(0, {scripts!r})
from dyadflow.study.resources import growing_memory, growing_runtime

rule all:
    input: "seen.txt", "second.txt"
rule on_a_gpu:
    output: "seen.txt"
    resources: gpu=1, mem_mb=growing_memory(300), runtime=growing_runtime(5)
    shell: "echo ${{{{CUDA_VISIBLE_DEVICES:-none}}}} > {{output}}"
rule fails_at_first:
    output: "second.txt"
    resources: mem_mb=growing_memory(300), runtime=growing_runtime(5)
    shell: "test {{resources.mem_mb}} -gt 300 && echo {{resources.mem_mb}} {{resources.runtime}} > {{output}}"
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as node:
        yield node


class Submitted:
    """A Snakemake that sends its jobs to SLURM, running beside the test."""

    def __init__(self, folder: Path, *words: str) -> None:
        (folder / "partitions.yaml").write_text(yaml.safe_dump(PARTITIONS))
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["SNAKEMAKE_SLURM_PARTITIONS"] = str(folder / "partitions.yaml")
        self.log = folder / "slurm.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/slurm", *IMPATIENT, *words],
                cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def wait(self, seconds: float) -> int:
        """Its exit status; one that takes too long is killed, because it would wait for its jobs."""
        try:
            return self.process.wait(timeout=seconds)
        finally:
            self.process.kill()
            self.process.wait()

    def text(self) -> str:
        return self.log.read_text()


@pytest.fixture(scope="module")
def runs(slurm, tmp_path_factory):
    """The smallest study, and a Snakefile with two jobs, through SLURM; the study again without, meanwhile."""
    folder = tmp_path_factory.mktemp("through")
    through, small, local = new_project(folder / "slurm"), folder / "small", new_project(folder / "local")
    for project in (through, local):
        project.write_study(smallest_study(), DYADS)
    small.mkdir()
    (small / "profiles").symlink_to(ROOT / "profiles")
    (small / "Snakefile").write_text(SMALL_SNAKEFILE.format(scripts=str(ROOT / "workflow" / "scripts")))
    submitted = [Submitted(through.folder, PAGE), Submitted(small)]
    try:
        local.run(PAGE)
    finally:
        status = [run.wait(1800) for run in submitted]
    assert status == [0, 0], "\n".join(run.text() for run in submitted)
    return through, local, small, submitted[0].text(), submitted[1].text()


def jobs_of(slurm: OneNode, rule: str) -> list[dict[str, str]]:
    """What SLURM knows of a rule's jobs, in the order of submission."""
    return [job for job in slurm.jobs() if re.fullmatch(rf"rule_{rule}(_wildcards_.*)?", job["Comment"])]


def test_a_study_gives_the_same_bytes_through_slurm_as_without(runs):
    through, local, *_ = runs
    first, second = results(through), results(local)
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == set()
    assert PAGE.removeprefix("results/") in first and "tiny/evaluation/cells.tsv" in first


def test_stages_of_each_session_are_arrays_and_looking_at_recordings_is_one_job(runs, slurm):
    log = runs[3]
    for rule in ("make_demo_session", "decode_session"):
        tasks = jobs_of(slurm, rule)
        assert sorted(job["ArrayTaskId"] for job in tasks) == ["1", "2", "3"]
        assert len({job["ArrayJobId"] for job in tasks}) == 1
    assert "The individual task IDs are 1-3." in log
    (group,) = [job for job in slurm.jobs() if "/group_reading" in job["StdOut"]]
    # Six jobs of 1000 MB in one, four of them at a time.
    assert group["MinMemoryNode"] == "4000M" and group["NumCPUs"] == "4"


def test_jobs_ask_for_what_their_rules_say_and_go_to_a_partition_without_gpus(runs, slurm):
    (training,) = jobs_of(slurm, "train_cell")
    assert (training["MinMemoryNode"], training["TimeLimit"]) == ("16000M", "1-00:00:00")
    assert training["Partition"] == PARTITION and "TresPerJob" not in training


def test_a_job_that_asks_for_a_gpu_is_given_one_on_a_partition_that_has_some(runs, slurm):
    small = runs[2]
    assert (small / "seen.txt").read_text().strip() == "0"
    (job,) = jobs_of(slurm, "on_a_gpu")
    assert job["Partition"] == GPU_PARTITION and job["TresPerJob"] == "gres:gpu:1"


def test_a_second_attempt_is_given_more_memory_and_time(runs, slurm):
    small = runs[2]
    assert (small / "second.txt").read_text().split() == ["600", "10"]
    assert [(job["JobState"], job["MinMemoryNode"], job["TimeLimit"]) for job in jobs_of(slurm, "fails_at_first")] == [
        ("FAILED", "300M", "00:05:00"), ("COMPLETED", "600M", "00:10:00")]


def test_a_limit_on_jobs_that_would_stall_the_arrays_is_refused_before_anything_is_sent(runs, slurm):
    sent = len(slurm.jobs())
    run = Submitted(runs[0].folder, "--jobs", "5", "results/index.html")
    assert run.wait(300) == 1 and "--jobs 5 and job arrays together make a run wait for ever" in run.text()
    assert len(slurm.jobs()) == sent


def test_extraction_on_a_gpu_asks_for_one(runs, slurm):
    through: Project = runs[0]
    study = smallest_study()
    study["features"]["extractors"]["motion"]["device"] = "cuda"
    through.write_study(study, DYADS)
    run = Submitted(through.folder, "--retries", "0", "results/tiny/features/motion/batch0.tsv")
    run.wait(300)
    job = jobs_of(slurm, "extract_features")[-1]
    assert (job["Partition"], job.get("TresPerJob")) == (GPU_PARTITION, "gres:gpu:1"), run.text()

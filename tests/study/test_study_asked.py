"""Guards what administrators are told: what each rule asks for, read from the rules, and what jobs took."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from dyadflow.errors import DyadflowError
from dyadflow.study.asked import read_requests, requests_table

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles" / "slurm" / "profile.yaml"

RULES = """
# One.
rule decode:
    output:
        "results/{study}/x/{session}.h5",
    log:
        "results/{study}/logs/decode/{session}.log",
    resources:
        mem_mb=plan.memory(700),
        runtime=plan.minutes(20),
    script:
        "x.py"


# Two.
rule train:
    log:
        "results/{study}/logs/train.log",
    threads: plan.models.threads
    resources:
        gpu=plan.models.gpus,
        mem_mb=plan.memory(16000),
        runtime=plan.minutes(1440),
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "room.smk").write_text(RULES)
    (tmp_path / "profile.yaml").write_text("slurm-array-jobs: decode\ngroups: {train: one}\n")
    return tmp_path / "rules"


def test_requests_are_read_from_the_rules_as_written(rules):
    decode, train = read_requests(rules)
    assert (decode.rule, decode.room, decode.each, decode.mem_mb, decode.runtime_min) == (
        "decode", "room", ("session",), 700, 20)
    assert (train.each, train.mem_mb, train.runtime_min) == (("study",), 16000, 1440)
    assert [(each.gpu, each.threads) for each in (decode, train)] == [(False, False), (True, True)]


def test_a_rule_that_asks_for_a_fixed_amount_is_refused_because_a_second_attempt_would_fail_as_well(rules):
    (rules / "room.smk").write_text(RULES.replace("plan.memory(700)", "700"))
    with pytest.raises(DyadflowError, match="decode does not say its memory"):
        read_requests(rules)


def test_every_rule_that_makes_something_is_in_the_committed_table():
    committed = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    table = requests_table(ROOT / "rules", PROFILE)
    assert committed.endswith(table), "run: make docs"
    written = sum(len(re.findall(r"^rule ", file.read_text(), re.MULTILINE)) for file in (ROOT / "rules").glob("*.smk"))
    assert table.count("\n") == written + 2


def test_arrays_and_groups_of_the_profile_are_rules_whose_jobs_all_ask_for_the_same():
    profile = yaml.safe_load(PROFILE.read_text())
    arrays = {rule.strip() for rule in profile["slurm-array-jobs"].split(",")}
    by_name = {request.rule: request for request in read_requests(ROOT / "rules")}
    assert arrays | set(profile["groups"]) <= set(by_name)
    assert not arrays & set(profile["groups"]), "a group cannot be an array"
    assert not [rule for rule in arrays if by_name[rule].gpu]
    assert set(profile["set-resources"]) == set(profile["groups"])


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_resources", ROOT / "bench" / "resources.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_figures_follow_from_the_longest_and_the_greatest_job_with_a_margin(bench, tmp_path):
    folder = tmp_path / "results" / "s" / "benchmarks"
    for name, line in (("decode/a", "30.0\t100.0"), ("decode/b", "61.0\t401.0"), ("train/p/t", "10.0\tNA")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.benchmark.tsv").write_text(f"s\tmax_rss\n{line}\n")
    (folder / "short.benchmark.tsv").write_text("s\tmax_rss\n0.1\tNA\n")
    taken = bench.read_benchmarks([tmp_path / "results"])
    assert set(taken) == {"decode", "train", "short"}
    assert len(taken["decode"].seconds) == 2
    # 401 MB and half again are 601.5, 400 for Snakemake itself; 61 s three times are 3.05 minutes, two for its start.
    assert (taken["decode"].memory_that_follows(1.5), taken["decode"].runtime_that_follows(3)) == (1100, 6)
    assert taken["train"].memory_that_follows(1.5) is None and taken["train"].runtime_that_follows(3) == 3

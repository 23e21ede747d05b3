"""Algorithm 1 through Snakemake: nested, in a reduced grid; killed at any moment it loses nothing."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")

CELL = "results/tiny/models/corrected/infant/multimodal/bilstm"
#: Every hyperparameter of Algorithm 1 with two values each; strides beyond the window are no part of the grid.
SPACE = {
    "window": [10, 20], "stride": [10, 20], "batch": [8, 16], "hidden": [4, 8], "optimiser": ["adam", "sgd"],
    "learning_rate": [0.01, 0.001], "weight_decay": [0.0, 0.1], "dropout": [0.1],
}


def searched(project, study):
    study["models"]["networks"]["bilstm"] |= {"candidates": 12, "max_epochs": 3, "space": SPACE}
    project.write_study(study, ["t1", "t2", "t3", "t4", "new"])
    return project


def results(project):
    suffixes = (".h5", ".tsv", ".safetensors")
    return {path.name: path.read_bytes() for path in project.path(CELL).rglob("*") if path.suffix in suffixes}


def test_a_search_that_is_killed_goes_on_and_ends_as_an_undisturbed_one(finished, tmp_path, tiny):
    undisturbed = searched(finished.copy(tmp_path / "undisturbed"), tiny)
    undisturbed.run(f"{CELL}/probabilities.h5")

    killed = searched(finished.copy(tmp_path / "killed"), tiny)
    state = killed.path("results/tiny/state/corrected/infant/multimodal/bilstm")
    before = set(state.glob("*.fit"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1", f"{CELL}/probabilities.h5"], cwd=killed.folder,
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(set(state.glob("*.fit")) - before) < 4 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert run.poll() is None, "it was still searching"
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    kept = {path: path.stat().st_mtime_ns for path in set(state.glob("*.fit")) - before}
    assert len(kept) >= 4
    assert results(killed) != results(undisturbed)

    killed.run(f"{CELL}/probabilities.h5", "--rerun-incomplete", "--nolock")
    assert results(killed) == results(undisturbed)
    scored = [path for path in kept if path.exists()]
    # A group of fits that the kill cut in two is trained again as a whole; the others are as they were.
    assert sum(path.stat().st_mtime_ns == kept[path] for path in scored) >= len(scored) - 16

    table = pd.read_csv(undisturbed.path(CELL, "search.tsv"), sep="\t")
    assert (table.groupby("outer").size() == 12).all() and (table.stride <= table.window).all()
    columns = ["window", "stride", "batch", "hidden", "optimiser", "learning_rate", "weight_decay"]
    draws = [own[columns].to_records(index=False).tolist() for _, own in table.groupby("outer")]
    assert draws[0] == draws[1], "every fold compares the same candidates"

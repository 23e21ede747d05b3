"""Guards what a manifest tells: all that decides a result, and nothing of where and who."""

import os
import platform
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from dyadflow.provenance.circumstances import device_used, instructions_used, seed_of
from dyadflow.provenance.kept import note_kept
from dyadflow.provenance.manifest import WAITED_FOR
from dyadflow.provenance.shareable import names_of_inputs, shareable

ROOT = Path(__file__).parents[2]


def test_a_manifest_tells_seed_device_threads_machine_study_and_when(history):
    told = history.manifest("models/lin/folds")
    assert told["rule"] == "train_cell" and told["wildcards"] == {"study": "s", "model": "lin"}
    assert told["seed"] == 7 and told["threads"] == 2
    assert told["configuration"] == ["config/studies/s.yaml"]
    assert told["platform"] == f"{platform.system()} {platform.machine()}"
    assert told["device"].startswith(("CPU", "CUDA"))
    assert told["versions"]["python"] == platform.python_version() and "dyadflow" in told["versions"]
    assert told["began"] <= told["ended"] and told["ended"].endswith("+00:00")
    assert list(told["content"]) == ["fold0.bin"]
    assert "seed" not in history.manifest("evaluation/cells.tsv")
    assert platform.node() not in str(told)


def test_an_input_that_a_job_only_waits_for_is_named_as_such(history):
    assert history.manifest("labels/d01.txt")["waited_for"] == ["results/s/passed.txt"]
    assert "waited_for" not in history.manifest("evaluation/cells.tsv")


#: Inputs whose times mean nothing, but whose content does: a setting or another input of the rule tells it.
TOLD_ELSEWHERE = {"recording", "views", "clips", "models"}


def test_rules_call_what_they_only_wait_for_by_the_names_that_manifests_know():
    named = {
        name for file in ROOT.glob("rules/*.smk")
        for name in re.findall(r"(\w+)=ancient\(", file.read_text(encoding="utf-8"))}
    assert named == {*WAITED_FOR, *TOLD_ELSEWHERE}


def test_of_a_file_outside_the_project_only_its_part_is_named_and_the_real_name_is_kept_in_private(history, tmp_path):
    outside = tmp_path / "videos"
    outside.mkdir()
    recording, coding = outside / "Mueller_Anna_2019.mp4", outside / "Mueller_Anna_coded.eaf"
    for file in (recording, coding):
        file.write_text("x")
    history.job(
        "import_annotations", wildcards={"session": "d09"}, write=lambda job: job.output.segments.write_text("t\n"),
        inputs={"recording": str(recording), "coding": ["../videos/Mueller_Anna_coded.eaf", str(recording)]},
        outputs={"segments": "results/s/segments/d09.tsv"},
        recording="Mueller_Anna_2019.mp4", spec={"files": [str(coding), "../videos/Mueller_Anna_coded.eaf"]})
    text = Path("results/s/provenance/segments/d09.tsv.json").read_text()
    assert "Mueller" not in text and str(tmp_path) not in text and "videos" not in text
    told = history.manifest("segments/d09.tsv")
    # The same file under two names of the rule is one input, named by the last.
    assert sorted(told["inputs"]) == ["outside/d09/coding-1.eaf", "outside/d09/coding-2.mp4"]
    assert told["params"]["recording"] == "*.mp4"
    assert told["params"]["spec"] == {"files": ["*.eaf", "outside/d09/coding-1.eaf"]}
    kept = Path("results/s/private/provenance/segments/d09.tsv.json").read_text()
    assert str(recording) in kept and "Mueller_Anna_coded.eaf" in kept
    elsewhere = [file for file in Path("results").rglob("*") if file.is_file() and "private" not in file.parts]
    assert len(elsewhere) > 10 and not any(b"Mueller" in file.read_bytes() for file in elsewhere)


@pytest.mark.parametrize(("value", "expected"), [
    ({("d01", "anna"): "human"}, {"d01/anna": "human"}),
    ("/data/lab/weights", "*"),
    ("a text with /data/lab/film.mp4 in it", "a text with *.mp4 in it"),
    ("C:\\Users\\me\\film.mp4", "*.mp4"),
    ("facebook/dinov2-base", "facebook/dinov2-base"),
    ("m/s", "m/s"),
    (["../up/film.mov", 3, None, True, 0.5], ["*.mov", 3, None, True, 0.5]),
])
def test_settings_as_a_manifest_may_hold_them(value, expected):
    assert shareable(value, {}) == expected


def test_a_path_within_the_project_stays_and_its_folder_goes():
    here = str(Path.cwd())
    assert shareable(f"{here}/results/s/state", {}) == "results/s/state"
    assert shareable(f"see {here}/results/s/state", {}) == "see results/s/state"
    assert names_of_inputs([("labels", ["results/s/a.h5", "results/s/b.h5"])], None) == {
        "results/s/a.h5": "results/s/a.h5", "results/s/b.h5": "results/s/b.h5"}


def test_the_device_is_the_one_that_memory_was_taken_on(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert device_used() == "CPU" and instructions_used() is None and "torch" not in sys.modules

    def torch(initialized, taken):
        return SimpleNamespace(
            version=SimpleNamespace(cuda="12.6"),
            backends=SimpleNamespace(cpu=SimpleNamespace(get_cpu_capability=lambda: "AVX2")),
            cuda=SimpleNamespace(
                is_initialized=lambda: initialized, device_count=lambda: 2, get_device_name=lambda n: f"GPU {n}",
                max_memory_allocated=lambda n: taken[n]))

    monkeypatch.setitem(sys.modules, "torch", torch(False, [0, 0]))
    assert device_used() == "CPU" and instructions_used() == "AVX2"
    monkeypatch.setitem(sys.modules, "torch", torch(True, [0, 0]))
    assert device_used() == "CPU"
    monkeypatch.setitem(sys.modules, "torch", torch(True, [0, 5]))
    assert device_used() == "CUDA 12.6, GPU 1"


def test_the_seed_is_the_jobs_own_or_the_only_one_among_its_settings():
    assert seed_of({"seed": 3, "settings": {"seed": 4}}) == 3
    assert seed_of({"settings": {"seed": 0}, "threads": 1}) == 0
    assert seed_of({"one": {"seed": 1}, "other": {"seed": 2}}) is None and seed_of({}) is None


def test_work_of_earlier_jobs_is_counted_and_what_this_job_wrote_is_not(history):
    old = Path("stream.h5")
    old.write_text("x")
    os.utime(old, (time.time() - 60, time.time() - 60))

    def write(job):
        job.output.table.write_text("x")
        note_kept("streams", old)
        note_kept("streams", old)
        note_kept("streams", job.output.table)

    history.job("index_labels", inputs={}, outputs={"table": "results/s/index.tsv"}, write=write)
    assert history.manifest("index.tsv")["kept"] == {"streams": 1}
    history.index()
    assert "kept" not in history.manifest("labels.tsv")

"""Guards what a real run leaves behind: every result can be explained, holds, and tells nothing of this machine."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dyadflow.provenance.crate import write_crate
from dyadflow.provenance.diff import compare
from dyadflow.provenance.records import ABOUT_THE_RUN, Project
from dyadflow.provenance.why import explain

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")


def test_every_manifest_tells_all_that_decides_a_result_and_no_path_of_this_machine(finished):
    manifests = list(Project(finished.folder).manifests("tiny"))
    assert len({manifest.rule for manifest in manifests}) > 25
    for manifest in manifests:
        told = manifest.says
        assert told.keys() >= {"rule", "wildcards", "code", "params", "inputs", "configuration", "device", "threads",
                               "platform", "versions", "engine", "began", "ended"}, manifest.place
        assert told["configuration"] == ["config/studies/tiny.yaml"]
        text = json.dumps(told)
        assert str(finished.folder) not in text and str(Path.home()) + "/" not in text
        # Whatever a digest covers is kept: without it, nobody could say later which module has changed.
        needed = {"script"} if told["rule"] == "open_gate" else {"script", "dyadflow"}
        assert Project(finished.folder).code_record(manifest).modules.keys() >= needed
    trained = [manifest.says for manifest in manifests if manifest.rule == "train_cell"]
    assert trained and all(told["seed"] == 1 and "torch" in told["versions"] for told in trained)


def test_every_result_has_something_that_made_it_and_the_whole_study_holds(finished):
    project = Project(finished.folder)
    files = [file for file in finished.path("results/tiny").rglob("*") if file.is_file()]
    results = [
        file.relative_to(finished.folder).as_posix() for file in files
        if not file.name.startswith(".") and not ABOUT_THE_RUN & set(file.parts)]
    # What stands beside the streams has no manifest of its own; a table of the same job lists it.
    assert len(results) > 100 and [place for place in results if project.maker(place) is None] == []
    page = explain(finished.path("results/tiny/report/index.html"))
    assert page.marks == [] and page.absent == 0 and page.compared > 50
    assert {"train_cell", "extract_features", "label_frames", "make_demo_session"} <= {
        manifest.rule for node in page.whole.walk() for manifest in node.manifests}


def test_a_changed_setting_is_what_two_runs_are_found_to_part_in(finished, project):
    study = yaml.safe_load(project.path("config/studies/tiny.yaml").read_text())
    study["behaviour"] = {"lag_max_s": 3.0}
    project.path("config/studies/tiny.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    project.run("results/tiny/behaviour/lags.tsv")
    [found] = compare(finished.path("results"), project.path("results"))
    pairs = {pair.name: pair for pair in found.different}
    assert "behaviour/lags.tsv" in pairs and all(name.startswith("behaviour/") for name in pairs)
    assert [(cause.kind, cause.name, cause.first, cause.second) for cause in pairs["behaviour/lags.tsv"].causes] == [
        ("settings", "settings.lag_max_s", 5.0, 3.0)]


def test_the_command_explains_a_result_of_another_copy_by_that_copys_code(project):
    module = project.path("workflow/scripts/dyadflow/agreement/kappa.py")
    module.write_text(module.read_text() + "\nNOTHING = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", "from dyadflow.cli import main; main()", "why", "results/tiny/agreement/events.tsv"],
        cwd=project.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ made by other code than there is now: agreement.kappa" in done.stdout


def test_the_crate_of_a_real_study_holds_what_it_names_and_shows_nobody(finished, tmp_path):
    written = write_crate(finished.path("results/tiny"), tmp_path / "crate")
    assert written.left_out == [] and written.results > 100
    names = {path.suffix for path in (tmp_path / "crate").rglob("*")}
    assert not names & {".mp4", ".wav"} and names >= {".tsv", ".html", ".eaf", ".safetensors"}
    shutil.rmtree(tmp_path / "crate")

"""The first paper's study at full size, planned but not run; and Snakemake's own report."""

import os
import subprocess
import sys

import pytest

from .conftest import new_project

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")


def test_the_first_papers_study_passes_a_dry_run_with_92_placeholder_sessions(tmp_path):
    project = new_project(tmp_path / "project")
    environment = {**os.environ, "PYTHONPATH": str(project.path("workflow", "scripts"))}
    subprocess.run(
        [sys.executable, "-c", "from dyadflow.cli import main; main()", "placeholders", "config/studies/icep-r.yaml"],
        cwd=project.folder, env=environment, check=True, capture_output=True)
    project.path("config", "config.yaml").write_text("studies: [config/studies/icep-r.yaml]\n")
    jobs = project.planned()
    for rule in ("probe_recording", "import_annotations", "decode_session", "label_frames"):
        assert jobs[rule] == 92, rule
    # 92 sessions in sixes of sixteen, five extractors.
    assert jobs["extract_features"] == 6 * 5
    # Three targets. Five streams with two networks, the TCN on three, regression on five, trees on two; and, as the
    # paper has it, three streams with two networks, in folds of their own.
    assert jobs["train_cell"] == 3 * (5 * 2 + 3 + 5 + 2 + 3 * 2)
    assert jobs["deal_folds"] == 1 and jobs["tabulate_results"] == 3


def test_the_second_papers_study_passes_a_dry_run_with_23_placeholder_sessions(tmp_path):
    project = new_project(tmp_path / "project")
    environment = {**os.environ, "PYTHONPATH": str(project.path("workflow", "scripts"))}
    subprocess.run(
        [sys.executable, "-c", "from dyadflow.cli import main; main()", "placeholders",
         "config/studies/guided-play.yaml"],
        cwd=project.folder, env=environment, check=True, capture_output=True)
    project.path("config", "config.yaml").write_text("studies: [config/studies/guided-play.yaml]\n")
    jobs = project.planned()
    for rule in ("probe_recording", "import_annotations", "decode_session", "label_frames", "write_clips"):
        assert jobs[rule] == 23, rule
    # Six networks, under both presets.
    assert jobs["train_video_cell"] == 6 * 2
    assert jobs["compare_task_spans"] == jobs["evaluate_snippets"] == 1 and "extract_features" not in jobs


def test_snakemakes_own_report_holds_the_results(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    project.run("--report", "report.html")
    page = project.path("report.html").read_text()
    for result in ("evaluation/cells.tsv", "agreement/agreement.tsv", "folds/folds.tsv", "report/index.html"):
        assert result in page

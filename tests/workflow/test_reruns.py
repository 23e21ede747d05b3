"""Guards architecture rule 3: reruns are exact. Each edit, and the very jobs that it makes run again."""

import re

import pytest

TRAINED = {"train_cell": 4, "evaluate_study": 1, "build_report": 1, "predict_session": 1}


def test_a_second_run_runs_no_job_not_even_in_a_moved_folder(project):
    assert project.planned() == {}
    assert "Nothing to be done" in project.run()


def test_a_comment_a_docstring_and_a_touched_module_rerun_nothing(project):
    for room, module in [("media", "decode"), ("annotations", "labels"), ("features", "stream"), ("models", "training"),
                         ("evaluation", "cells"), ("report", "page")]:
        project.append(f"workflow/scripts/dyadflow/{room}/{module}.py", "\n# A remark.\n")
    project.edit("workflow/scripts/dyadflow/media/decode.py", '"""', '"""')
    assert project.planned() == {}


@pytest.mark.parametrize(("module", "jobs"), [
    ("demo/render", {"make_demo_session"}),
    ("media/probe", {"probe_recording", "import_annotations", "collect_annotations", "check_study", "extract_features"}),
    ("media/decode", {"decode_session"}),
    ("annotations/labels", {"label_frames", "index_labels", "compare_coders", "assign_folds", "train_cell",
                            "evaluate_study", "build_report", "predict_session"}),
    ("agreement/kappa", {"compare_coders", "build_report"}),
    ("features/backbones/motion", {"extract_features"}),
    ("folds/assign", {"assign_folds"}),
    ("models/networks/linear", {"train_cell"}),
    ("evaluation/signflip", {"evaluate_study"}),
    ("prediction/predict", {"predict_session"}),
    ("report/page", {"build_report"}),
    ("provenance/manifest", set()),
    ("study/starter", set()),
])
def test_a_changed_function_reruns_the_rules_that_reach_it(project, module, jobs):
    project.append(f"workflow/scripts/dyadflow/{module}.py", "\n\ndef _one_more():\n    return 1\n")
    planned = project.planned()
    # What follows from these jobs' new outputs is listed as well; what is asked here is which rules start it.
    reasons = project.snakemake("--dry-run").stdout
    started = set(re.findall(r"rule (\w+):(?:(?!\nrule ).)*?reason: [^\n]*Params have changed", reasons, flags=re.DOTALL))
    assert started == jobs
    assert jobs <= set(planned)

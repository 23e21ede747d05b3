"""Guards architecture rule 3: reruns are exact. Each edit, and the very jobs that it makes run again."""

import pytest

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")

#: What is made from the cells' predictions.
SCORED = {
    **dict.fromkeys((
        "evaluate_study", "score_classes", "score_calibration", "score_bouts", "compare_with_chance",
        "compare_with_coders", "compare_summaries", "compare_protocols", "draw_results", "build_report"), 1),
    "tabulate_results": 2,
}
EVERYTHING_FITTED = {"assign_folds": 1, "train_cell": 4, "predict_session": 1, **SCORED}


def test_a_second_run_runs_no_job_not_even_in_a_moved_folder(project):
    assert project.planned() == {}
    assert "Nothing to be done" in project.run()


def test_a_comment_and_a_docstring_rerun_nothing(project):
    rooms = {"media": "decode", "annotations": "labels", "agreement": "kappa", "behaviour": "measures",
             "features": "stream", "folds": "assign", "models": "training",
             "evaluation": "cells", "prediction": "predict", "report": "page"}
    for room, module in rooms.items():
        project.append(f"workflow/scripts/dyadflow/{room}/{module}.py", "\n# A remark.\n")
    project.edit("workflow/scripts/dyadflow/media/grid.py", "How many.", "How many there are.")
    assert project.planned() == {}


CHANGED_FUNCTION = "\n\ndef _one_more():\n    return 1\n"


@pytest.mark.parametrize(("module", "started"), [
    ("demo/render", {"make_demo_session"}),
    ("media/decode", {"decode_session"}),
    ("annotations/formats/readers/eaf", {"import_annotations"}),
    # Of the session that nobody has coded there are no labels before the picture of its streams.
    ("annotations/labels", {"label_frames", "colour_frames"}),
    ("folds/assign", {"assign_folds"}),
    ("annotations/doctor/shifts", {"collect_annotations"}),
    ("agreement/matching", {"compare_events"}),
    ("behaviour/measures", {"summarise_behaviour"}),
    ("report/account", {"write_account"}),
    ("report/paper/code_transitions", {"draw_figures"}),
    ("evaluation/signflip", {"evaluate_study", "compare_summaries", "compare_protocols"}),
    ("evaluation/bout_scores", {"score_bouts"}),
    ("report/paper/fold_boxes", {"draw_results"}),
    ("report/page", {"build_report"}),
    ("provenance/manifest", set()),
])
def test_a_changed_function_starts_the_first_rules_that_reach_it(project, module, started):
    # Which rules reach which module at all, first or not, is the business of tests/rules/test_reach.py.
    project.append(f"workflow/scripts/dyadflow/{module}.py", CHANGED_FUNCTION)
    _, reasons = project.dry_run()
    assert {rule for rule, why in reasons.items() if "Params have changed since last execution" in why} == started


def test_one_backbone_and_one_network_start_only_their_own_jobs(project):
    project.append("workflow/scripts/dyadflow/features/backbones/motion.py", CHANGED_FUNCTION)
    project.append("workflow/scripts/dyadflow/models/networks/linear.py", CHANGED_FUNCTION)
    jobs = project.planned()
    # Motion energy in two batches of sessions; the two cells that read it are the linear ones.
    # Motion energy stands in the figures of all three extractors.
    assert jobs == {
        "extract_features": 2, "describe_streams": 2, "summarise_streams": 1, "draw_streams": 3, "train_cell": 2,
        **SCORED}


def test_a_changed_merge_reruns_labels_and_what_follows_but_no_decoding_and_no_extraction(project):
    project.edit("config/schemes/icep-r.yaml", "codes: [Cwit, Cint, Chos]", "codes: [Cwit, Cint]")
    assert project.planned() == {
        "label_frames": 4, "index_labels": 1, "compare_coders": 1, "compare_events": 1, "summarise_behaviour": 1,
        "write_account": 1, "draw_figures": 1, **EVERYTHING_FITTED,
        # Labels hold the phases that pictures of streams show; nobody has coded the fifth session.
        "draw_streams": 3, "colour_frames": 4}


@pytest.mark.parametrize(("place", "value", "started"), [
    (("media", "crf"), 12, {"decode_session"}),
    (("models", "networks", "linear", "max_epochs"), 3, {"train_cell"}),
    (("folds", "outer"), 3, {"assign_folds"}),
    (("evaluation", "covariates"), [], {"evaluate_study", "compare_protocols"}),
    (("evaluation", "chance_draws"), 7, {"compare_with_chance"}),
    (("features", "extractors", "logmel", "options"), {"mels": 20}, {"extract_features"}),
    (("title",), "Another title", {"build_report", "build_front_page", "write_account"}),
    (("agreement",), {"tolerance_s": 0.5}, {"compare_coders", "compare_events"}),
    (("behaviour",), {"lag_s": 2.0}, {"summarise_behaviour"}),
    (("severities",), {"gap": "warning"}, {"collect_annotations"}),
])
def test_an_edited_setting_starts_its_own_rooms_jobs_only(project, tiny, place, value, started):
    inner = tiny
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    project.write_study(tiny, project.sessions())
    _, reasons = project.dry_run()
    assert {rule for rule, why in reasons.items() if "Params have changed since last execution" in why} == started


def test_a_touched_recording_script_and_sheet_rerun_nothing_but_the_script_itself(project):
    project.path("config/studies/tiny/sessions.tsv").touch()
    project.path("results/tiny/annotations/labels.tsv").touch()
    assert project.planned() == {}


def test_adding_a_session_computes_only_that_session_before_the_folds(project, tiny):
    project.write_study(tiny, [*project.sessions(), "t9"])
    jobs = project.planned()
    of_one_session = ("make_demo_session", "probe_recording", "import_annotations", "decode_session", "label_frames")
    assert {rule: jobs[rule] for rule in of_one_session} == dict.fromkeys(of_one_session, 1)
    # Sessions go to extraction in threes: t1-t3, and a batch of t4 and the uncoded one that the new one joins.
    assert jobs["extract_features"] == 3
    before = {path: path.stat().st_mtime_ns for path in project.path("results/tiny/features").rglob("*.h5")}
    held_out = project.outer_folds()
    project.run()
    after = {path: path.stat().st_mtime_ns for path in project.path("results/tiny/features").rglob("*.h5")}
    assert {path: after[path] for path in before} == before
    assert {path.stem for path in set(after) - set(before)} == {"t9"}
    # Folds are sticky: the earlier dyads stay where they were.
    assert held_out.items() <= project.outer_folds().items()


def test_a_dyad_that_a_person_pins_goes_to_that_fold_and_what_follows_runs_again(project):
    wanted = "1" if project.outer_folds()["t1"] == "0" else "0"
    project.path("config/studies/tiny/human").mkdir()
    project.path("config/studies/tiny/human/folds.tsv").write_text(f"dyad\touter\nt1\t{wanted}\n")
    assert project.planned() == EVERYTHING_FITTED
    project.run("results/tiny/folds/folds.tsv")
    assert project.outer_folds()["t1"] == wanted


def test_what_a_run_overlooks_because_coding_changed_with_it_is_said_and_the_next_run_does_it(project, tiny):
    tiny["severities"] = {"gap": "warning"}
    tiny["features"]["extractors"]["logmel"]["options"] = {"mels": 20}
    project.write_study(tiny, project.sessions())
    said = project.run()
    # The log-mel streams of both batches, and whatever reads them.
    assert "extract_features" not in said and "jobs are still to run" in said and "Run the same command again" in said
    assert project.planned()["extract_features"] == 2
    assert "still to run" not in project.run()
    assert project.planned() == {}

"""Guards architecture rule 3: reruns are exact. Each edit, and the very jobs that it makes run again."""

import pytest

from .edits import EDITS, expected, planned

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


@pytest.fixture(scope="module")
def table():
    return expected()


@pytest.mark.parametrize("edit", EDITS, ids=[edit.what for edit in EDITS])
def test_an_edit_makes_exactly_the_jobs_run_again_that_the_documentation_lists(project, table, edit):
    assert planned(edit, project) == table[edit.what]


def test_the_documentation_lists_these_edits_and_no_other(table):
    assert list(table) == [edit.what for edit in EDITS]


def test_adding_a_session_computes_only_that_session_before_the_folds(project, tiny):
    project.write_study(tiny, [*project.sessions(), "t9"])
    jobs = project.planned()
    of_one_session = ("make_demo_session", "probe_recording", "import_annotations", "decode_session", "label_frames")
    assert {rule: jobs[rule] for rule in of_one_session} == dict.fromkeys(of_one_session, 1)
    # Sessions go to extraction in threes: t1-t3, and a batch of t4 and the uncoded one that the new one joins.
    assert jobs["extract_features"] == 3
    before = {path: path.stat().st_mtime_ns for path in project.path("results/tiny/features").rglob("*.h5")}
    held_out = project.outer_folds()
    batches = [f"results/tiny/features/{name}/batch{number}.tsv"
               for name in tiny["features"]["extractors"] for number in (0, 1)]
    project.run("results/tiny/folds/folds.tsv", *batches)
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


def test_a_recording_that_is_replaced_is_decoded_anew_and_one_that_is_moved_is_not(project):
    decoded = project.path("results/tiny/media/t4/grid.json")
    another = next(edit for edit in EDITS if edit.what.startswith("a recording copied"))
    assert planned(another, project) == "nothing"
    # The link leads to the new place, so that nothing has to be computed before the old one may go.
    project.path("lab/t4.mp4").unlink()
    assert project.planned() == {}
    assert project.path("results/tiny/private/linked/t4.mp4").resolve().parent.name == "disk"
    short = project.path("results/tiny/private/recordings/t1.mp4").read_bytes()
    project.path("disk/t4.mp4").write_bytes(short)
    project.run("results/tiny/media/t4/grid.json")
    assert decoded.read_text() == project.path("results/tiny/media/t1/grid.json").read_text()
    assert project.path("results/tiny/private/media/t4/infant.mp4").read_bytes() == project.path(
        "results/tiny/private/media/t1/infant.mp4").read_bytes()


def test_faulty_coding_of_a_study_that_has_passed_before_gives_no_results(project):
    project.edit("lab/t4_ben.eaf", ">Ipos<", ">Iposs<")
    before = project.path("results/tiny/evaluation/cells.tsv").stat().st_mtime_ns
    done = project.snakemake("--keep-going", "results/tiny/evaluation/cells.tsv")
    assert done.returncode != 0 and "code 'Iposs' is not in tier 'infant'" in done.stderr
    assert project.path("results/tiny/evaluation/cells.tsv").stat().st_mtime_ns == before

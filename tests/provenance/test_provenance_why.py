"""Guards `dyadflow why`: the tree tells what made a result, and marks all that is no longer so."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from dyadflow.provenance.code_record import SCRIPTS
from dyadflow.provenance.why import explain

CELLS = "results/s/evaluation/cells.tsv"


def lines_of(printed):
    return [line.rstrip() for line in printed.splitlines()]


def test_a_result_is_explained_down_to_the_recordings_each_thing_once(history, dyadflow):
    code, printed, _ = dyadflow("why", CELLS)
    lines = lines_of(printed)
    assert code == 0, printed
    assert lines[0] == CELLS and lines[1].startswith("evaluate_study · code ")
    assert "  level  0.95" in lines
    assert any(line.endswith("models/lin/folds") for line in lines)
    assert any("train_cell · model lin · code" in line and "· seed 7" in line for line in lines)
    assert any("network  max_epochs 5, hidden [8]" in line for line in lines)
    assert sum(line.endswith("labels/{session}.txt  6 of them") for line in lines) == 1
    assert sum(line.endswith("recordings/*.mp4  6 of them  given") for line in lines) == 1
    assert sum(line.endswith("labels.tsv  as above") for line in lines) == 1
    assert sum("passed.txt  waited for, not read" in line for line in lines) == 1
    assert any("Configured in config/studies/s.yaml" in line for line in lines)
    # cells, the one file of the models, the index, six labels, six recordings; what is waited for is not read.
    assert lines[-1] == "✓ Everything holds: 15 files and the code are as recorded."
    assert max(map(len, lines)) <= 100


def test_depth_cuts_the_tree_but_not_the_checks(history, dyadflow):
    Path("recordings/d03.mp4").write_text("another film")
    code, printed, _ = dyadflow("why", CELLS, "--depth", "1")
    assert code == 1 and "recordings/*.mp4: what stands above was made from an earlier version" in printed
    tree = printed.split("\n\n")[0]
    assert "models/lin/folds" in tree and "labels/" not in tree and "which --depth leaves out" in tree


def test_all_tells_alike_inputs_one_by_one(history, dyadflow):
    _, printed, _ = dyadflow("why", CELLS, "--all")
    for number in range(1, 7):
        assert f"labels/d{number:02d}.txt" in printed
    assert "of them" not in printed


@pytest.mark.parametrize(("spoil", "marked"), [
    (lambda: Path(CELLS).write_text("forged"), (CELLS, "changed since it was made")),
    (lambda: Path("results/s/models/lin/folds/fold0.bin").write_text("other"),
     ("results/s/models/lin/folds", "changed since it was made: fold0.bin")),
    (lambda: Path("results/s/labels/d02.txt").write_text("d02 Iwit\n"),
     ("results/s/labels/{session}.txt", "1 of 6 changed since they were made: d02.txt")),
    (lambda: Path("recordings/d05.mp4").write_text("cut shorter"),
     ("recordings/*.mp4", "what stands above was made from an earlier version of 1 of 6 (d05.mp4)")),
])
def test_what_was_changed_by_hand_is_marked_where_it_was_changed(history, spoil, marked):
    spoil()
    assert explain(CELLS).marks == [marked]


def test_an_input_made_again_otherwise_marks_what_was_made_from_the_earlier_one(history):
    history.train(weight="two")
    assert explain(CELLS).marks == [
        ("results/s/models/lin/folds", "what stands above was made from an earlier version")]
    assert explain("results/s/models/lin/folds").marks == []
    history.score()
    assert explain(CELLS).marks == []


def test_what_a_job_only_waited_for_may_change(history):
    Path("results/s/passed.txt").write_text("3 notes\n")
    assert explain(CELLS).marks == []


def test_what_is_not_there_is_said_and_is_no_mark(history, dyadflow):
    shutil.rmtree("recordings")
    code, printed, _ = dyadflow("why", CELLS)
    assert code == 0 and "? 6 of 6 not there, so not compared" in printed
    assert lines_of(printed)[-1] == (
        "✓ Everything holds: 9 files and the code are as recorded. 6 not there to be compared.")


def test_other_code_than_now_is_marked_with_the_module_that_changed(history):
    shutil.copytree(SCRIPTS, "workflow/scripts", ignore=shutil.ignore_patterns("__pycache__"))
    assert explain("results/s/labels.tsv").marks == []
    module = Path("workflow/scripts/dyadflow/annotations/label_index.py")
    module.write_text(module.read_text() + "\n# only a comment\n")
    assert explain("results/s/labels.tsv").marks == []
    module.write_text(module.read_text() + "\nNOTHING = 1\n")
    assert explain("results/s/labels.tsv").marks == [
        ("results/s/labels.tsv", "made by other code than there is now: annotations.label_index")]


def test_a_file_in_a_folder_is_explained_by_the_folder(history, dyadflow):
    code, printed, _ = dyadflow("why", "results/s/models/lin/folds/fold0.bin")
    assert code == 0
    assert lines_of(printed)[:2] == [
        "results/s/models/lin/folds/fold0.bin is in results/s/models/lin/folds.", "results/s/models/lin/folds"]


def test_a_file_that_a_table_lists_is_explained_by_the_table_and_compared_with_it(history):
    folder = Path("results/s/features/mel")
    digest = hashlib.sha256(b"numbers").hexdigest()

    def write(job):
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        (folder / "audio" / "d01.h5").write_bytes(b"numbers")
        job.output.table.write_text(f"session\tfile\tsha256\nd01\taudio/d01.h5\t{digest}\n")

    history.job("extract_features", inputs={}, outputs={"table": str(folder / "batch0.tsv")}, write=write)
    found = explain(folder / "audio" / "d01.h5")
    assert found.how == "listed in results/s/features/mel/batch0.tsv" and found.marks == []
    (folder / "audio" / "d01.h5").write_bytes(b"others")
    assert ("results/s/features/mel/batch0.tsv", "1 of 1 files that it lists changed since: audio/d01.h5") \
        in explain(folder / "audio" / "d01.h5").marks


def test_json_holds_the_tree_and_all_that_manifests_say(history, dyadflow):
    code, printed, _ = dyadflow("why", CELLS, "--json")
    told = json.loads(printed)
    assert code == 0 and told["holds"] is True and told["result"] == CELLS
    assert [inner["name"] for inner in told["tree"]["inputs"]] == ["results/s/models/lin/folds", "results/s/labels.tsv"]
    assert told["tree"]["inputs"][0]["made"][0]["params"]["network"] == {"max_epochs": 5, "hidden": [8]}


def test_nothing_is_compared_where_that_is_not_wanted(history, dyadflow):
    Path(CELLS).write_text("forged")
    code, printed, _ = dyadflow("why", CELLS, "--no-compare")
    assert code == 0 and "Nothing was compared with what is there now." in printed


@pytest.mark.parametrize(("place", "sentence"), [
    ("results/s/no-such.tsv", "there is no such file or folder"),
    ("recordings/d01.mp4", "it lies in no folder called results"),
    ("results/s/passed.txt", "no manifest says what made it"),
])
def test_what_cannot_be_explained_is_said_in_one_sentence_with_exit_code_2(history, dyadflow, place, sentence):
    code, printed, complained = dyadflow("why", place)
    assert code == 2 and printed == "" and sentence in complained and complained.count("\n") == 1

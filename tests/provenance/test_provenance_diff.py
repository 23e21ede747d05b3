"""Guards `dyadflow diff`: what is the same to the byte, where two runs part, and which numbers changed."""

import json
import shutil
from pathlib import Path

import pytest

from dyadflow.provenance.diff import compare
from dyadflow.provenance.diff_tables import compare_tables


@pytest.fixture
def other(history):
    """A copy of the results as they were, called otherwise than results are."""
    shutil.copytree("results", "earlier")
    return history


def test_a_copy_is_the_same_whatever_manifests_say_of_when(other, dyadflow):
    told = json.loads(Path("earlier/s/provenance/labels.tsv.json").read_text())
    Path("earlier/s/provenance/labels.tsv.json").write_text(json.dumps({**told, "ended": "2020-01-01T00:00:00+00:00"}))
    Path("earlier/s/logs").mkdir()
    Path("earlier/s/logs/x.log").write_text("only in one")
    code, printed, _ = dyadflow("diff", "earlier", "results")
    # Six labels, their index, the models, the scores, and the file that is waited for.
    assert code == 0 and "10 of 10 outputs are the same to the byte." in printed


def test_the_setting_that_differs_is_told_where_it_concerned_a_job_and_what_follows_from_it(other, dyadflow):
    other.train(epochs=9, weight="two")
    other.score(kappa="0.750000")
    code, printed, _ = dyadflow("diff", "earlier", "results")
    assert code == 1
    assert "8 of 10 outputs are the same to the byte, 2 differ." in printed
    parts, follows = printed.split("Where they part")[1].split("What follows from it")
    assert "train_cell  lin  1 output" in parts and "network.max_epochs  5 → 9" in parts
    assert "evaluate_study" not in parts and "1 output of evaluate_study" in follows
    assert "evaluation/cells.tsv  1 of 2 rows changed" in printed
    assert "lin · Ipro · kappa  value  0.5 → 0.75" in printed
    _, printed, _ = dyadflow("diff", "earlier", "results", "--all")
    assert "lin · Ipro · kappa  value  0.500000 → 0.750000" in printed


def test_a_recording_that_differs_is_the_reason_of_what_is_made_from_it(other):
    Path("recordings/d02.mp4").write_text("another film")
    other.label("d02", text="Iwit")
    [found] = compare("earlier", "results")
    [pair] = found.different
    assert pair.name == "labels/d02.txt" and pair.inherited == []
    assert [(cause.kind, cause.name) for cause in pair.causes] == [("input", "recordings/d02.mp4")]


def test_code_versions_and_device_are_reasons_too(other):
    path = Path("earlier/s/provenance/models/lin/folds.json")
    told = json.loads(path.read_text())
    told |= {"code": "0123456789abcdef", "device": "CUDA 12.6, NVIDIA H200", "seed": 8}
    told["versions"]["python"] = "3.10.0"
    path.write_text(json.dumps(told))
    Path("earlier/s/models/lin/folds/fold0.bin").write_text("otherwise")
    [found] = compare("earlier", "results")
    [pair] = found.different
    assert pair.differing == ["fold0.bin"]
    assert [cause.kind for cause in pair.causes] == ["code", "seed", "device", "version"]
    assert (pair.causes[1].first, pair.causes[1].second) == (8, 7)


def test_a_change_that_no_manifest_explains_is_said_to_be_one(other, dyadflow):
    Path("earlier/s/labels/d01.txt").write_text("by hand")
    code, printed, _ = dyadflow("diff", "earlier", "results")
    assert code == 1 and "Different without a recorded reason" in printed
    assert "labels/d01.txt  (made in the same way from the same inputs, as recorded)" in printed


def test_what_was_made_otherwise_and_is_the_same_is_no_difference(other, dyadflow):
    other.train(epochs=9)
    code, printed, _ = dyadflow("diff", "earlier", "results")
    assert code == 0 and "1 output made otherwise, and yet the same" in printed
    _, printed, _ = dyadflow("diff", "earlier", "results", "--all")
    assert "network.max_epochs  5 → 9" in printed


def test_outputs_and_studies_that_one_alone_has_are_differences(other, dyadflow):
    Path("results/s/evaluation/more.tsv").write_text("a\n1\n")
    code, printed, _ = dyadflow("diff", "earlier/s", "results/s")
    assert code == 1 and "1 only in b" in printed and "only in b: evaluation/more.tsv" in printed
    shutil.copytree("results/s", "results/t")
    code, printed, _ = dyadflow("diff", "earlier", "results")
    assert code == 1 and "Study t" not in printed.split("Study s")[0] and "Study t" in printed


def test_rows_that_one_table_alone_has_are_counted_where_no_value_changed(other, dyadflow):
    other.score(rows=("Ipro",))
    for words in ((), ("--all",)):
        code, printed, _ = dyadflow("diff", "earlier", "results", *words)
        assert code == 1 and "evaluation/cells.tsv  0 of 1 row changed, 1 only in a" in printed


def test_two_studies_of_one_run_are_compared_by_the_names_below_their_folders(other):
    text = Path("results/s/provenance/models/lin/folds.json").read_text()
    shutil.copytree("results/s", "results/t")
    for file in Path("results/t/provenance").rglob("*.json"):
        file.write_text(file.read_text().replace("results/s/", "results/t/").replace('"study": "s"', '"study": "t"'))
    assert "results/s/" in text
    [found] = compare("results/s", "results/t")
    assert found.title == "s and t" and found.same
    assert [pair.causes for pair in found.pairs if pair.causes] == []


@pytest.mark.parametrize("folder", ["recordings", "no-such"])
def test_folders_without_results_cannot_be_compared(history, dyadflow, folder):
    code, _, complained = dyadflow("diff", "results", folder)
    assert code == 2 and "there are no results of a study in it" in complained


def test_rows_are_matched_by_what_names_them_and_the_largest_change_stands_first(tmp_path):
    first, second = tmp_path / "a.tsv", tmp_path / "b.tsv"
    first.write_text(
        "code\tfold\tkappa\tframes\nIpro\t1\t0.5\t1000\nIpro\t2\t0.1\t1000\nIwit\t1\t0.2\t500\nIwit\t2\t\t500\n")
    second.write_text(
        "code\tfold\tkappa\tframes\nIwit\t2\t0.4\t500\nIpro\t2\t0.9\t1000\nIpro\t1\t0.5\t990\nIneg\t1\t0.3\t20\n")
    found = compare_tables(first, second)
    assert [(change.row, change.column, change.first, change.second) for change in found.changes] == [
        (("Iwit", "2"), "kappa", "", "0.4"),
        (("Ipro", "2"), "kappa", "0.1", "0.9"),
        (("Ipro", "1"), "frames", "1000", "990"),
    ]
    assert found.changes[0].size == float("inf") and found.changes[1].size > found.changes[2].size
    assert (found.rows, found.changed_rows) == (3, 3)
    assert found.only_first == [("Iwit", "1")] and found.only_second == [("Ineg", "1")]


def test_rows_that_nothing_names_apart_are_matched_in_order(tmp_path):
    first, second = tmp_path / "a.tsv", tmp_path / "b.tsv"
    first.write_text("tier\tonset_s\ninfant\t0.1\ninfant\t0.5\n")
    second.write_text("tier\tonset_s\textra\ninfant\t0.1\tx\ninfant\t0.75\ty\n")
    found = compare_tables(first, second)
    assert [(change.first, change.second) for change in found.changes] == [("0.5", "0.75")]
    assert found.columns == ["extra"]

"""Guards `dyadflow crate`: it holds what it names, nothing private, and tells what made what."""

import hashlib
import json
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from dyadflow.errors import DyadflowError
from dyadflow.provenance.crate import write_crate
from dyadflow.provenance.crate_check import check_crate


@pytest.fixture
def crate(history):
    """The crate of the history's study, written beside it."""
    Path("results/s/private/film.mp4").write_text("the infant smiles")
    Path("results/s/state").mkdir()
    Path("results/s/state/x.fit").write_text("x")
    Path("results/s/logs").mkdir()
    Path("results/s/logs/x.log").write_text("x")
    write_crate("s", "crate", licence="CC-BY-4.0", authors=["Ada Coder"])
    return ROCrate("crate")


def test_every_file_is_there_and_named_with_its_digest(crate):
    graph = json.loads(Path("crate/ro-crate-metadata.json").read_text())["@graph"]
    files = [item for item in graph if "File" in item["@type"]]
    assert len(files) > 400
    for item in files:
        content = Path("crate", item["@id"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == item["sha256"] and str(len(content)) == item["contentSize"]
    names = {item["@id"] for item in files}
    assert {"results/s/evaluation/cells.tsv", "results/s/models/lin/folds/fold0.bin", "config/studies/s.yaml",
            "config/scheme.yaml", "requirements.lock", "LICENSE", "CITATION.cff", "Snakefile", "rules/models.smk",
            "workflow/scripts/train_cell.py", "workflow/scripts/dyadflow/models/cell.py"} <= names


def test_nothing_private_and_nothing_of_the_run_is_in_it(crate):
    folders = {part for path in Path("crate/results").rglob("*") for part in path.parts}
    assert not folders & {"private", "state", "logs", "benchmarks", "provenance"}
    everything = b"".join(path.read_bytes() for path in Path("crate").rglob("*") if path.is_file())
    assert b"the infant smiles" not in everything and str(Path.cwd()).encode() not in everything


def test_the_snakefile_is_the_main_entity_with_licence_and_authors_and_the_results_have_their_own(crate):
    assert crate.mainEntity.id == "Snakefile" and "HowTo" in crate.mainEntity.type
    assert crate.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    assert crate.mainEntity["license"].id == "https://spdx.org/licenses/MIT"
    assert crate.mainEntity["author"]["name"] == "The dyadflow developers"
    assert crate.license.id == "https://spdx.org/licenses/CC-BY-4.0"
    assert crate.root_dataset["author"]["name"] == "Ada Coder"
    profiles = {profile.id for profile in crate.root_dataset["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/provenance/0.5" in profiles and len(profiles) == 4


def test_each_job_tells_what_it_read_and_wrote_and_how(crate):
    jobs = [item for item in crate.get_by_type("CreateAction") if item.id != "#run"]
    # Six of label_frames, and one each of index_labels, train_cell and evaluate_study.
    assert len(jobs) == 9
    train = crate.dereference("#job/train_cell/model=lin")
    assert train["instrument"].id == "workflow/scripts/train_cell.py"
    assert train["object"].id == "results/s/labels.tsv"
    assert train["result"].id == "results/s/models/lin/folds/fold0.bin"
    told = {item["name"]: item["value"] for item in train["additionalProperty"]}
    assert told["seed"] == "7" and len(told["code"]) == 16 and "version of python" in told
    assert train["startTime"] <= train["endTime"]
    label = crate.dereference("#job/label_frames/session=d03")
    recording = next(item for item in label["object"] if item["name"] == "recordings/d03.mp4")
    assert recording.id.startswith("#not-here/")
    assert recording["sha256"] == hashlib.sha256(b"moving pictures of d03").hexdigest()
    mentioned = crate.root_dataset["mentions"]
    assert mentioned[0].id == "#run" and len(mentioned) == 10
    assert mentioned[0]["instrument"].id == "Snakefile"
    assert {step["name"] for step in crate.mainEntity["step"]} == {
        "label_frames", "index_labels", "train_cell", "evaluate_study"}


def test_a_file_changed_removed_or_added_afterwards_is_found(crate):
    assert check_crate("crate") > 400
    Path("crate/results/s/labels.tsv").write_text("forged")
    Path("crate/results/s/labels/d01.txt").unlink()
    Path("crate/results/s/more.tsv").write_text("x")
    with pytest.raises(DyadflowError) as told:
        check_crate("crate")
    assert sorted(told.value.findings) == [
        "results/s/labels.tsv is not the file that is named", "results/s/labels/d01.txt is named and not there",
        "results/s/more.tsv is there and not named"]


def test_what_names_a_file_outside_the_project_is_left_out_and_said(history, dyadflow, tmp_path):
    outside = tmp_path / "Mueller_Anna.mp4"
    outside.write_text("x")
    history.job(
        "import_annotations", inputs={"recording": str(outside)}, wildcards={"session": "d09"},
        outputs={"segments": "results/s/d09.tsv"},
        write=lambda job: job.output.segments.write_text("linked to Mueller_Anna.mp4\n"))
    settings = Path("config/studies/s.yaml")
    settings.write_text(settings.read_text() + "data_folder: /data/lab/films\n")
    code, printed, _ = dyadflow("crate", "s", "--into", "crate", "--leave-out", "models")
    assert code == 0 and "Left out, because they name files outside the project: d09.tsv" in printed
    assert "The results have no licence yet" in printed
    assert not Path("crate/results/s/d09.tsv").exists() and not Path("crate/results/s/models").exists()
    assert Path("crate/config/studies/s.yaml").read_text().endswith("data_folder: *\n")
    everything = b"".join(path.read_bytes() for path in Path("crate").rglob("*") if path.is_file())
    assert b"Mueller" not in everything and b"/data/lab" not in everything


def test_a_result_that_no_job_wrote_so_is_refused_and_one_that_is_gone_is_not_told_of(history):
    Path("results/s/labels/d06.txt").unlink()
    write_crate("s", "crate")
    assert ROCrate("crate").dereference("#job/label_frames/session=d06") is None
    Path("results/s/evaluation/cells.tsv").write_text("forged")
    with pytest.raises(DyadflowError, match=r"cells\.tsv is no longer what its job wrote\. Remove it and run"):
        write_crate("s", "other")
    assert not Path("other").exists()


@pytest.mark.parametrize(("study", "into", "sentence"), [
    ("nobody", "crate", "there are no results of such a study"), ("s", "config", "it exists already")])
def test_mistakes_are_one_sentence(history, dyadflow, study, into, sentence):
    code, _, complained = dyadflow("crate", study, "--into", into)
    assert code == 1 and sentence in complained

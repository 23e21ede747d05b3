"""What cannot be trained is said, on the console and on the page, and the rest of the study goes on."""

import pandas as pd
import pytest
from lxml import html

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")


def test_a_training_that_diverges_and_a_lost_stream_leave_the_rest_of_the_study_whole(finished, tmp_path, tiny):
    project = finished.copy(tmp_path / "project")
    tiny["models"]["networks"]["wild"] = {
        "network": "linear", "streams": ["motion"], "candidates": 1, "max_epochs": 1,
        "space": {"layers": [[4]], "learning_rate": [3e38], "optimiser": ["sgd"]}}
    # Trained anew on motion energy, of which one session's stream has been deleted by hand.
    tiny["models"]["networks"]["linear"]["max_epochs"] = 3
    project.write_study(tiny, ["t1", "t2", "t3", "t4", "new"])
    project.path("results/tiny/features/motion/caregiver/t2.h5").unlink()
    said = project.run("--keep-going")
    missing = pd.read_csv(project.path("results/tiny/evaluation/missing.tsv"), sep="\t")
    assert sorted(zip(missing.target, missing.model, strict=True)) == [
        ("caregiver", "linear"), ("caregiver", "wild"), ("infant", "wild")]
    reasons = missing.set_index(["target", "model"]).reason
    assert "ended in numbers that are not finite. Lower the learning rates in the space" in reasons["infant", "wild"]
    assert "t2.h5" in reasons["caregiver", "linear"]
    for row in missing.itertuples():
        assert f"dyadflow: tiny: {row.model} on motion for {row.target} (corrected) was not trained: " in said
    cells = pd.read_csv(project.path("results/tiny/evaluation/cells.tsv"), sep="\t")
    trained = set(zip(cells.target, cells.model, strict=True))
    assert {("infant", "linear"), ("infant", "bilstm"), ("caregiver", "bilstm")} <= trained
    assert not trained & {("caregiver", "linear"), ("infant", "wild")}
    page = html.parse(str(project.path("results/tiny/report/index.html"))).getroot()
    text = " ".join(page.text_content().split())
    # The same reason for both roles is said once.
    assert "are not finite" in text and "t2.h5" in text
    assert project.path("results/tiny/prediction/new.eaf").exists()
    # Nothing is tried again without a change; with the stream back, the cell is trained.
    assert project.planned() == {}
    batch = "results/tiny/features/motion/batch0.tsv"
    project.run("results/tiny/evaluation/missing.tsv", "--forcerun", batch)
    missing = pd.read_csv(project.path("results/tiny/evaluation/missing.tsv"), sep="\t")
    assert set(missing.model) == {"wild"}


def test_a_target_that_nobody_coded_is_missing_and_the_other_is_not(finished, tmp_path, tiny):
    project = finished.copy(tmp_path / "project")
    tiny["protocols"]["corrected"] |= {"train_coders": ["nobody"]}
    tiny["protocols"]["honest"] = {"train_coders": ["anna"], "score_coders": ["anna", "ben"]}
    tiny["report"] = {"protocol": "honest"}
    tiny["prediction"] = {"protocol": "honest"}
    project.write_study(tiny, ["t1", "t2", "t3", "t4", "new"])
    project.run("results/tiny/report/index.html")
    missing = pd.read_csv(project.path("results/tiny/evaluation/missing.tsv"), sep="\t")
    assert set(missing.protocol) == {"corrected"} and len(missing) == 4
    assert missing.reason.str.contains("no labelled frame").all()
    cells = pd.read_csv(project.path("results/tiny/evaluation/cells.tsv"), sep="\t")
    assert set(cells.protocol) == {"honest"}

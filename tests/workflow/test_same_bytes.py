"""Guards architecture rule 8: same input, same output, however many cores and whatever the hash seed."""

import pytest

from .conftest import new_project

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")

#: Not results: what ran when, and how long it took.
ABOUT_THE_RUN = {"logs", "benchmarks", "provenance"}


def results(project):
    root = project.path("results")
    files = {path.relative_to(root): path for path in root.rglob("*") if path.is_file()}
    return {
        place.as_posix(): path.read_bytes() for place, path in files.items()
        if place.name != ".snakemake_timestamp" and not ABOUT_THE_RUN & set(place.parts)
    }


def test_one_core_and_two_give_the_same_bytes_of_every_result(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    again = new_project(tmp_path / "again", like=finished.folder)
    again.run(cores=1)
    first, second = results(finished), results(again)
    assert set(first) == set(second)
    assert {name for name in first if first[name] != second[name]} == set()
    kinds = {name.rpartition(".")[2] for name in first}
    assert kinds >= {"tsv", "h5", "safetensors", "mp4", "wav", "eaf", "html", "json"}


def test_uncoded_sessions_are_predicted_and_nothing_of_them_is_lost(finished):
    rows = [line.split("\t") for line in finished.path("results/tiny/prediction/new.tsv").read_text().splitlines()]
    header, rows = rows[0], rows[1:]
    assert header == ["session", "coder", "tier", "code", "onset_s", "offset_s", "confidence", "comment"]
    assert {row[2] for row in rows} == {"infant", "caregiver"} and {row[0] for row in rows} == {"new"}
    assert "new" not in finished.path("results/tiny/folds/folds.tsv").read_text()
    assert "not_coded" in finished.path("results/tiny/annotations/issues.tsv").read_text()

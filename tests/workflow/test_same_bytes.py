"""Guards architecture rules 5 and 8: same input, same output, however many cores, whatever the hash seed, and although
every job was killed once. More faults, with what was seen: faults.py and docs/faults.md."""

import pytest

from .conftest import new_project
from .faults import POINTS, points, results, spoilt

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")


def test_one_core_with_every_job_killed_once_gives_the_bytes_of_two_cores_undisturbed(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    again = new_project(tmp_path / "again", like=finished.folder)
    with spoilt(tmp_path / "marks", "kill", point="any"):
        again.run("--retries", "1", cores=1)
    killed = points(tmp_path / "marks")
    # Some jobs have ended before the time at which they were to be killed within their work.
    assert set(killed) >= set(POINTS) - {"later"} and sum(killed.values()) > 60
    first, second = results(finished), results(again)
    assert set(first) == set(second)
    assert {name for name in first if first[name] != second[name]} == set()
    kinds = {name.rpartition(".")[2] for name in first}
    assert kinds >= {"tsv", "h5", "safetensors", "mp4", "wav", "eaf", "html", "json"}
    assert not list(again.path("results").rglob(".part-*")), "what killed jobs have left is cleared"
    assert again.planned() == {}


def test_uncoded_sessions_are_predicted_and_nothing_of_them_is_lost(finished):
    rows = [line.split("\t") for line in finished.path("results/tiny/prediction/new.tsv").read_text().splitlines()]
    header, rows = rows[0], rows[1:]
    assert header == ["session", "coder", "tier", "code", "onset_s", "offset_s", "confidence", "comment"]
    assert {row[2] for row in rows} == {"infant", "caregiver"} and {row[0] for row in rows} == {"new"}
    assert "new" not in finished.path("results/tiny/folds/folds.tsv").read_text()
    assert "not_coded" in finished.path("results/tiny/annotations/issues.tsv").read_text()

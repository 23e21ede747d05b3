"""Guards architecture rule 3 where digests of code are kept: a kept one is never that of other code."""

import shutil
from pathlib import Path

import pytest

from dyadflow.provenance import kept_digests
from dyadflow.provenance.kept_digests import KeptDigests


@pytest.fixture
def scripts(tmp_path):
    folder = tmp_path / "scripts"
    (folder / "dyadflow").mkdir(parents=True)
    (folder / "train.py").write_text("import dyadflow\n")
    (folder / "dyadflow" / "__init__.py").write_text("")
    return folder


@pytest.fixture
def kept(tmp_path, scripts):
    file = tmp_path / "project" / "digests.json"
    KeptDigests(file, scripts).remember("train", ["abc", "dyadflow"])
    return file


def test_what_was_kept_is_recalled_by_the_next_run(kept, scripts):
    assert KeptDigests(kept, scripts).recall("train") == ["abc", "dyadflow"]
    assert KeptDigests(kept, scripts).recall("evaluate") is None


@pytest.mark.parametrize("change", [
    lambda scripts: (scripts / "train.py").write_text("import dyadflow \n"),
    lambda scripts: (scripts / "dyadflow" / "template.html").write_text("<p>"),
    lambda scripts: (scripts / "dyadflow" / "__init__.py").unlink(),
    lambda scripts: (scripts / "dyadflow" / "__init__.py").rename(scripts / "dyadflow" / "other.py"),
], ids=["a script", "a new template", "a module less", "a module renamed"])
def test_after_any_change_nothing_is_recalled(kept, scripts, change):
    change(scripts)
    assert KeptDigests(kept, scripts).recall("train") is None


def test_after_another_version_of_a_library_nothing_is_recalled(kept, scripts, tmp_path, monkeypatch):
    (tmp_path / "site" / "numpy-9.9.9.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert KeptDigests(kept, scripts).recall("train") is None


def test_a_touched_or_moved_library_is_the_same_library(kept, scripts, tmp_path):
    for path in scripts.rglob("*"):
        path.touch()
    moved = tmp_path / "moved"
    shutil.move(scripts, moved)
    assert KeptDigests(kept, moved).recall("train") == ["abc", "dyadflow"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": 1}'])
def test_a_spoilt_file_counts_as_none(kept, scripts, content):
    kept.write_text(content)
    assert KeptDigests(kept, scripts).recall("train") is None


def test_where_nothing_can_be_kept_nothing_fails(scripts):
    KeptDigests(Path("/proc/none/digests.json"), scripts).remember("train", ["abc"])
    assert kept_digests.KeptDigests(Path("/proc/none/digests.json"), scripts).recall("train") is None

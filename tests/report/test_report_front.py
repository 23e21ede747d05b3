"""The front page links every study's page by a relative address, and nothing else."""

from pathlib import Path

import pytest
from lxml import html

from dyadflow.report.front import build_front_page

STUDIES = [
    {"name": "demo", "title": "Still-face", "page": "demo/report/index.html", "sessions": 13, "dyads": 12,
     "targets": 2},
    {"name": "demo-play", "title": "Guided play", "page": "demo-play/report/index.html", "sessions": 1, "dyads": 1,
     "targets": 0, "sentence": "Three tasks."},
]  # fmt: skip


def front(studies, path: Path):
    build_front_page(studies, path)
    return html.fromstring(path.read_text(encoding="utf-8"))


def words(element) -> str:
    return " ".join(element.text_content().split())


def test_each_study_has_a_card_with_a_relative_link(tmp_path):
    root = front(STUDIES, tmp_path / "index.html")
    assert root.xpath("//li//a/@href") == ["demo/report/index.html", "demo-play/report/index.html"]
    first, second = (words(card) for card in root.xpath("//li[@data-study]"))
    assert first.startswith("Still-face") and "13 sessions of 12 dyads; 2 targets modelled" in first
    assert "Three tasks." in second and "1 session of 1 dyad; nothing trained" in second


def test_a_single_study_has_a_page_too(tmp_path):
    root = front(STUDIES[:1], tmp_path / "index.html")
    assert words(root.xpath("//h1")[0]) == "Study" and len(root.xpath("//li[@data-study]")) == 1


def test_an_absolute_page_is_linked_from_where_the_front_page_lies(tmp_path):
    page = tmp_path / "results/a study/report/index.html"
    study = {**STUDIES[0], "page": page}
    root = front([study], tmp_path / "index.html")
    assert root.xpath("//li//a/@href") == ["results/a%20study/report/index.html"]
    assert str(tmp_path) not in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize("trained", [True, False])
def test_whether_anything_was_trained_may_be_told(tmp_path, trained):
    root = front([{**STUDIES[0], "trained": trained}], tmp_path / "index.html")
    assert ("nothing trained" in words(root)) is not trained


def test_names_stay_text_and_nothing_is_loaded(tmp_path):
    evil = "<script>alert(1)</script>"
    path = tmp_path / "index.html"
    root = front([{**STUDIES[0], "name": evil, "title": evil, "sentence": evil, "page": "javascript:x"}], path)
    assert "<script" not in path.read_text()
    assert not list(root.iter("script", "img", "iframe", "link", "object"))
    assert root.xpath("//li//a/@href") == ["javascript%3Ax"]
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'")


def test_the_same_list_gives_the_same_bytes(tmp_path):
    front(STUDIES, tmp_path / "a.html"), front(STUDIES, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()

"""Guards the files that others' programs read: the workflow catalog's, the citation, the licence."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
#: Of the Citation File Format 1.2.0: what a file must have, and what a cited work must have.
REQUIRED = {"cff-version", "message", "title", "authors"}
REQUIRED_OF_A_WORK = {"authors", "title", "type"}
KEYS = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
    "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url",
    "version",
}
PERSON = {"affiliation", "email", "family-names", "given-names", "name-particle", "name-suffix", "orcid", "website"}
DOI = r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+"


def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_catalog_finds_what_it_asks_for():
    # What it asks of a workflow under "standardized usage" (its docs/about/adding_workflows).
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme and "workflow" in readme
    assert (ROOT / "workflow" / "Snakefile").is_file()
    assert (ROOT / "config" / "README.md").is_file()
    assert list((ROOT / "rules").glob("*.smk"))
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert all(isinstance(text, str) for text in usage["mandatory-flags"].values())
    assert usage["software-stack-deployment"] == {"conda": True}
    assert usage["report"] is True


def test_the_citation_is_a_citation_file():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert set(citation) >= REQUIRED
    assert set(citation) <= KEYS
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    works = citation["references"]
    for work in works:
        assert set(work) >= REQUIRED_OF_A_WORK
        assert work["type"] == "conference-paper"
        assert re.fullmatch(DOI, work["doi"])
        assert isinstance(work["year"], int)
        assert all(set(person) <= PERSON for person in work["authors"])
    # An author of the software is a person or, with a name of its own, a group.
    assert all(set(author) <= PERSON or "name" in author for author in citation["authors"])


def test_the_citation_the_licence_and_the_package_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == settings()["version"]
    assert citation["license"] == settings()["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n\nCopyright (c) ")
    readme = (ROOT / "README.md").read_text()
    assert all(work["doi"] in readme for work in citation["references"])

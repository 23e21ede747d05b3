"""Guards ``workflow/Snakefile``, the entry for the workflow catalog and other workflows: it plans what ours does."""

import re

from .conftest import Project, new_project

MODULE = """configfile: "config/config.yaml"


module dyadflow:
    snakefile:
        "{clone}/workflow/Snakefile"
    config:
        config


use rule * from dyadflow
"""


def planned(done):
    """Jobs of each rule that a dry run lists, the rules aside that only gather results."""
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    table = text.split("Job stats:")[1].split("total")[0]
    jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}
    return {rule: count for rule, count in jobs.items() if rule not in ("all", "everything")}


def test_the_catalogs_entry_plans_every_job_by_itself_and_as_a_module_of_another_folder(tmp_path):
    project = new_project(tmp_path / "clone")
    expected = planned(project.snakemake("--dry-run"))
    assert expected["train_cell"] > 1

    assert planned(project.snakemake("--dry-run", "--snakefile", "workflow/Snakefile")) == expected

    other = Project(tmp_path / "other")
    other.path("workflow").mkdir(parents=True)
    other.path("workflow", "Snakefile").write_text(MODULE.format(clone=project.folder))
    for part in ("config", "lab"):
        project.path(part).rename(other.path(part))
    assert planned(other.snakemake("--dry-run")) == expected

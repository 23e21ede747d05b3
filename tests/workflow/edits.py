"""What people do to a finished study, and the very jobs that each of it makes run again: docs/reruns.md.

The table in the documentation is what the test expects. `python -m tests.workflow.edits` writes it anew; look at what
changed in it before you commit it.
"""

import copy
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .conftest import OWN, ROOT, TINY, Project, new_project

TABLE = ROOT / "docs" / "reruns.md"
LIBRARY = "workflow/scripts/dyadflow"
NOTHING = "nothing"


@dataclass(frozen=True)
class Edit:
    """One thing that a person does.

    Parameters
    ----------
    part, what
        Heading and line of the table.
    do
        Does it to a finished project; gives the project to look at, where it is another one.
    """

    part: str
    what: str
    do: Callable[[Project], Project | None]


def setting(*place: str, value: object) -> Callable[[Project], None]:
    """Change one setting of the study."""
    def do(project: Project) -> None:
        project.write_study(_changed(place, value), project.sessions())
    return do


def _changed(place: tuple[str, ...], value: object, study: dict | None = None) -> dict:
    study = copy.deepcopy(TINY) if study is None else study
    inner = study
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return study


def function(*modules: str) -> Callable[[Project], None]:
    """Add a function to modules of the library."""
    def do(project: Project) -> None:
        for module in modules:
            project.append(f"{LIBRARY}/{module}.py", "\n\ndef _one_more():\n    return 1\n")
    return do


def comments(project: Project) -> None:
    for room, module in {
        "media": "decode", "annotations": "labels", "agreement": "kappa", "behaviour": "measures", "features": "stream",
        "folds": "assign", "models": "training", "evaluation": "cells", "prediction": "predict", "report": "page",
    }.items():
        project.append(f"{LIBRARY}/{room}/{module}.py", "\n# A remark.\n")
    project.edit(f"{LIBRARY}/media/grid.py", "How many.", "How many there are.")


def merge(project: Project) -> None:
    project.edit("config/schemes/icep-r.yaml", "codes: [Cwit, Cint, Chos]", "codes: [Cwit, Cint]")


def two_settings(project: Project) -> None:
    study = _changed(("severities",), {"gap": "warning"})
    project.write_study(
        _changed(("features", "extractors", "logmel", "options"), {"mels": 20}, study), project.sessions())


def another_session(project: Project) -> None:
    project.write_study(copy.deepcopy(TINY), [*project.sessions(), "t9"])


def pinned(project: Project) -> None:
    wanted = "1" if project.outer_folds()["t1"] == "0" else "0"
    project.path("config/studies/tiny/human").mkdir()
    project.path("config/studies/tiny/human/folds.tsv").write_text(f"dyad\touter\nt1\t{wanted}\n")


def touched_recording(project: Project) -> None:
    project.path(f"lab/{OWN}.mp4").touch()
    project.path(f"lab/{OWN}_anna.txt").touch()


def recording_elsewhere(project: Project) -> None:
    (project.path("disk")).mkdir()
    shutil.copyfile(project.path(f"lab/{OWN}.mp4"), project.path(f"disk/{OWN}.mp4"))
    project.edit("config/studies/tiny/sessions.tsv", f"lab/{OWN}.mp4", f"disk/{OWN}.mp4")


def replaced_recording(project: Project) -> None:
    shutil.copyfile(project.path("results/tiny/private/recordings/t1.mp4"), project.path(f"lab/{OWN}.mp4"))


def edited_coding(project: Project) -> None:
    project.edit(f"lab/{OWN}_ben.eaf", ">Ipos<", ">Ineu<")


def new_times(*parts: str) -> Callable[[Project], None]:
    """Give every file in some folders the present time."""
    def do(project: Project) -> None:
        for part in parts:
            for path in [project.path(part), *project.path(part).rglob("*")]:
                path.touch()
    return do


def moved(project: Project) -> Project:
    there = project.path("..", "moved", "further")
    there.parent.mkdir()
    project.folder.rename(there)
    return Project(there.resolve())


def copied(project: Project) -> Project:
    there = project.path("..", "copied")
    shutil.copytree(project.folder, there, copy_function=shutil.copyfile, symlinks=True)
    return Project(there.resolve())


EDITS = [
    Edit("Nothing", "the same command again", lambda project: None),
    *(Edit("Code", f"a function of `{module}`", function(module)) for module in (
        "demo/render", "media/probe", "media/decode", "annotations/formats/readers/eaf", "annotations/labels",
        "annotations/doctor/shifts", "agreement/matching", "behaviour/measures", "features/backbones/motion",
        "features/components", "folds/assign", "models/networks/linear", "evaluation/bout_scores",
        "prediction/predict", "report/paper/fold_boxes", "report/page", "provenance/manifest", "study/plan", "cli")),
    Edit("Code", "a comment in a module of each room, and a docstring", comments),
    Edit("Settings", "a merge of the coding scheme", merge),
    Edit("Settings", "`folds.outer`: 3 in place of 2", setting("folds", "outer", value=3)),
    Edit("Settings", "`media.crf`", setting("media", "crf", value=12)),
    Edit("Settings", "an option of one extractor", setting(
        "features", "extractors", "logmel", "options", value={"mels": 20})),
    Edit("Settings", "the revision of weights", setting("features", "extractors", "dinov2", "revision", value="v2")),
    Edit("Settings", "threads of networks that are trained", setting("models", "torch_threads", value=2)),
    Edit("Settings", "`max_epochs` of one network", setting("models", "networks", "linear", "max_epochs", value=3)),
    Edit("Settings", "`agreement.tolerance_s`", setting("agreement", value={"tolerance_s": 0.5})),
    Edit("Settings", "`behaviour.lag_s`", setting("behaviour", value={"lag_s": 2.0})),
    Edit("Settings", "how grave an issue is", setting("severities", value={"gap": "warning"})),
    Edit("Settings", "how grave an issue is, and an option of one extractor, at once", two_settings),
    Edit("Settings", "`evaluation.covariates`", setting("evaluation", "covariates", value=[])),
    Edit("Settings", "`evaluation.chance_draws`", setting("evaluation", "chance_draws", value=7)),
    Edit("Settings", "the study's title", setting("title", value="Another title")),
    Edit("Sheets and coding", "a session more", another_session),
    Edit("Sheets and coding", "a dyad pinned to another fold", pinned),
    Edit("Sheets and coding", "one coder's file corrected", edited_coding),
    Edit("Recordings", "a recording and a coding file touched", touched_recording),
    Edit("Recordings", "a recording copied to another disk, and named there in the sheet", recording_elsewhere),
    Edit("Recordings", "a recording replaced", replaced_recording),
    Edit("Files and folders", "a fresh checkout: new times of code, rules, configuration and environments",
         new_times("Snakefile", "rules", "workflow", "config", "envs", "profiles")),
    Edit("Files and folders", "new times of all results", new_times("results")),
    Edit("Files and folders", "the project's folder moved", moved),
    Edit("Files and folders", "the project's folder copied, without its times", copied),
]


def planned(edit: Edit, project: Project) -> str:
    """What a dry run lists after an edit, as the table says it."""
    return as_text((edit.do(project) or project).planned())


def as_text(jobs: dict[str, int]) -> str:
    return ", ".join(name if count == 1 else f"{name} {count}" for name, count in sorted(jobs.items())) or NOTHING


def expected() -> dict[str, str]:
    """For each edit what the documentation says."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {what: jobs for what, jobs in rows if not what.startswith(("---", "what"))}


def write_table() -> None:
    """Make the tiny study, try each edit on a copy, and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        finished = new_project(Path(folder) / "finished")
        finished.run()
        lines, part = [], ""
        for number, edit in enumerate(EDITS):
            if edit.part != part:
                part = edit.part
                lines += ["", f"## {part}", "", "| what | jobs |", "|---|---|"]
            jobs = planned(edit, finished.copy(Path(folder) / str(number) / "project"))
            shutil.rmtree(Path(folder) / str(number))
            lines.append(f"| {edit.what} | {jobs} |")
            print(lines[-1], flush=True)
    head = TABLE.read_text(encoding="utf-8").split("\n## ")[0].rstrip("\n")
    TABLE.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    os.chdir(ROOT)
    write_table()

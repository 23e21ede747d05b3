"""A copy of the project with a tiny study in it, run once from nothing; tests work on copies of that."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "workflow", "config", "envs", "profiles")

TINY = {
    "name": "tiny",
    "title": "A tiny study",
    "scheme": "../schemes/icep-r.yaml",
    "sessions": "tiny/sessions.tsv",
    "coding": "tiny/coding.tsv",
    "data_folder": "../../results/tiny/private/recordings",
    "human_folder": "tiny/human",
    "targets": ["infant", "caregiver"],
    "media": {"rate_hz": 5, "views": {
        "infant": {"region": "left", "width_px": 28, "height_px": 28},
        "caregiver": {"region": "right", "width_px": 28, "height_px": 28},
    }},
    "features": {"sessions_per_job": 3, "extractors": {
        "dinov2": {"backbone": "dinov2", "views": ["infant", "caregiver"], "weights": "untrained", "options": {
            "config": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28}}},
        "logmel": {"backbone": "logmel", "views": ["audio"]},
        "motion": {"backbone": "motion", "views": ["infant", "caregiver"]},
    }},
    "folds": {"outer": 2, "inner": 2},
    "models": {
        "streams": {"multimodal": ["{role}.dinov2", "audio.logmel"], "motion": ["{role}.motion"]},
        "networks": {
            "bilstm": {"network": "bilstm", "streams": ["multimodal"], "candidates": 1, "max_epochs": 1, "space": {
                "hidden": [4], "window": [20], "stride": [20], "batch": [16]}},
            "linear": {"network": "linear", "streams": ["motion"], "candidates": 2, "max_epochs": 2, "space": {
                "layers": [[8, 8]], "learning_rate": [0.01, 0.001]}},
        },
    },
    "protocols": {"corrected": {"train_coders": ["anna", "ben"], "score_coders": ["anna", "ben"]}},
    "evaluation": {"covariates": ["group"], "comparisons": [
        {"target": "infant", "stream": "multimodal", "network": "bilstm", "against": "better_baseline"}]},
    "demo": {"seed": 3, "duration_s": 20, "height_px": 64},
}
CODED = ["t1", "t2", "t3", "t4"]
#: The recording and the coding of this session are made by no rule: they are files of the lab's own.
OWN = "t4"
#: Of the smallest study.
DYADS = ["t1", "t2", "t3"]


def smallest_study() -> dict:
    """Three dyads, one stream, one cell: what leads through extraction, training and evaluation to the page."""
    study = copy.deepcopy(TINY)
    study["targets"] = ["infant"]
    study["features"]["extractors"] = {"motion": {"backbone": "motion", "views": ["infant"]}}
    study["folds"] = {"outer": 3, "inner": 2}
    linear = {"network": "linear", "streams": ["motion"], "candidates": 1, "max_epochs": 1, "space": {"layers": [[4]]}}
    study["models"] = {"streams": {"motion": ["{role}.motion"]}, "networks": {"linear": linear}}
    study["evaluation"] = {"covariates": ["group"]}
    study["report"] = {"stream": "motion", "network": "linear"}
    return study


class Project:
    """A project folder in which Snakemake is run as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    #: Set while jobs are spoilt on purpose (faults.py).
    python_path = ""

    def _environment(self) -> dict[str, str]:
        outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {**outer, "PYTHONPATH": self.python_path} if self.python_path else outer

    def snakemake(self, *words: str, cores: int = 2) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", str(cores), *words], cwd=self.folder,
            env=self._environment(), capture_output=True, text=True, check=False)

    def start(self, *words: str) -> subprocess.Popen:
        """A run that goes on beside, in a process group of its own; what it says goes to run.log."""
        cores = [] if "--workflow-profile" in words else ["--cores", "2"]
        with self.path("run.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *cores, *words], cwd=self.folder, env=self._environment(),
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def dry_run(self) -> tuple[dict[str, int], dict[str, set[str]]]:
        """What a dry run lists: jobs of each rule (target rules aside), and each rule's reasons."""
        done = self.snakemake("--dry-run")
        text = done.stdout + done.stderr
        assert done.returncode == 0, text
        if "Nothing to be done" in text:
            return {}, {}
        table = text.split("Job stats:")[1].split("total")[0]
        jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}
        reasons: dict[str, set[str]] = {}
        for message, reason in re.findall(r"^Job \d+: (.+)\nReason: (.+)$", text, flags=re.MULTILINE):
            rule = next(rule for rule, begins in self._messages().items() if message.startswith(begins))
            reasons.setdefault(rule, set()).add(reason.split(":")[0])
        jobs.pop("all", None)
        assert set(reasons) == set(jobs), text
        return jobs, reasons

    def planned(self) -> dict[str, int]:
        """How many jobs of each rule a dry run lists."""
        return self.dry_run()[0]

    def _messages(self) -> dict[str, str]:
        """How each rule's message begins: what a dry run prints instead of the rule's name."""
        found = {}
        for file in self.path("rules").glob("*.smk"):
            pattern = r'^rule (\w+):.*?message:\s+"([^{"]+)'
            found.update(re.findall(pattern, file.read_text(), re.DOTALL | re.MULTILINE))
        assert len(set(found.values())) == len(found)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def run(self, *words: str, cores: int = 2) -> str:
        done = self.snakemake(*words, cores=cores)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)

    def edit(self, file: str, old: str, new: str) -> None:
        text = self.path(file).read_text()
        assert old in text, f"{file} has no {old!r}"
        self.path(file).write_text(text.replace(old, new))

    def append(self, file: str, text: str) -> None:
        with open(self.path(file), "a") as handle:
            handle.write(text)

    def sessions(self) -> list[str]:
        sheet = self.path("config", "studies", "tiny", "sessions.tsv").read_text().splitlines()
        return [line.split("\t")[0] for line in sheet[1:]]

    def outer_folds(self) -> dict[str, str]:
        rows = [line.split("\t") for line in self.path("results/tiny/folds/folds.tsv").read_text().splitlines()]
        return {row[rows[0].index("dyad")]: row[rows[0].index("outer")] for row in rows[1:]}

    def copy(self, folder: Path) -> "Project":
        # Times are kept and folders renamed: what a person does who moves a project.
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def write_study(self, study: dict, sessions: list[str]) -> None:
        studies = self.path("config", "studies")
        (studies / f"{study['name']}.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
        (studies / study["name"]).mkdir(exist_ok=True)
        own = {OWN: "../../../../lab/"} if study["name"] == "tiny" else {}
        rows = [
            f"{name}\t{name}\t{own.get(name, '')}{name}.mp4\t{'ab'[number % 2]}" for number, name in enumerate(sessions)
        ]
        (studies / study["name"] / "sessions.tsv").write_text("\n".join(["session\tdyad\tmedia\tgroup", *rows, ""]))
        coding = [
            f"{name}\t{coder}\t{own.get(name, '')}{name}_{coder}.{suffix}"
            for name in sessions if name != "new" for coder, suffix in (("anna", "txt"), ("ben", "eaf"))
        ]
        (studies / study["name"] / "coding.tsv").write_text("\n".join(["session\tcoder\tpath", *coding, ""]))
        self.path("config", "config.yaml").write_text(f"studies: [config/studies/{study['name']}.yaml]\n")


def new_project(folder: Path, like: Path = ROOT) -> Project:
    """The tiny study in a copy of the project, nothing of it computed yet."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = like / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    project = Project(folder)
    project.write_study(TINY, [*CODED, "new"])
    if (like / "lab").exists():
        shutil.copytree(like / "lab", folder / "lab")
    else:
        _make_own(folder / "lab")
    return project


def _make_own(folder: Path) -> None:
    from dyadflow.demo.settings import DemoSettings
    from dyadflow.demo.write import make_coding, make_recording

    folder.mkdir()
    settings = DemoSettings(**TINY["demo"])
    make_recording(OWN, settings=settings, path=folder / f"{OWN}.mp4")
    for coder, suffix in (("anna", "txt"), ("ben", "eaf")):
        make_coding(OWN, coder, settings=settings, path=folder / f"{OWN}_{coder}.{suffix}")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study after one whole run with two cores; look, but do not touch."""
    project = new_project(tmp_path_factory.mktemp("finished") / "project")
    project.run()
    return project


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Project:
    """Both demo studies made in one run, as they ship but for half of the targets of guided play; leave it as it is."""
    project = new_project(tmp_path_factory.mktemp("demo") / "project")
    shutil.copy2(ROOT / "config" / "config.yaml", project.path("config", "config.yaml"))
    # Each costs more than a minute of a processor, and shows the same.
    for target in ("dolls-social_engagement", "shaker-task_engagement", "drum-task_engagement"):
        project.edit("config/studies/demo-play.yaml", f"  - {target}\n", "")
    project.run()
    return project


@pytest.fixture
def tiny() -> dict:
    """Settings of the tiny study, to change."""
    return copy.deepcopy(TINY)


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, to spoil."""
    return finished.copy(tmp_path / "project")

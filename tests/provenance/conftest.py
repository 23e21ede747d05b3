"""A small history of real jobs: recordings are labelled, labels listed, models trained, scores worked out."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from dyadflow.provenance import stage as staging
from dyadflow.provenance.code_record import SCRIPTS
from dyadflow.provenance.digest import CodeMap

SESSIONS = [f"d{number:02d}" for number in range(1, 7)]


class Named(list):
    """Stands for Snakemake's named lists: a list whose items also have names; a list among them is laid out flat."""

    def __init__(self, **items):
        super().__init__(
            part for item in items.values() for part in (item if isinstance(item, list) else [item]))
        self._items = items

    def __getattr__(self, name):
        return self.__dict__["_items"][name]

    def items(self):
        return self._items.items()


class History:
    """Runs jobs in the current folder as rules do, through `stage`."""

    def __init__(self, code_map):
        self.code_map = code_map

    def job(self, rule, *, inputs, outputs, write, wildcards=None, **params):
        script = self.code_map.scripts / f"{rule}.py"
        code = self.code_map.code_of(script) if script.exists() else ["no script"]
        snakemake = SimpleNamespace(
            input=Named(**inputs), output=Named(**outputs), params=Named(code=code, **params), threads=2,
            wildcards=Named(**{"study": "s", **(wildcards or {})}), log=[], rule=rule,
            config={"studies": ["config/studies/s.yaml", "config/studies/other.yaml"]})
        with staging.stage(snakemake) as job:
            write(job)

    def label(self, session, text="Ipro", **params):
        def write(job):
            job.output.labels.write_text(f"{session} {text}\n")

        self.job(
            "label_frames", inputs={"recording": f"recordings/{session}.mp4", "passed": "results/s/passed.txt"},
            outputs={"labels": f"results/s/labels/{session}.txt"}, wildcards={"session": session}, write=write,
            **{"phases": ["play"], **params})

    def index(self):
        def write(job):
            job.output.table.write_text("session\tlines\n" + "".join(f"{name}\t1\n" for name in SESSIONS))

        labels = [f"results/s/labels/{name}.txt" for name in SESSIONS]
        self.job("index_labels", inputs={"labels": labels}, outputs={"table": "results/s/labels.tsv"}, write=write)

    def train(self, epochs=5, weight="one"):
        def write(job):
            job.output.models.mkdir()
            (job.output.models / "fold0.bin").write_text(weight)

        self.job(
            "train_cell", inputs={"labels": "results/s/labels.tsv"}, outputs={"models": "results/s/models/lin/folds"},
            wildcards={"model": "lin"}, write=write, network={"max_epochs": epochs, "hidden": [8]}, seed=7)

    def score(self, kappa="0.500000", rows=("Ipro", "Iwit")):
        def write(job):
            lines = [f"lin\t{code}\tkappa\t{kappa if code == 'Ipro' else '0.250000'}\t100" for code in rows]
            job.output.cells.write_text("\n".join(["model\tphase\tmetric\tvalue\tframes", *lines, ""]))

        self.job(
            "evaluate_study", inputs={"models": "results/s/models/lin/folds", "labels": "results/s/labels.tsv"},
            outputs={"cells": "results/s/evaluation/cells.tsv"}, write=write, level=0.95)

    def all(self):
        Path("config/studies").mkdir(parents=True)
        Path("config/studies/s.yaml").write_text("# a comment\nname: s\nscheme: ../scheme.yaml\n")
        Path("config/studies/other.yaml").write_text("name: other\n")
        Path("config/scheme.yaml").write_text("tiers: {}\n")
        Path("recordings").mkdir()
        Path("results/s/private").mkdir(parents=True)
        Path("results/s/passed.txt").write_text("0 errors\n")
        for session in SESSIONS:
            Path(f"recordings/{session}.mp4").write_text(f"moving pictures of {session}")
            self.label(session)
        self.index()
        self.train()
        self.score()

    @staticmethod
    def manifest(inside):
        return json.loads(Path(f"results/s/provenance/{inside}.json").read_text())


@pytest.fixture(scope="session")
def code_map():
    return CodeMap(SCRIPTS)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, code_map):
    """The whole history, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("history") / "project"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # What other tests have loaded is none of these jobs' business.
        patch.setattr(staging, "_refuse_uncovered_modules", lambda covered: None)
        History(code_map).all()
    return folder


@pytest.fixture
def history(made_once, tmp_path, monkeypatch, code_map):
    """The current folder is a copy of the project with all results."""
    shutil.copytree(made_once, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(staging, "_refuse_uncovered_modules", lambda covered: None)
    return History(code_map)


@pytest.fixture
def dyadflow(monkeypatch, capsys):
    """The command: words in; exit code, what was printed and what was complained of out."""
    from dyadflow.cli import main

    def run(*words):
        monkeypatch.setattr("sys.argv", ["dyadflow", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run

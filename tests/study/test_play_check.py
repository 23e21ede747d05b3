"""Guards what is told of a study of guided play before anything is trained: a sentence each."""

import shutil
from pathlib import Path

import pytest
import yaml

from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.segments import Segments
from dyadflow.demo.play.settings import PlaySettings
from dyadflow.demo.play.write import make_play_recording
from dyadflow.errors import DyadflowError
from dyadflow.study.check import check_study
from dyadflow.study.study import load_study

ROOT = Path(__file__).parents[2]
TASKS = [("task", "people", 2.0, 13.0), ("task", "eggs", 15.0, 26.0), ("task", "drums", 28.0, 39.0)]
MARKS = [("participating", "self", 3.0, 8.0), ("attending", " Attending", 16.0, 20.0)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("play") / "p.mp4"
    make_play_recording("p01", settings=PlaySettings(task_s=12, pause_s=2, height_px=80), path=path)
    return path


class Play:
    """Four sessions of one recording, each coded by A and B; every file can be written anew."""

    def __init__(self, folder, recording):
        self.folder = folder
        self.settings = yaml.safe_load((ROOT / "config/studies/demo-play.yaml").read_text())
        self.settings |= {"scheme": str(ROOT / "config/schemes/guided-play.yaml"), "sessions": "sessions.tsv",
                          "coding": "coding.tsv", "data_folder": "."}
        self.settings["folds"] = {"method": "searched", "outer": 4, "candidates": 10}
        self.settings.pop("demo")
        self.settings.pop("evaluation")
        names = [f"s{number}" for number in range(1, 5)]
        for name in names:
            shutil.copy2(recording, folder / f"{name}.mp4")
            for coder in "AB":
                self.code(name, coder, [*TASKS, *MARKS])
        (folder / "sessions.tsv").write_text(
            "session\tdyad\tmedia\n" + "".join(f"{name}\t{name}\t{name}.mp4\n" for name in names))
        (folder / "coding.tsv").write_text("session\tcoder\tpath\n" + "".join(
            f"{name}\t{coder}\t{name}_{coder}_20210301.eaf\n" for name in names for coder in "AB"))

    def file(self, session, coder):
        return self.folder / f"{session}_{coder}_20210301.eaf"

    def code(self, session, coder, rows):
        write_eaf(Segments.from_rows(
            {"session": session, "coder": "", "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
            for tier, code, onset_s, offset_s in rows
        ), self.file(session, coder), media=f"{session}.mp4")

    def write(self):
        path = self.folder / "study.yaml"
        path.write_text(yaml.safe_dump(self.settings))
        return path

    def errors(self):
        return [issue.sentence() for issue in check_study(self.write()).errors()]


@pytest.fixture
def play(tmp_path, recording):
    return Play(tmp_path, recording)


def test_a_whole_study_has_no_error(play):
    assert play.errors() == []


def test_a_missing_file_a_missing_task_and_a_short_one_are_a_sentence_each(play):
    play.file("s1", "A").unlink()
    play.code("s2", "B", [*TASKS[:2], *MARKS])
    play.code("s3", "A", [TASKS[0], ("task", "eggs", 15.0, 19.9), TASKS[2], *MARKS])
    play.code("s4", "A", [("task", "People ", 2.0, 7.5), ("task", "doll", 7.6, 13.0), *TASKS[1:], *MARKS])
    missing, task, short, repeated = play.errors()
    assert missing.startswith("session s1, coder A") and "there is no such coding file" in missing
    assert task.startswith("session s2, coder B") and "drum" in task and "missing_phase" in task
    assert short.startswith("session s3, coder A") and "shaker" in short and "4.9" in short
    assert repeated.startswith("session s4, coder A") and "dolls" in repeated
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in (missing, task, short, repeated))


def test_a_task_that_one_coder_lacks_may_stand_if_the_study_says_so(play):
    play.code("s2", "B", [*TASKS[:2], *MARKS])
    play.settings["severities"] = {"missing_phase": "warning"}
    assert play.errors() == []


def test_fewer_sessions_than_folds_is_a_sentence(play):
    play.settings["folds"]["outer"] = 5
    with pytest.raises(DyadflowError, match=r"folds\.outer is 5, but only 4 dyads are coded\. Set folds\.outer to"):
        load_study(play.write())

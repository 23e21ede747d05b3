"""Guards a new user's first steps: init, check, placeholders, each through the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dyadflow.study.settings import StudySettings
from dyadflow.study.study import load_study


def dyadflow(*words, cwd):
    return subprocess.run(
        [sys.executable, "-c", "from dyadflow.cli import main; main()", *map(str, words)], capture_output=True,
        text=True, cwd=cwd, check=False)


def test_init_writes_a_study_that_loads_once_its_sheets_are_filled_in(tmp_path):
    done = dyadflow("init", "my-study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my-study"
    written = {path.name for path in folder.iterdir()}
    assert written == {"study.yaml", "config.yaml", "sessions.tsv", "coding.tsv", "scheme.yaml", "human"}
    assert yaml.safe_load((folder / "config.yaml").read_text()) == {"studies": ["my-study/study.yaml"]}
    for number in range(12):
        with open(folder / "sessions.tsv", "a") as sheet:
            sheet.write(f"s{number}\td{number}\ts{number}.mp4\t\t\t\n")
        with open(folder / "coding.tsv", "a") as sheet:
            sheet.write(f"s{number}\tcoder1\thuman\tauto\ts{number}.txt\t\n")
    study = load_study(folder / "study.yaml")
    assert study.name == "my-study" and len(study.sessions) == 12


def test_the_commented_configuration_mentions_every_setting_of_the_study(tmp_path):
    dyadflow("init", "my-study", cwd=tmp_path)
    settings = yaml.safe_load((tmp_path / "my-study" / "study.yaml").read_text())
    assert set(StudySettings.model_fields) - set(settings) == {"demo"}


def test_init_never_writes_over_a_study(tmp_path):
    dyadflow("init", "my-study", cwd=tmp_path)
    again = dyadflow("init", "my-study", cwd=tmp_path)
    assert again.returncode == 1
    assert again.stderr.startswith("dyadflow: my-study: there is a study already (study.yaml, ")
    assert again.stderr.endswith("Choose another folder.\n") and again.stderr.count("\n") == 1


def test_check_on_an_unfilled_study_asks_for_a_recording(tmp_path):
    dyadflow("init", "my-study", cwd=tmp_path)
    done = dyadflow("check", "my-study/study.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "dyadflow: my-study/sessions.tsv: there is no session in the sheet. Add a line for each recording.\n")


def test_check_names_every_fault_of_recordings_and_coding_in_a_line_each(small):
    small.write()
    Path(small.folder / "s2.mp4").unlink()
    done = dyadflow("check", small.folder / "study.yaml", cwd=small.folder)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert any(line.startswith("error: session s1, s1.mp4: ") and "empty" in line for line in lines)
    assert any(line.startswith("error: session s2, s2.mp4: ") for line in lines)
    assert any(line.startswith("error: session s3, coder A, ") for line in lines)
    assert lines[-1].split()[1] == "errors,"


def test_placeholders_are_made_only_for_what_is_not_there(small):
    small.write()
    (small.folder / "s4.mp4").unlink()
    done = dyadflow("placeholders", small.folder / "study.yaml", cwd=small.folder)
    assert done.stdout.startswith("Made 1 empty files.")
    assert (small.folder / "s4.mp4").stat().st_size == 0


@pytest.mark.parametrize("words", [["check", "nowhere.yaml"], ["convert", "nowhere.eaf", "out.tsv"]])
def test_a_missing_file_is_one_sentence(tmp_path, words):
    done = dyadflow(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("dyadflow: nowhere.") and done.stderr.count("\n") == 1

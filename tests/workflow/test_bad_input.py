"""Guards issue 2's list of bad input: one line that says what, where and what to do, before any long work."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pandas as pd
import pytest

from dyadflow.annotations.labels import SessionLabels
from dyadflow.media.ffmpeg import ffmpeg_binary

from .conftest import new_project

# One worker has the tiny study made, and runs all that looks at it.
pytestmark = pytest.mark.xdist_group("tiny")

NOISE = re.compile(r"Traceback|MissingInputException|KeyError|RuntimeError|in <module>")


#: All sessions of such a study are copies of one, which the doctor rightly says; here something else is looked at.
COPIES = {"swapped_sessions": "note", "other_recording": "note"}


class Own:
    """A study of recordings and coding files that no rule makes: copies of the first session, to spoil."""

    def __init__(self, project, settings) -> None:
        self.project, self.settings = project, settings
        self.data = project.path("data")
        self.data.mkdir()

    def write(self, sessions, **settings) -> None:
        made = self.project.path("results/tiny/private/recordings")
        for name in sessions:
            for end in (".mp4", "_anna.txt", "_ben.eaf"):
                shutil.copy2(made / f"t1{end}", self.data / f"{name}{end}")
        severities = COPIES | settings.get("severities", {})
        self.project.write_study({**self.settings, **settings, "severities": severities}, sessions)

    def ffmpeg(self, source: str, *arguments: str, to: str) -> None:
        command = [ffmpeg_binary(), "-v", "error", "-y", "-i", self.data / source, *arguments, self.data / to]
        subprocess.run(list(map(str, command)), check=True)

    def edit(self, file: str, *pairs: tuple[str, str]) -> None:
        for old, new in pairs:
            self.project.edit(f"data/{file}", old, new)

    def break_off(self, file: str) -> None:
        whole = (self.data / file).read_bytes()
        (self.data / file).write_bytes(whole[: len(whole) // 2])

    def snakemake(self, *targets: str) -> list[str]:
        """Lines on screen of a run that must fail, without a traceback."""
        done = self.project.snakemake(*targets)
        text = done.stdout + done.stderr
        assert done.returncode != 0 and not NOISE.search(text), text
        assert "Decoding" not in text and "Extracting" not in text
        assert not self.results("private/media").exists()
        return text.splitlines()

    def results(self, file: str) -> Path:
        return self.project.path("results", self.settings["name"], file)

    def issues(self) -> pd.DataFrame:
        return pd.read_csv(self.results("annotations/issues.tsv"), sep="\t", keep_default_na=False)


@pytest.fixture
def own(finished, tmp_path, tiny) -> Own:
    project = new_project(tmp_path / "project", like=finished.folder)
    recordings = "results/tiny/private/recordings"
    shutil.copytree(finished.path(recordings), project.path(recordings))
    del tiny["demo"]
    sheets = {"sessions": "own/sessions.tsv", "coding": "own/coding.tsv", "data_folder": "../../data"}
    return Own(project, {**tiny, "name": "own", **sheets, "folds": {"outer": 3, "inner": 2}})


def dyadflow_check(project, study) -> tuple[int, list[str], list[str]]:
    """Exit status, and the lines of standard output and standard error, of `dyadflow check`."""
    done = subprocess.run(
        [sys.executable, "-c", "from dyadflow.cli import main; main()", "check", f"config/studies/{study}.yaml"],
        cwd=project.folder, env={**os.environ, "PYTHONPATH": str(project.path("workflow", "scripts"))},
        capture_output=True, text=True, check=False)
    assert not NOISE.search(done.stdout + done.stderr), done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize(("settings", "coding_line", "sentence"), [
    ({"folds": {"outer": 4, "inner": 2}}, "",
     "config/studies/own.yaml: folds.outer is 4, but only 3 dyads are coded. Set folds.outer to at most 3, or add "
     "coded dyads."),
    ({"folds": {"outer": 2, "inner": 2}}, "",
     "config/studies/own.yaml: folds.inner is 2, but an outer fold may leave no more than 1 to train on. Set "
     "folds.outer to 3."),
    ({"features": {"extracters": {}}}, "",
     "config/studies/own.yaml: there is no setting called 'features.extracters'. Did you mean 'extractors'."),
    ({"severities": {"no_sond": "warning"}}, "",
     "config/studies/own.yaml: severities: no issue is called 'no_sond'; the nearest is 'no_sound'. Correct the "
     "setting."),
    ({}, "o7\tanna\to1_anna.txt",
     "config/studies/own/coding.tsv, line 8: there is coding for session 'o7', which is not in the sheet of sessions. "
     "Correct the name, or add the session with its recording."),
    ({}, "o1\tanna\to1_ben.eaf",
     "config/studies/own/coding.tsv, line 8: coder 'anna' stands twice with session 'o1'. Give the two coders "
     "different names, or remove one of the files."),
], ids=["more folds than dyads", "more inner folds than dyads", "mistyped key", "mistyped severity",
        "coding without session", "coder twice"])
def test_a_faulty_configuration_or_sheet_is_one_line_and_no_job(own, settings, coding_line, sentence):
    own.write(["o1", "o2", "o3"], **settings)
    own.project.append("config/studies/own/coding.tsv", coding_line)
    # Snakemake says which profile it uses, and then there is this.
    assert own.snakemake("check")[1:] == [f"dyadflow: {sentence}"]
    assert dyadflow_check(own.project, "own") == (1, [], [f"dyadflow: {sentence}"])


def test_a_configuration_that_names_no_study_is_one_line(own):
    own.write(["o1", "o2", "o3"])
    own.project.edit("config/config.yaml", "studies:", "study:")
    assert own.snakemake("check")[1:] == [
        "dyadflow: config/config.yaml: no study is named. List at least one study's file under `studies:`."]


def test_each_missing_file_is_a_line_and_no_job_runs(own):
    own.write(["o1", "o2", "o3"])
    (own.data / "o2.mp4").unlink()
    (own.data / "o3_ben.eaf").unlink()
    assert own.snakemake("check")[1:] == [
        "dyadflow: config/studies/own.yaml, session o2: the recording data/o2.mp4 is not there. Correct the sheet, or "
        "put the file in its place.",
        "dyadflow: config/studies/own.yaml, session o3, coder ben: the coding file data/o3_ben.eaf is not there. "
        "Correct the sheet, or put the file in its place."]
    status, found, _ = dyadflow_check(own.project, "own")
    assert status == 1 and [line for line in found if not line.startswith("note")] == [
        "error: session o3, coder ben, data/o3_ben.eaf: there is no such coding file. Check the path in the coding "
        "sheet.",
        "error: session o2, o2.mp4: there is no such recording. Check the name in the session sheet.",
        f"2 errors, {len(found) - 3} other findings."]


def test_a_file_that_the_demo_does_not_make_is_missed_like_any_other(project):
    project.append("config/studies/tiny/coding.tsv", "t1\tcarl\tt1_carl.txt\n")
    done = project.snakemake("check")
    assert done.returncode == 1 and done.stderr.splitlines()[1:] == [
        "dyadflow: config/studies/tiny.yaml, session t1, coder carl: the coding file "
        "results/tiny/private/recordings/t1_carl.txt is not there. Correct the sheet, or put the file in its place."]


AGAIN = "Copy the recording again from its source, or export it again."
#: For each line that the spoilt study must give: the rule, session and coder of its row, and what it says.
EXPECTED = [
    ("empty_file", "empty", "", f"session empty, empty.mp4: the recording is empty (0 bytes). {AGAIN}"),
    ("no_sound", "silent", "",
     "session silent, silent.mp4: the recording has no sound, and the study uses it. Name a recording with sound, "
     "leave out the streams that use it, or set no_sound to warning under severities in the study file, which leaves "
     "the stream of this session without a valid frame."),
    ("truncated", "tail", "",
     "session tail, tail.mp4: this mp4 breaks off before its table of contents, so nothing of it can be read. "
     f"{AGAIN}"),
    ("truncated", "cut", "", rf"session cut, cut.mp4: the file breaks off at \d+.\d\d of 20.\d\d s. {AGAIN}"),
    ("no_picture", "sound", "",
     "session sound, sound.mp4: the recording has no picture, only sound. Name a video file."),
    ("past_the_end", "late", "anna",
     r"session late, coder anna: 7 segments \(4 of tier 'infant', 2 of tier 'caregiver', 1 of tier 'phase'\) lie past "
     r"the end of the recording \(15.0\d\d s\), first 'Ineu' from 14.107 to 15.340 s. Check that it is the right "
     "recording, and its offset."),
    ("past_the_end", "late", "ben",
     r"session late, coder ben: 6 segments \(1 of tier 'phase', 3 of tier 'infant', 2 of tier 'caregiver'\) lie past "
     r"the end of the recording \(15.0\d\d s\), first 'reunion' from 14.612 to 20.084 s. Check that it is the right "
     "recording, and its offset."),
    ("unknown_code", "silent", "ben",
     "session silent, coder ben, silent_ben.eaf, annotation a11: code 'Iposs' is not in tier 'infant' of the scheme "
     "(once, first at 3.675 s). Write 'Ipos' if that is meant, or add 'Iposs' to the aliases of the tier."),
    ("unknown_code", "silent", "ben",
     "session silent, coder ben, silent_ben.eaf, annotation a3, annotation a9: code 'vocal' is not in tier 'caregiver' "
     "of the scheme (2 times, first at 0.710 s). Use one of Cwit, Cint, Chos, Cnon, Cneu, Cpvc, Cpos, Cusc, Cneg, or "
     "add it to the scheme."),
    ("overlap", "empty", "ben",
     "session empty, coder ben, empty_ben.eaf, annotation a10 and annotation a11: in tier 'infant', where codes "
     "exclude each other, 'Ineu' (0.097 to 3.675 s) and 'Ipos' (3.000 to 5.370 s) overlap. Correct one of them."),
    ("duplicate_coder", "sound", "anna",
     "session sound, coder anna: 2 coding files of this session are of coders called 'anna' and 'Anna'. Give each "
     "coder a name of their own in the coding sheet."),
]


def test_everything_wrong_with_recordings_and_coding_is_told_together_before_any_decoding(own):
    own.write(["empty", "silent", "tail", "cut", "sound", "late"])
    (own.data / "empty.mp4").write_bytes(b"")
    own.ffmpeg("tail.mp4", "-an", "-c", "copy", to="silent.mp4")
    own.ffmpeg("tail.mp4", "-vn", "-c", "copy", to="sound.mp4")
    own.ffmpeg("tail.mp4", "-t", "15", "-c", "copy", to="late.mp4")
    # Where the table of contents stands, decides what a file that breaks off has lost.
    own.ffmpeg("tail.mp4", "-c", "copy", "-movflags", "+faststart", to="cut.mp4")
    own.ffmpeg("cut.mp4", "-c", "copy", to="tail.mp4")
    own.break_off("cut.mp4")
    own.break_off("tail.mp4")
    own.edit("silent_ben.eaf", (">Ipos<", ">Iposs<"), (">Cpvc<", ">vocal<"))
    own.edit("empty_ben.eaf", ('"ts9" TIME_VALUE="3675"', '"ts9" TIME_VALUE="3000"'))
    own.project.edit("config/studies/own/coding.tsv", "sound\tben", "sound\tAnna")

    lines = own.snakemake("check")
    # Said once, and last: after Snakemake's own account of the failed job.
    told = lines[lines.index("Exiting because a job execution failed. Look above for error messages") + 1 :]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    assert told[: len(errors) + 1] == [
        *(f"error: {line}" for line in errors),
        "dyadflow, check_study: results/own/annotations/issues.tsv: 11 errors in the coding or the recordings. Repair "
        "what is listed there, or lower its severity in the study file (severities:) if it may stand."]
    assert_told(errors)

    status, found, _ = dyadflow_check(own.project, "own")
    assert status == 1 and found[-1].startswith("11 errors, ")
    assert [line.removeprefix("error: ") for line in found if line.startswith("error: ")] == errors

    issues = own.issues()
    rows = issues[issues.severity == "error"]
    assert sorted(zip(rows.rule, rows.session, rows.coder, strict=True)) == sorted(line[:3] for line in EXPECTED)
    # One fault, one error: that coding runs past the place where a recording breaks off, is a note.
    assert set(issues[(issues.rule == "past_the_end") & (issues.session == "cut")].severity) == {"note"}
    assert_nothing_is_lost(own, issues)


def assert_told(errors):
    """Each expected line stands there once, and no other."""
    remaining = list(errors)
    for *_, sentence in EXPECTED:
        found = [line for line in remaining if line == sentence or re.fullmatch(sentence, line)]
        assert len(found) == 1, f"{sentence}\nis not among\n" + "\n".join(errors)
        remaining.remove(found[0])
    assert remaining == []


def assert_nothing_is_lost(own, issues):
    """Every annotation of every ELAN file is a segment, or is named in an issue."""
    segments = pd.read_csv(own.results("annotations/segments.tsv"), sep="\t")
    for file in sorted(own.data.glob("*_ben.eaf")):
        session = file.name.removesuffix("_ben.eaf")
        coder = "Anna" if session == "sound" else "ben"
        kept = ((segments.session == session) & (segments.coder == coder)).sum()
        unknown = issues[(issues.rule == "unknown_code") & (issues.session == session) & (issues.coder == coder)]
        named = unknown["where"].str.count("annotation a").sum()
        assert kept + named == file.read_text().count("<ANNOTATION>"), session


def test_a_session_without_coding_is_no_fault_and_is_predicted(finished):
    status, found, _ = dyadflow_check(finished, "tiny")
    assert status == 0 and found[-1] == f"0 errors, {len(found) - 1} other findings."
    told = "note: session new: no coder's file is given for this session; it can be predicted, not learned from."
    assert told in found
    assert all(line.startswith("note: ") for line in found[:-1])
    assert finished.path("results/tiny/prediction/new.eaf").exists()
    labels = pd.read_csv(finished.path("results/tiny/annotations/labels.tsv"), sep="\t")
    assert list(labels.session) == ["t1", "t2", "t3", "t4"]


def test_no_sound_and_coding_past_the_end_may_stand_if_the_study_says_so(own, finished):
    own.write(["silent", "late", "fine"], severities={"no_sound": "warning", "past_the_end": "warning"})
    own.ffmpeg("fine.mp4", "-an", "-c", "copy", to="silent.mp4")
    own.ffmpeg("fine.mp4", "-t", "15", "-c", "copy", to="late.mp4")
    own.project.run("results/own/features/logmel/batch0.tsv", "results/own/annotations/labels/late.h5")

    issues = own.issues()
    rows = issues[issues.severity == "warning"]
    assert sorted(zip(rows.rule, rows.session, strict=True)) == [
        ("no_sound", "silent"), ("past_the_end", "late"), ("past_the_end", "late")]
    with h5py.File(own.results("features/logmel/audio/silent.h5")) as silent:
        assert len(silent["values"]) > 90 and not silent["values"][:].any() and not silent["valid"][:].any()
    with h5py.File(own.results("features/logmel/audio/fine.h5")) as fine:
        assert fine["values"][:].any() and fine["valid"][:].all()
    # What lies within the recording is labelled as it was in the whole one.
    late = SessionLabels.read(own.results("annotations/labels/late.h5"))
    whole = SessionLabels.read(finished.path("results/tiny/annotations/labels/t1.h5"))
    assert late.grid.frames == 75
    for coder in ("anna", "ben"):
        assert (late.codes["infant"][coder] == whole.codes["infant"][coder][:75]).all()

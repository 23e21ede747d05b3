"""Guards the doctor: in a study in which every fault was planted once it finds each one, and nothing else."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from dyadflow.annotations.account import FILE_COLUMNS
from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.segments import Segments
from dyadflow.cli import app
from dyadflow.demo.behaviour import simulate_session
from dyadflow.demo.coders import CODERS, code_session
from dyadflow.demo.dyads import SESSIONS
from dyadflow.demo.observer_export import write_observer_export
from dyadflow.demo.settings import DemoSettings
from dyadflow.demo.write import ELAN_TIERS, write_sheets
from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.study.check import examine_study

ROOT = Path(__file__).parents[2]
#: Each fault as it has to be told: rule, session, coder (none where a finding is about both), and words of it.
PLANTED = [
    ("unpaired_event", "d01", "anna", ("has no stop", "line")),
    ("repeated_event", "d01", "ben", ("twice", "annotation a")),
    ("overlap", "d02", "anna", ("'infant'", "overlap", "line")),
    ("gap", "d02", "ben", ("'caregiver'", "1 stretch", "1.500 s")),
    ("unknown_code", "d03", "anna", ("'scratches'", "once", "Use one of Ipro, Iwit")),
    ("unknown_code", "d03", "ben", ("'Inue'", "once", "Write 'Ineu' if that is meant")),
    ("before_zero", "d04", "anna", ("1 segment", "'infant'", "-2.000 s")),
    ("past_the_end", "d04", "ben", ("1 segment", "'caregiver'", "past the end of the recording")),
    ("length_disagrees", "d05", "", ("anna", "ben", "different lengths", "tier 'infant'")),
    ("other_recording", "d05", "ben", ("visit_47.mp4", "d05.mp4")),
    ("constant_shift", "d06", "ben", ("later than the coding of anna", "outside the recording", "Look up one event",
                                      "from the file's offset")),
    ("swapped_sessions", "d07", "ben", ("ben's file for session d07 seems to be of session d08", "anna's file of d08",
                                        "ben's file for session d08 seems to be of session d07")),
    ("swapped_sessions", "d09", "ben", ("seems to be of session d10", "the same segments as ben's file of d10",
                                        "d10.mp4")),
    ("swapped_columns", "d11", "anna", ("codes stand where the subject or tier belongs", "'Infant'")),
    ("swapped_columns", "d11", "ben", ("end before they begin", "onsets and offsets")),
    ("not_checkable", "d12", "anna", ("nobody else coded the session", "names no recording")),
]


class Study:
    """The shipped demo with tiny recordings; one coder's file of one session can be written anew."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.sessions = {name: simulate_session(name, DemoSettings(seed=seed)) for name in SESSIONS}
        self.coded = {
            (name, coder): code_session(session, coder, seed=seed).table
            for name, session in self.sessions.items() for coder in CODERS
        }
        for name, session in self.sessions.items():
            make_recording(folder / f"{name}.mp4", session.duration_s)
            for coder in CODERS:
                self.write(name, coder, self.coded[name, coder])
        write_sheets(folder)
        settings = yaml.safe_load((ROOT / "config/studies/demo.yaml").read_text())
        settings |= {"scheme": str(ROOT / "config/schemes/icep-r.yaml"), "sessions": "sessions.tsv",
                     "coding": "coding.tsv", "data_folder": "."}
        settings.pop("demo")
        self.settings = settings

    def file(self, session: str, coder: str) -> Path:
        return self.folder / f"{session}_{coder}{CODERS[coder].suffix}"

    def write(self, session: str, coder: str, table: pd.DataFrame, media: str = "") -> None:
        if coder == "anna":
            write_observer_export(Segments(table), self.file(session, coder), session=session, coder=coder)
        else:
            named = table.assign(tier=table.tier.map(ELAN_TIERS), coder="")
            write_eaf(Segments(named), self.file(session, coder), media=media or f"{session}.mp4")

    def change(self, session: str, coder: str, tier: str, place: int, **changes) -> None:
        """Write a file with one segment of a tier changed: the code, or times by so many seconds."""
        table = self.coded[session, coder].copy()
        row = table[table.tier == tier].sort_values("onset_s").index[place]
        for column, value in changes.items():
            table.loc[row, column] = value(table.loc[row, column]) if callable(value) else value
        self.write(session, coder, table)

    def text(self, session: str, old: str, new: str) -> None:
        """Change what stands in anna's export."""
        path = self.file(session, "anna")
        text = path.read_text(encoding="utf-16")
        assert old in text
        path.write_bytes(("\ufeff" + text.replace(old, new, 1)).encode("utf-16-le"))

    def examine(self, **settings):
        """Look at the study with other settings, and leave its file as it was: tests run in any order."""
        path = self.folder / "study.yaml"
        path.write_text(yaml.safe_dump(self.settings | settings))
        try:
            return examine_study(path)
        finally:
            path.write_text(yaml.safe_dump(self.settings))


def make_recording(path: Path, duration_s: float) -> None:
    """Black pictures and silence, as long as the session."""
    subprocess.run([
        ffmpeg_binary(), "-v", "error", "-y", "-f", "lavfi", "-i", f"color=black:size=16x16:rate=25:d={duration_s:.3f}",
        "-f", "lavfi", "-i", f"anullsrc=r=8000:cl=mono:d={duration_s:.3f}", "-c:v", "mpeg4", "-c:a", "aac", str(path),
    ], check=True)


def middle(table: pd.DataFrame, tier: str, least_s: float) -> int:
    """Place of a segment of a tier, neither first nor last, that is longer than so many seconds."""
    group = table[table.tier == tier].sort_values("onset_s")
    lengths_s = (group.offset_s - group.onset_s).tolist()
    return next(place for place in range(2, len(group) - 2) if lengths_s[place] > least_s)


def begin_before_zero(study: Study, session: str, by_s: float) -> None:
    """Let the infant's first state in anna's export start so many seconds before the observation's zero."""
    text = study.file(session, "anna").read_text(encoding="utf-16")
    lines = text.split("\n")
    names = next(line for line in lines if line.startswith("Date_Time")).split("\t")
    start = next(line for line in lines if "\tInfant\t" in line)
    cells = dict(zip(names, start.split("\t"), strict=True))
    longer_s = float(cells["Duration_sf"]) + float(cells["Time_Relative_sf"]) + by_s
    cells |= {
        "Time_Relative_hmsf": f"-00:00:0{by_s:.3f}", "Time_Relative_hms": f"-00:00:0{int(by_s)}",
        "Time_Relative_f": "0.000", "Time_Relative_sf": f"{-by_s:.3f}", "Duration_sf": f"{longer_s:.3f}",
    }
    study.text(session, start, "\t".join(cells.values()))


def plant(study: Study) -> None:
    """Every fault once, each in another file."""
    coded = study.coded
    # A state that was started and never stopped: its row of the stop is gone, and nothing says how long it was.
    text = study.file("d01", "anna").read_text(encoding="utf-16")
    stop = [line for line in text.split("\n") if "\tInfant\t" in line and "State stop" in line][5]
    study.text("d01", stop + "\n", "")
    # An annotation that stands twice in one tier, as programs other than ELAN can leave it.
    eaf = study.file("d01", "ben").read_text()
    annotation = re.search(r"\s*<ANNOTATION>.*?</ANNOTATION>", eaf[eaf.index('TIER_ID="Infant"'):], re.DOTALL).group()
    again = re.sub(r'ANNOTATION_ID="[^"]*"', 'ANNOTATION_ID="a9999"', annotation)
    study.file("d01", "ben").write_text(eaf.replace(annotation, annotation + again, 1))
    study.change("d02", "anna", "infant", middle(coded["d02", "anna"], "infant", 1.0), offset_s=lambda end: end + 0.5)
    long = middle(coded["d02", "ben"], "caregiver", 2.0)
    study.change("d02", "ben", "caregiver", long, offset_s=lambda end: end - 1.5)
    study.change("d03", "anna", "infant", middle(coded["d03", "anna"], "infant", 1.0), code="scratches")
    ben = coded["d03", "ben"]
    neutral = ben[ben.tier == "infant"].sort_values("onset_s").code.tolist().index("Ineu", 1)
    study.change("d03", "ben", "infant", neutral, code="Inue")
    begin_before_zero(study, "d04", by_s=2.0)
    study.change("d04", "ben", "caregiver", -1, offset_s=study.sessions["d04"].duration_s + 3.0)
    cut = coded["d05", "anna"]
    last_s = cut.offset_s.max() - 12.0
    study.write("d05", "anna", cut[cut.onset_s < last_s].assign(offset_s=lambda rows: rows.offset_s.clip(upper=last_s)))
    study.write("d05", "ben", coded["d05", "ben"], media="visit_47.mp4")
    late = coded["d06", "ben"]
    study.write("d06", "ben", late.assign(onset_s=late.onset_s + 3.0, offset_s=late.offset_s + 3.0))
    for name, other in (("d07", "d08"), ("d08", "d07"), ("d09", "d10")):
        study.write(name, "ben", coded[other, "ben"], media=f"{other}.mp4")
    study.text("d11", "\tSubject\tBehavior\t", "\tBehavior\tSubject\t")
    rows = coded["d11", "ben"][["tier", "code", "onset_s", "offset_s"]]
    rows.columns = ["tier", "code", "offset_s", "onset_s"]
    study.file("d11", "ben").unlink()
    rows.to_csv(study.folder / "d11_ben.tsv", sep="\t", index=False)
    sheet = (study.folder / "coding.tsv").read_text().replace("eaf\td11_ben.eaf", "auto\td11_ben.tsv")
    lines = [line for line in sheet.splitlines(keepends=True) if not line.startswith("d12\tben")]
    (study.folder / "coding.tsv").write_text("".join(lines))


@pytest.fixture(scope="module", params=[1, 7], ids="seed{}".format)
def faulty(request, tmp_path_factory):
    """The study before and after the faults were planted: what is found in it, and the study itself."""
    study = Study(tmp_path_factory.mktemp(f"seed{request.param}"), request.param)
    clean = study.examine()
    plant(study)
    return clean, study.examine(), study


def told(issues) -> Counter:
    return Counter((issue.rule, issue.session, issue.coder) for issue in issues)


def test_every_planted_fault_is_found_once_and_nothing_else(faulty):
    clean, found, _ = faulty
    assert not clean.issues.errors()
    before, after = told(clean.issues), told(found.issues)
    # The file that is gone from d12 takes with it what was noted of it; there was nothing.
    assert not before - after
    assert sorted((after - before).elements()) == sorted(fault[:3] for fault in PLANTED)


def test_each_finding_says_what_is_wrong_and_what_to_do(faulty):
    _, found, _ = faulty
    for rule, session, coder, words in PLANTED:
        (issue,) = [
            issue for issue in found.issues
            if (issue.rule, issue.session, issue.coder) == (rule, session, coder)
        ]
        for part in words:
            assert part in issue.sentence()
        assert "\n" not in issue.sentence() and issue.sentence().endswith(".")
        assert issue.fix or rule == "gap"


def test_the_shift_is_told_with_its_size(faulty):
    _, found, _ = faulty
    (issue,) = [issue for issue in found.issues if issue.rule == "constant_shift"]
    assert float(re.search(r"lies ([\d.]+) s later", issue.what)[1]) == pytest.approx(3.0, abs=0.25)


def test_the_account_adds_up_for_every_file_and_says_what_it_was_checked_by(faulty):
    clean, found, study = faulty
    for files in (clean.files, found.files):
        assert list(files.columns) == list(FILE_COLUMNS)
        assert (files.annotations == files.kept + files.left_out + files.rejected).all()
    files = found.files.set_index(["session", "coder"])
    assert len(files) == 23
    # The repeated annotation of d01, the unknown code of d03, all of the two files with swapped columns.
    assert files.rejected[files.rejected > 0].to_dict() == {
        ("d01", "ben"): 1, ("d03", "anna"): 1, ("d03", "ben"): 1,
        ("d11", "anna"): len(study.coded["d11", "anna"]), ("d11", "ben"): len(study.coded["d11", "ben"]),
    }
    # Both exchanged files count the finding about them.
    assert files.errors[[("d07", "ben"), ("d08", "ben"), ("d08", "anna")]].tolist() == [1, 1, 0]
    assert files.loc[("d12", "anna"), "checked_by"] == "not checkable"
    assert files.loc[("d01", "anna"), "checked_by"] == "coder ben"
    assert files.loc[("d01", "ben"), "checked_by"] == "coder anna, media header"
    assert files.loc[("d06", "ben"), "shift_s"] == pytest.approx(3.0, abs=0.25)
    assert files.shift_s.drop([("d06", "ben"), ("d06", "anna")]).abs().max() < 0.5
    clean_of_coder = clean.files.groupby("coder").vendor_files.unique().map(list).to_dict()
    assert clean_of_coder == {"anna": ["no"], "ben": ["yes"]}


def test_the_study_may_grade_each_rule_as_it_likes(faulty):
    _, found, study = faulty
    rules = {issue.rule for issue in found.issues.errors()}
    severities = dict.fromkeys(rules, "warning") | {"not_checkable": "error"}
    (issue,) = study.examine(severities=severities).issues.errors()
    assert (issue.rule, issue.session) == ("not_checkable", "d12")


def test_looking_twice_finds_the_same(faulty):
    _, found, study = faulty
    assert list(study.examine().issues) == list(found.issues)


def test_the_command_writes_the_account_as_a_page_and_as_tables(faulty, tmp_path):
    _, found, study = faulty
    paths = {name: tmp_path / name for name in ("account.html", "issues.tsv", "files.tsv")}
    done = CliRunner().invoke(app, [
        "check", str(study.folder / "study.yaml"), "--page", str(paths["account.html"]),
        "--table", str(paths["issues.tsv"]), "--files", str(paths["files.tsv"]),
    ])
    assert done.exit_code == 1
    errors = len(found.issues.errors())
    assert done.output.splitlines()[-1] == f"{errors} errors, {len(found.issues) - errors} other findings."
    issues = pd.read_csv(paths["issues.tsv"], sep="\t", keep_default_na=False)
    assert Counter(zip(issues.rule, issues.session, issues.coder, strict=True)) == told(found.issues)
    assert pd.read_csv(paths["files.tsv"], sep="\t").annotations.sum() == found.files.annotations.sum()
    page = paths["account.html"].read_text(encoding="utf-8")
    assert "<script" not in page
    for fault in PLANTED:
        assert fault[1] in page

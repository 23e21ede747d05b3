"""Guards what is told of one coding file by itself: with and without a scheme, with and without its recording."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dyadflow.annotations.account import FILE_COLUMNS
from dyadflow.annotations.doctor.examine import examine_file
from dyadflow.annotations.doctor.roots import Root, settle
from dyadflow.annotations.formats.reading import ReadOptions
from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments
from dyadflow.cli import app
from dyadflow.media.probe import Probe, Problem

ROOT = Path(__file__).parents[2]
HEAD = "tier\tcode\tonset_s\toffset_s\n"
FINE = ["infant\tIpos\t0\t1.5", "infant\tIneu\t1.5\t4", "caregiver\tCpos\t0\t4"]


@pytest.fixture
def examined(tmp_path):
    def examine(lines, head=HEAD, **more):
        path = tmp_path / "s01.tsv"
        path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        return examine_file(path, **more)

    return examine


def told(examination):
    return [(issue.rule, issue.severity) for issue in examination.issues]


def test_a_good_file_gives_its_account_and_no_finding(examined, icep_r):
    for more in ({}, {"scheme": icep_r}, {"scheme": icep_r, "recording": Probe("s01.mp4", duration_s=4.0)}):
        found = examined(FINE, **more)
        assert told(found) == [] and len(found.segments) == 3 and found.format.name == "tsv"
        assert list(found.account) == list(FILE_COLUMNS)
        assert {key: found.account[key] for key in ("session", "coder", "file", "annotations", "kept", "errors")} == {
            "session": "s01", "coder": "", "file": "s01.tsv", "annotations": 3, "kept": 3, "errors": 0}


def test_without_a_scheme_tiers_and_codes_stay_and_what_shares_a_moment_is_a_note(examined):
    found = examined(["looks\tto toy\t0\t2", "looks\tto toy\t0\t2", "looks\taway\t1\t3", "looks\taway\t5\t4",
                      "looks\tdown\t-3\t-2", "points\tup\t3\t3"])
    assert told(found) == [("reversed_segment", "error"), ("repeated_event", "note"), ("overlap", "note"),
                           ("before_zero", "warning")]
    assert found.segments.table.code.tolist() == ["down", "to toy", "to toy", "away", "up"]
    assert (found.account["annotations"], found.account["kept"], found.account["rejected"]) == (6, 5, 1)
    assert (found.account["errors"], found.account["warnings"], found.account["notes"]) == (1, 1, 2)
    assert all(issue.file == "s01.tsv" for issue in found.issues)


def test_with_a_scheme_the_imports_checks_are_made(examined, icep_r):
    lines = ["infant\tIposs\t0\t2", "infant\tIneu\t2\t4", "infant\tIneu\t6\t7", "toys\tball\t0\t1"]
    found = examined(lines, scheme=icep_r)
    assert told(found) == [("unknown_tier", "note"), ("unknown_code", "error"), ("gap", "note")]
    assert (found.account["kept"], found.account["left_out"], found.account["rejected"]) == (2, 1, 1)


def test_a_file_of_several_sessions_and_coders_is_looked_at_whole(examined, icep_r):
    found = examined(
        ["d1\tanna\tinfant\tIpos\t0\t2", "d1\tben\tinfant\tIpos\t1\t3", "d2\tanna\tinfant\tIpos\t0\t9"],
        "session\tcoder\t" + HEAD, scheme=icep_r, recording=Probe("a.mp4", duration_s=5.0),
    )
    assert [(issue.rule, issue.session, issue.coder) for issue in found.issues] == [("past_the_end", "d2", "anna")]
    assert len(found.segments) == 3 and (found.account["session"], found.account["coder"]) == ("", "")


def test_a_recording_tells_what_lies_past_its_end_and_what_is_wrong_with_itself(examined):
    probe = Probe("s01.mp4", duration_s=3.0, problems=(Problem("truncated", "it breaks off", "copy it again"),))
    found = examined(FINE, recording=probe)
    assert told(found) == [("truncated", "error"), ("past_the_end", "error")]
    assert found.length_s == 3.0


def test_a_file_that_cannot_be_read_is_one_finding_and_still_has_an_account(tmp_path):
    (tmp_path / "s01.docx").write_text("Dear Anna, here is the coding")
    found = examine_file(tmp_path / "s01.docx")
    assert told(found) == [("unreadable_file", "error")] and found.format is None
    assert (found.account["annotations"], found.account["format"], found.account["errors"]) == (0, "", 1)


SWAPPED_HEAD = "tier\tcode\toffset_s\tonset_s\n"


def test_onsets_and_offsets_in_each_others_columns_are_one_finding(examined):
    # A point is the same both ways.
    found = examined([*FINE, "infant\tIpos\t9\t9"], SWAPPED_HEAD)
    assert told(found) == [("swapped_columns", "error")] and len(found.segments) == 0
    assert "3 of 3 segments" in next(iter(found.issues)).what and found.account["rejected"] == 4
    # Some segments that end before they begin are slips, and two say nothing.
    assert told(examined([*FINE, "infant\tIpos\t9\t8"])) == [("reversed_segment", "error")]
    assert told(examined(FINE[:2], SWAPPED_HEAD)) == [("reversed_segment", "error")] * 2


def test_subject_and_behaviour_in_each_others_columns_are_one_finding(examined, icep_r, guided_play, tmp_path):
    head = "code\ttier\tonset_s\toffset_s\n"
    found = examined([*FINE, "phase\tplay\t0\t4", "toys\tball\t0\t1"], head, scheme=icep_r)
    assert told(found) == [("swapped_columns", "error")] and found.account["rejected"] == 5
    issue = next(iter(found.issues))
    assert "'Ipos' with the code 'infant'" in issue.what and "exchange the names" in issue.fix
    # Nothing but a scheme tells a subject from a behaviour.
    assert told(examined(FINE, head)) == []
    # A file of other tiers altogether is not swapped, nor one of another scheme.
    assert told(examined(["toys\tball\t0\t1"] * 3, scheme=icep_r)) == [("unknown_tier", "note")]
    assert {rule for rule, _ in told(examined(FINE, scheme=guided_play))} == {"unknown_tier"}


def test_codes_outside_the_files_own_list_are_told_with_the_nearest(tmp_path, icep_r):
    rows = [("infant", "Ipos", 0.0, 1.0), ("infant", "Ineu", 1.0, 2.0)]
    write_eaf(Segments.from_rows(
        {"session": "s01", "coder": "", "tier": tier, "code": code, "onset_s": on, "offset_s": off}
        for tier, code, on, off in rows
    ), tmp_path / "s01.eaf", scheme=icep_r)
    assert told(examine_file(tmp_path / "s01.eaf")) == []
    text = (tmp_path / "s01.eaf").read_text(encoding="utf-8")
    (tmp_path / "s01.eaf").write_text(text.replace(">Ineu</ANNOTATION_VALUE>", ">Inue</ANNOTATION_VALUE>"))
    (issue,) = examine_file(tmp_path / "s01.eaf").issues
    assert (issue.rule, issue.severity, issue.where) == ("outside_vocabulary", "warning", "annotation a3")
    assert "'Inue'" in issue.what and "write 'Ineu'" in issue.fix


def test_real_elan_files_give_an_account_that_adds_up(eaf_samples):
    for path in sorted(eaf_samples.glob("*.eaf")):
        account = examine_file(path).account
        assert account["annotations"] == path.read_text(encoding="utf-8").count("<ANNOTATION>")
        assert account["annotations"] == account["kept"] + account["left_out"] + account["rejected"]
        assert not account["errors"]


def test_what_follows_is_told_with_its_root_unless_it_is_graver():
    follows = Issue("past_the_end", "3 segments lie late", session="s1", coder="a")
    other = Issue("past_the_end", "1 segment lies late", session="s2", coder="a")
    also = Issue("other_recording", "it names b.mp4", session="s3", coder="a")
    explains = frozenset({("past_the_end", "s1", "a"), ("other_recording", "s3", "a")})
    root = Root(Issue("constant_shift", "it lies late", session="s1", coder="a"), explains)
    left, settled = settle(Issues.of([follows, other, also]), [root], {})
    assert left == other
    assert settled.what == "it lies late; hence also: 3 segments lie late; (session s3) it names b.mp4"
    rules = [issue.rule for issue in settle(Issues.of([follows, also]), [root], {"constant_shift": "warning"})]
    assert rules == ["past_the_end", "constant_shift"]
    assert [issue.severity for issue in settle(Issues(), [root], {"constant_shift": "note"})] == ["note"]


def run(*arguments):
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_the_command_checks_lone_files_and_writes_page_and_tables(tmp_path):
    (tmp_path / "good.tsv").write_text(HEAD + "\n".join(FINE) + "\n")
    (tmp_path / "bad.tsv").write_text(HEAD + "infant\tIpos\t5\t4\ninfant\tIpoos\t5\t6\n")
    done = run(tmp_path / "good.tsv")
    assert done.exit_code == 0 and done.output.splitlines() == [
        "good.tsv (dyadflow's own table): 3 annotations: 3 kept, 0 left out, 0 rejected.",
        "0 errors, 0 other findings."]
    done = run(
        tmp_path / "good.tsv", tmp_path / "bad.tsv", "--scheme", ROOT / "config/schemes/icep-r.yaml",
        "--table", tmp_path / "issues.out.tsv", "--files", tmp_path / "files.out.tsv",
    )
    assert done.exit_code == 1 and done.output.splitlines()[-1] == "2 errors, 0 other findings."
    assert "error: bad.tsv, line 2: 'Ipos' of tier 'infant' ends (4.000 s)" in done.output
    issues = pd.read_csv(tmp_path / "issues.out.tsv", sep="\t")
    assert sorted(issues.rule) == ["reversed_segment", "unknown_code"] and set(issues.file) == {"bad.tsv"}
    files = pd.read_csv(tmp_path / "files.out.tsv", sep="\t")
    assert list(files.columns) == list(FILE_COLUMNS) and files.rejected.tolist() == [0, 2]
    done = run(tmp_path / "good.tsv", "--page", tmp_path / "page.html")
    assert done.exit_code == 0 and "good.tsv" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_options_that_do_not_go_together_are_a_sentence(tmp_path):
    (tmp_path / "good.tsv").write_text(HEAD + "\n".join(FINE) + "\n")
    done = run(tmp_path / "good.tsv", tmp_path / "good.tsv", "--page", tmp_path / "page.html")
    assert done.exit_code == 1 and "a page is of one study" in str(done.exception)
    done = run(ROOT / "config/studies/demo.yaml", "--scheme", ROOT / "config/schemes/icep-r.yaml")
    assert done.exit_code == 1 and "--scheme is for coding files" in str(done.exception)


def test_the_columns_of_a_plain_table_can_be_named(tmp_path, vocabulary):
    path = tmp_path / "s01.csv"
    path.write_text("Who;What;From;To\ninfant;Ipos;0,5;1,5\ninfant;Ineu;1,5;4\n")
    named = {"tier": "Who", "code": "What", "onset_s": "From", "offset_s": "To"}
    found = examine_file(path, options=ReadOptions(named))
    assert found.segments.table.onset_s.tolist() == [0.5, 1.5]
    segments, _ = import_coding(path, session="s01", coder="anna", vocabulary=vocabulary, columns=named)
    assert segments.table.code.tolist() == ["Ipos", "Ineu"]

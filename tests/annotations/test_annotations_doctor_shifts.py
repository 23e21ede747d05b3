"""Guards how a shifted file is told: by which evidence, of whom, and what is told along with it."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from dyadflow.annotations.account import accounts_table
from dyadflow.annotations.doctor.phase_edges import compare_edges
from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.segments import Segments
from dyadflow.demo.behaviour import simulate_session
from dyadflow.demo.coders import CODERS, code_session
from dyadflow.demo.settings import DemoSettings
from dyadflow.media.probe import AudioTrack, Probe

SETTINGS = DemoSettings(seed=3)
SESSION = simulate_session("d01", SETTINGS)


@pytest.fixture(scope="module")
def coded():
    """What three people made of one session: two of the demo's, and one of its coders a second time."""
    def code(coder, seed):
        return code_session(SESSION, coder, seed=seed).table

    return {"anna": code("anna", 3), "ben": code("ben", 3), "carl": code("anna", 4).assign(coder="carl")}


def later(table, by_s):
    return table.assign(onset_s=table.onset_s + by_s, offset_s=table.offset_s + by_s)


@pytest.fixture
def gathered(vocabulary):
    def gather(tables, *, length_s=SESSION.duration_s, phases=None, severities=None, **accounts):
        segments = Segments(pd.concat([table.assign(coder=coder) for coder, table in tables.items()]))
        probe = Probe("d01.mp4", duration_s=length_s, audio=(AudioTrack("aac", 8000, 1, 0.0, length_s),))
        rows = [
            {"session": "d01", "coder": coder, "file": f"{coder}.txt"} | accounts.get(coder, {}) for coder in tables
        ]
        counts = dict.fromkeys(("annotations", "kept", "left_out", "rejected"), 0) | {"offset_s": 0.0}
        _, issues, files = gather_coding(
            [segments], [], {"d01": probe}, vocabulary=vocabulary, needs_sound=True, coding={"d01": list(tables)},
            phased=["d01"] if phases else [], severities=severities or {},
            accounts=[accounts_table(counts | row for row in rows)], sheet_phases={"d01": phases} if phases else {},
        )
        return issues, files.set_index("coder")

    return gather


def told_s(issue):
    """The size of the shift in the sentence."""
    return float(re.search(r"lies? ([\d.]+) s", issue.what)[1])


def only(issues):
    (issue,) = issues
    return issue


def test_coders_who_differ_as_people_do_are_not_told_of(coded, gathered):
    issues, files = gathered(coded)
    assert not len(issues)
    assert files.checked_by.to_dict() == {
        "anna": "coder ben, coder carl", "ben": "coder anna, coder carl", "carl": "coder anna, coder ben"}
    assert files.shift_s.abs().max() < 0.3


@pytest.mark.parametrize("by_s", [-20.0, -1.0, 1.0, 2.0, 5.0, 30.0])
def test_of_three_coders_the_odd_one_is_named_with_the_size(coded, gathered, by_s):
    issues, files = gathered(coded | {"ben": later(coded["ben"], by_s)}, length_s=1000.0)
    issue = only(issue for issue in issues if issue.rule == "constant_shift")
    assert (issue.coder, issue.file, issue.severity) == ("ben", "ben.txt", "error")
    word = "later" if by_s > 0 else "earlier"
    assert word in issue.what and "anna and carl fit each other" in issue.what
    assert ("take" if by_s > 0 else "add") in issue.fix
    assert files.shift_s["ben"] == pytest.approx(by_s, abs=0.25)
    # Whether it now begins before the recording, is said in the same sentence.
    assert len(issues) == 1 and ("before the recording begins" in issue.what) == (by_s < -1.5)


def test_of_two_coders_both_are_named_if_nothing_tells(coded, gathered):
    tables = {"anna": coded["anna"], "ben": later(coded["ben"], 8.0)}
    issues, files = gathered(tables, length_s=100.0)
    issue = only(issues)
    assert (issue.rule, issue.coder, issue.file) == ("constant_shift", "", "anna.txt and ben.txt")
    for part in ("anna and ben", "that of ben lies", "s later", "nothing tells which"):
        assert part in issue.what
    assert told_s(issue) == pytest.approx(8.0, abs=0.25)
    # The finding counts for both files.
    assert files.errors.tolist() == [1, 1]
    assert files.shift_s["ben"] == pytest.approx(8.0, abs=0.25) == -files.shift_s["anna"]


def test_of_two_coders_the_one_outside_the_recording_is_named_and_that_is_not_told_twice(coded, gathered):
    tables = {"anna": coded["anna"], "ben": later(coded["ben"], 8.0)}
    issue = only(gathered(tables)[0])
    assert (issue.rule, issue.coder) == ("constant_shift", "ben")
    assert "past the end of the recording" in issue.what
    tables = {"anna": later(coded["anna"], -9.0), "ben": coded["ben"]}
    issue = only(gathered(tables)[0])
    assert issue.coder == "anna" and "9" in issue.what and "before the recording begins" in issue.what


def test_what_is_graver_than_the_shift_is_told_by_itself(coded, gathered):
    tables = {"anna": coded["anna"], "ben": later(coded["ben"], 8.0)}
    issues, _ = gathered(tables, severities={"constant_shift": "note"})
    assert [(issue.rule, issue.severity) for issue in issues] == [
        ("past_the_end", "error"), ("constant_shift", "note")]


def sheet(by_s=0.0):
    return [[phase.code, phase.onset_s + by_s, phase.offset_s + by_s] for phase in SESSION.phases]


def test_the_sheets_phases_tell_which_of_two_coders_is_off(coded, gathered):
    tables = {"anna": later(coded["anna"], 8.0), "ben": coded["ben"]}
    issues, files = gathered(tables, length_s=100.0, phases=sheet())
    issue = only(issues)
    assert (issue.rule, issue.coder) == ("constant_shift", "anna") and "the phases in the sheet fit" in issue.what
    assert files.checked_by["anna"] == "coder ben, phases"


def test_the_sheets_phases_tell_of_a_coder_who_is_alone(coded, gathered):
    issues, files = gathered({"ben": later(coded["ben"], 8.0)}, length_s=100.0, phases=sheet())
    issue = only(issues)
    assert (issue.rule, issue.coder) == ("constant_shift", "ben") and "than the phases in the sheet" in issue.what
    assert files.shift_s["ben"] == pytest.approx(8.0, abs=0.2) and files.checked_by["ben"] == "phases"


def test_a_sheet_that_all_coders_contradict_is_one_finding(coded, gathered):
    issues, files = gathered(coded, phases=sheet(7.0))
    issue = only(issues)
    assert (issue.rule, issue.coder) == ("constant_shift", "")
    assert "anna and ben and carl" in issue.what and "earlier than those in the sheet" in issue.what
    assert told_s(issue) == pytest.approx(7.0, abs=0.2)
    assert files.errors.tolist() == [1, 1, 1]


def test_edges_of_phases_that_are_off_each_by_its_own_amount_are_no_shift(coded):
    table = coded["anna"]
    assert not compare_edges(table, sheet(1.5)).shifted
    assert compare_edges(table, sheet(2.5)).shifted
    uneven = [[name, onset_s + 3.0 * place, offset_s + 4.0 * place] for place, (name, onset_s, offset_s)
              in enumerate(sheet())]
    assert not compare_edges(table, uneven).shifted
    assert compare_edges(table, sheet()[:1]) is None
    assert compare_edges(table[table.tier != "phase"], sheet()) is None


def test_coders_who_tell_nothing_of_each_other_leave_a_note(coded, gathered, vocabulary):
    stranger = code_session(simulate_session("d02", SETTINGS), "ben", seed=3).table.assign(session="d01")
    issues, files = gathered({"anna": coded["anna"], "ben": stranger[stranger.tier != "phase"]}, length_s=100.0)
    assert {(issue.rule, issue.coder) for issue in issues} == {("not_checkable", "anna"), ("not_checkable", "ben")}
    assert "too little in common with the coding of ben" in next(iter(issues)).what
    assert set(files.checked_by) == {"not checkable"} and files.shift_s.isna().all()
    # A header is something to check by: not the timing, but whether it is the right recording.
    issues, _ = gathered({"anna": coded["anna"]}, anna={"media": "d01.mp4"})
    assert not len(issues)


def test_less_confident_coders_are_no_shift_either(gathered, monkeypatch):
    for coder, habits in CODERS.items():
        monkeypatch.setitem(CODERS, coder, replace(habits, confusability=2 * habits.confusability))
    tables = {coder: code_session(SESSION, coder, seed=8).table for coder in CODERS}
    assert not len(gathered(tables)[0])
    late = tables | {"ben": later(tables["ben"], 2.0)}
    assert [issue.rule for issue in gathered(late, length_s=100.0)[0]] == ["constant_shift"]


def test_one_coder_who_stops_early_is_told_once(coded, gathered):
    cut = coded["ben"][coded["ben"].onset_s < 40.0]
    cut = cut.assign(offset_s=cut.offset_s.clip(upper=40.0))
    issue = only(gathered({"anna": coded["anna"], "ben": cut})[0])
    assert (issue.rule, issue.coder, issue.severity) == ("length_disagrees", "", "warning")
    assert "tier 'caregiver': anna" in issue.what and "to 40.0 s" in issue.what
    issue = only(gathered(coded | {"ben": cut})[0])
    assert (issue.rule, issue.coder) == ("length_disagrees", "ben")
    # A file that is shifted as well is compared where it belongs: the lengths are the same.
    assert only(gathered(coded | {"ben": later(coded["ben"], 20.0)})[0]).rule == "constant_shift"
    few = cut[cut.onset_s < 35.0]
    assert {issue.rule for issue in gathered(coded | {"ben": later(few, 9.0)}, length_s=100.0)[0]} == {
        "constant_shift", "length_disagrees"}

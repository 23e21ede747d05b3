"""Guards how a file in another session's place is told: by coders, copies and headers, once for each mistake."""

import json

import pandas as pd
import pytest

from dyadflow.annotations.account import accounts_table
from dyadflow.annotations.doctor.headers import Header, check_header, read_header
from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.segments import Segments
from dyadflow.demo.behaviour import simulate_session
from dyadflow.demo.coders import code_session
from dyadflow.demo.settings import DemoSettings
from dyadflow.media.probe import AudioTrack, Probe

NAMES = [f"d{number:02d}" for number in range(1, 9)]
SESSIONS = {name: simulate_session(name, DemoSettings(seed=6)) for name in NAMES}
#: Who coded it a third time: the first coder on another day.
DRAWN_AS = {"anna": ("anna", 6), "ben": ("ben", 6), "carl": ("anna", 7)}


def coding(session, coder):
    drawn, seed = DRAWN_AS[coder]
    return code_session(SESSIONS[session], drawn, seed=seed).table.assign(coder=coder)


@pytest.fixture(scope="module")
def coded():
    return {(name, coder): coding(name, coder) for name in NAMES for coder in DRAWN_AS}


@pytest.fixture
def found(coded, vocabulary):
    """Issues of a study whose files lie as `places` says: for a (session, coder) the one whose file is given."""

    def gather(coders, places=None, *, headers=False, offsets=None, calls=False, sessions=NAMES):
        tables, rows = [], []
        for session in sessions:
            for coder in coders if isinstance(coders, tuple) else coders[session]:
                given = (places or {}).get((session, coder), (session, coder))
                by_s = (offsets or {}).get(session, 0.0)
                # Coding stands on the recording's clock already; a sheet's offset moves what the file itself says.
                off = by_s - (offsets or {}).get(given[0], 0.0)
                table = coded[given]
                named = f"{given[0]}.mp4"
                if isinstance(headers, dict):
                    named = headers.get((session, coder), named)
                tables.append(table.assign(
                    session=session, coder=coder, onset_s=table.onset_s + off, offset_s=table.offset_s + off))
                rows.append({
                    "session": session, "coder": coder, "file": f"{session}_{coder}.eaf", "offset_s": by_s,
                    "media": named if headers else "", "media_lengths_s": "",
                    "calls_session": json.dumps([given[0]] if calls else []),
                })
        counts = dict.fromkeys(("annotations", "kept", "left_out", "rejected"), 0)
        probes = {
            name: Probe(f"{name}.mp4", duration_s=100.0, audio=(AudioTrack("aac", 8000, 1, 0.0, 100.0),))
            for name in sessions
        }
        _, issues, _ = gather_coding(
            [Segments(pd.concat(tables))], [], probes, vocabulary=vocabulary, needs_sound=True,
            coding={name: list(coders if isinstance(coders, tuple) else coders[name]) for name in sessions}, phased=[],
            severities={}, accounts=[accounts_table(counts | row for row in rows)],
        )
        return list(issues)

    return gather


TWO, THREE = ("anna", "ben"), ("anna", "ben", "carl")
EXCHANGED = {("d02", "ben"): ("d05", "ben"), ("d05", "ben"): ("d02", "ben")}


def only(issues):
    (issue,) = issues
    return issue


def test_files_in_their_places_are_not_told_of(found):
    assert found(TWO) == found(THREE) == found(TWO, headers=True) == []


def test_two_exchanged_files_are_one_finding_by_their_headers(found):
    issue = only(found(TWO, EXCHANGED, headers=True))
    assert (issue.rule, issue.session, issue.coder, issue.severity) == ("swapped_sessions", "d02", "ben", "error")
    assert issue.file == "d02_ben.eaf and d05_ben.eaf"
    for part in ("ben's file for session d02 seems to be of session d05", "anna's file of d05 (kappa 0.",
                 "ben's file for session d05 seems to be of session d02", "it names the recording d02.mp4"):
        assert part in issue.what
    # What the headers would give rise to by themselves is in the same sentence.
    assert "the file names the recording d05.mp4, that of session d05" in issue.what


def test_without_headers_a_third_coder_tells_whose_files_are_exchanged(found):
    issue = only(found(THREE, EXCHANGED))
    assert (issue.rule, issue.coder) == ("swapped_sessions", "ben") and "d05" in issue.what


def test_without_headers_and_a_third_coder_both_are_named(found):
    issue = only(found(TWO, EXCHANGED))
    assert (issue.rule, issue.coder) == ("swapped_sessions", "")
    assert "nothing tells whether it is anna or ben whose files have changed places" in issue.what


def test_the_name_of_the_session_in_the_file_counts_where_it_names_no_recording(found):
    issue = only(found(TWO, EXCHANGED, calls=True))
    assert (issue.rule, issue.coder) == ("swapped_sessions", "ben") and "it calls the session 'd05'" in issue.what


def test_three_files_that_went_round_are_one_finding(found):
    places = {("d02", "ben"): ("d05", "ben"), ("d05", "ben"): ("d07", "ben"), ("d07", "ben"): ("d02", "ben")}
    issue = only(found(THREE, places))
    assert (issue.rule, issue.coder) == ("swapped_sessions", "ben")
    assert all(f"ben's file for session {name}" in issue.what for name in ("d02", "d05", "d07"))


def test_a_file_given_twice_is_told_of_the_session_where_it_does_not_belong(found):
    issue = only(found(TWO, {("d03", "ben"): ("d04", "ben")}))
    assert (issue.rule, issue.session, issue.coder) == ("swapped_sessions", "d03", "ben")
    assert "it holds the same segments as ben's file of d04" in issue.what


def test_a_file_given_twice_where_nobody_else_coded_is_one_finding_about_both(found):
    coders = {name: ("anna",) if name in ("d03", "d04") else TWO for name in NAMES}
    issues = [issue for issue in found(coders, {("d03", "anna"): ("d04", "anna")}) if issue.rule != "not_checkable"]
    issue = only(issues)
    assert (issue.rule, issue.session) == ("swapped_sessions", "d03")


def test_offsets_of_the_sheet_do_not_hide_an_exchange(found):
    # The recordings of d02 and d05 begin at different times before the session.
    issue = only(found(THREE, EXCHANGED, offsets={"d02": 11.0, "d05": 3.0}))
    assert (issue.rule, issue.coder) == ("swapped_sessions", "ben")


def test_the_only_coder_of_a_session_is_told_by_the_header_alone(found):
    coders = {name: ("ben",) for name in NAMES[:3]}
    issue = only(found(coders, {("d01", "ben"): ("d02", "ben")}, headers=True, sessions=NAMES[:3]))
    assert (issue.rule, issue.session, issue.coder) == ("swapped_sessions", "d01", "ben")


def test_a_header_of_another_session_is_a_warning_if_the_other_coder_agrees(found):
    issue = only(found(TWO, headers={("d01", "ben"): "d02.mp4"}))
    assert (issue.rule, issue.severity, issue.session, issue.coder) == ("other_recording", "warning", "d01", "ben")
    assert "that of session d02" in issue.what


RECORDINGS = {"d1": "d1.mp4", "d12": "d12.mp4", "s03": "visit 3.mov"}


@pytest.mark.parametrize(("session", "media", "calls", "here", "elsewhere"), [
    ("d1", ["d1.mp4"], [], True, ""),
    ("d1", ["D1.avi"], [], True, ""),
    ("d1", ["d1_left.mp4", "room.wav"], [], True, ""),
    ("d1", ["d12.mp4"], [], False, "d12"),
    ("d1", ["VID_0047.mp4"], [], False, ""),
    ("s03", ["visit 3.mp4"], ["d1"], True, ""),
    ("d1", ["d12.mp4", "d1.wav"], [], True, ""),
    ("d1", [], ["D12"], False, "d12"),
    ("d1", [], ["d1 anna"], True, ""),
    ("d1", [], ["d1", "d12"], False, ""),
    ("d1", [], [], False, ""),
])
def test_what_a_file_says_of_itself_is_held_against_the_study(session, media, calls, here, elsewhere):
    header = read_header(session, media, [None] * len(media), calls, RECORDINGS)
    assert (header.here, header.elsewhere) == (here, elsewhere)


def header_issues(header, duration_s=100.0):
    return [(issue.rule, issue.severity) for issue in check_header(header, Probe("d1.mp4", duration_s=duration_s))]


def test_another_recording_and_another_length_are_warnings():
    other = read_header("d1", ["VID_0047.mp4"], [50.0], [], RECORDINGS)
    assert header_issues(other) == [("other_recording", "warning")]
    def stated(*lengths_s):
        return read_header("d1", ["d1.mp4"] * len(lengths_s), lengths_s, [], RECORDINGS)

    assert header_issues(stated(100.9)) == header_issues(stated(None)) == header_issues(stated(0.0)) == []
    assert header_issues(stated(104.0)) == [("recording_length", "warning")]
    # One of several linked recordings has the right length.
    assert header_issues(stated(104.0, 100.0)) == []
    # Of an hour, 10 s are rounding and 40 s are not.
    assert header_issues(stated(3610.0), 3600.0) == [] and len(header_issues(stated(3640.0), 3600.0)) == 1
    assert header_issues(Header()) == []

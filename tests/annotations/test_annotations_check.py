"""Coding held against recordings: what does not fit is said before anything is computed."""

from types import SimpleNamespace

import pytest

from dyadflow.annotations.check import check_coding
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments


def probe(duration_s=100.0, audio=("aac",), problems=()):
    """What `check_coding` needs of a probe."""
    return SimpleNamespace(
        file="s01.mp4",
        duration_s=duration_s,
        audio=audio,
        problems=tuple(SimpleNamespace(rule=rule, what=what, fix="film again") for rule, what in problems),
    )


def coded(*rows, session="s01", coder="anna"):
    return [
        {
            "session": session,
            "coder": coder,
            "tier": tier,
            "code": code,
            "onset_s": onset_s,
            "offset_s": offset_s,
        }
        for tier, code, onset_s, offset_s in rows
    ]


GOOD = coded(("infant", "Ipos", 0.0, 50.0), ("infant", "Ineu", 50.0, 100.05), ("phase", "play", 0.0, 100.0))


@pytest.fixture
def checked(vocabulary):
    def check(rows, probes=None, *, issues=(), **more):
        known = {"vocabulary": vocabulary, "needs_sound": True} | more
        return check_coding(Segments.from_rows(rows), Issues.of(issues), probes or {"s01": probe()}, **known)

    return check


def only(issues):
    (issue,) = issues
    return issue


def test_good_coding_gives_no_issue(checked, vocabulary):
    assert not len(checked(GOOD))
    assert not len(checked(GOOD, vocabulary=vocabulary.model_dump()))


def test_the_probe_of_the_media_room_will_do(checked):
    from dyadflow.media.probe import Probe

    issue = only(checked(GOOD, {"s01": Probe("s01.mp4", duration_s=100.0)}))
    assert issue.rule == "no_sound" and issue.file == "s01.mp4"


def test_coding_that_runs_past_the_recording_is_an_error_with_times(checked):
    issue = only(
        checked(
            [*GOOD, *coded(("caregiver", "Cpos", 90.0, 100.2), ("caregiver", "Cneu", 101.0, 102.0))]
        ).errors()
    )
    assert issue.rule == "past_the_end"
    for part in ("2 segments", "100.000 s", "'Cpos'", "90.000 to 100.200", "session s01", "coder anna"):
        assert part in issue.sentence()


def test_a_session_may_end_before_its_recording(checked):
    issue = only(checked(GOOD, ends_s={"s01": 80.0}))
    # Both tiers run on, for one reason.
    assert issue.rule == "past_the_end" and "1 of tier 'phase', 1 of tier 'infant'" in issue.what


def test_coding_before_the_recording_is_a_warning(checked):
    issue = only(checked([*GOOD, *coded(("caregiver", "Cpos", -0.5, 1.0))]))
    assert (issue.rule, issue.severity) == ("before_zero", "warning") and "-0.500" in issue.what


def test_gaps_in_an_exclusive_tier_are_noted_with_the_longest(checked):
    rows = coded(
        ("infant", "Ipos", 0, 10),
        ("infant", "Ineu", 12, 20),
        ("infant", "Ipos", 20.05, 30),
        ("infant", "Ipro", 35.5, 100),
        ("phase", "play", 0, 10),
        ("phase", "reunion", 40, 50),
    )
    issue = only(checked(rows))
    assert (issue.rule, issue.severity) == ("gap", "note")
    assert (
        "2 stretches" in issue.what and "7.500 s together" in issue.what and "30.000 to 35.500" in issue.what
    )


def test_missing_sound_matters_only_to_a_study_that_uses_it(checked):
    silent = {"s01": probe(audio=())}
    assert only(checked(GOOD, silent)).rule == "no_sound"
    assert not len(checked(GOOD, silent, needs_sound=False))


def test_problems_of_the_media_are_passed_on_with_their_session(checked):
    issue = only(checked(GOOD, {"s01": probe(problems=[("truncated", "the last 12 s are missing")])}))
    assert issue.sentence() == "session s01, s01.mp4: the last 12 s are missing. Film again."
    broken = {"s01": probe(0.0, (), [("unreadable_media", "this is no film")])}
    assert only(checked(GOOD, broken)).rule == "unreadable_media"


def test_coding_of_a_session_that_does_not_exist_is_an_error(checked):
    issues = checked([*GOOD, *coded(("infant", "Ipos", 0, 9), ("phase", "play", 0, 9), session="s99")])
    assert only(issues).rule == "unknown_session" and only(issues).session == "s99"


def test_a_session_without_coding_is_noted(checked):
    issue = only(checked(GOOD, {"s01": probe(), "s02": probe()}))
    assert (issue.rule, issue.session, issue.severity) == ("not_coded", "s02", "note")


def test_a_coder_without_a_segment_is_an_error_unless_the_file_was_one_already(checked):
    coding = {"s01": ["anna", "ben"]}
    assert only(checked(GOOD, coding=coding)).rule == "no_segments"
    missing = Issue("missing_file", "there is no such file", session="s01", coder="ben")
    assert only(checked(GOOD, coding=coding, issues=[missing])) == missing


def test_two_coders_of_one_name_are_an_error(checked):
    issues = checked(GOOD, coding={"s01": ["anna", "anna"]})
    assert only(issues).rule == "duplicate_coder"
    rules = {issue.rule for issue in checked(GOOD, coding={"s01": ["anna", "Anna "]})}
    assert rules == {"duplicate_coder", "no_segments"}


def test_a_session_without_phases_is_an_error_unless_the_sheet_has_them(checked, vocabulary):
    assert only(checked(GOOD[:2])).rule == "no_phases"
    assert not len(checked(GOOD[:2], phased=["s01"]))
    assert not len(checked(GOOD[:2], vocabulary=vocabulary.model_copy(update={"phases": None})))

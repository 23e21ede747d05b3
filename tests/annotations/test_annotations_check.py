"""Coding held against recordings: what does not fit is said before anything is computed."""

from types import SimpleNamespace

import pytest

from dyadflow.annotations.check import check_coding
from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary


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


def test_what_a_rejected_annotation_leaves_uncoded_is_no_gap(checked):
    rows = coded(("infant", "Ipos", 0, 10), ("infant", "Ineu", 14, 100), ("phase", "play", 0, 100))
    assert not len(checked(rows, told={("s01", "anna", "infant"): [(10.0, 14.0)]}))
    issue = only(checked(rows, told={("s01", "anna", "infant"): [(10.0, 13.0)]}))
    assert issue.rule == "gap" and "13.000 to 14.000" in issue.what
    assert only(checked(rows, told={("s01", "ben", "infant"): [(10.0, 14.0)]})).rule == "gap"


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


TASKS = [("phase", "dolls", 10.0, 40.0), ("phase", "shaker", 45.0, 60.0), ("phase", "drum", 65.0, 90.0)]
MARKED = [("task_engagement", "yes", 12.0, 20.0), ("social_engagement", "yes", 70.0, 71.0)]


@pytest.fixture
def checked_tasks(checked, guided_play):
    """Check coding in which every coder marks the tasks; snippets last 4.8 s."""
    known = {"vocabulary": Vocabulary.of(guided_play), "needs_sound": False, "each_coder": True, "least_phase_s": 4.8}
    return lambda rows, **more: checked(rows, **(known | more))


def of(coder, *rows):
    return coded(*rows, coder=coder)


def test_good_coding_of_tasks_gives_no_issue_and_presence_has_no_gaps(checked_tasks):
    marked = [*MARKED, ("task_engagement", "yes", 30.0, 31.0)]
    assert not len(checked_tasks([*of("anna", *TASKS, *marked), *of("ben", *TASKS, *MARKED)]))


def test_a_task_that_one_coder_lacks_is_an_error_with_the_other_coders_times(checked_tasks):
    issue = only(checked_tasks([*of("anna", *TASKS, *MARKED), *of("ben", *TASKS[:2], *MARKED[:1],
                                                                ("social_engagement", "yes", 12.0, 13.0))]))
    assert (issue.rule, issue.severity) == ("missing_phase", "error")
    for part in ("session s01", "coder ben", "'drum'", "anna", "65.000 to 90.000 s", "tier called", "task",
                 "missing_phase to warning", "leaves this coder's labels out"):
        assert part in issue.sentence()


def test_a_task_that_no_coder_marked_is_a_warning_of_the_session(checked_tasks):
    marked = [("task_engagement", "yes", 12.0, 20.0), ("social_engagement", "yes", 50.0, 51.0)]
    issue = only(checked_tasks([*of("anna", *TASKS[:2], *marked), *of("ben", *TASKS[:2], *marked)]))
    assert (issue.rule, issue.severity, issue.coder) == ("no_phase", "warning", "")
    assert "'drum'" in issue.what


def test_without_any_task_there_is_the_one_error_that_says_so(checked_tasks):
    issue = only(checked_tasks(of("anna", *MARKED)))
    assert issue.rule == "no_phases"


def test_a_task_marked_twice_is_an_error_with_both_times(checked_tasks):
    issue = only(checked_tasks(of("anna", *TASKS, ("phase", "dolls", 92.0, 99.0), *MARKED)))
    assert (issue.rule, issue.severity) == ("repeated_phase", "error")
    for part in ("session s01", "coder anna", "'dolls'", "2 times", "10.000 to 40.000 s", "92.000 to 99.000 s"):
        assert part in issue.sentence()


def test_a_task_shorter_than_a_snippet_is_an_error_with_both_lengths(checked_tasks):
    short = [("phase", "dolls", 10.0, 14.75), *TASKS[1:]]
    rows = of("anna", *short, ("task_engagement", "yes", 12.0, 14.0), MARKED[1])
    issue = only(checked_tasks(rows))
    assert (issue.rule, issue.severity) == ("short_phase", "error")
    for part in ("session s01", "coder anna", "'dolls'", "4.750 s", "10.000 to 14.750 s", "4.800 s",
                 "missing_phase to warning"):
        assert part in issue.sentence()
    assert not len(checked_tasks(rows, least_phase_s=4.75))


def test_a_tier_of_presence_with_nothing_in_it_is_a_warning_that_says_what_it_means(checked_tasks):
    issue = only(checked_tasks(of("anna", *TASKS, MARKED[0])))
    assert (issue.rule, issue.severity) == ("nothing_marked", "warning")
    for part in ("coder anna", "'social_engagement'", "every moment of the phases counts as 'no'", "attending"):
        assert part in issue.sentence()


def test_of_one_who_marked_no_task_nothing_counts_as_no(checked_tasks):
    issues = checked_tasks([*of("anna", *TASKS, *MARKED), *of("ben", MARKED[0])])
    assert {issue.coder for issue in issues} == {"ben"}
    assert [issue.rule for issue in issues] == ["missing_phase"] * 3 + ["outside_phase"]


def test_what_a_coder_marks_outside_their_own_tasks_is_noted(checked_tasks):
    rows = of("anna", *TASKS, *MARKED, ("task_engagement", "yes", 38.0, 47.5), ("task_engagement", "yes", 5.0, 6.0))
    issue = only(checked_tasks(rows))
    assert (issue.rule, issue.severity) == ("outside_phase", "note")
    # 40 to 45 of the one, and the whole of the other.
    assert "6.000 s of 2 segments of tier 'task_engagement'" in issue.what and "5.000 to 6.000" in issue.what


def test_tasks_of_the_sheet_need_no_marks_by_coders(checked_tasks):
    assert not len(checked_tasks([*of("anna", *TASKS[:1], *MARKED), *of("ben", *MARKED)], phased=["s01"]))
    issue = only(checked_tasks(of("anna", *MARKED[:1]), phased=["s01"]))
    assert issue.rule == "nothing_marked"


def test_a_scheme_with_shared_phases_asks_no_coder_for_all_of_them(checked):
    assert not len(checked([*GOOD, *coded(*(tuple(row.values())[2:] for row in GOOD[:2]), coder="ben")]))


def test_gathering_passes_on_what_each_coder_has_to_mark(guided_play):
    segments = Segments.from_rows([*of("anna", *TASKS, *MARKED), *of("ben", *TASKS[:2], *MARKED)])
    _, issues, _ = gather_coding(
        [segments], [], {"s01": probe()}, vocabulary=Vocabulary.of(guided_play), needs_sound=False,
        coding={"s01": ["anna", "ben"]}, phased=[], severities={"missing_phase": "warning"},
        least_phase_s=20.0, each_coder=True,
    )
    assert [(issue.rule, issue.severity, issue.coder) for issue in issues] == [
        ("short_phase", "error", "anna"), ("short_phase", "error", "ben"), ("missing_phase", "warning", "ben"),
        ("outside_phase", "note", "ben"),
    ]

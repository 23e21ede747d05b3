"""Importing: the scheme's words, and a sentence for all that does not fit them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import read_coding
from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.labels import EXCLUDED, label_frames, label_spec
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.media.grid import FrameGrid

HEAD = "tier\tcode\tonset_s\toffset_s\n"


@pytest.fixture
def imported(tmp_path, vocabulary):
    def read(lines, head=HEAD, **more):
        path = tmp_path / "s01.tsv"
        path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        return import_coding(path, **({"session": "s01", "coder": "anna", "vocabulary": vocabulary} | more))

    return read


def sentences(issues):
    return {issue.rule: issue.sentence() for issue in issues}


def test_overlapping_exclusive_codes_are_named_with_their_times(imported):
    segments, issues = imported(["infant\tIpos\t1.5\t4.25", "infant\tIneu\t4\t6", "caregiver\tCpos\t2\t5"])
    assert len(segments) == 3
    (issue,) = issues
    assert issue.rule == "overlap" and issue.severity == "error"
    for part in (
        "'Ipos'",
        "1.500 to 4.250",
        "'Ineu'",
        "4.000 to 6.000",
        "s01.tsv",
        "line 2",
        "line 3",
        "anna",
    ):
        assert part in issue.sentence()


def test_a_long_segment_overlaps_every_one_inside_it(imported):
    _, issues = imported(["infant\tIpos\t0\t10", "infant\tIneu\t1\t2", "infant\tIpro\t3\t4"])
    assert [issue.where for issue in issues] == ["line 2 and line 3", "line 2 and line 4"]


def test_touching_segments_do_not_overlap_even_after_a_shift(imported):
    lines = [
        f"infant\t{'Ipos' if n % 2 else 'Ineu'}\t{n * 0.05:.2f}\t{n * 0.05 + 0.05:.2f}" for n in range(200)
    ]
    segments, issues = imported(lines, offset_s=0.1)
    assert not len(issues)
    assert segments.table.onset_s.tolist()[1:] == segments.table.offset_s.tolist()[:-1]


def test_unknown_codes_are_listed_with_the_nearest_known_one(imported):
    segments, issues = imported(
        ["infant\tIposs\t1\t2", "infant\tIpos\t2\t3", "infant\tIposs\t3\t4", "infant\tqq\t4\t5"]
    )
    assert segments.table.onset_s.tolist() == [2.0]
    assert [issue.rule for issue in issues] == ["unknown_code", "unknown_code"]
    first, second = (issue.sentence() for issue in issues)
    assert "'Iposs'" in first and "2 times" in first and "line 2, line 4" in first and "'Ipos'" in first
    assert "'qq'" in second and "line 5" in second and "Ipro, Iwit" in second


def test_predictions_corrected_in_elan_are_coding_like_any_other(tmp_path, vocabulary, icep_r):
    rows = [
        {"session": "s01", "coder": "model", "tier": tier, "code": code, "onset_s": start, "offset_s": start + 1}
        for tier, code, start in [
            ("infant", "Ineg", 0.0),
            ("infant", "Ipro", 1.0),
            ("caregiver", "Cneg", 0.0),
            ("caregiver", "Cpos", 1.0),
        ]
    ]
    write_eaf(Segments.from_rows(rows), tmp_path / "s01.eaf", scheme=icep_r)
    segments, issues = import_coding(
        tmp_path / "s01.eaf", session="s01", coder="anna", vocabulary=vocabulary
    )
    assert not len(issues)
    spec = label_spec(icep_r)["targets"]
    found = {target: label_frames(segments, FrameGrid(1, 2), spec[target]).tolist() for target in spec}
    assert found == {"infant": [0, 0], "caregiver": [0, 3], "caregiver3": [EXCLUDED, 2]}


def test_a_merge_of_another_tier_is_no_code_of_this_one(imported):
    segments, issues = imported(["infant\tCneg\t0\t1"])
    assert not len(segments) and [issue.rule for issue in issues] == ["unknown_code"]


def test_an_unknown_tier_is_counted_and_noted(imported):
    segments, issues = imported(["gesture\tx\t1\t2", "gesture\ty\t1\t2", "infant\tIpos\t1\t2"])
    assert len(segments) == 1
    assert (
        sentences(issues).keys() == {"unknown_tier"}
        and "'gesture' (2 annotations)" in sentences(issues)["unknown_tier"]
    )


def test_reversed_and_repeated_segments_are_left_out_and_named(imported):
    segments, issues = imported(["infant\tIpos\t5\t4", "infant\tIneu\t6\t7", "infant\tIneu\t6\t7"])
    assert len(segments) == 1
    said = sentences(issues)
    assert "5.000" in said["reversed_segment"] and "line 2" in said["reversed_segment"]
    assert "line 4" in said["repeated_event"]


def test_phases_go_to_a_tier_of_their_own(imported):
    segments, issues = imported(["Episode\tStill Face\t10\t20", "Episode\treunion\t20\t30"])
    assert segments.table[["tier", "code"]].values.tolist() == [["phase", "still-face"], ["phase", "reunion"]]
    assert not len(issues)


def test_a_plain_mapping_does_for_a_vocabulary(imported, vocabulary):
    segments, _ = imported(["infant\tIpos\t1\t2"], vocabulary=vocabulary.model_dump())
    assert len(segments) == 1


def test_of_two_coders_in_one_elan_file_each_gets_their_own(tmp_path, vocabulary, icep_r):
    rows = [
        {"session": "s01", "coder": coder, "tier": "infant", "code": code, "onset_s": 0.0, "offset_s": 1.5}
        for coder, code in (("anna", "Ipos"), ("ben", "Ineu"))
    ]
    write_eaf(Segments.from_rows(rows), tmp_path / "s01.eaf", scheme=icep_r)
    known = {"session": "s01", "vocabulary": vocabulary}
    segments, issues = import_coding(tmp_path / "s01.eaf", coder="Ben", **known)
    assert segments.table.code.tolist() == ["Ineu"] and segments.table.coder.tolist() == ["Ben"]
    assert [issue.rule for issue in issues] == ["other_coder"]
    segments, issues = import_coding(tmp_path / "s01.eaf", coder="cleo", **known)
    assert not len(segments) and [issue.rule for issue in issues] == ["unknown_coder"]


def test_a_tier_named_after_its_coder_finds_its_tier(tmp_path, vocabulary):
    (tmp_path / "s01.tsv").write_text(HEAD + "infant@anna\tIpos\t0\t1\ninfant@ben\tIneu\t0\t1\n")
    segments, _ = import_coding(tmp_path / "s01.tsv", session="s01", coder="ben", vocabulary=vocabulary)
    assert segments.table.code.tolist() == ["Ineu"]


def test_a_file_of_another_name_for_the_session_is_noted(imported):
    head = "session\t" + HEAD
    assert [issue.rule for issue in imported(["Dyad 7\tinfant\tIpos\t0\t1"], head)[1]] == ["other_session"]
    assert not len(imported(["S01 anna\tinfant\tIpos\t0\t1"], head)[1])


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("none.eaf", None, "missing_file"),
        ("s01.eaf", b"", "empty_file"),
        ("s01.txt", b"\xff\xfe\r\x00\n\x00", "empty_file"),
        ("s01.mp4", b"\x00\x01\x02\x03\x00\x00\x99", "unreadable_file"),
        ("s01.docx", b"Dear Anna, here is the coding", "unreadable_file"),
        ("s01.tsv", b"tier\tcode\twhen\toffset_s\n", "unreadable_file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error_in_one_line(tmp_path, vocabulary, name, content, rule):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    segments, issues = import_coding(tmp_path / name, session="s01", coder="anna", vocabulary=vocabulary)
    assert not len(segments)
    (issue,) = issues.errors()
    assert issue.rule == rule and issue.session == "s01" and issue.coder == "anna" and name in issue.file
    assert "\n" not in issue.sentence() and issue.fix
    with pytest.raises(CodingFileError):
        read_coding(tmp_path / name)


def test_the_content_decides_before_the_ending_and_a_named_format_before_both(tmp_path):
    (tmp_path / "s01.txt").write_text(HEAD + "infant\tIpos\t0\t1\n")
    assert read_coding(tmp_path / "s01.txt").rows.code.tolist() == ["Ipos"]
    with pytest.raises(CodingFileError, match="Observer"):
        read_coding(tmp_path / "s01.txt", "observer")
    with pytest.raises(CodingFileError, match="no format is called 'elan'"):
        read_coding(tmp_path / "s01.txt", "elan")


def test_issues_read_back_as_they_were_written(imported, tmp_path):
    _, issues = imported(["infant\tIpos\t5\t4", "infant\tqq\t6\t7"])
    issues.write(tmp_path / "issues.tsv")
    assert type(issues).read(tmp_path / "issues.tsv") == issues


WORDS = st.text(
    st.characters(categories=("L", "N", "P", "S"), include_characters=" "), min_size=1, max_size=5
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(WORDS, WORDS, st.integers(-(10**6), 10**6), st.integers(0, 10**6), WORDS), max_size=8)
)
def test_any_segments_come_back_from_the_tidy_table_equal(tmp_path, rows):
    segments = Segments.from_rows(
        {
            "session": "s",
            "coder": "k",
            "tier": tier,
            "code": code,
            "onset_s": onset / 1000,
            "offset_s": (onset + length) / 1000,
            "comment": comment,
        }
        for tier, code, onset, length, comment in rows
    )
    segments.write(tmp_path / "s.tsv")
    assert Segments(read_coding(tmp_path / "s.tsv", "tsv").rows).table.equals(segments.table)


@pytest.fixture
def guided_eaf(tmp_path):
    """An ELAN file as the second paper's coders left them: blanks, capitals, a typo, a tier to pass over."""

    def write(*rows):
        segments = Segments.from_rows(
            {"session": "12", "coder": "", "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
            for tier, code, onset_s, offset_s in rows
        )
        write_eaf(segments, tmp_path / "12_A_20190412.eaf")
        return tmp_path / "12_A_20190412.eaf"

    return write


def test_the_second_papers_elan_files_come_out_in_the_words_of_the_scheme(guided_eaf, guided_play):
    path = guided_eaf(
        ("task", "People ", 10.0, 130.25),
        ("task", " eggs", 150.0, 260.0),
        ("participating", "joint ", 20.0, 31.5),
        ("participating", "SELF", 31.5, 40.0),
        ("attending", "attending", 12.0, 30.0),
        ("attending", "Excited", 30.0, 33.0),
        ("ignore", "parent speaks", 1.0, 2.0),
        ("ignore", "noise", 5.0, 6.0),
    )
    segments, issues = import_coding(
        path, session="12", coder="A", vocabulary=Vocabulary.of(guided_play).model_dump()
    )
    assert segments.table[["tier", "code", "onset_s", "offset_s"]].values.tolist() == [
        ["phase", "dolls", 10.0, 130.25],
        ["phase", "shaker", 150.0, 260.0],
        ["social_engagement", "yes", 12.0, 30.0],
        ["social_engagement", "yes", 30.0, 33.0],
        ["task_engagement", "yes", 20.0, 31.5],
        ["task_engagement", "yes", 31.5, 40.0],
    ]
    (issue,) = issues
    assert (issue.rule, issue.severity) == ("ignored_tier", "note")
    assert "'ignore' (2 annotations)" in issue.what and issue.file == path.name


def test_a_typo_that_no_alias_knows_is_an_error_with_the_nearest_code(guided_eaf, guided_play):
    path = guided_eaf(("task", "drumms", 0.0, 9.0), ("participating", "joimt", 1.0, 2.0))
    segments, issues = import_coding(path, session="12", coder="A", vocabulary=Vocabulary.of(guided_play))
    assert not len(segments)
    assert [(issue.rule, issue.severity) for issue in issues] == [("unknown_code", "error")] * 2
    said = {issue.what.split("'")[1]: issue.fix for issue in issues}
    assert said["drumms"].startswith("write 'drum' if that is meant") and said["joimt"].startswith("write 'yes'")

"""Data files of The Observer 5: events between {start} and {end}, with and without _start and _end."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding

PLAIN = """Project: still-face
Observation s01

{start}
0.00 Mother,Cneu
0.48 Infant,Ipos,duck,left hand
12.34 Mother,Cpos
20.04 Infant,Ineu
60.50 {end}
"""
PAIRED = """{start}
0.00 Mother,Cneu_start
0.48 Infant,Ipos_start,duck
5.00 Infant,voc_Start
12.34 Mother,Cneu_end
12.34 Mother,Cpos_start
20.04 Infant,Ipos_end
21.00 Infant,voc_end
60.50 Mother,Cpos_end
{end}
"""


def read(tmp_path, text, encoding="utf-8"):
    (tmp_path / "s01.odf").write_bytes(text.encode(encoding))
    return read_coding(tmp_path / "s01.odf")


def spans(rows):
    return sorted(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True), key=lambda row: row[2])


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_code_lasts_until_the_next_one_of_its_subject(tmp_path, encoding, end):
    reading = read(tmp_path, PLAIN.replace("\n", end).replace("duck", "Bär"), encoding)
    assert choose_format(tmp_path / "s01.odf").name == "observer_odf"
    assert spans(reading.rows) == [
        ("Mother", "Cneu", 0.0, 12.34),
        ("Infant", "Ipos", 0.48, 20.04),
        ("Mother", "Cpos", 12.34, 60.5),
        ("Infant", "Ineu", 20.04, 60.5),
    ]
    assert reading.rows.comment[1] == "Modifier_1: Bär; Modifier_2: left hand"
    assert [(issue.rule, issue.severity, issue.where) for issue in reading.issues] == [
        ("unread_part", "note", "lines 1 and 2"),
        ("uncertain_times", "note", ""),
    ]
    assert "4 codes" in reading.issues.rows[1].what


def test_codes_with_an_ending_start_and_stop(tmp_path):
    reading = read(tmp_path, PAIRED)
    assert spans(reading.rows) == [
        ("Mother", "Cneu", 0.0, 12.34),
        ("Infant", "Ipos", 0.48, 20.04),
        ("Infant", "voc", 5.0, 21.0),
        ("Mother", "Cpos", 12.34, 60.5),
    ]
    assert not len(reading.issues) and reading.rows["where"].tolist()[1] == "lines 3 and 7"


def test_the_last_code_stays_open_where_the_end_has_no_time(tmp_path):
    rows = read(tmp_path, "{start}\n1,5 Mother,Cneu\n2,5 Mother,Cpos\n{end}\n").rows
    assert rows.offset_s.isna().tolist() == [False, True] and rows.latest_s.tolist()[1] == 2.5
    assert rows.onset_s.tolist() == [1.5, 2.5]


def test_a_state_without_its_end_can_have_lasted_to_the_end_of_the_observation(tmp_path):
    rows = read(tmp_path, "0 {start}\n0:00:01.5 Mother,Cneu_start\n0:01:00 {end}\n").rows
    assert rows.onset_s.tolist() == [1.5] and rows.latest_s.tolist() == [60]


def test_what_does_not_fit_is_an_issue_with_its_line(tmp_path):
    lines = ["{start}", "1 Mother,Cneu", "x Mother,Cpos", "5 Cpos", "4 Infant,Ipos", "{a remark}", "3 Infant,Ineu"]
    reading = read(tmp_path, "\n".join([*lines, "4 Infant,Ipos", "3.5 {end}"]))
    found = {(issue.rule, issue.where) for issue in reading.issues}
    assert found == {
        ("unreadable_row", "line 3"),
        ("unreadable_row", "line 4"),
        ("unreadable_row", "line 6"),
        ("uncertain_times", "line 7"),
        ("uncertain_times", "lines 5 and 8"),
        ("repeated_event", "line 8"),
        ("uncertain_times", ""),
    }
    assert len(reading.rows) == 3


def test_a_second_observation_and_a_missing_end_are_not_passed_over(tmp_path):
    twice = read(tmp_path, PAIRED + PAIRED)
    assert [(issue.rule, issue.severity, issue.where) for issue in twice.issues] == [
        ("unread_part", "error", "lines 11, 12, 13, 14, 15, 16, 17, 18, 19 and 20")
    ]
    assert [issue.rule for issue in read(tmp_path, PAIRED.replace("{end}", "")).issues] == ["truncated"]
    with pytest.raises(CodingFileError, match="no line of this file"):
        read(tmp_path, PAIRED.replace("{start}", ""))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["Mother", "the infant"]), st.integers(1, 90_000)), max_size=12),
    st.sampled_from([".", ","]),
    st.booleans(),
)
def test_whatever_was_coded_is_read(tmp_path, events, decimal, paired):
    def written(ms):
        return f"{ms / 1000:.3f}".replace(".", decimal)

    lines, expected, going_on, now_ms = [], [], {}, 0
    for number, (subject, gap_ms) in enumerate(events):
        now_ms += gap_ms
        if subject in going_on:
            code, since_ms = going_on[subject]
            expected.append((subject, code, since_ms / 1000, now_ms / 1000))
            lines += [f"{written(now_ms)} {subject},{code}_end"] if paired else []
        going_on[subject] = (f"code{number % 3}", now_ms)
        lines.append(f"{written(now_ms)} {subject},code{number % 3}{'_start' if paired else ''}")
    end_ms = now_ms + 1
    for subject, (code, since_ms) in going_on.items():
        expected.append((subject, code, since_ms / 1000, end_ms / 1000))
        lines += [f"{written(end_ms)} {subject},{code}_end"] if paired else []
    reading = read(tmp_path, "\n".join(["{start}", *lines, f"{written(end_ms)} {{end}}"]))
    assert sorted(spans(reading.rows)) == sorted(expected)
    assert [issue.severity for issue in reading.issues] == ["note"] * (bool(events) and not paired)


@pytest.mark.parametrize("text", [PLAIN, PAIRED], ids=["plain", "paired"])
def test_a_damaged_file_is_refused_or_accounted_for_line_by_line(tmp_path, mutants, places, text):
    path, understood = tmp_path / "a.odf", 0
    for _, content in mutants(text.encode(), 3, 500, ","):
        path.write_bytes(content)
        try:
            reading = read_coding(path, "observer_odf")
        except CodingFileError:
            continue
        understood += 1
        named = places(reading)
        lines = re.split(r"\r\n|\r|\n", content.decode(errors="replace"))
        for number, line in enumerate(lines, start=1):
            mark = re.search(r"{(start|end)}", line, re.IGNORECASE)
            assert mark or not line.strip("\ufffd \t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0") or f"line {number}" in named
    assert understood > 300

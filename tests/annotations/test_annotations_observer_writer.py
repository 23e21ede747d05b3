"""Segments written like an Observer export: read back they are the same, and what is lost is said."""

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import read_segments
from dyadflow.annotations.formats.registry import choose_format, write_coding
from dyadflow.annotations.formats.writing import WriteOptions
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

NAN = float("nan")


def row(onset_s, offset_s, code="Ipos", tier="infant", session="s01", coder="", comment="", confidence=NAN):
    return {
        "session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s,
        "confidence": confidence, "comment": comment,
    }


def write(tmp_path, *rows):
    path = tmp_path / "out.csv"
    return path, write_coding(Segments.from_rows(rows), path, "observer", WriteOptions()).issues


def test_the_rows_are_those_of_an_export(tmp_path):
    path, issues = write(
        tmp_path, row(-1.5, 2.25, comment='says "ba", twice'), row(2.25, 3661.004, "Ineu"), row(2.25, 2.25, "Ipro")
    )
    assert path.read_bytes().startswith(b"\xef\xbb\xbfDate_Time_Absolute_dmy_hmsf,Date_dmy,")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = ("Time_Relative_hmsf", "Time_Relative_sf", "Duration_sf", "Behavior", "Event_Type")
    assert [tuple(line[name] for name in names) for line in rows] == [
        ("-00:00:01.500", "-1.500", "3.750", "Ipos", "State start"),
        ("00:00:02.250", "2.250", "0.000", "Ipos", "State stop"),
        ("00:00:02.250", "2.250", "0.000", "Ipro", "Point"),
        ("00:00:02.250", "2.250", "3658.754", "Ineu", "State start"),
        ("01:01:01.004", "3661.004", "0.000", "Ineu", "State stop"),
    ]
    assert {line["Observation"] for line in rows} == {"s01"} and not len(issues)
    assert rows[0]["Comment"] == 'says "ba", twice' and choose_format(path).name == "observer"


def test_the_same_segments_are_the_same_bytes(tmp_path):
    rows = [row(0, 1), row(1, 2, coder="anna"), row(0.5, 3, "Cpos", "caregiver")]
    first = write(tmp_path, *rows)[0].read_bytes()
    assert write(tmp_path, *reversed(rows))[0].read_bytes() == first


def test_what_an_export_has_no_place_for_is_said(tmp_path):
    _, issues = write(
        tmp_path,
        row(0, 1, coder="anna", confidence=0.5),
        row(1, 2, coder="anna", comment="two\nlines"),
        row(0, 1, coder="anna", session="s02"),
        row(0, 1, coder="bert", session="s02"),
    )
    assert {issue.rule for issue in issues} == {"not_held"}
    for issue, said in zip(
        issues, (("confidence", "1 segment"), ("coder", "2 segments"), ("comments", "1 segment")), strict=True
    ):
        assert all(words in issue.what for words in said)
    segments, _ = read_segments(tmp_path / "out.csv")
    assert segments.table.coder.tolist() == ["", "", "anna", "bert"]
    assert segments.table.comment.tolist()[1] == "two lines"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(0, 2), row(1, 3)], "overlaps"),
        ([row(0, 2), row(0, 2)], "overlaps"),
        ([row(1, 1), row(1, 1)], "twice"),
        ([row(1, 1.0002)], "millisecond"),
        ([row(0, 1, code=" Ipos")], "blanks"),
        ([row(0, 1, tier="a\nb")], "control"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(tmp_path, rows, said):
    with pytest.raises(DyadflowError, match=said):
        write(tmp_path, *rows)
    assert not (tmp_path / "out.csv").exists()


def test_overlaps_of_other_codes_subjects_and_coders_are_told_apart(tmp_path):
    rows = [row(0, 2, coder="a"), row(1, 3, coder="b"), row(1, 3, "Ineu", coder="a"), row(1, 3, tier="x", coder="a")]
    path, _ = write(tmp_path, *rows, row(1.5, 1.5, coder="a"))
    segments, issues = read_segments(path)
    assert segments.table.equals(Segments.from_rows([*rows, row(1.5, 1.5, coder="a")]).table) and not len(issues)


NAMES = st.text("aB Ä,;\"'\t|€漢", max_size=6).map(str.strip).map(lambda name: name.replace("\t", " "))
ROWS = st.tuples(
    st.sampled_from(["s01", "S 2"]), NAMES, NAMES, NAMES, st.integers(0, 5_000), st.integers(0, 90_000), NAMES
)
BELOW_A_MILLISECOND = st.sampled_from([0, 0.0004, -0.0004])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, max_size=12), st.integers(-100_000, 100_000), BELOW_A_MILLISECOND)
def test_read_of_written_is_what_was_written_to_the_millisecond(tmp_path, drawn, begin_ms, more_s):
    rows, now_ms = [], {}
    for session, coder, tier, code, gap_ms, length_ms, comment in drawn:
        same = (session, coder, tier, code)
        onset_ms = now_ms.get(same, begin_ms) + gap_ms
        if same in now_ms and not length_ms and not gap_ms:
            onset_ms += 1  # a point at the end of a state of its code would be fine, but not beside the same point
        now_ms[same] = onset_ms + length_ms
        rows.append(row(onset_ms / 1000, now_ms[same] / 1000, code, tier, session, coder, comment))
    path, _ = write(tmp_path, *(at | {edge: at[edge] + more_s for edge in ("onset_s", "offset_s")} for at in rows))
    several = {session for session, *_ in drawn if len({coder for other, coder, *_ in drawn if other == session}) > 1}
    expected = Segments.from_rows([line if line["session"] in several else line | {"coder": ""} for line in rows])
    segments, issues = read_segments(path, "observer")
    found = segments.table
    order = ["session", "coder", "tier", "code", "onset_s", "offset_s", "comment"]
    assert found[order].sort_values(order).values.tolist() == expected.table[order].sort_values(order).values.tolist()
    assert not len(issues)

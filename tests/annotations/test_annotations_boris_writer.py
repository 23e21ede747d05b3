"""Segments as BORIS's aggregated events: what is written comes back, and what cannot be held is told."""

import csv

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import convert, read_segments
from dyadflow.annotations.formats.reading import FORMATS
from dyadflow.annotations.formats.registry import read_coding, write_coding
from dyadflow.annotations.formats.writing import WriteOptions
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError


def claimed_by(path):
    """Formats that take the file for theirs, those left out that take whatever no other does."""
    head = path.read_bytes()[:65536]
    return [name for name, known in FORMATS.items() if known.sniff(head, path) and not known.fallback]


def segment(onset_s, offset_s, tier="infant", code="Ipos", coder="", session="s01", **more):
    about = {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}
    return about | more


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12).filter(
    lambda text: text == text.strip() and text != "No focal subject" and "\ufeff" not in text
)
COMMENT = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
        lambda text: "\ufeff" not in text
    ),
    st.sampled_from(['"', 'a "word"', "two\nlines", "a;b,c\td", "\r\n", " ", "NA", "'"]),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            NAME, NAME, NAME, NAME, st.integers(-5_000, 90_000), st.integers(0, 20_000), COMMENT
        ),
        max_size=8,
    ),
    ending=st.sampled_from([".tsv", ".csv", ".txt"]),
)
@example(rows=[("A/P", "", "", "", 0, 0, "")], ending=".tsv")  # begins like a line of RTTM
def test_whatever_is_written_comes_back_to_the_millisecond(tmp_path, rows, ending):
    segments = Segments.from_rows(
        segment(onset / 1000, (onset + length) / 1000, tier, code, coder, session, comment=comment)
        for session, coder, tier, code, onset, length, comment in rows
    )
    path = tmp_path / f"any{ending}"
    written = write_coding(segments, path, "boris")
    assert written.files == (path,) and not len(written.issues)
    assert claimed_by(path) == ["boris_aggregated"]
    reading = read_coding(path)
    assert not len(reading.issues)
    again = Segments(reading.rows)
    assert again.table.drop(columns="confidence").equals(segments.table.drop(columns="confidence"))


def test_the_table_has_the_columns_of_boris_and_one_row_a_segment(tmp_path):
    segments = Segments.from_rows([segment(0.5, 2.25, coder="Ann"), segment(3.0, 3.0, tier="", code="touch")])
    path = tmp_path / "s01.tsv"
    write_coding(segments, path, "boris", WriteOptions(media="video/s01.mp4", media_length_s=60.04))
    with path.open(encoding="utf-8", newline="") as stream:
        point, state = csv.DictReader(stream, delimiter="\t")
    assert (state["Observation id"], state["Subject"], state["Behavior"]) == ("s01", "infant", "Ipos")
    assert state["observer"] == "Ann"
    assert (state["Behavior type"], state["Start (s)"], state["Stop (s)"], state["Duration (s)"]) == (
        "STATE", "0.500", "2.250", "1.750"
    )
    assert (point["Subject"], point["Behavior type"], point["Duration (s)"]) == ("No focal subject", "POINT", "NA")
    assert state["Source"] == "player #1:video/s01.mp4" and state["Media duration (s)"] == "60.040"
    reading = read_coding(path)
    assert reading.lengths_s == {"video/s01.mp4": 60.04} and reading.origins_s == {"video/s01.mp4": 0.0}


def test_the_same_segments_are_the_same_bytes_whatever_their_order(tmp_path):
    rows = [segment(0.5, 2.25), segment(3.0, 4.0, session="s02"), segment(2.25, 3.0, code="Ineg")]
    write_coding(Segments.from_rows(rows), tmp_path / "a.tsv", "boris")
    write_coding(Segments.from_rows(rows[::-1]), tmp_path / "b.tsv", "boris")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_what_boris_has_no_place_for_is_told(tmp_path):
    segments = Segments.from_rows([segment(0, 1, confidence=0.5), segment(1, 2, confidence=0.75), segment(2, 3)])
    written = write_coding(segments, tmp_path / "a.tsv", "boris", WriteOptions(media="a;b.mp4"))
    assert [issue.rule for issue in written.issues] == ["not_held", "not_held"]
    assert "2 segments" in written.issues.rows[0].what and "a;b.mp4" in written.issues.rows[1].what
    assert read_coding(tmp_path / "a.tsv").media == ()


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (segment(1.0, 1.0002), "shorter than a millisecond"),
        (segment(1.0, 2.0, tier="No focal subject"), "no tier"),
        (segment(1.0, 2.0, code=" Ipos"), "blanks"),
        (segment(1.0, 2.0, tier="in\nfant"), "several lines"),
        (segment(1.0, 2.0, comment="a\x00b"), "control characters"),
        (segment(1.0, 2.0, comment="a\n" + 40 * "\t"), "looks like a row"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(tmp_path, row, what):
    with pytest.raises(DyadflowError, match=what):
        write_coding(Segments.from_rows([row]), tmp_path / "a.tsv", "boris")
    assert not (tmp_path / "a.tsv").exists()


def test_convert_takes_any_format_to_boris_and_back(tmp_path):
    head = "session\tcoder\ttier\tcode\tonset_s\toffset_s\n"
    (tmp_path / "a.tsv").write_text(head + "s01\tAnn\tinfant\tIpos\t0.5\t2.25\ns01\tBen\tinfant\tIneg\t0.75\t2\n")
    convert(tmp_path / "a.tsv", tmp_path / "b.csv", to="boris")
    segments, issues = read_segments(tmp_path / "b.csv")
    assert segments.table.equals(read_segments(tmp_path / "a.tsv")[0].table) and not len(issues)

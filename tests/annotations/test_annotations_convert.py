"""Converting a coding file: in its own words, and nothing lost without a sentence."""

import pytest

from dyadflow.annotations.convert import convert
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

HEAD = "tier\tcode\tonset_s\toffset_s\n"


def test_convert_names_the_session_after_the_file_and_writes_the_tidy_columns(tmp_path):
    text = "Time_Relative_sf;Subject;Behavior;Event_Type\n0,5;Infant;Ipos;State start\n"
    text += "2,25;Infant;Ipos;State stop\n"
    (tmp_path / "s07.txt").write_bytes(text.encode("utf-16"))
    written = convert(tmp_path / "s07.txt", tmp_path / "out.tsv")
    assert written.files == (tmp_path / "out.tsv",) and not len(written.issues)
    assert (tmp_path / "out.tsv").read_text() == (
        "session\tcoder\ttier\tcode\tonset_s\toffset_s\tconfidence\tcomment\ns07\t\tInfant\tIpos\t0.5\t2.25\t\t\n"
    )


def test_convert_tells_what_it_could_not_take_along(tmp_path):
    (tmp_path / "a.tsv").write_text(HEAD + "t\ta\t2\t1\nt\tb\tx\t1\nt\tc\t1\t2\n")
    issues = convert(tmp_path / "a.tsv", tmp_path / "b.tsv").issues
    assert {issue.file for issue in issues} == {"a.tsv"}
    assert sorted(issue.rule for issue in issues) == ["reversed_segment", "unreadable_row"]
    assert len(Segments.read(tmp_path / "b.tsv")) == 1


def test_convert_refuses_an_ending_that_it_cannot_write(tmp_path):
    (tmp_path / "a.tsv").write_text(HEAD)
    with pytest.raises(DyadflowError, match=r"'\.docx'"):
        convert(tmp_path / "a.tsv", tmp_path / "b.docx")


def test_a_real_file_converted_there_and_back_keeps_every_annotation(tmp_path, eaf_samples):
    convert(eaf_samples / "child_example.eaf", tmp_path / "child_example.tsv")
    convert(tmp_path / "child_example.tsv", tmp_path / "child_example.eaf")
    convert(tmp_path / "child_example.eaf", tmp_path / "again.tsv")
    assert (tmp_path / "again.tsv").read_bytes() == (tmp_path / "child_example.tsv").read_bytes()


def test_the_ending_chooses_the_format_unless_one_is_named(tmp_path):
    (tmp_path / "a.tsv").write_text(HEAD + "t\ta\t1\t2\n")
    with pytest.raises(DyadflowError, match="--to"):
        convert(tmp_path / "a.tsv", tmp_path / "b.csv")
    with pytest.raises(DyadflowError, match="'elan'"):
        convert(tmp_path / "a.tsv", tmp_path / "b.csv", to="elan")
    convert(tmp_path / "a.tsv", tmp_path / "b.csv", to="tsv")
    assert Segments.read(tmp_path / "b.csv").table.code.tolist() == ["a"]


def test_the_recording_that_the_source_names_is_named_again(tmp_path):
    (tmp_path / "a.tsv").write_text(HEAD + "t\ta\t1\t2\n")
    convert(tmp_path / "a.tsv", tmp_path / "a.eaf", media="one.mp4")
    convert(tmp_path / "a.eaf", tmp_path / "b.eaf")
    assert 'MEDIA_URL="./one.mp4"' in (tmp_path / "b.eaf").read_text()

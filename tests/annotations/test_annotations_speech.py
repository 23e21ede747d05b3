"""RTTM and WebVTT: what programs make of speech is read whole, and of damaged files every line is accounted for."""

import re
from pathlib import Path

import pytest

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding


@pytest.fixture(scope="module")
def peekaboo():
    folder = Path(__file__).parents[3] / "shared" / "data" / "peekaboo"
    if not folder.is_dir():
        pytest.skip("the public clip is not beside the project (../shared/data/peekaboo)")
    return folder


def read(path, text):
    path.write_text(text, encoding="utf-8")
    return read_coding(path)


def spans(reading):
    rows = reading.rows
    return list(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True))


def test_real_speaker_turns_are_read(peekaboo):
    reading = read_coding(peekaboo / "peekaboo.rttm")
    assert spans(reading) == [
        ("SPEAKER_00", "SPEAKER", 0.638, 1.431),
        ("SPEAKER_00", "SPEAKER", 2.427, 3.44),
        ("SPEAKER_00", "SPEAKER", 9.312, 9.97),
        ("SPEAKER_01", "SPEAKER", 9.97, 10.426),
    ]
    assert reading.media == ("video",) and set(reading.rows.session) == {""} and not len(reading.issues)


def test_a_real_transcript_is_read(peekaboo):
    reading = read_coding(peekaboo / "peekaboo.vtt")
    assert spans(reading) == [
        ("", "Ready, baby girl?", 0.0, 1.32),
        ("", "Good morning, girl.", 2.0, 3.16),
        ("", "Take a move!", 4.44, 6.04),
        ("", "Go to smile, huh?", 8.96, 10.26),
    ]
    assert list(reading.rows["where"]) == ["line 3", "line 7", "line 11", "line 15"] and not len(reading.issues)


RTTM = """;; made up
SPEAKER d01 1 0.500 1.250 <NA> <NA> mother 0.75 <NA>
LEXEME d01 1 0.500 0.200 peekaboo lex mother <NA>
NON-SPEECH d01 2 7.000 0.500 <NA> noise <NA> <NA> <NA>
"""


def test_words_subtypes_channels_and_confidence_are_kept(tmp_path):
    reading = read(tmp_path / "a.txt", RTTM)
    assert choose_format(tmp_path / "a.txt").name == "rttm"
    assert spans(reading) == [
        ("mother", "SPEAKER", 0.5, 1.75), ("mother", "LEXEME", 0.5, 0.7), ("", "NON-SPEECH", 7.0, 7.5)
    ]
    assert list(reading.rows.comment) == ["", "peekaboo; lex", "noise; channel 2"]
    assert reading.rows.confidence[0] == 0.75 and reading.rows.confidence[1:].isna().all()
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unread_part", "line 1")]


def test_turns_of_several_recordings_are_told_apart(tmp_path):
    reading = read(tmp_path / "a.rttm", RTTM.replace("LEXEME d01", "LEXEME d02"))
    assert list(reading.rows.session) == ["d01", "d02", "d01"] and reading.media == ()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("SPKR-INFO d01 1 <NA> <NA> <NA> unknown mother <NA>", "no kind of object that has a time"),
        ("SPEAKER d01 1 soon 1.250 <NA> <NA> mother <NA> <NA>", "no numbers"),
        ("SPEAKER d01 1 0.5 1.25 <NA> <NA> mother high <NA>", "confidence is no number"),
        ("SPEAKER d01 1 0.5", "4 words"),
    ],
)
def test_a_line_of_an_rttm_file_that_has_no_time_is_an_issue(tmp_path, line, what):
    reading = read(tmp_path / "a.rttm", RTTM + line)
    assert len(reading.rows) == 3
    assert (reading.issues.rows[0].rule, reading.issues.rows[0].where) == ("unreadable_row", "line 5")
    assert what in reading.issues.rows[0].what


VTT = """WEBVTT - a session
Kind: captions

NOTE made by
hand

00:01.000 --> 00:02.500 align:start
<v Mother>Where is <i>baby</i>?
There &amp; there!

last
01:00:00.000 --> 01:00:01.250
<v.loud Mother>Peek <v Infant>ah
"""


def test_speakers_are_tiers_and_tags_are_no_text(tmp_path):
    reading = read(tmp_path / "a.vtt", VTT.replace("\n", "\r\n"))
    assert spans(reading) == [
        ("Mother", "Where is baby? There & there!", 1.0, 2.5),
        ("Mother", "Peek", 3600.0, 3601.25),
        ("Infant", "ah", 3600.0, 3601.25),
    ]
    assert list(reading.rows["where"]) == ["line 7", "line 11", "line 11"]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unread_part", "line 2"), ("unread_part", "line 4")
    ]


@pytest.mark.parametrize(
    "times", ["00:01.000 -> 00:02.500", "00:01,000 --> 00:02,500", "0:1 --> 0:2", "00:61.000 --> 00:62.000"]
)
def test_a_cue_without_times_that_can_be_read_is_an_issue(tmp_path, times):
    reading = read(tmp_path / "a.vtt", VTT.replace("00:01.000 --> 00:02.500 align:start", times))
    assert len(reading.rows) == 2
    assert [(issue.rule, issue.where) for issue in reading.issues if issue.severity == "error"] == [
        ("unreadable_row", "line 7")
    ]


def test_two_cues_without_an_empty_line_between_them_are_not_taken_for_one(tmp_path):
    reading = read(tmp_path / "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.500\na\n2\n00:03.000 --> 00:04.000\nb\n")
    assert not len(reading.rows) and [issue.where for issue in reading.issues] == ["line 3"]


def test_what_does_not_begin_with_its_name_is_no_transcript(tmp_path):
    with pytest.raises(CodingFileError, match="first line is not WEBVTT"):
        read(tmp_path / "a.vtt", VTT[7:])


def accountable_lines(content, name):
    """First lines of what there is to account for: every line of an RTTM file, every block of a transcript."""
    lines = re.split(r"\r\n|\r|\n" if name.endswith("vtt") else "\n", content.decode("latin-1"))
    filled = [False, *(bool(line.strip(" \t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0")) for line in lines)]
    if name.endswith("rttm"):
        return {number for number, holds in enumerate(filled) if holds}
    # The file's first line says what it is; what stands right under it is a block of its own.
    filled[1] = False
    return {number for number, holds in enumerate(filled) if holds and not filled[number - 1]}


@pytest.mark.parametrize(("name", "text"), [("a.rttm", RTTM), ("a.vtt", VTT)], ids=["rttm", "vtt"])
def test_of_a_damaged_file_everything_is_accounted_for(tmp_path, mutants, places, name, text):
    read_whole = {}
    for kind, content in mutants(text.encode(), 4, 1000, " "):
        (tmp_path / name).write_bytes(content)
        try:
            reading = read_coding(tmp_path / name)
        except CodingFileError:
            continue
        read_whole[kind] = read_whole.get(kind, 0) + 1
        named = places(reading)
        lost = {line for line in accountable_lines(content, name) if f"line {line}" not in named}
        assert not lost, (kind, content)
    assert min(read_whole[kind] for kind in ("bytes", "lines", "columns", "truncated")) > 20

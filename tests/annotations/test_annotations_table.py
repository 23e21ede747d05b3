"""Plain tables, our own and others': columns by name, times as the names say, and every line accounted for."""

import itertools
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import FORMATS, CodingFileError, ReadOptions
from dyadflow.annotations.formats.registry import choose_format, read_coding, write_coding
from dyadflow.annotations.segments import TEXT, Segments
from dyadflow.errors import DyadflowError

FIELDS = ["session", "coder", "tier", "code", "onset_s", "offset_s", "comment"]


def read(path, text, encoding="utf-8", format="auto", **columns):
    path.write_bytes(text.encode(encoding))
    return read_coding(path, format, ReadOptions(columns))


def spans(reading):
    rows = reading.rows
    return list(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True))


PLAIN = "Tier,Onset,Offset,Label,Rater,Notes\ninfant,0.5,1.25,smile,anna,\ninfant,1.25,61,away,anna,dark\n"
ROWS = [("infant", "smile", 0.5, 1.25), ("infant", "away", 1.25, 61.0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize(("delimiter", "point"), [(",", "."), ("\t", "."), ("\t", ","), (";", ",")])
def test_a_table_is_read_by_its_names_in_any_encoding_and_with_any_delimiter(tmp_path, encoding, delimiter, point):
    text = PLAIN.replace("smile", "Lächeln").replace(",", delimiter)
    text = re.sub(r"(\d)\.(\d)", rf"\1{point}\2", text).replace("\n", "\r\n")
    reading = read(tmp_path / "a.csv", text, encoding)
    assert choose_format(tmp_path / "a.csv").name == "table"
    assert spans(reading) == [("infant", "Lächeln", 0.5, 1.25), ROWS[1]]
    assert list(reading.rows.coder) == ["anna", "anna"] and list(reading.rows.comment) == ["", "dark"]
    assert list(reading.rows["where"]) == ["line 2", "line 3"] and not len(reading.issues)


def test_the_columns_may_stand_in_any_order_and_under_other_lines(tmp_path):
    for number, order in enumerate(itertools.permutations(range(6))):
        if number % 60 == 0:
            lines = [line.split(",") for line in PLAIN.splitlines()]
            text = "\n".join(",".join(line[place] for place in order) for line in lines)
            assert spans(read(tmp_path / "a.csv", text)) == ROWS
    reading = read(tmp_path / "a.csv", "Study of smiles\n\n" + PLAIN)
    assert spans(reading) == ROWS and reading.rows["where"][0] == "line 4"
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unread_part", "line 1")]


ELAN_EXPORT = (
    "Tier\tParticipant\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tBegin Time - msec\t"
    "End Time - hh:mm:ss.ms\tEnd Time - ss.msec\tEnd Time - msec\tDuration - hh:mm:ss.ms\tAnnotation\n"
    "gaze\tCHI\t00:00:01.006\t1.006\t1006\t00:01:02.896\t62.896\t62896\t00:01:01.890\taway\n"
)


def test_a_table_exported_from_elan_gives_each_time_once_and_its_columns_must_agree(tmp_path):
    reading = read(tmp_path / "a.txt", ELAN_EXPORT)
    assert spans(reading) == [("gaze", "away", 1.006, 62.896)]
    assert [issue.what for issue in reading.issues] == ["not read: column Participant"]
    reading = read(tmp_path / "a.txt", ELAN_EXPORT.replace("\t1006\t", "\t62896\t"))
    assert not len(reading.rows)
    assert (reading.issues.rows[0].rule, reading.issues.rows[0].where) == ("unreadable_row", "line 2")


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("start_ms,end_ms,code", "1250,61000,x", (1.25, 61.0)),
        ("Start (s),Duration (s),Behaviour", "1.25,59.75,x", (1.25, 61.0)),
        ("tmin,tmax,text", "1.25,61,x", (1.25, 61.0)),
        ("begin,end,value", "00:01.25,00:01:01,x", (1.25, 61.0)),
        ("onset,offset,code", "-00:00:01.5,00:01:01,x", (-1.5, 61.0)),
        ("Beginn;Ende;Code", "1,25;61,0;x", (1.25, 61.0)),
        ("onset_ms,duration_s,code", "1250,59.75,x", (1.25, 61.0)),
    ],
)
def test_a_time_is_what_the_name_of_its_column_says(tmp_path, header, cells, expected):
    reading = read(tmp_path / "a.csv", f"{header}\n{cells}\n")
    assert spans(reading) == [("", "x", *expected)] and not len(reading.issues)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("onset,start,offset,code\n1.5,1.5,2,x\n", "the onset can be in 'onset' or 'start'.*--columns onset_s="),
        ("onset,offset,code,label\n1.5,2,x,y\n", "the code can be in 'code' or 'label'.*--columns code="),
        ("onset,offset,code\n1500,2000,x\n", "whether of seconds or milliseconds.*--columns onset_s=... or onset_ms"),
        ("onset,code,who\n1.5,x,y\n", "known to be the offset or duration; there are the columns 'onset', 'code'"),
        ("a,b,c\n1.5,2,x\n", "known to be the onset and the code and the offset or duration"),
    ],
)
def test_what_is_not_certain_is_asked_and_not_guessed(tmp_path, text, sentence):
    with pytest.raises(CodingFileError, match=sentence):
        read(tmp_path / "a.csv", text)


def test_what_the_user_says_goes_before_what_is_known(tmp_path):
    text = "t0,t1,onset,who,A,B\n1500,2000,9,infant,x,\n2000,2500,9,infant,,y\n2500,2600,9,infant,x,y\n"
    reading = read(tmp_path / "a.csv", text, onset_ms="t0", offset_ms="T1", tier="who", code="A")
    assert spans(reading) == [("infant", "x", 1.5, 2.0), ("infant", "x", 2.5, 2.6)]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unreadable_row", "line 3"), ("unread_part", "columns")
    ]
    # Several columns of codes are tiers of their own.
    reading = read(tmp_path / "a.csv", text, onset_ms="t0", offset_ms="t1", code="A,B")
    assert spans(reading) == [
        ("A", "x", 1.5, 2.0), ("B", "y", 2.0, 2.5), ("A", "x", 2.5, 2.6), ("B", "y", 2.5, 2.6)
    ]
    reading = read(tmp_path / "a.csv", text, onset_ms="t0", offset_ms="t1", tier="who", code="B")
    assert spans(reading)[0] == ("infant", "y", 2.0, 2.5)
    # Moments: one column is both.
    reading = read(tmp_path / "a.csv", text, onset_ms="t0", offset_ms="t0", code="A")
    assert spans(reading) == [("", "x", 1.5, 1.5), ("", "x", 2.5, 2.5)]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"onset_s": "t9", "offset_s": "t1", "code": "A"}, "is called 't9'; there are the columns 't0', 't1', 'A'"),
        ({"begin": "t0"}, "'begin' is nothing that a column.*onset_s, onset_ms"),
    ],
)
def test_a_column_that_is_not_there_is_told(tmp_path, columns, sentence):
    with pytest.raises(CodingFileError, match=sentence):
        read(tmp_path / "a.csv", "t0,t1,A\n1,2,x\n", format="table", **columns)


def test_each_line_that_is_none_is_an_issue(tmp_path):
    text = (
        "onset_s,offset_s,duration_s,code,confidence\n"
        "1.5,2.5,1,ok,0.5\n"
        "1.5,2.5,3,longer,\n"
        ",2.5,,no onset,\n"
        "1.5,NA,,no offset,\n"
        "1.5,,1,by its duration,NA\n"
        "soon,2.5,,no number,\n"
        "1.5,2.5,,,\n"
        "1.5,2.5,,unsure,very\n"
        "1.5,2.5,1,wide,1,9\n"
        "1.5,2.5\n"
        '1.5,2.5,1,"open,1\n'
        "1.5,2.5,1,swallowed,1\n"
    )
    reading = read(tmp_path / "a.csv", text)
    assert list(reading.rows.code) == ["ok", "longer", "by its duration"] and reading.rows.offset_s[2] == 2.5
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("duration_disagrees", "line 3"),
        *(("unreadable_row", f"line {line}") for line in (4, 5, 7, 8, 9, 10, 11)),
        ("unreadable_row", "lines 12 to 13"),
    ]


def test_thousands_of_milliseconds_are_not_taken_for_a_second_and_a_bit(tmp_path):
    reading = read(tmp_path / "a.csv", "onset_ms;offset_ms;code\n1,250;61,000;x\n")
    assert not len(reading.rows) and reading.issues.rows[0].rule == "unreadable_row"


@pytest.mark.parametrize(
    "content", ["<a>\n1,2,3\n4,5,6\n</a>", '{"a": [1,2,3],\n "b": [4,5,6]}', "A story, a long one,\nof nothing.\n", ""]
)
def test_what_is_no_table_is_not_taken_for_one(tmp_path, content):
    assert not FORMATS["table"].sniff(content.encode(), tmp_path / "a.csv")


def test_a_table_that_another_format_knows_is_left_to_that(tmp_path):
    write_coding(Segments.from_rows(SOME), tmp_path / "a.tsv", "tsv")
    assert FORMATS["table"].sniff((tmp_path / "a.tsv").read_bytes(), tmp_path / "a.tsv")
    assert choose_format(tmp_path / "a.tsv").name == "tsv"


SOME = [
    {"session": "s01", "coder": "anna", "tier": "infant", "code": "Ipos", "onset_s": 0.5, "offset_s": 1.25,
     "confidence": 0.5, "comment": "two\nlines\tand \"quotes\""},
    {"session": "s01", "coder": "", "tier": "caregiver", "code": "Cneu", "onset_s": 1.25, "offset_s": 9.0,
     "confidence": float("nan"), "comment": ""},
    {"session": "s02", "coder": "ben", "tier": "infant", "code": "Ineu", "onset_s": -0.25, "offset_s": 9.0,
     "confidence": float("nan"), "comment": "ä"},
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=6)
MICROSECONDS = st.integers(-10**6, 10**12)


@st.composite
def segment_rows(draw):
    onset, length = draw(MICROSECONDS), draw(st.integers(0, 10**9))
    confidence = draw(st.none() | st.integers(0, 10**6).map(lambda part: part / 10**6))
    texts = {name: draw(TEXTS) for name in TEXT}
    return texts | {"onset_s": onset / 10**6, "offset_s": (onset + length) / 10**6, "confidence": confidence}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(segment_rows(), max_size=8))
@example(rows=SOME)
def test_any_segments_come_back_from_our_own_table_equal(tmp_path, rows):
    segments = Segments.from_rows(rows)
    write_coding(segments, tmp_path / "a.tsv")
    reading = read_coding(tmp_path / "a.tsv")
    assert not len(reading.issues)
    assert Segments(reading.rows).table.equals(segments.table)


def test_a_carriage_return_is_refused(tmp_path):
    with pytest.raises(DyadflowError, match="carriage return"):
        write_coding(Segments.from_rows([SOME[0] | {"code": "a\rb"}]), tmp_path / "a.tsv")
    assert not (tmp_path / "a.tsv").exists()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("s\ta\tinfant\tx\tsoon\t2\t\t", "line 2"),
        ("s\ta\tinfant\tx\t1\t2\tvery\t", "line 2"),
        ("s\ta\tinfant\tx\t1\t2\t", "line 2"),
        ("s\ta\tinfant\tx\t1\t2\t\t\t", "line 2"),
        ('s\ta\tinfant\t"x\t1\t2\t\t\ns\ta\tinfant\ty\t1\t2\t\t', "lines 2 to 3"),
    ],
)
def test_a_line_of_our_own_table_that_is_none_is_an_issue(tmp_path, line, place):
    header = "session\tcoder\ttier\tcode\tonset_s\toffset_s\tconfidence\tcomment\n"
    reading = read(tmp_path / "a.tsv", header + line + "\n")
    assert not len(reading.rows)
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", place)]


def test_a_further_column_of_our_own_table_is_named_and_a_missing_one_asked_for(tmp_path):
    text = "tier\tcode\tonset_s\toffset_s\tmood\ninfant\tx\t1\t2\tgood\n"
    reading = read(tmp_path / "a.tsv", text)
    assert spans(reading) == [("infant", "x", 1.0, 2.0)]
    assert [issue.what for issue in reading.issues] == ["not read: columns 'mood'"]
    with pytest.raises(CodingFileError, match="'code' is missing"):
        read(tmp_path / "a.tsv", text.replace("code", "kode"), format="tsv")


def lines_with_data(content, encoding, name):
    """Numbers of the lines that hold anything but delimiters, blanks and quotation marks, and not a column's name."""
    mark = {"utf-16": 2, "utf-8-sig": 3}.get(encoding, 0)
    text = content[mark:].decode("utf-16-le" if encoding == "utf-16" else "latin-1", errors="replace")
    lines = re.split("\r\n|\r|\n", text)
    return {
        number for number, line in enumerate(lines, start=1)
        if re.search(r'[^\s\x00\t;,"]', line) and not re.search(name, line)
    }


#: Content, encoding, delimiter, and the name of a column that there must be.
TABLES = {
    "a.csv": (PLAIN + "infant,61,62.5,away,anna,\ncaregiver,2,3,\"a, b\",ben,\n", "utf-8", ",", "Label"),
    "b.csv": (PLAIN.replace(",", ";").replace(".", ","), "utf-16", ";", "Label"),
    "c.txt": (ELAN_EXPORT + ELAN_EXPORT.splitlines()[1].replace("CHI", "MOT") + "\n", "utf-8-sig", "\t", "Annotation"),
    "d.tsv": (
        "session\tcoder\ttier\tcode\tonset_s\toffset_s\tconfidence\tcomment\ns\tanna\tinfant\tx\t1\t2.5\t0.5\t\n"
        's\tanna\tinfant\ty\t2.5\t3\t\t"two words"\ns\tben\tcaregiver\tz\t0\t9\t\t\n', "utf-8", "\t", "offset",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_of_a_damaged_table_every_line_is_accounted_for(tmp_path, mutants, places, name):
    text, encoding, delimiter, needed = TABLES[name]
    path, read_whole = tmp_path / name, {}
    for kind, content in mutants(text.encode(encoding), 7, 1000 if name == "d.tsv" else 340, delimiter):
        path.write_bytes(content)
        try:
            reading = read_coding(path)
        except CodingFileError:
            continue
        read_whole[kind] = read_whole.get(kind, 0) + 1
        named = places(reading)
        lost = {line for line in lines_with_data(content, encoding, needed) if f"line {line}" not in named}
        assert not lost, (kind, content)
    assert min(read_whole[kind] for kind in ("bytes", "lines", "columns", "truncated")) > 10

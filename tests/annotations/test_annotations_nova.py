"""NOVA annotations: whatever the kind of scheme and of file, the same labels, and none lost."""

import math
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import convert, read_segments
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import read_coding, write_coding
from dyadflow.annotations.formats.writing import WriteOptions
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

CLASSES = "<item name='Ipos' id='0' color='#FF00FF00'/><item name='Ineu' id='1'/><item name='schläft' id='7'/>"
DISCRETE = [(0.0, 12.34, 0, 1.0), (12.34, 20.5, 7, 0.9), (20.5, 31.25, -1, 0.25), (40.0, 61.125, 1, 0.5)]
NAMES = {0: "Ipos", 1: "Ineu", 7: "schläft", -1: "GARBAGE"}
FREE = [(0.5, 1.25, "guck mal", 1.0), (3.0, 4.5, "süß, ganz süß", 0.75), (5.0, 6.0, "", 0.5)]
SCORES = [(0.5, 1.0), (0.625, 0.5), (math.nan, 0.0), (math.nan, 0.0), (1.0, 0.25)]


def header(kind, count, *, binary=False, comma=False, meta='annotator="Anna" role="infant"'):
    scheme = {"DISCRETE": CLASSES, "FREE": "", "CONTINUOUS": ""}[kind]
    rate = ' sr="12,5" min="0,0" max="1,0"' if comma else ' sr="12.5" min="0" max="1"'
    return (
        f'<?xml version="1.0" ?>\n<annotation ssi-v="3">\n    <info ftype="{"BINARY" if binary else "ASCII"}" '
        f'size="{count}" />\n    <meta {meta}/>\n    <scheme name="engagement" type="{kind}"'
        f'{rate if kind == "CONTINUOUS" else ""}>{scheme}</scheme>\n</annotation>\n'
    )


def as_lines(labels, comma=False):
    def cell(value):
        text = value if isinstance(value, str) else "NaN" if value != value else f"{value:g}"
        return text.replace(".", ",") if comma and not isinstance(value, str) else text

    return "".join(";".join(map(cell, label)) + "\r\n" for label in labels)


def as_records(kind, labels, in_characters=False):
    """The bytes of a binary data file; NOVA counts the text's characters, SSI its bytes."""
    if kind == "DISCRETE":
        return b"".join(struct.pack("<ddif", *label) for label in labels)
    if kind == "CONTINUOUS":
        return b"".join(struct.pack("<ff", *label) for label in labels)
    parts = []
    for onset_s, offset_s, text, confidence in labels:
        written = text.encode()
        count = len(text.encode("utf-16-le")) // 2 if in_characters else len(written)
        parts.append(struct.pack("<ddI", onset_s, offset_s, count) + written + struct.pack("<f", confidence))
    return b"".join(parts)


def write_pair(path, kind, labels, *, binary=False, comma=False, encoding="utf-8", in_characters=False, count=None):
    path.write_bytes(header(kind, len(labels) if count is None else count, binary=binary, comma=comma).encode(encoding))
    data = as_records(kind, labels, in_characters) if binary else as_lines(labels, comma).encode(encoding)
    path.with_name(f"{path.name}~").write_bytes(data)
    return path


def rows_of(reading):
    columns = ["coder", "tier", "code", "onset_s", "offset_s", "confidence"]
    return list(reading.rows[columns].itertuples(index=False, name=None))


def variants():
    """Every way of writing a data file: keywords of `write_pair`."""
    yield {}
    yield {"comma": True, "encoding": "cp1252"}
    yield {"binary": True}
    yield {"binary": True, "in_characters": True}


@pytest.mark.parametrize("how", variants(), ids=str)
def test_a_discrete_annotation_gives_the_names_of_its_classes(tmp_path, how):
    reading = read_coding(write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE, **how))
    assert rows_of(reading) == [
        ("Anna", "infant.engagement", NAMES[number], onset_s, offset_s, confidence)
        for onset_s, offset_s, number, confidence in DISCRETE
    ]
    assert list(reading.vocabularies["infant.engagement"]) == ["Ipos", "Ineu", "schläft", "GARBAGE"]
    assert not len(reading.issues) and set(reading.rows.session) == {""}
    noun = "annotation" if how.get("binary") else "line"
    assert reading.rows["where"].tolist() == [f"{noun} {number}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("how", variants(), ids=str)
def test_a_free_annotation_gives_its_texts(tmp_path, how):
    reading = read_coding(write_pair(tmp_path / "a.annotation", "FREE", FREE, **how))
    assert rows_of(reading) == [("Anna", "infant.engagement", text, a, b, conf) for a, b, text, conf in FREE]
    assert not len(reading.issues) and not reading.vocabularies


@pytest.mark.parametrize("how", variants(), ids=str)
def test_a_score_covers_its_sample_and_moments_without_one_are_told_once(tmp_path, how):
    reading = read_coding(write_pair(tmp_path / "a.annotation", "CONTINUOUS", SCORES, **how))
    assert [(row[2], row[3], row[4], row[5]) for row in rows_of(reading)] == [
        ("0.5", 0.0, 0.08, 1.0), ("0.625", 0.08, 0.16, 0.5), ("1.0" if how.get("binary") else "1", 0.32, 0.4, 0.25),
    ]
    noun = "annotations" if how.get("binary") else "lines"
    (issue,) = reading.issues
    assert (issue.rule, issue.where, issue.severity) == ("unscored", f"{noun} 3 to 4", "note")
    assert issue.what == "2 moments of 5 have no score"


def test_the_tier_is_the_scheme_alone_where_no_role_is_named(tmp_path):
    path = tmp_path / "a.annotation"
    path.write_text(header("FREE", 1, meta='annotator="B"'))
    (tmp_path / "a.annotation~").write_text("1;2;x;1;color=#FF00FF00\n")
    reading = read_coding(path)
    assert rows_of(reading) == [("B", "engagement", "x", 1.0, 2.0, 1.0)]
    assert reading.rows.comment.tolist() == ["color=#FF00FF00"]


def test_times_with_separators_between_the_thousands_are_read_as_older_nova_means_them(tmp_path):
    path = write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE[:2])
    (tmp_path / "a.annotation~").write_text("1,234.50;1.240,75;0;1.00\n1e+03;1234,5;1;n. def.\n")
    assert [row[3:5] for row in rows_of(read_coding(path))] == [(1234.5, 1240.75), (1000.0, 1234.5)]
    assert math.isnan(read_coding(path).rows.confidence[1])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1;2;0", "not from;to;class;confidence"),
        ("1;x;0;1", "not from;to;class;confidence"),
        ("1;2;0;inf", "not from;to;class;confidence"),
        ("1;2;Ipos;1", "'Ipos' is not the number of a class"),
        ("1;2;5;1", "is of class 5"),
        ("1;2;-2;1", "is of class -2"),
    ],
)
def test_a_label_that_cannot_be_read_is_an_issue_with_its_line(tmp_path, line, said):
    path = write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE[:2])
    (tmp_path / "a.annotation~").write_text(f"0;1;0;1\n\n{line}\n")
    reading = read_coding(path)
    (issue,) = reading.issues
    assert (issue.rule, issue.where, issue.severity) == ("unreadable_row", "line 3", "error") and said in issue.what
    assert reading.rows["where"].tolist() == ["line 1"]


def test_a_blank_line_among_scores_is_a_moment_that_cannot_be_read(tmp_path):
    path = write_pair(tmp_path / "a.annotation", "CONTINUOUS", SCORES[:3])
    (tmp_path / "a.annotation~").write_text("0.5;1\n\n0.75;1\n\n")
    reading = read_coding(path)
    assert [(row[2], row[3]) for row in rows_of(reading)] == [("0.5", 0.0), ("0.75", 0.16)]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 2")]


def test_a_semicolon_in_a_free_text_is_not_taken_for_the_end_of_it(tmp_path):
    path = write_pair(tmp_path / "a.annotation", "FREE", FREE[:1])
    (tmp_path / "a.annotation~").write_text("1;2;a;0.5;b\n")
    (issue,) = read_coding(path).issues
    assert (issue.rule, issue.where) == ("unreadable_row", "line 1")


def test_scores_outside_the_scheme_are_kept_and_told(tmp_path):
    path = write_pair(tmp_path / "a.annotation", "CONTINUOUS", [(0.5, 1.0), (1.5, 1.0), (-0.1, 1.0)])
    reading = read_coding(path)
    (issue,) = reading.issues
    assert (issue.rule, issue.where) == ("outside_vocabulary", "lines 2 to 3") and "0 to 1" in issue.what
    assert len(reading.rows) == 3


def test_classes_without_a_clear_number_are_noted_and_their_labels_told(tmp_path):
    path = write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE)
    text = path.read_text(encoding="utf-8").replace("id='1'", "id='0'").replace("id='7'", "id='x'")
    path.write_text(text.replace("<meta ", '<meta description="draft" '), encoding="utf-8")
    reading = read_coding(path)
    assert [row[2] for row in rows_of(reading)] == ["GARBAGE"]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unread_part", "scheme, class 3"), ("unread_part", "scheme, number 0"), ("unread_part", "meta"),
        ("unreadable_row", "line 1"), ("unreadable_row", "line 2"), ("unreadable_row", "line 4"),
    ]


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("kind", ["DISCRETE", "FREE", "CONTINUOUS"])
def test_another_number_of_labels_than_the_header_says_is_an_issue(tmp_path, kind, binary):
    labels = {"DISCRETE": DISCRETE, "FREE": FREE, "CONTINUOUS": SCORES[:2]}[kind]
    path = write_pair(tmp_path / "a.annotation", kind, labels, binary=binary, count=9)
    (issue,) = read_coding(path).issues
    assert issue.rule == "count_disagrees" and f"says 9 labels, and the data hold {len(labels)}" in issue.what


@pytest.mark.parametrize(
    ("xml", "rule", "said"),
    [
        (header("DISCRETE", 1)[:90], "unreadable_file", "cut off"),
        ("<stream ssi-v='2'/>", "unreadable_file", "XML of kind 'stream'"),
        (header("DISCRETE", 1).replace('"3"', '"2"'), "unreadable_file", "version '2'"),
        (header("DISCRETE", 1).replace('"DISCRETE"', '"POLYGON"'), "unreadable_file", "'POLYGON'"),
        (header("FREE", 1).replace("ASCII", "LZ4"), "unreadable_file", "'LZ4'"),
        (header("CONTINUOUS", 1).replace("12.5", "-1"), "unreadable_file", "not a number of Hz"),
        (header("FREE", 1).replace("ASCII", "BINARY"), "unreadable_file", "the data are text"),
        (None, "missing_file", "there is no a.annotation~ beside it"),
    ],
)
def test_what_cannot_be_read_at_all_is_one_sentence(tmp_path, xml, rule, said):
    path = tmp_path / "a.annotation"
    path.write_text(xml or header("FREE", 1))
    if xml:
        (tmp_path / "a.annotation~").write_text("1;2;x;1\n")
    with pytest.raises(CodingFileError, match=said) as caught:
        read_coding(path, "nova")
    assert caught.value.rule == rule


def test_the_data_file_alone_is_answered_with_the_name_of_the_right_one(tmp_path):
    write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE)
    with pytest.raises(CodingFileError, match=r"Give a\.annotation, which"):
        read_coding(tmp_path / "a.annotation~")


# Writing.

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029;"),
                min_size=1, max_size=6).map(str.strip).filter(bool)
TIERS = st.sampled_from(["infant.engagement", "engagement", "a.b.c", ".x", "y.", "infant .x", "Kind & <er>"]) | TEXTS
TIMES = st.integers(0, 4_000_000).map(lambda ms: ms / 1000)
CONFIDENCES = st.one_of(st.just(math.nan), st.integers(0, 1000).map(lambda number: number / 1000))


@st.composite
def tables(draw, codes):
    rows = draw(st.lists(st.tuples(TIMES, TIMES, codes, CONFIDENCES), min_size=1, max_size=12))
    tier, coder = draw(TIERS), draw(st.sampled_from(["", "Anna", "Jörg"]))
    return Segments.from_rows(
        {"session": "s", "coder": coder, "tier": tier, "code": code, "onset_s": min(a, b), "offset_s": max(a, b),
         "confidence": confidence, "comment": ""}
        for a, b, code, confidence in rows
    )


def comes_back(segments, reading):
    read = Segments(reading.rows.assign(session="s")).table
    return read.drop(columns="comment").equals(segments.table.drop(columns="comment"))


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(segments=tables(TEXTS | st.just("GARBAGE")))
def test_discrete_segments_come_back_as_they_were(tmp_path, segments):
    written = write_coding(segments, tmp_path / "a.annotation")
    assert written.files == (tmp_path / "a.annotation", tmp_path / "a.annotation~") and not len(written.issues)
    reading = read_coding(tmp_path / "a.annotation")
    assert comes_back(segments, reading) and not len(reading.issues)
    assert set(reading.rows.code) <= set(reading.vocabularies[segments.table.tier[0]])


@QUICK
@given(segments=tables(TEXTS), numbers=st.lists(TEXTS, min_size=21, max_size=21, unique=True))
def test_free_segments_come_back_as_they_were(tmp_path, segments, numbers):
    more = segments.table.iloc[[0] * len(numbers)].assign(code=numbers, comment="said")
    segments = Segments.concat([segments, Segments(more)])
    written = write_coding(segments, tmp_path / "a.annotation")
    assert [(issue.rule, issue.what.split(" of ")[1]) for issue in written.issues] == [("not_held", "21 segments")]
    reading = read_coding(tmp_path / "a.annotation")
    assert comes_back(segments, reading) and not reading.vocabularies
    assert b'type="FREE"' in (tmp_path / "a.annotation").read_bytes()


@QUICK
@given(labels=st.lists(st.tuples(TIMES, TIMES, TEXTS, st.integers(0, 1000)), min_size=1, max_size=9),
       how=st.sampled_from([{}, {"binary": True}, {"binary": True, "in_characters": True}]))
def test_free_labels_of_any_kind_of_file_are_read_as_they_were_written(tmp_path, labels, how):
    labels = [(min(a, b), max(a, b), text, per_mille / 1000) for a, b, text, per_mille in labels]
    reading = read_coding(write_pair(tmp_path / "a.annotation", "FREE", labels, **how))
    rows = [(row[3], row[4], row[2], row[5]) for row in rows_of(reading)]
    if how:
        assert rows == labels
    else:  # "%g" keeps six digits, as SSI does
        assert [row[2] for row in rows] == [label[2] for label in labels]
        assert np.allclose([row[:2] for row in rows], [label[:2] for label in labels], rtol=1e-5)


@QUICK
@given(scores=st.lists(st.one_of(st.just(math.nan), st.floats(-1, 1, width=32)), min_size=1, max_size=20),
       rate_hz=st.sampled_from([0.5, 1.0, 12.5, 25.0, 29.97]), binary=st.booleans())
def test_scores_of_any_kind_of_file_lie_on_their_grid(tmp_path, scores, rate_hz, binary):
    path = tmp_path / "a.annotation"
    path.write_text(header("CONTINUOUS", len(scores), binary=binary).replace("12.5", str(rate_hz)))
    text = "".join(f"{score!r};1\n" for score in scores).encode()
    data = np.array([(score, 1) for score in scores], "<f4").tobytes() if binary else text
    (tmp_path / "a.annotation~").write_bytes(data)
    rows = rows_of(read_coding(path))
    assert [row[3] for row in rows] == [round(n / rate_hz, 6) for n, score in enumerate(scores) if score == score]
    assert all(math.isclose(row[4] - row[3], 1 / rate_hz, abs_tol=2e-6) for row in rows)
    assert [np.float32(row[2]) for row in rows] == [np.float32(score) for score in scores if score == score]


def test_classes_stand_in_the_order_and_colours_of_the_scheme(tmp_path, icep_r):
    tier = next(iter(icep_r.tiers))
    codes = list(icep_r.tiers[tier].codes)
    row = {"session": "s", "coder": "A", "tier": tier, "onset_s": 1.0, "offset_s": 2.0}
    segments = Segments.from_rows([row | {"code": codes[2]}, row | {"code": "odd"}])
    write_coding(segments, tmp_path / "a.annotation", options=WriteOptions(scheme=icep_r))
    text = (tmp_path / "a.annotation").read_text()
    for number, code in enumerate(codes):
        assert f'<item name="{code}" id="{number}" color="#FF{icep_r.colour_of(code)[1:].upper()}" />' in text
    listed = [*codes, *icep_r.merges_of(tier), "odd"]
    assert list(read_coding(tmp_path / "a.annotation").vocabularies[tier]) == listed
    assert (tmp_path / "a.annotation~").read_text() == f"1;2;2;NaN\n1;2;{len(listed) - 1};NaN\n"


def test_the_lists_of_codes_that_another_file_brings_along_are_kept(tmp_path):
    write_pair(tmp_path / "a.annotation", "DISCRETE", DISCRETE[:1])
    convert(tmp_path / "a.annotation", tmp_path / "b.annotation")
    before, after = (read_coding(tmp_path / f"{name}.annotation") for name in "ab")
    assert before.vocabularies == after.vocabularies and rows_of(before) == rows_of(after)


def test_each_tier_of_each_coder_has_its_own_file(tmp_path):
    rows = [
        {"session": "s", "coder": coder, "tier": tier, "code": "x", "onset_s": 0.0, "offset_s": 1.5}
        for coder in ("A", "B/1", "b:1") for tier in ("infant.engagement", "gaze")
    ]
    written = write_coding(Segments.from_rows(rows), tmp_path / "s.annotation")
    names = [path.name for path in written.files if not path.name.endswith("~")]
    assert names == [
        f"s.{tier}.{coder}.annotation"
        for tier in ("gaze", "infant.engagement") for coder in ("A", "B_1", "b_1.2")
    ]
    read = Segments.concat(read_segments(tmp_path / name)[0] for name in names)
    assert sorted(zip(read.table.tier, read.table.coder, strict=True)) == sorted(
        (row["tier"], row["coder"]) for row in rows)
    assert not (tmp_path / "s.annotation").exists()


def test_a_scheme_without_segments_gives_annotations_to_be_filled(tmp_path, icep_r):
    written = write_coding(Segments.from_rows([]), tmp_path / "s.annotation", options=WriteOptions(scheme=icep_r))
    assert len(written.files) == 2 * len(icep_r.tiers)
    reading = read_coding(written.files[0])
    assert not len(reading.rows) and not len(reading.issues)
    with pytest.raises(DyadflowError, match="no segment"):
        write_coding(Segments.from_rows([]), tmp_path / "t.annotation")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"onset_s": -0.5}, "before zero"),
        ({"offset_s": 1.0000001}, "shorter than a microsecond"),
        ({"code": ""}, "the code ''"),
        ({"code": "a\nb"}, "the code"),
        ({"tier": " x"}, "the tier ' x'"),
        ({"coder": "\x1b"}, "the coder"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(tmp_path, change, said):
    row = {"session": "s", "coder": "A", "tier": "t", "code": "x", "onset_s": 1.0, "offset_s": 2.0} | change
    with pytest.raises(DyadflowError, match=said):
        write_coding(Segments.from_rows([row]), tmp_path / "a.annotation")
    many = [row | {"onset_s": 1.0, "offset_s": 2.0, "tier": "t", "coder": "A", "code": f"{n};"} for n in range(21)]
    with pytest.raises(DyadflowError, match="semicolon"):
        write_coding(Segments.from_rows(many), tmp_path / "a.annotation")


def test_several_sessions_are_refused(tmp_path):
    rows = [{"session": name, "coder": "", "tier": "t", "code": "x", "onset_s": 0.0, "offset_s": 1.0} for name in "ab"]
    with pytest.raises(DyadflowError, match="holds one session"):
        write_coding(Segments.from_rows(rows), tmp_path / "a.annotation")


# A thousand damaged files.

VARIANTS = [
    (kind, how)
    for kind in ("DISCRETE", "FREE", "CONTINUOUS")
    for how in ({}, {"comma": True, "encoding": "cp1252"}, {"binary": True})
]
LABELS = {"DISCRETE": DISCRETE * 2, "FREE": FREE * 2, "CONTINUOUS": SCORES * 2}


def count_places(kind, data, binary):
    """How many labels a data file holds, counted without the reader, and what they are called."""
    if not binary:
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        return {f"line {number}" for number, line in enumerate(lines, start=1) if line.strip()}
    if kind != "FREE":
        return {f"annotation {n + 1}" for n in range(math.ceil(len(data) / (24 if kind == "DISCRETE" else 8)))}
    found, place = 0, 0
    while place < len(data):  # one that does not end within the file is the last
        found += 1
        length = struct.unpack("<I", data[place + 16 : place + 20])[0] if place + 20 <= len(data) else len(data)
        place += 24 + length
    return {f"annotation {n + 1}" for n in range(found)}


def account(path, kind, binary, places):
    """Whether the file was refused; if not, every label must be named by a row or an issue."""
    try:
        reading = read_coding(path, "nova")
    except CodingFileError as error:
        assert str(error)
        return True
    data = path.with_name(f"{path.name}~").read_bytes()
    missing = count_places(kind, data, binary) - places(reading)
    assert not missing, (missing, data)
    return False


def test_no_label_of_a_damaged_data_file_is_lost(tmp_path, mutants, places):
    refused = 0
    for seed, (kind, how) in enumerate(VARIANTS):
        path = write_pair(tmp_path / "a.annotation", kind, LABELS[kind], **how)
        binary = how.get("binary", False)
        content = (tmp_path / "a.annotation~").read_bytes()
        for _, mutant in mutants(content, seed, 1000 // len(VARIANTS) + 1, None if binary else ";"):
            (tmp_path / "a.annotation~").write_bytes(mutant)
            refused += account(path, kind, binary, places)
    assert refused < 50  # nearly all of them are still read


def test_no_label_is_lost_for_a_damaged_header(tmp_path, mutants, places):
    refused = 0
    for seed, (kind, how) in enumerate(VARIANTS):
        path = write_pair(tmp_path / "a.annotation", kind, LABELS[kind], **how)
        for _, mutant in mutants(path.read_bytes(), 100 + seed, 1000 // len(VARIANTS) + 1):
            path.write_bytes(mutant)
            # The kind and the way of writing are what the damaged header says, if it still says so.
            kinds = [name for name in LABELS if f'TYPE="{name}"'.encode() in mutant.upper()]
            binary = b'"BINARY"' in mutant.upper()
            refused += account(path, kinds[0] if kinds else kind, binary, places)
    assert 100 < refused < 1000

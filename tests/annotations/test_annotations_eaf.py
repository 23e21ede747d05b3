"""ELAN documents: real ones are read whole, ours are valid and come back as they were."""

import csv
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.writers.eaf import write_eaf
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import read_coding
from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

FIELDS = ["coder", "tier", "code", "onset_s", "offset_s", "comment"]


def segment(tier, code, onset_ms, offset_ms, coder="anna", **more):
    return {
        "session": "s01",
        "coder": coder,
        "tier": tier,
        "code": code,
        "onset_s": onset_ms / 1000,
        "offset_s": offset_ms / 1000,
        "comment": "",
    } | more


def as_read(path):
    rows = read_coding(path).rows.assign(session="s01")
    return Segments(rows).table


def write_document(path, *, slots, tiers, header="", types=""):
    """A hand-written document: slots {name: ms or None}, tiers {name: xml of annotations}."""
    times = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{name}"' + ("" if value is None else f' TIME_VALUE="{value}"') + "/>"
        for name, value in slots.items()
    )
    body = "".join(
        f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="t">{xml}</TIER>' for name, xml in tiers.items()
    )
    path.write_text(
        '<?xml version="1.0"?><ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" '
        'FORMAT="3.0" VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">{header}</HEADER><TIME_ORDER>{times}</TIME_ORDER>'
        f'{body}<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="t"/></ANNOTATION_DOCUMENT>',
        encoding="utf-8",
    )
    return path


def aligned(identifier, first, last, value):
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{identifier}" TIME_SLOT_REF1="{first}" '
        f'TIME_SLOT_REF2="{last}"><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(identifier, parent, value):
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{identifier}" ANNOTATION_REF="{parent}">'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def as_the_truth_has_it(time_s):
    """A time in the truth's milliseconds.

    68 of its 592 times are a millisecond short of the file's TIME_VALUE (13392 for 13393). They are those that
    floating point puts below the whole millisecond on the way to hundredths of a second, to seconds and back,
    where decimals are then cut off: 13393 / 10 / 100 * 1000 is 13392.999999999998.
    """
    return int(round(time_s * 1000) / 10 / 100 * 1000)


def test_a_child_centred_file_is_read_row_for_row(eaf_samples):
    with (eaf_samples / "child_example.truth.csv").open(newline="", encoding="utf-8") as stream:
        truth = sorted(
            (row["speaker_id"], int(row["segment_onset"]), int(row["segment_offset"]), row["transcription"])
            for row in csv.DictReader(stream)
        )
    reading = read_coding(eaf_samples / "child_example.eaf")
    rows = reading.rows[~reading.rows.tier.str.contains("@")]
    found = sorted((row.tier, row.onset_s, row.offset_s, row.code) for row in rows.itertuples())
    assert len(found) == len(truth) == 296
    for (tier, onset_s, offset_s, code), (speaker, onset_ms, offset_ms, text) in zip(
        found, truth, strict=True
    ):
        assert (tier, code) == (speaker, text)
        assert (as_the_truth_has_it(onset_s), as_the_truth_has_it(offset_s)) == (onset_ms, offset_ms)
    # What the file itself says is kept exactly: the same numbers in order, not merely numbers near them.
    written = re.findall(
        r'TIME_VALUE="(\d+)"', (eaf_samples / "child_example.eaf").read_text(encoding="utf-8")
    )
    assert sorted([*rows.onset_s, *rows.offset_s]) == sorted(int(value) / 1000 for value in written)
    # 416 reference annotations: none lost, each over the whole of what it refers to in the end.
    assert len(reading.rows) == 296 + 416 and not len(reading.issues)
    spans = set(zip(rows.onset_s, rows.offset_s, strict=True))
    assert set(zip(reading.rows.onset_s, reading.rows.offset_s, strict=True)) == spans


@pytest.mark.parametrize("version", ["2.7", "2.8", "3.0"])
def test_a_large_file_of_each_version_is_read_whole_and_quickly(eaf_samples, version):
    began = time.process_time()
    reading = read_coding(eaf_samples / f"sample_{version}.eaf")
    assert time.process_time() - began < 5
    assert reading.rows.tier.value_counts().to_dict() == {
        "text": 399,
        "words-timesub": 1995,
        "words-symsub": 1995,
        "gestures": 1197,
        "gest_included": 1197,
        "words-pos": 1995,
    }
    assert [issue.rule for issue in reading.issues] == ["untimed_slot"]
    # The words of a sentence share it out without gaps.
    text = reading.rows[reading.rows.tier == "text"]
    words = reading.rows[reading.rows.tier == "words-timesub"].sort_values("onset_s")
    assert (words.offset_s > words.onset_s).all()
    assert words.groupby("onset_s").ngroups == 1995
    assert set(text.onset_s) <= set(words.onset_s) and set(text.offset_s) <= set(words.offset_s)
    assert set(words.offset_s) - set(words.onset_s) <= set(text.offset_s)


def test_three_annotators_of_one_tier_each_are_read(eaf_samples):
    rows = read_coding(eaf_samples / "three_annotators.eaf").rows
    assert list(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True)) == [
        ("Maureen", "S", 1.006, 1.896),
        ("Maureen", "S", 3.738, 4.926),
        ("Marvin", "S", 2.401, 3.422),
        ("Robin", "S", 5.294, 5.781),
    ]


def test_slots_without_a_time_are_spaced_evenly_and_shared_by_neighbours(tmp_path):
    slots = {"ts1": 1000, "ts2": None, "ts9": 1100, "ts3": None, "ts4": 2000}
    tiers = {
        "words": aligned("a1", "ts1", "ts2", "x")
        + aligned("a2", "ts2", "ts3", "y")
        + aligned("a3", "ts3", "ts4", "z")
    }
    reading = read_coding(write_document(tmp_path / "a.eaf", slots=slots, tiers=tiers))
    spans = list(zip(reading.rows.onset_s, reading.rows.offset_s, strict=True))
    assert spans == [(1.0, 1.333), (1.333, 1.667), (1.667, 2.0)]
    assert [issue.rule for issue in reading.issues] == ["untimed_slot"]


def test_an_annotation_whose_time_nobody_knows_is_an_issue_and_no_row(tmp_path):
    slots = {"ts1": 0, "ts2": 10, "ts3": None, "ts4": 50}
    tiers = {
        "t": aligned("a1", "ts1", "ts2", "x") + aligned("a2", "ts3", "ts4", "y"),
        "r": referring("a3", "a2", "z"),
    }
    reading = read_coding(write_document(tmp_path / "a.eaf", slots=slots, tiers=tiers))
    assert list(reading.rows.code) == ["x"]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("untimed_annotation", "annotation a2"),
        ("untimed_annotation", "annotation a3"),
    ]


def test_two_annotations_of_one_identifier_are_not_lost_in_silence(tmp_path):
    tiers = {"t": aligned("a1", "ts1", "ts2", "x") + aligned("a1", "ts1", "ts2", "y")}
    reading = read_coding(write_document(tmp_path / "a.eaf", slots={"ts1": 0, "ts2": 9}, tiers=tiers))
    assert [issue.severity for issue in reading.issues] == ["error"]
    assert "'a1'" in reading.issues.rows[0].sentence()


def media(name, origin_ms=None):
    origin = "" if origin_ms is None else f' TIME_ORIGIN="{origin_ms}"'
    urls = f'MEDIA_URL="file:///x/{name}" RELATIVE_MEDIA_URL="./{name}"'
    return f'<MEDIA_DESCRIPTOR {urls} MIME_TYPE="video/mp4"{origin}/>'


def test_the_origin_of_the_recording_shifts_every_time(tmp_path, vocabulary):
    tiers = {"infant": aligned("a1", "ts1", "ts2", "Ipos")}
    slots = {"ts1": 150, "ts2": 1150}
    path = write_document(tmp_path / "a.eaf", slots=slots, tiers=tiers, header=media("s01.mp4", 2000))
    segments, issues = import_coding(path, session="s01", coder="anna", vocabulary=vocabulary)
    assert list(segments.table.onset_s) == [2.15] and list(segments.table.offset_s) == [3.15]
    assert not len(issues)


def test_of_several_recordings_the_sessions_own_origin_is_taken(tmp_path, vocabulary):
    tiers = {"infant": aligned("a1", "ts1", "ts2", "Ipos")}
    header = media("left.mp4") + media("right.mp4", 500)
    path = write_document(tmp_path / "a.eaf", slots={"ts1": 0, "ts2": 10}, tiers=tiers, header=header)
    known = {"session": "s01", "coder": "anna", "vocabulary": vocabulary}
    segments, issues = import_coding(path, recording="videos/Right.mov", **known)
    assert list(segments.table.onset_s) == [0.5] and not len(issues)
    segments, issues = import_coding(path, recording="other.mp4", **known)
    assert list(segments.table.onset_s) == [0.0]
    assert [issue.rule for issue in issues] == ["media_origins"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<?xml version='1.0'?><ANNOTATION_DOCUMENT><HEADER>", "cut off"),
        (b"<?xml version='1.0'?><html></html>", "XML of kind 'html'"),
        (
            b"<?xml version='1.0'?><ANNOTATION_DOCUMENT VERSION='3.0'></ANNOTATION_DOCUMENT>",
            "lacks something",
        ),
        (b"Peter and the wolf", "not XML"),
    ],
)
def test_what_is_no_elan_document_is_told_in_one_line(tmp_path, content, sentence):
    (tmp_path / "a.eaf").write_bytes(content)
    with pytest.raises(CodingFileError) as error:
        read_coding(tmp_path / "a.eaf")
    assert (
        sentence in str(error.value)
        and "\n" not in str(error.value)
        and error.value.rule == "unreadable_file"
    )


EXAMPLE = [
    segment("infant", "Ipos", 0, 1001),
    segment("infant", "Ineu", 1001, 61000, comment="a smile? & <more>"),
    segment("infant", "Ineu", 500, 700, coder="ben"),
    segment("caregiver", "Cneg", 33, 34, coder="model", confidence=0.8125),
    segment("phase", "play", 0, 120000),
]


def test_what_we_write_is_a_valid_elan_document(tmp_path, icep_r, eaf_samples):
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(eaf_samples / "EAFv3.0.xsd"))
    cases = {"full": EXAMPLE, "empty": [], "overlaps": [*EXAMPLE, segment("infant", "Iusc", 300, 2000)]}
    for name, rows in cases.items():
        for scheme in (icep_r, None):
            path = tmp_path / f"{name}.eaf"
            write_eaf(Segments.from_rows(rows), path, scheme=scheme, media="../videos/s 01.mp4")
            schema.assertValid(etree.parse(path))


def test_what_we_write_comes_back_equal_with_touching_annotations(tmp_path, icep_r):
    segments = Segments.from_rows(EXAMPLE)
    write_eaf(segments, tmp_path / "s01.eaf", scheme=icep_r, media="s01.mp4")
    reading = read_coding(tmp_path / "s01.eaf")
    assert as_read(tmp_path / "s01.eaf").equals(segments.table)
    assert reading.media == ("./s01.mp4",) and not len(reading.issues)


def test_pympi_reads_the_same_spans_from_what_we_write(tmp_path, icep_r):
    from pympi.Elan import Eaf

    write_eaf(Segments.from_rows(EXAMPLE), tmp_path / "s01.eaf", scheme=icep_r)
    document = Eaf(str(tmp_path / "s01.eaf"))
    assert document.get_annotation_data_for_tier("infant@anna") == [(0, 1001, "Ipos"), (1001, 61000, "Ineu")]
    assert document.adocument["VERSION"] == "3.0"
    assert document.tiers["infant@ben"][2]["ANNOTATOR"] == "ben"
    assert document.get_ref_annotation_data_for_tier("caregiver@model confidence") == [
        (33, 34, "0.8125", "Cneg")
    ]


def test_elan_offers_the_schemes_codes_and_their_merges_and_no_others(tmp_path, icep_r):
    from pympi.Elan import Eaf

    write_eaf(Segments.from_rows(EXAMPLE), tmp_path / "s01.eaf", scheme=icep_r)
    document = Eaf(str(tmp_path / "s01.eaf"))
    kind = document.tiers["infant@anna"][2]["LINGUISTIC_TYPE_REF"]
    vocabulary = document.linguistic_types[kind]["CONTROLLED_VOCABULARY_REF"]
    entries = document.controlled_vocabularies[vocabulary][1]
    offered = {value: description for [(value, _, description)], _ in entries.values()}
    assert list(offered) == [*icep_r.tiers["infant"].codes, "Ineg"]
    assert offered["Ineg"] == "Negative: Ipro, Iwit"


def test_overlapping_segments_go_to_a_second_tier_and_none_is_lost(tmp_path):
    from pympi.Elan import Eaf

    rows = [segment("infant", "a", 0, 100), segment("infant", "b", 50, 150), segment("infant", "c", 100, 200)]
    write_eaf(Segments.from_rows(rows), tmp_path / "s01.eaf")
    tiers = Eaf(str(tmp_path / "s01.eaf")).tiers
    assert {name: len(tier[0]) for name, tier in tiers.items()} == {"infant@anna": 2, "infant@anna#2": 1}
    assert as_read(tmp_path / "s01.eaf").equals(Segments.from_rows(rows).table)


def test_the_same_segments_are_the_same_bytes_without_a_path_of_this_machine(tmp_path, icep_r):
    written = []
    for name in ("a.eaf", "b.eaf"):
        write_eaf(Segments.from_rows(EXAMPLE), tmp_path / name, scheme=icep_r, media="s01.mp4")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert b'MEDIA_URL="./s01.mp4"' in written[0] and b"file:" not in written[0]


def test_a_path_that_the_user_gave_in_full_stays_full(tmp_path):
    write_eaf(Segments.from_rows(EXAMPLE), tmp_path / "a.eaf", media="C:\\films\\s01.mp4")
    assert b'MEDIA_URL="file:///C:/films/s01.mp4"' in (tmp_path / "a.eaf").read_bytes()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([segment("t", "a", 5, 5)], "shorter than a millisecond"),
        ([segment("t", "a", -5, 5)], "before zero"),
        ([segment("t", "a\x01", 0, 5)], "control characters"),
        ([segment("t", "a", 0, 5), segment("t", "a", 0, 5) | {"session": "s02"}], "one session"),
    ],
)
def test_what_elan_cannot_hold_is_refused_in_one_line(tmp_path, rows, sentence):
    with pytest.raises(DyadflowError, match=sentence):
        write_eaf(Segments.from_rows(rows), tmp_path / "a.eaf")
    assert not (tmp_path / "a.eaf").exists()


LETTERS = st.characters(categories=("L", "N", "P", "S"), include_characters=" @#")
NAMES, MAYBE = st.text(LETTERS, min_size=1, max_size=6), st.text(LETTERS, max_size=6)
TIMES_MS = st.integers(0, 400_000)


@st.composite
def segment_rows(draw):
    onset_ms = draw(TIMES_MS)
    offset_ms = onset_ms + 1 + draw(TIMES_MS)
    return segment(draw(NAMES), draw(MAYBE), onset_ms, offset_ms, draw(MAYBE), comment=draw(MAYBE))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(segment_rows(), max_size=12))
def test_any_segments_come_back_from_elan_equal(tmp_path, rows):
    segments = Segments.from_rows(rows)
    write_eaf(segments, tmp_path / "s01.eaf")
    found, expected = as_read(tmp_path / "s01.eaf"), segments.table
    order = [*FIELDS[:2], "onset_s", "offset_s", "code", "comment"]
    assert (
        found[FIELDS].sort_values(order).values.tolist()
        == expected[FIELDS].sort_values(order).values.tolist()
    )

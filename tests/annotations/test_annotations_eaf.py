"""ELAN documents: real ones are read whole, ours are valid and come back as they were."""

import csv
import re
import time
import xml.etree.ElementTree as etree
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import convert
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import read_coding
from dyadflow.annotations.formats.writers.eaf import write_eaf
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


@pytest.fixture(scope="session")
def schema():
    """ELAN's own schema, or nothing where it is not beside the project."""
    path = Path(__file__).parents[3] / "shared" / "data" / "eaf" / "EAFv3.0.xsd"
    if path.is_file():
        from lxml import etree as lxml

        return lxml.XMLSchema(lxml.parse(path))
    return None


@pytest.fixture
def write(schema):
    """`write_eaf`, and every document that it writes is held against the schema where there is one."""

    def write_and_validate(rows, path, **more):
        write_eaf(Segments.from_rows(rows), path, **more)
        if schema is not None:
            from lxml import etree as lxml

            schema.assertValid(lxml.parse(path))
        return path

    return write_and_validate


def as_read(path):
    rows = read_coding(path).rows.assign(session="s01")
    return Segments(rows).table


def write_document(path, *, slots, tiers, header="", units="milliseconds", more=""):
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
        f'<HEADER MEDIA_FILE="" TIME_UNITS="{units}">{header}</HEADER><TIME_ORDER>{times}</TIME_ORDER>'
        f'{body}<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="t"/>{more}</ANNOTATION_DOCUMENT>',
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
    assert len(reading.rows) == 296 + 416
    # Its lists of values stand at an address; nothing else is left unread.
    assert [issue.rule for issue in reading.issues] == ["unread_part"] * 3
    assert all("ACLEW-basic-vocabularies.ecv" in issue.what for issue in reading.issues)
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
            "lacks its TIME_ORDER",
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


def test_what_we_write_is_a_valid_elan_document(tmp_path, icep_r, eaf_samples, write):
    cases = {"full": EXAMPLE, "empty": [], "overlaps": [*EXAMPLE, segment("infant", "Iusc", 300, 2000)]}
    for name, rows in cases.items():
        for scheme in (icep_r, None):
            write(rows, tmp_path / f"{name}.eaf", scheme=scheme, media="../videos/s 01.mp4")


def test_what_we_write_comes_back_equal_with_touching_annotations(tmp_path, icep_r, write):
    segments = Segments.from_rows(EXAMPLE)
    write(EXAMPLE, tmp_path / "s01.eaf", scheme=icep_r, media="s01.mp4")
    reading = read_coding(tmp_path / "s01.eaf")
    assert as_read(tmp_path / "s01.eaf").equals(segments.table)
    assert reading.media == ("./s01.mp4",) and not len(reading.issues)


def test_pympi_reads_the_same_spans_from_what_we_write(tmp_path, icep_r, write):
    from pympi.Elan import Eaf

    write(EXAMPLE, tmp_path / "s01.eaf", scheme=icep_r)
    document = Eaf(str(tmp_path / "s01.eaf"))
    assert document.get_annotation_data_for_tier("infant@anna") == [(0, 1001, "Ipos"), (1001, 61000, "Ineu")]
    assert document.adocument["VERSION"] == "3.0"
    assert document.tiers["infant@ben"][2]["ANNOTATOR"] == "ben"
    assert document.get_ref_annotation_data_for_tier("caregiver@model confidence") == [
        (33, 34, "0.8125", "Cneg")
    ]


def test_elan_offers_the_schemes_codes_and_their_merges_and_no_others(tmp_path, icep_r, write):
    from pympi.Elan import Eaf

    write(EXAMPLE, tmp_path / "s01.eaf", scheme=icep_r)
    document = Eaf(str(tmp_path / "s01.eaf"))
    kind = document.tiers["infant@anna"][2]["LINGUISTIC_TYPE_REF"]
    vocabulary = document.linguistic_types[kind]["CONTROLLED_VOCABULARY_REF"]
    entries = document.controlled_vocabularies[vocabulary][1]
    offered = {value: description for [(value, _, description)], _ in entries.values()}
    assert list(offered) == [*icep_r.tiers["infant"].codes, "Ineg"]
    assert offered["Ineg"] == "Negative: Ipro, Iwit"


def test_overlapping_segments_go_to_a_second_tier_and_none_is_lost(tmp_path, write):
    from pympi.Elan import Eaf

    rows = [segment("infant", "a", 0, 100), segment("infant", "b", 50, 150), segment("infant", "c", 100, 200)]
    write(rows, tmp_path / "s01.eaf")
    tiers = Eaf(str(tmp_path / "s01.eaf")).tiers
    assert {name: len(tier[0]) for name, tier in tiers.items()} == {"infant@anna": 2, "infant@anna#2": 1}
    assert as_read(tmp_path / "s01.eaf").equals(Segments.from_rows(rows).table)


def test_the_same_segments_are_the_same_bytes_without_a_path_of_this_machine(tmp_path, icep_r, write):
    written = []
    for name in ("a.eaf", "b.eaf"):
        write(EXAMPLE, tmp_path / name, scheme=icep_r, media="s01.mp4")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert b'MEDIA_URL="./s01.mp4"' in written[0] and b"file:" not in written[0]


def test_a_path_that_the_user_gave_in_full_stays_full(tmp_path, write):
    write(EXAMPLE, tmp_path / "a.eaf", media="C:\\films\\s01.mp4")
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


LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff", include_characters="\t\n")
NAMES, MAYBE = st.text(LETTERS, min_size=1, max_size=6), st.text(LETTERS, max_size=6)
TIMES_MS = st.integers(0, 400_000)


@st.composite
def segment_rows(draw):
    onset_ms = draw(TIMES_MS)
    offset_ms = onset_ms + 1 + draw(TIMES_MS)
    more = {"comment": draw(MAYBE), "confidence": draw(st.none() | st.integers(0, 10**6).map(lambda n: n / 10**6))}
    return segment(draw(MAYBE), draw(MAYBE), onset_ms, offset_ms, draw(MAYBE), **more)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(segment_rows(), max_size=12), listed=st.dictionaries(NAMES, MAYBE, max_size=3))
def test_any_segments_come_back_from_elan_equal_and_so_do_their_lists_of_codes(tmp_path, write, rows, listed):
    # Of one tier at least the codes are a closed list.
    vocabularies = {rows[0]["tier"] if rows else "infant": listed} if listed else {}
    write(rows, tmp_path / "s01.eaf", vocabularies=vocabularies)
    reading = read_coding(tmp_path / "s01.eaf")
    assert not len(reading.issues) and reading.vocabularies == vocabularies
    fields = [*FIELDS, "confidence"]
    order = [*FIELDS[:2], "onset_s", "offset_s", "code", "comment", "confidence"]
    found, expected = (
        table[fields].sort_values(order).fillna(-1.0).values.tolist()
        for table in (as_read(tmp_path / "s01.eaf"), Segments.from_rows(rows).table)
    )
    assert found == expected


@pytest.mark.parametrize("name", ["sample_2.7", "sample_2.8", "sample_3.0", "child_example", "three_annotators"])
def test_a_real_document_written_anew_is_valid_and_holds_the_same(tmp_path, eaf_samples, schema, name):
    from lxml import etree as lxml

    source = eaf_samples / f"{name}.eaf"
    convert(source, tmp_path / "s01.eaf")
    schema.assertValid(lxml.parse(tmp_path / "s01.eaf"))
    assert as_read(tmp_path / "s01.eaf").equals(as_read(source))
    before, after = read_coding(source), read_coding(tmp_path / "s01.eaf")
    assert after.vocabularies == before.vocabularies and after.media == before.media[:1]


def test_the_codes_that_elan_offers_for_a_tier_are_read_in_every_version_and_kept(tmp_path, eaf_samples):
    expected = {
        "gestures": {"prep": "preparation", "hold": "hold", "stroke": "stroke", "retr": "retraction"},
        "words-pos": {"v": "verb", "n": "noun", "adj": "adjective"},
    }
    for version in ("2.7", "2.8", "3.0"):
        assert read_coding(eaf_samples / f"sample_{version}.eaf").vocabularies == expected
    convert(eaf_samples / "sample_2.7.eaf", tmp_path / "s01.eaf")
    assert read_coding(tmp_path / "s01.eaf").vocabularies == expected


VOCABULARIES = (
    '<CONTROLLED_VOCABULARY CV_ID="v"><CV_ENTRY_ML CVE_ID="c1"><CVE_VALUE LANG_REF="eng" DESCRIPTION="hand">h'
    '</CVE_VALUE><CVE_VALUE LANG_REF="nld" DESCRIPTION="handje">hd</CVE_VALUE></CV_ENTRY_ML><CV_ENTRY_ML CVE_ID="c2">'
    '<CVE_VALUE LANG_REF="eng">f</CVE_VALUE></CV_ENTRY_ML></CONTROLLED_VOCABULARY>'
)


def test_a_list_in_several_languages_gives_a_tier_the_values_of_its_own(tmp_path):
    path = write_document(tmp_path / "a.eaf", slots={}, tiers={"english": "", "dutch": ""}, more=VOCABULARIES)
    text = path.read_text(encoding="utf-8").replace('ID="t"/>', 'ID="t" CONTROLLED_VOCABULARY_REF="v"/>')
    path.write_text(text.replace('TIER_ID="dutch"', 'TIER_ID="dutch" LANG_REF="nld"'), encoding="utf-8")
    assert read_coding(path).vocabularies == {"english": {"h": "hand", "f": ""}, "dutch": {"hd": "handje", "f": ""}}


def test_times_in_frames_are_refused_and_not_taken_for_milliseconds(tmp_path):
    path = write_document(tmp_path / "a.eaf", slots={"ts1": 0}, tiers={}, units="PAL-frames")
    with pytest.raises(CodingFileError, match="in PAL-frames"):
        read_coding(path)


def test_one_faulty_annotation_costs_itself_alone(tmp_path):
    slots = {"ts1": 0, "ts2": 10, "ts3": "12.6", "ts4": "soon", "ts5": 50}
    no_end = aligned("a4", "ts1", "ts2", "w").replace('TIME_SLOT_REF2="ts2"', "")
    tiers = {
        "t": aligned("a1", "ts1", "ts2", "x")
        + aligned("a1", "ts1", "ts2", "y")
        + aligned("", "ts1", "ts2", "z")
        + no_end
        + aligned("a5", "ts2", "ts3", "v").replace("<ANNOTATION_VALUE>v</ANNOTATION_VALUE>", "")
        + aligned("a6", "ts2", "ts3", "u")
        + aligned("a7", "ts3", "ts9", "s")
        + aligned("a8", "ts4", "ts5", "r")
        + aligned("a9", "ts1", "ts5", ""),
        "r": referring("a10", "a99", "q") + referring("a11", "a12", "p") + referring("a12", "a11", "o"),
    }
    reading = read_coding(write_document(tmp_path / "a.eaf", slots=slots, tiers=tiers, header=media("s.mp4", "x")))
    rows = list(reading.rows[["code", "onset_s", "offset_s", "where"]].itertuples(index=False, name=None))
    assert rows == [
        ("x", 0.0, 0.01, "annotation a1"), ("u", 0.01, 0.013, "annotation a6"), ("", 0.0, 0.05, "annotation a9")
    ]
    assert Counter((issue.rule, issue.where) for issue in reading.issues) == {
        ("unread_part", "slot ts3 (12.6)"): 1,
        ("unread_part", "slot ts4"): 1,
        ("unreadable_row", "tier 't', annotation 2"): 1,
        ("unreadable_row", "tier 't', annotation 3"): 1,
        ("unreadable_row", "annotation a4"): 1,
        ("unreadable_row", "annotation a5"): 1,
        ("untimed_annotation", "annotation a7"): 1,
        ("untimed_annotation", "annotation a8"): 1,
        ("untimed_annotation", "annotation a10"): 1,
        ("untimed_annotation", "annotation a11"): 1,
        ("untimed_annotation", "annotation a12"): 1,
        ("media_origins", "header"): 1,
    }


def test_two_tiers_of_one_name_are_both_read(tmp_path):
    path = write_document(tmp_path / "a.eaf", slots={"ts1": 0, "ts2": 9}, tiers={
        "t": aligned("a1", "ts1", "ts2", "x"), "u": aligned("a2", "ts1", "ts2", "y")
    })
    path.write_text(path.read_text(encoding="utf-8").replace('TIER_ID="u"', 'TIER_ID="t"'), encoding="utf-8")
    reading = read_coding(path)
    assert list(zip(reading.rows.tier, reading.rows.code, strict=True)) == [("t", "x"), ("t", "y")]
    assert [issue.rule for issue in reading.issues] == ["unread_part"]


def test_a_slot_that_the_document_lacks_is_not_made_up(tmp_path):
    tiers = {"t": aligned("a1", "ts1", "ts2", "x") + aligned("a2", "ts2", "ts3", "y")}
    reading = read_coding(write_document(tmp_path / "a.eaf", slots={"ts1": 0, "ts3": 9, "ts4": None}, tiers=tiers))
    assert not len(reading.rows)
    assert [issue.where for issue in reading.issues] == ["annotation a1", "annotation a2"]


@pytest.mark.parametrize("name", ["my film [1].mp4", "100%.mp4", "a#1.mp4", "Säugling 日.mp4"])
def test_a_recording_keeps_its_name_whatever_is_in_it(tmp_path, write, name):
    path = write(EXAMPLE, tmp_path / "s01.eaf", media=f"../films/{name}")
    assert read_coding(path).media == (f"../films/{name}",)


def test_confidence_and_comment_belong_to_their_row_and_a_strange_one_is_told(tmp_path, write, places):
    path = write(EXAMPLE, tmp_path / "s01.eaf")
    written = set(re.findall(r'ANNOTATION_ID="(\w+)"', path.read_text(encoding="utf-8")))
    named = {f"annotation {identifier}" for identifier in written}
    assert len(named) == len(EXAMPLE) + 2 and named <= places(read_coding(path))
    path.write_text(path.read_text(encoding="utf-8").replace("0.8125", "rather"), encoding="utf-8")
    reading = read_coding(path)
    assert [issue.rule for issue in reading.issues] == ["unreadable_row"]
    assert reading.issues.rows[0].what.startswith("'rather' is no confidence")
    assert len(reading.rows) == len(EXAMPLE) and named <= places(reading)


def unaccounted(content, reading, named):
    """Annotations of a document that no row and no issue names; counted without the reader.

    An identifier that occurs once must be named. Of one that occurs more often, or is empty, the others must be
    named by their place.
    """
    root = etree.fromstring(content)
    identifiers = Counter(
        element.get("ANNOTATION_ID", "") for tag in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
        for element in root.iter(tag)
    )
    by_place = sum(bool(re.fullmatch(r"(tier .*|outside of tiers), annotation \d+", place)) for place in named)
    lost = {name for name in identifiers if name and f"annotation {name}" not in named}
    return lost, sum(identifiers.values()) - len(set(identifiers) - {""}) - by_place


def small_documents(folder, write, icep_r):
    slots = {"ts1": 0, "ts2": None, "ts3": 2000, "ts4": 2500}
    tiers = {
        "words": "\n" + aligned("a1", "ts1", "ts2", "x") + "\n" + aligned("a2", "ts2", "ts3", "y") + "\n",
        "gaze": aligned("a3", "ts3", "ts4", "away") + "\n",
        "kind": "\n".join(referring(f"a{number + 3}", f"a{number}", "k") for number in (1, 2, 3)) + "\n",
    }
    yield write_document(
        folder / "old.eaf", slots=slots, tiers=tiers, header=media("s.mp4", 40), more=VOCABULARIES
    ).read_bytes().replace(b"><", b">\n<")
    ours = write(EXAMPLE, folder / "ours.eaf", scheme=icep_r, media="s01.mp4").read_text(encoding="utf-8")
    yield ours.encode()
    yield ours.replace("encoding='UTF-8'", "encoding='UTF-16'").encode("utf-16")


def test_a_damaged_document_is_refused_or_every_annotation_of_it_accounted_for(
    tmp_path, write, icep_r, mutants, places
):
    read = Counter()
    for seed, document in enumerate(small_documents(tmp_path, write, icep_r)):
        assert not unaccounted(document, read_bytes(tmp_path, document), places(read_bytes(tmp_path, document)))[0]
        for kind, content in mutants(document, seed, 334, '"'):
            try:
                reading = read_bytes(tmp_path, content)
            except CodingFileError:
                continue
            read[kind] += 1
            assert unaccounted(content, reading, places(reading)) == (set(), 0), (seed, kind, content)
    # Not all were refused: every kind but cutting off leaves some that can be read.
    assert all(read[kind] > 20 for kind in ("bytes", "lines", "columns")), read


def read_bytes(folder, content):
    (folder / "mutant.eaf").write_bytes(content)
    return read_coding(folder / "mutant.eaf")

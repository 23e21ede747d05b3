"""The study's files: the same bytes from the same seed, and readable by what reads anybody's files."""

from pathlib import Path

import pandas as pd
import pytest

from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.demo.behaviour import simulate_session
from dyadflow.demo.coders import CODERS, code_session
from dyadflow.demo.settings import DemoSettings
from dyadflow.demo.write import make_coding, write_sheets, write_truth
from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table

SETTINGS = DemoSettings()
CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("coder", list(CODERS))
def test_a_coding_file_holds_what_the_coder_coded_to_the_millisecond(tmp_path, coder):
    path = tmp_path / f"d05{CODERS[coder].suffix}"
    make_coding("d05", coder, settings=SETTINGS, path=path)
    vocabulary = Vocabulary.of(read_scheme(CONFIG / "schemes" / "icep-r.yaml"))
    segments, issues = import_coding(path, session="d05", coder=coder, vocabulary=vocabulary)
    # Above the row of column names the export has two lines of its own; they are told, and nothing else is.
    told = [("unread_part", "note", "lines 1 and 2")] if coder == "anna" else []
    assert [(issue.rule, issue.severity, issue.where) for issue in issues] == told
    expected = code_session(simulate_session("d05", SETTINGS), coder, seed=SETTINGS.seed)
    pd.testing.assert_frame_equal(segments.table, expected.table, atol=1e-9)


@pytest.mark.parametrize("coder", list(CODERS))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, coder):
    for name, settings in (("a", SETTINGS), ("b", DemoSettings()), ("c", DemoSettings(seed=5))):
        make_coding("d02", coder, settings=settings, path=tmp_path / name)
    contents = [(tmp_path / name).read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_the_observer_export_looks_like_one(tmp_path):
    make_coding("d01", "anna", settings=SETTINGS, path=tmp_path / "d01.txt")
    data = (tmp_path / "d01.txt").read_bytes()
    assert data.startswith(b"\xff\xfe")
    lines = data.decode("utf-16").split("\r\n")
    columns = lines[2].split("\t")
    assert {"Time_Relative_sf", "Duration_sf", "Observation", "Subject", "Behavior", "Event_Type"} <= set(
        columns
    )
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[3:-1]]
    assert {row["Event_Type"] for row in rows} == {"State start", "State stop"}
    assert {row["Behavior"] for row in rows if row["Subject"] == "Session"} == {
        "play",
        "turn-away",
        "still-face",
        "reunion",
    }
    times = [float(row["Time_Relative_sf"]) for row in rows]
    assert times == sorted(times)


def test_the_elan_document_has_a_tier_each_for_infant_caregiver_and_phase(tmp_path):
    from pympi import Eaf

    make_coding("d01", "ben", settings=SETTINGS, path=tmp_path / "d01.eaf")
    document = Eaf(str(tmp_path / "d01.eaf"))
    assert set(document.get_tier_names()) == {"Infant", "Caregiver", "Phase"}
    assert [value for *_, value in sorted(document.get_annotation_data_for_tier("Phase"))] == [
        "play",
        "turn-away",
        "still-face",
        "reunion",
    ]
    assert document.get_linked_files()[0]["MEDIA_URL"].endswith("d01.mp4")


def test_the_truth_is_a_segment_table_with_all_that_happened(tmp_path):
    write_truth("d01", settings=SETTINGS, path=tmp_path / "d01.tsv")
    session = simulate_session("d01", SETTINGS)
    truth = Segments.read(tmp_path / "d01.tsv")
    assert len(truth) == len(session.infant) + len(session.caregiver) + len(session.phases)
    assert truth.select(tier="infant").table.offset_s.max() == pytest.approx(session.duration_s)


def test_a_coder_nobody_knows_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(DyadflowError, match="anna, ben"):
        make_coding("d01", "clara", settings=SETTINGS, path=tmp_path / "x")


def test_the_sheets_that_ship_with_the_study_are_those_of_its_sessions(tmp_path):
    write_sheets(tmp_path)
    for name in ("sessions.tsv", "coding.tsv"):
        assert (CONFIG / "studies" / "demo" / name).read_bytes() == (tmp_path / name).read_bytes()
    sessions = read_table(tmp_path / "sessions.tsv", ["session", "dyad", "media", "group"], text=["session"])
    assert len(sessions) == 12
    assert sessions.dyad.is_unique

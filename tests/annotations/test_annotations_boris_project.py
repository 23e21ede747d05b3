"""BORIS projects: toggles become states, offsets come off, and no event is lost."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import read_segments
from dyadflow.annotations.formats.reading import FORMATS, CodingFileError
from dyadflow.annotations.formats.registry import read_coding

BEHAVIORS = [
    ("Ipos", "State event", "smiles or coos", "affect", "Ineg,Ineu"),
    ("Ineg", "State event", "fusses or cries", "affect", "Ipos,Ineu"),
    ("Ineu", "State event with coding map", "neither", "affect", "Ipos,Ineg"),
    ("gaze", "State event", "looks at the other's face", "", ""),
    ("touch", "Point event", "touches", "", ""),
]
STATES = [name for name, kind, *_ in BEHAVIORS if kind.startswith("State")]
EVENTS = [  # in the order of time: two states of the infant, one of the caregiver, one point
    [0.5, "infant", "Ipos", "", ""],
    [2.25, "infant", "Ipos", "", "ends in a yawn"],
    [2.25, "infant", "Ineg", "loud|None", ""],
    [3.0, "caregiver", "touch", "", "left hand", 75],
    [4.0, "caregiver", "gaze", "", ""],
    [9.125, "infant", "Ineg", "loud|None", ""],
    [10.0, "caregiver", "gaze", "", ""],
]
ROWS = [
    ("infant", "Ipos", 0.5, 2.25, "category: affect; ends in a yawn"),
    ("infant", "Ineg", 2.25, 9.125, "category: affect; modifiers: loud"),
    ("caregiver", "touch", 3.0, 3.0, "left hand"),
    ("caregiver", "gaze", 4.0, 10.0, ""),
]


def observation(events, **more):
    return {
        "date": "2024-05-01T10:00:00",
        "description": "",
        "type": "MEDIA",
        "time offset": 0.0,
        "file": {"1": ["video/s01.mp4"], "2": []},
        "media_info": {
            "length": {"video/s01.mp4": 60.04}, "fps": {"video/s01.mp4": 25.0},
            "hasVideo": {"video/s01.mp4": True}, "hasAudio": {"video/s01.mp4": True}, "offset": {"1": 0.0},
        },
        "independent_variables": {"age": "4"},
        "observation time interval": [0, 0],
        "close_behaviors_between_videos": False,
        "events": events,
    } | more


def project(observations, behaviors=BEHAVIORS, subjects=("infant", "caregiver")):
    return {
        "time_format": "hh:mm:ss",
        "project_name": "still-face",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(number): {"key": "", "name": name, "description": ""} for number, name in enumerate(subjects)
        },
        "behaviors_conf": {
            str(number): {
                "type": kind, "key": "", "code": code, "description": description, "color": "#aa0000",
                "category": category, "modifiers": {}, "excluded": excluded, "coding map": "",
            }
            for number, (code, kind, description, category, excluded) in enumerate(behaviors)
        },
        "observations": observations,
    }


def write(tmp_path, content, name="study.boris", **how):
    path = tmp_path / name
    data = json.dumps(content, **how).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return path


def claimed_by(path):
    """Formats that take the file for theirs, those left out that take whatever no other does."""
    head = path.read_bytes()[:65536]
    return [name for name, known in FORMATS.items() if known.sniff(head, path) and not known.fallback]


def rows_of(reading):
    columns = ["tier", "code", "onset_s", "offset_s", "comment"]
    return list(reading.rows[columns].itertuples(index=False, name=None))


def test_events_that_start_and_stop_states_by_turns_become_states(tmp_path):
    path = write(tmp_path, project({"s01": observation(EVENTS)}))
    assert claimed_by(path) == ["boris_project"]
    reading = read_coding(path)
    assert rows_of(reading) == ROWS and not len(reading.issues)
    assert set(reading.rows.session) == {"s01"} and set(reading.rows.coder) == {""}
    assert reading.rows["where"].tolist() == [
        "observation 's01', events 1 and 2", "observation 's01', events 3 and 6", "observation 's01', event 4",
        "observation 's01', events 5 and 7",
    ]


@pytest.mark.parametrize("name", ["study.boris", "study.boris.gz", "study.json"])
@pytest.mark.parametrize("indent", [None, 0, 1, "\t"])
def test_however_it_is_saved_it_reads_the_same(tmp_path, name, indent):
    path = write(tmp_path, project({"s01": observation(EVENTS)}), name, indent=indent, ensure_ascii=False)
    assert claimed_by(path) == ["boris_project"]
    assert rows_of(read_coding(path)) == ROWS


def test_the_project_says_recordings_lengths_and_what_codes_mean(tmp_path):
    reading = read_coding(write(tmp_path, project({"s01": observation(EVENTS)})))
    assert reading.media == ("video/s01.mp4",) and reading.lengths_s == {"video/s01.mp4": 60.04}
    assert reading.origins_s == {"video/s01.mp4": 0.0}
    assert list(reading.vocabularies) == ["infant", "caregiver"]
    assert reading.vocabularies["infant"]["Ipos"] == "smiles or coos" and len(reading.vocabularies["infant"]) == 5


def test_without_a_subject_the_category_is_the_tier_and_has_its_own_codes(tmp_path):
    events = [[1.0, "", "Ipos", "", ""], [2.0, "", "Ipos", "", ""], [3.0, "", "touch", "", ""]]
    reading = read_coding(write(tmp_path, project({"s01": observation(events)}, subjects=())))
    assert rows_of(reading) == [("affect", "Ipos", 1.0, 2.0, ""), ("", "touch", 3.0, 3.0, "")]
    assert list(reading.vocabularies["affect"]) == ["Ipos", "Ineg", "Ineu"]
    assert list(reading.vocabularies[""]) == ["gaze", "touch"]


@pytest.mark.parametrize(("offset_s", "created_s"), [(3600.0, None), (-0.5, None), (1.235, 10.0)])
def test_the_time_offset_that_boris_adds_comes_off_with_a_note(tmp_path, offset_s, created_s):
    # write_event of BORIS 8 adds both to the position of the player.
    added_s = offset_s + (created_s or 0)
    about = observation([[round(time_s + added_s, 3), *rest] for time_s, *rest in EVENTS])
    about["time offset"] = offset_s
    if created_s is not None:
        about["media_creation_date_as_offset"] = True
        about["media_info"]["media_creation_time"] = {"video/s01.mp4": created_s}
    reading = read_coding(write(tmp_path, project({"s01": about})))
    assert rows_of(reading) == ROWS
    assert [(issue.rule, issue.severity) for issue in reading.issues] == [("media_origins", "note")]
    assert f"{added_s:g} s" in reading.issues.rows[0].what


def test_recordings_of_a_playlist_follow_each_other_and_those_of_players_run_together(tmp_path):
    about = observation(EVENTS, file={"1": ["a.mp4", "b.mp4"], "2": ["c.mp4"], "3": []})
    about["media_info"] = {
        "length": {"a.mp4": 5.0, "b.mp4": 20.0, "c.mp4": 25.0}, "offset": {"1": 0.0, "2": 1.5, "3": 0.0}
    }
    reading = read_coding(write(tmp_path, project({"s01": about})))
    assert reading.media == ("a.mp4", "b.mp4", "c.mp4")
    # 7 s of the observation are 2 s of b, and 5.5 s of c, which was started 1.5 s later.
    assert reading.origins_s == {"a.mp4": 0.0, "b.mp4": -5.0, "c.mp4": -1.5}
    assert reading.lengths_s == {"a.mp4": 5.0, "b.mp4": 20.0, "c.mp4": 25.0}


def test_an_odd_number_of_events_is_a_state_open_to_the_end_or_to_what_excludes_it(tmp_path):
    events = [
        [1.0, "infant", "Ipos", "", ""],
        [4.0, "infant", "gaze", "", ""],
        [6.0, "infant", "Ineg", "", ""],
        [8.0, "infant", "Ineg", "", ""],
    ]
    reading = read_coding(write(tmp_path, project({"s01": observation(events)})))
    open_ = reading.rows[reading.rows.offset_s.isna()]
    # Ineg excludes Ipos, so BORIS stopped it at 6 s at the latest; nothing excludes gaze.
    assert list(open_[["code", "latest_s"]].itertuples(index=False, name=None)) == [("Ipos", 6.0), ("gaze", 60.04)]
    segments, issues = read_segments(tmp_path / "study.boris")
    assert [issue.rule for issue in issues] == ["unpaired_event"] * 2
    assert segments.select(code="Ipos").table.offset_s.tolist() == [4.0]  # convert takes all codes as exclusive


def test_the_chosen_interval_of_an_observation_ends_its_open_states(tmp_path):
    about = observation([[1.0, "infant", "gaze", "", ""]], **{"observation time interval": [0, 30]})
    assert read_coding(write(tmp_path, project({"s01": about}))).rows.latest_s.tolist() == [30.0]


def test_a_live_observation_has_no_recording_and_ends_with_its_last_event(tmp_path):
    about = observation([[1.5, "infant", "gaze", "", ""], [7.0, "infant", "touch", "", ""]], type="LIVE", file=[])
    del about["media_info"]
    reading = read_coding(write(tmp_path, project({"s01": about})))
    assert reading.media == () and reading.rows.latest_s.tolist()[0] == 7.0


def test_each_observation_is_a_session_and_a_variable_may_name_the_coder(tmp_path):
    content = project({
        "s01": observation(EVENTS, independent_variables={"Observer": "Ann"}),
        "s02": observation(EVENTS[:2], independent_variables={"Coder": "Ben"}),
    })
    reading = read_coding(write(tmp_path, content))
    assert set(zip(reading.rows.session, reading.rows.coder, strict=True)) == {("s01", "Ann"), ("s02", "Ben")}
    assert len(reading.rows) == 5


def test_an_event_that_stands_there_twice_is_read_once(tmp_path):
    reading = read_coding(write(tmp_path, project({"s01": observation([EVENTS[0], EVENTS[0], EVENTS[1]])})))
    assert [row[:4] for row in rows_of(reading)] == [("infant", "Ipos", 0.5, 2.25)]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("repeated_event", "observation 's01', event 2")
    ]


@pytest.mark.parametrize(
    "event",
    [
        [1.0, "infant", "Ipso", "", ""],
        ["NA", "infant", "Ipos", "", "", 4, "picture.jpg"],
        [1.0, "infant"],
        [None, "infant", "Ipos", "", ""],
        [1.0, 7, "Ipos", "", ""],
        "1.0",
        {"time": 1.0},
    ],
)
def test_an_event_that_cannot_be_placed_is_an_issue_with_its_number(tmp_path, event):
    reading = read_coding(write(tmp_path, project({"s 01": observation([*EVENTS, event])})))
    assert rows_of(reading) == ROWS
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unreadable_row", "observation 's 01', event 8")
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b'{"observations": []}', b'{"behaviors_conf": {}}', b'{"observations": {"a": {}, "a": {}}}',
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_no_project_says_so(tmp_path, content):
    (tmp_path / "a.boris").write_bytes(content)
    with pytest.raises(CodingFileError, match=r"a\.boris"):
        read_coding(tmp_path / "a.boris")


def test_an_observation_without_events_is_told_and_an_empty_one_is_not(tmp_path):
    reading = read_coding(write(tmp_path, project({"s01": observation([]), "s02": {"file": {}}, "s03": None})))
    assert len(reading.rows) == 0
    assert [issue.where for issue in reading.issues] == ["observation 's02'", "observation 's03'"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    codings=st.lists(
        st.tuples(
            st.sampled_from(["infant", "caregiver", ""]), st.sampled_from(STATES), st.sampled_from(["", "left", "a|b"]),
            st.lists(st.integers(0, 90_000), unique=True, max_size=7),
        ),
        unique_by=lambda item: item[:3], max_size=5,
    ),
    points=st.lists(st.tuples(st.sampled_from(["infant", ""]), st.integers(0, 90_000)), unique=True, max_size=4),
    offset_ms=st.sampled_from([0, 0, 1, -250, 3_600_000]),
    packed=st.booleans(),
)
def test_any_coding_of_a_project_is_read_to_the_millisecond(tmp_path, codings, points, offset_ms, packed):
    events, expected = [], []
    categories = {code: category for code, _, _, category, _ in BEHAVIORS}
    for subject, code, modifier, times_ms in codings:
        times_ms = sorted(times_ms)
        events += [[(time_ms + offset_ms) / 1000, subject, code, modifier, ""] for time_ms in times_ms]
        tier = subject or categories[code]
        for place in range(0, len(times_ms), 2):
            pair = times_ms[place : place + 2]
            expected.append((tier, code, pair[0], pair[1] if len(pair) == 2 else None))
    for subject, time_ms in points:
        events.append([(time_ms + offset_ms) / 1000, subject, "touch", "", ""])
        expected.append((subject, "touch", time_ms, time_ms))
    events.sort(key=lambda event: event[0])
    about = observation(events, **{"time offset": offset_ms / 1000})
    path = write(tmp_path, project({"s01": about}), "a.boris.gz" if packed else "a.boris")
    rows = read_coding(path).rows
    found = [
        (row.tier, row.code, row.onset_s, None if row.offset_s != row.offset_s else row.offset_s)
        for row in rows.itertuples()
    ]
    in_seconds = [
        (tier, code, onset / 1000, None if offset is None else offset / 1000) for tier, code, onset, offset in expected
    ]
    assert sorted(found, key=repr) == sorted(in_seconds, key=repr)


def count_events(content: bytes) -> set[str]:
    """Every event of a project, counted without the reader."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    found = set()
    for name, about in json.loads(text.removeprefix("\ufeff"))["observations"].items():
        events = about.get("events") if isinstance(about, dict) else None
        if isinstance(events, list):
            found |= {f"observation {name!r}, event {number}" for number in range(1, len(events) + 1)}
        else:
            found.add(f"observation {name!r}")
    return found


def check_account(path, content, places):
    """Whether a project was read; if so, every event of it is named."""
    path.write_bytes(content)
    FORMATS["boris_project"].sniff(content, path)
    try:
        reading = read_coding(path, "boris_project")
    except CodingFileError:
        return False
    assert count_events(content) <= places(reading)
    return True


@pytest.mark.parametrize(("name", "count"), [("a.boris", 800), ("a.boris.gz", 100)])
def test_a_damaged_project_is_an_error_or_every_event_is_accounted_for(tmp_path, mutants, places, name, count):
    observations = {"s01": observation(EVENTS), "s02": observation(EVENTS[2:], **{"time offset": 2.5})}
    content = write(tmp_path, project(observations), name, indent=1).read_bytes()
    read = sum(check_account(tmp_path / name, mutant, places) for _, mutant in mutants(content, seed=4, count=count))
    assert read < count and (name.endswith(".gz") or read > count / 10)


def test_whatever_stands_in_an_entry_of_a_project_its_events_are_accounted_for(tmp_path, places):
    observations = {"s01": observation(EVENTS), "s02": observation(EVENTS[2:], **{"time offset": 2.5})}
    written = json.dumps(project(observations))
    rng = np.random.default_rng(7)
    strange = [None, True, -1, 1e300, "", "x", [], [[]], {}, {"a": [1]}, "NA", "12,5"]
    read = 0
    for _ in range(600):
        content = json.loads(written)
        entry = content
        while True:
            keys = list(entry) if isinstance(entry, dict) else list(range(len(entry)))
            key = keys[rng.integers(len(keys))]
            if isinstance(entry[key], dict | list) and entry[key] and rng.random() < 0.85:
                entry = entry[key]
                continue
            if rng.random() < 0.2:
                del entry[key]
            else:
                entry[key] = strange[rng.integers(len(strange))]
            break
        read += check_account(tmp_path / "a.boris", json.dumps(content).encode(), places)
    assert read > 400

"""Observer exports as text: however they are written they give the same segments, and no row is lost."""

import csv
import io
import itertools
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding
from dyadflow.annotations.importing import import_coding

V10 = [
    "Date_Time_Absolute_dmy_hmsf",
    "Date_dmy",
    "Time_Absolute_hms",
    "Time_Absolute_f",
    "Time_Relative_hmsf",
    "Time_Relative_hms",
    "Time_Relative_f",
    "Time_Relative_sf",
    "Duration_sf",
    "Observation",
    "Event_Log",
    "Subject",
    "Behavior",
    "Modifier_1",
    "Event_Type",
    "Comment",
]
V14 = [*V10[:9], "Result_Container", *V10[9:14], "Modifier_2", *V10[14:], "Age"]
OLDER = [
    "Relative Time (seconds)",
    "Observation Name",
    "Event Log File Name",
    "Subject",
    "Behavior",
    "Event Type",
    "Comment",
]
OTHER = ["Time", "ObservationName", "Event Log File Name", "Subject", "Behavior", "State Event", "Comment"]
CLOCKS = ["Time_Relative_hmsf", "Observation", "Subject", "Behavior", "Event_Type", "Comment"]
GERMAN = {
    "Time_Relative_hmsf": "Zeit_Relativ_hmsf",
    "Time_Relative_sf": "Zeit_Relativ_sf",
    "Duration_sf": "Dauer_sf",
    "Observation": "Beobachtung",
    "Subject": "Subjekt",
    "Behavior": "Verhalten",
    "Event_Type": "Ereignistyp",
    "Comment": "Kommentar",
    "Modifier_1": "Modifikator_1",
    "State start": "Zustand Start",
    "State stop": "Zustand Stopp",
    "Point": "Punkt",
    "State point": "Zustand Punkt",
}

# (time, subject, behaviour, event type, comment): three states of the mother, one of the infant, umlauts.
EVENTS = [
    (0.0, "Mother", "Cneu", "State start", ""),
    (0.48, "Infant", "Ipos", "State start", 'fröhlich; "laut", sehr'),
    (12.345, "Mother", "Cneu", "State stop", ""),
    (12.345, "Mother", "Cpos", "State start", ""),
    (20.04, "Infant", "Ipos", "State stop", ""),
    (60.5, "Mother", "Cpos", "State stop", ""),
]
SEGMENTS = [
    ("Mother", "Cneu", 0.0, 12.345),
    ("Infant", "Ipos", 0.48, 20.04),
    ("Mother", "Cpos", 12.345, 60.5),
]


def cells_of(event, columns, decimal):
    time_s, subject, behaviour, kind, comment = event
    number = f"{time_s:.3f}".replace(".", decimal)
    minutes, seconds = divmod(abs(time_s), 60)
    clock = f"{'-' if time_s < 0 else ''}00:{int(minutes):02d}:{seconds:06.3f}".replace(".", decimal)
    known = {
        "Time_Relative_sf": number,
        "Relative Time (seconds)": number,
        "Time": number,
        "Time_Relative_hmsf": clock,
        "Time_Relative_hms": clock[:-4],
        "Time_Relative_f": clock[-3:],
        "Subject": subject,
        "Behavior": behaviour,
        "Event_Type": kind,
        "Event Type": kind,
        "State Event": kind,
        "Comment": comment,
        "Observation": "s01",
        "Observation Name": "s01",
        "ObservationName": "s01",
        "Event_Log": "Live events",
        "Date_dmy": "1-2-2020",
        "Age": "4 months",
    }
    return [known.get(name, "") for name in columns]


def export(
    events=EVENTS,
    *,
    columns=V10,
    delimiter=";",
    decimal=".",
    quoted=True,
    trailing=False,
    header=(),
    german=False,
):
    rows = [columns, *(cells_of(event, columns, decimal) for event in events)]
    if german:
        rows = [[GERMAN.get(cell, cell) for cell in row] for row in rows]
    if trailing:
        rows = [[*row, ""] for row in rows]
    stream = io.StringIO()
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    )
    stream.writelines(f"{line}\r\n" for line in header)
    writer.writerows(rows)
    return stream.getvalue()


def spans(rows):
    return sorted(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True), key=lambda row: row[2])


def unread(header, columns):
    """Where notes stand of what a whole file has that is not read: two lines above the names, and ages."""
    return ["lines 1 and 3"] * bool(header) + ["column 19"] * ("Age" in columns)


ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_every_encoding_delimiter_and_decimal_sign_reads_the_same(tmp_path, encoding, delimiter, decimal):
    variants = itertools.product((V10, V14, OLDER, OTHER), (True, False), (True, False), (True, False))
    # A quarter of the 32 layouts for each of the 36 ways of writing: together every pair occurs.
    for columns, quoted, trailing, german in random.Random(f"{encoding}{delimiter}{decimal}").sample(
        list(variants), 8
    ):
        header = ('"Project: Still-Face"', "", f"Exported{delimiter}2020") if trailing else ()
        text = export(
            columns=columns,
            delimiter=delimiter,
            decimal=decimal,
            quoted=quoted,
            trailing=trailing,
            header=header,
            german=german,
        )
        path = tmp_path / "s01.txt"
        path.write_bytes(text.encode(encoding))
        assert choose_format(path).name == "observer"
        reading = read_coding(path)
        assert spans(reading.rows) == SEGMENTS
        assert [issue.where for issue in reading.issues] == unread(header, columns)
        assert {issue.rule for issue in reading.issues} <= {"unread_part"}
        assert reading.rows.comment[1] == 'fröhlich; "laut", sehr'
        assert set(reading.rows.session) == {"s01"} and set(reading.rows.coder) == {""}


def test_a_byte_order_mark_of_either_order_is_understood(tmp_path):
    (tmp_path / "s01.txt").write_bytes(b"\xfe\xff" + export().encode("utf-16-be"))
    assert spans(read_coding(tmp_path / "s01.txt").rows) == SEGMENTS


WORDS = st.text("abÄöß ,;\t\"'.-0", max_size=8).map(str.strip)
BOUTS = st.lists(
    st.tuples(
        st.sampled_from(["Infant", "Mother", "Father, or uncle"]),
        st.sampled_from(["Ipos", "Ineu", 'says "ba"']),
        st.sampled_from(["State", "Point", "State point"]),
        st.integers(0, 9_999),
        st.integers(1, 200_000),
        WORDS,
    ),
    max_size=10,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bouts=BOUTS,
    begin_ms=st.integers(-3_000, 3_000),
    columns=st.sampled_from([V10, V14, OLDER, OTHER, CLOCKS]),
    delimiter=st.sampled_from(",;\t"),
    decimal=st.sampled_from(",."),
    quoted=st.booleans(),
    trailing=st.booleans(),
    german=st.booleans(),
    header=st.lists(st.sampled_from(["Project: Still-Face", '"a ""b"" c"', "Duration;600"]), max_size=3),
    encoding=st.sampled_from(ENCODINGS),
)
def test_whatever_was_coded_is_read_however_it_was_written(
    tmp_path, bouts, begin_ms, columns, encoding, header, **layout
):
    events, expected, now_ms = [], [], dict.fromkeys(("Infant", "Mother", "Father, or uncle"), begin_ms)
    for subject, code, kind, gap_ms, length_ms, comment in bouts:
        onset_ms = now_ms[subject] + gap_ms
        offset_ms = onset_ms + (length_ms if kind == "State" else 0)
        now_ms[subject] = offset_ms + 1
        events.append((onset_ms / 1000, subject, code, "State start" if kind == "State" else kind, comment))
        if kind == "State":
            events.append((offset_ms / 1000, subject, code, "State stop", ""))
        expected.append((subject, code, onset_ms / 1000, offset_ms / 1000, comment))
    path = tmp_path / "s01.txt"
    path.write_bytes(export(events, columns=columns, header=header, **layout).encode(encoding))
    reading = read_coding(path)
    rows = reading.rows
    found = list(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, rows.comment, strict=True))
    assert sorted(found) == sorted(expected)
    assert {issue.rule for issue in reading.issues} <= {"unread_part"}
    assert set(rows.session) <= {"s01"}


@pytest.mark.parametrize("kept", ["Time_Relative_hmsf", "Time_Relative_hms"])
def test_the_most_precise_time_there_is_is_read(tmp_path, kept):
    dropped = {"Time_Relative_sf", "Time_Relative_hmsf", "Time_Relative_hms", "Time_Relative_f"} - {kept}
    if kept == "Time_Relative_hms":
        dropped -= {"Time_Relative_f"}
    path = tmp_path / "s01.txt"
    path.write_text(export(columns=[name for name in V10 if name not in dropped]))
    assert spans(read_coding(path).rows) == SEGMENTS


def test_a_part_of_a_second_that_can_be_frames_is_not_guessed_at(tmp_path):
    head = "Time_Relative_hms;Time_Relative_f;Subject;Behavior;Event_Type\n"
    (tmp_path / "a.txt").write_text(
        f"{head}00:00:01;12;Infant;Ipos;Point\n00:00:02;0.25;Infant;Ipos;Point\n00:00:03;0;Infant;Ipos;Point\n"
    )
    reading = read_coding(tmp_path / "a.txt")
    assert reading.rows.onset_s.tolist() == [2.25, 3.0]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 2")]
    assert "frames" in reading.issues.rows[0].what
    (tmp_path / "b.txt").write_text("Time_Relative_f;Subject;Behavior;Event_Type\n12;Infant;Ipos;Point\n")
    with pytest.raises(CodingFileError, match=r"Time_Relative_f.*Time_Relative_sf"):
        read_coding(tmp_path / "b.txt")


def read_events(tmp_path, events, **layout):
    path = tmp_path / "s01.txt"
    path.write_text(export(events, **layout), encoding="utf-8")
    return read_coding(path)


def imported(tmp_path, vocabulary, events, **layout):
    path = tmp_path / "s01.txt"
    path.write_text(export(events, **layout), encoding="utf-8")
    return import_coding(path, session="s01", coder="anna", vocabulary=vocabulary)


def test_the_subject_is_the_tier_and_the_behaviour_the_code(tmp_path, vocabulary):
    segments, issues = imported(tmp_path, vocabulary, EVENTS)
    table = segments.table
    assert list(zip(table.tier, table.code, table.onset_s, table.offset_s, strict=True)) == [
        ("caregiver", "Cneu", 0.0, 12.345),
        ("caregiver", "Cpos", 12.345, 60.5),
        ("infant", "Ipos", 0.48, 20.04),
    ]
    assert set(table.session) == {"s01"} and set(table.coder) == {"anna"}
    assert not len(issues)


def test_a_missing_stop_lasts_to_the_next_start_of_its_exclusive_group(tmp_path, vocabulary):
    events = [event for event in EVENTS if event[1:4] != ("Mother", "Cneu", "State stop")]
    segments, issues = imported(tmp_path, vocabulary, events)
    assert segments.select(code="Cneu").table.offset_s.tolist() == [12.345]
    assert [(issue.rule, issue.severity, issue.where) for issue in issues] == [
        ("unpaired_event", "error", "line 2")
    ]
    assert "12.345" in issues.rows[0].sentence()
    assert [issue.severity for issue in issues.regraded({"unpaired_event": "warning"})] == ["warning"]


def test_the_last_missing_stop_lasts_to_the_end_of_the_observation(tmp_path, vocabulary):
    events = [event for event in EVENTS if event[1:4] != ("Infant", "Ipos", "State stop")]
    segments, issues = imported(tmp_path, vocabulary, events)
    assert segments.select(code="Ipos").table.offset_s.tolist() == [60.5]
    assert [issue.rule for issue in issues] == ["unpaired_event"]


def test_where_codes_may_overlap_a_missing_stop_lasts_to_the_same_codes_next_start(tmp_path, icep_r):
    from dyadflow.annotations.scheme import read_scheme
    from dyadflow.annotations.vocabulary import Vocabulary

    data = icep_r.model_dump()
    data["tiers"]["infant"]["exclusive"] = False
    events = [
        (0.0, "Infant", "Ipos", "State start", ""),
        (2.0, "Infant", "Ipro", "State start", ""),
        (3.0, "Infant", "Ipro", "State stop", ""),
        (5.0, "Infant", "Ipos", "State start", ""),
        (9.0, "Infant", "Ipos", "State stop", ""),
    ]
    segments, issues = imported(tmp_path, Vocabulary.of(read_scheme(data)), events)
    assert spans(segments.table) == [
        ("infant", "Ipos", 0, 5),
        ("infant", "Ipro", 2, 3),
        ("infant", "Ipos", 5, 9),
    ]
    assert [issue.rule for issue in issues] == ["unpaired_event"]


def test_a_missing_stop_is_taken_from_the_duration_column_where_there_is_one(tmp_path):
    path = tmp_path / "s01.csv"
    path.write_text(
        "Time_Relative_sf,Duration_sf,Subject,Behavior,Event_Type\n1.5,2.25,Infant,Ipos,State start\n"
        "9,0,Infant,Ineu,State start\n20,0,Infant,Ineu,State stop\n"
    )
    reading = read_coding(path)
    assert spans(reading.rows) == [("Infant", "Ipos", 1.5, 3.75), ("Infant", "Ineu", 9, 20)]
    assert [issue.rule for issue in reading.issues] == ["unpaired_event"]


def test_a_stop_without_a_start_is_an_issue_and_no_segment(tmp_path):
    reading = read_events(tmp_path, [(4.5, "Infant", "Ipro", "State stop", ""), *EVENTS])
    assert spans(reading.rows) == SEGMENTS
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unpaired_event", "line 2")]


def test_points_have_no_length_and_a_tier_of_states_says_so(tmp_path, vocabulary):
    events = [*EVENTS, (30.0, "Infant", "Ipro", "Point", ""), (31.0, "Infant", "Iwit", "State point", "")]
    segments, issues = imported(tmp_path, vocabulary, events)
    points = segments.table[segments.table.onset_s == segments.table.offset_s]
    assert list(zip(points.code, points.onset_s, strict=True)) == [("Ipro", 30.0), ("Iwit", 31.0)]
    assert [(issue.rule, issue.severity) for issue in issues] == [("zero_length", "warning")] * 2


def test_a_state_that_stops_and_starts_again_at_once_is_two_segments_in_either_order(tmp_path):
    events = [
        (0.0, "Infant", "Ipos", "State start", ""),
        (1.0, "Infant", "Ipos", "State start", ""),
        (1.0, "Infant", "Ipos", "State stop", ""),
        (2.0, "Infant", "Ipos", "State stop", ""),
    ]
    reading = read_events(tmp_path, events)
    assert spans(reading.rows) == [("Infant", "Ipos", 0, 1), ("Infant", "Ipos", 1, 2)]
    assert not len(reading.issues)


def test_repeated_rows_are_read_once_and_named(tmp_path):
    reading = read_events(tmp_path, [*EVENTS[:1], *EVENTS])
    assert spans(reading.rows) == SEGMENTS
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("repeated_event", "line 3")]


def test_times_before_zero_stay_negative(tmp_path):
    events = [(-1.5, "Infant", "Ipos", "State start", ""), (2.0, "Infant", "Ipos", "State stop", "")]
    for columns in (V10, [name for name in V10 if name != "Time_Relative_sf"]):
        assert spans(read_events(tmp_path, events, columns=columns).rows) == [("Infant", "Ipos", -1.5, 2.0)]


def test_modifiers_are_kept_in_the_comment(tmp_path):
    path = tmp_path / "s01.txt"
    path.write_text(
        "Time_Relative_sf\tSubject\tBehavior\tModifier_1\tEvent_Type\tComment\n"
        "1\tInfant\tIpos\ttoy\tState start\tbright\n2\tInfant\tIpos\t\tState stop\t\n"
    )
    assert read_coding(path).rows.comment.tolist() == ["bright; Modifier_1: toy"]


@pytest.mark.parametrize(
    "row",
    [
        "x;Infant;Ipos;State start",
        "1.000,5;Infant;Ipos;State start",
        "1;Infant;Ipos;Begin maybe",
        ";Infant;Ipos;Point",
        "1;Infant;Ipos;Point;;surplus",
    ],
)
def test_a_row_that_cannot_be_read_is_an_issue_with_its_line(tmp_path, row):
    path = tmp_path / "s01.txt"
    path.write_text(
        f"Time_Relative_sf;Subject;Behavior;Event_Type\n0;Infant;Ipro;Point\n{row}\n3;Infant;Iwit;Point\n"
    )
    reading = read_coding(path)
    assert reading.rows.code.tolist() == ["Ipro", "Iwit"]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 3")]


def test_unquoted_decimal_commas_between_commas_are_not_guessed_at(tmp_path):
    path = tmp_path / "s01.csv"
    path.write_text("Time_Relative_sf,Subject,Behavior,Event_Type\n1,5,Infant,Ipos,State start\n")
    reading = read_coding(path)
    assert not len(reading.rows)
    assert "decimal commas" in reading.issues.rows[0].sentence()


def test_of_a_file_of_all_observations_each_session_gets_its_own(tmp_path, vocabulary):
    lines = ["Time_Relative_sf;Observation;Subject;Behavior;Event_Type"]
    for name in ("S01", "s02"):
        lines += [
            f"1;{name};Infant;Ipos;State start",
            f"{3 if name == 's02' else 2};{name};Infant;Ipos;State stop",
        ]
    path = tmp_path / "all.txt"
    path.write_text("\n".join(lines))
    known = {"coder": "anna", "vocabulary": vocabulary}
    assert import_coding(path, session="s01", **known)[0].table.offset_s.tolist() == [2.0]
    assert import_coding(path, session="s02", **known)[0].table.offset_s.tolist() == [3.0]
    segments, issues = import_coding(path, session="s03", **known)
    assert not len(segments)
    assert [issue.rule for issue in issues] == ["unknown_session"] and "'S01', 's02'" in issues.rows[
        0
    ].sentence()


def test_a_file_without_the_columns_says_which_are_needed(tmp_path):
    (tmp_path / "a.csv").write_text("time,who,what\n1,infant,Ipos\n")
    with pytest.raises(CodingFileError, match="Behavior, Event_Type") as error:
        read_coding(tmp_path / "a.csv", "observer")
    assert "\n" not in str(error.value)


def test_the_same_point_twice_is_one_unless_its_comment_is_another(tmp_path):
    point = (3.0, "Infant", "Ipos", "Point", "")
    events = [point, (*point[:4], "toy"), point, (5.0, "Infant", "Ineu", "State start", "first")]
    events += [(5.0, "Infant", "Ineu", "State start", "second"), (6.0, "Infant", "Ineu", "State stop", "")]
    reading = read_events(tmp_path, events)
    assert list(zip(reading.rows.code, reading.rows.comment, strict=True)) == [
        ("Ipos", ""), ("Ipos", "toy"), ("Ineu", "first; second"),
    ]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("repeated_event", "line 4"), ("repeated_event", "line 6"),
    ]


def test_several_event_logs_of_an_observation_are_several_coders(tmp_path):
    lines = ["Time_Relative_sf;Observation;Event_Log;Subject;Behavior;Event_Type"]
    for log, shift_s in (("anna", 0), ("bert", 1)):
        lines += [f"{1 + shift_s};s01;{log};Infant;Ipos;State start", f"{4 + shift_s};s01;{log};Infant;Ipos;State stop"]
    lines += ["2;s02;cleo;Infant;Ipos;Point"]
    (tmp_path / "all.txt").write_text("\n".join(lines))
    reading = read_coding(tmp_path / "all.txt")
    assert not len(reading.issues)
    assert reading.rows[["session", "coder", "onset_s", "offset_s", "where"]].values.tolist() == [
        ["s01", "anna", 1, 4, "lines 2 and 3"],
        ["s01", "bert", 2, 5, "lines 4 and 5"],
        ["s02", "", 2, 2, "line 6"],
    ]


def test_exports_one_after_the_other_repeat_the_names(tmp_path):
    head = "Time_Relative_sf;Observation;Subject;Behavior;Event_Type\n"
    (tmp_path / "all.txt").write_text(f"{head}1;s01;Infant;Ipos;Point\n{head}1;s02;Infant;Ipos;Point\n")
    reading = read_coding(tmp_path / "all.txt")
    assert reading.rows.session.tolist() == ["s01", "s02"] and not len(reading.issues)
    parted = head.replace("Observation;", "")
    (tmp_path / "all.txt").write_text(f"{parted}1;Infant;Ipos;Point\n{parted}1;Infant;Ineu;Point\n")
    reading = read_coding(tmp_path / "all.txt")
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 3")]


def test_a_quotation_mark_too_many_loses_no_row_in_silence(tmp_path, places):
    lines = export(columns=OLDER, delimiter=",", quoted=False).split("\r\n")
    lines[3] = lines[3].replace(",Mother,", ',"Mother,')
    (tmp_path / "s01.txt").write_text("\r\n".join(lines), encoding="utf-8")
    reading = read_coding(tmp_path / "s01.txt", "observer")
    assert {f"line {number}" for number in range(2, 8)} <= places(reading)
    assert "quotation mark" in " ".join(issue.what for issue in reading.issues)


def test_a_comment_may_have_line_breaks(tmp_path):
    reading = read_events(tmp_path, [(*EVENTS[1][:4], "first line\r\nsecond; line"), *EVENTS[4:5]])
    assert reading.rows.comment.tolist() == ["first line\r\nsecond; line"]
    assert reading.rows["where"].tolist() == ["lines 2 to 3 and 4"] and not len(reading.issues)


def test_an_open_state_can_have_lasted_to_the_last_moment_that_the_file_gives(tmp_path):
    (tmp_path / "a.csv").write_text(
        "Time_Relative_sf,Duration_sf,Observation,Subject,Behavior,Event_Type\n1,0,x,Infant,Ipos,State start\n"
        "2,5,x,Mother,Cpos,State start\n9,0,y,Mother,Cpos,Point\n"
    )
    rows = read_coding(tmp_path / "a.csv").rows
    assert rows.latest_s.tolist()[0] == 7 and rows.offset_s.tolist()[1:] == [7, 9]


FUZZED = {
    "utf-16": (dict(columns=V14, delimiter="\t", header=("Project: x", "Header Lines: 2")), "utf-16"),
    "german": (dict(columns=V10, delimiter=";", decimal=",", german=True, quoted=False, trailing=True), "cp1252"),
    "older": (dict(columns=OLDER, delimiter=",", quoted=False), "utf-8"),
}


@pytest.mark.parametrize("variant", FUZZED)
def test_a_damaged_export_is_refused_or_accounted_for_line_by_line(tmp_path, mutants, places, variant):
    layout, encoding = FUZZED[variant]
    events = [*EVENTS, (61.0, "Infant", "Ipro", "Point", ""), (62.0, "Infant", "Iwit", "State point", "x")]
    path, read = tmp_path / "s01.txt", 0
    for _, content in mutants(export(events, **layout).encode(encoding), 7, 334, layout["delimiter"]):
        path.write_bytes(content)
        try:
            reading = read_coding(path, "observer")
        except CodingFileError:
            continue
        read += 1
        named = places(reading)
        # Of the bytes themselves: lines that hold more than delimiters; one of them has the columns' names.
        text = content.decode("utf-16-le" if encoding == "utf-16" else encoding, errors="replace")
        lines = re.split(r"\r\n|\r|\n", text)
        lost = [number for number, line in enumerate(lines, start=1) if re.sub(r'[\s;,"\ufeff\ufffd]', "", line)]
        lost = [number for number in lost if f"line {number}" not in named]
        assert len(lost) == 1 and re.search("event|ereignis", lines[lost[0] - 1], re.IGNORECASE)
    assert read > 100

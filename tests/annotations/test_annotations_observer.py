"""Observer exports: however they are written they give the same segments, and no row is lost."""

import csv
import datetime
import io
import itertools
import random

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import read_coding
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
OLDER = ["Relative Time (seconds)", "Subject", "Behavior", "Event Type", "Comment"]
GERMAN = {
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
        "Time_Relative_hmsf": clock,
        "Time_Relative_hms": clock[:-4],
        "Time_Relative_f": clock[-3:],
        "Subject": subject,
        "Behavior": behaviour,
        "Event_Type": kind,
        "Event Type": kind,
        "Comment": comment,
        "Observation": "s01",
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


ENCODINGS = ("utf-16", "utf-16-le", "utf-8", "utf-8-sig", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_every_encoding_delimiter_and_decimal_sign_reads_the_same(tmp_path, encoding, delimiter, decimal):
    variants = itertools.product((V10, V14, OLDER), (True, False), (True, False), (True, False))
    # A third of the 24 layouts for each of the 30 ways of writing: together every pair occurs.
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
        reading = read_coding(path)
        assert spans(reading.rows) == SEGMENTS
        assert not len(reading.issues)
        assert reading.rows.comment[1] == 'fröhlich; "laut", sehr'


@pytest.mark.parametrize("kept", ["Time_Relative_hmsf", "Time_Relative_hms"])
def test_the_most_precise_time_there_is_is_read(tmp_path, kept):
    dropped = {"Time_Relative_sf", "Time_Relative_hmsf", "Time_Relative_hms", "Time_Relative_f"} - {kept}
    if kept == "Time_Relative_hms":
        dropped -= {"Time_Relative_f"}
    path = tmp_path / "s01.txt"
    path.write_text(export(columns=[name for name in V10 if name not in dropped]))
    assert spans(read_coding(path).rows) == SEGMENTS


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


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def event_rows(columns=("Time_Relative_sf", "Subject", "Behavior", "Event_Type")):
    return [list(columns), *([time_s, subject, code, kind] for time_s, subject, code, kind, _ in EVENTS)]


def test_a_workbook_of_one_sheet_reads_like_the_text(tmp_path):
    rows = [["Observer XT"], [], *event_rows()]
    reading = read_coding(workbook(tmp_path / "s01.xlsx", {"Events": rows, "Sheet2": []}))
    assert spans(reading.rows) == SEGMENTS and not len(reading.issues)
    assert reading.rows["where"][0] == "sheet 'Events', row 4"


def test_a_sheet_an_observation_is_a_session_each_and_other_sheets_are_named(tmp_path, vocabulary):
    path = workbook(
        tmp_path / "all.xlsx", {"s01": event_rows(), "s02": event_rows(), "Notes": [["by", "Anna"]]}
    )
    reading = read_coding(path)
    assert reading.rows.session.value_counts().to_dict() == {"s01": 3, "s02": 3}
    assert [issue.rule for issue in reading.issues] == ["unread_sheet"]
    segments, _ = import_coding(path, session="s02", coder="anna", vocabulary=vocabulary)
    assert len(segments) == 3


def test_times_of_day_and_decimal_commas_in_cells_are_read(tmp_path):
    rows = [
        ["Time_Relative_hmsf", "Subject", "Behavior", "Event_Type"],
        [datetime.time(0, 0, 1, 250000), "Infant", "Ipos", "State start"],
        ["00:01:02,500", "Infant", "Ipos", "State stop"],
    ]
    reading = read_coding(workbook(tmp_path / "s01.xlsx", {"Events": rows}))
    assert spans(reading.rows) == [("Infant", "Ipos", 1.25, 62.5)]


def test_a_file_without_the_columns_says_which_are_needed(tmp_path):
    (tmp_path / "a.csv").write_text("time,who,what\n1,infant,Ipos\n")
    workbook(tmp_path / "a.xlsx", {"Sheet": [["time", "who"], [1, "infant"]]})
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 broken")
    for name, sentence in (
        ("a.csv", "Behavior, Event_Type"),
        ("a.xlsx", "Behavior, Event_Type"),
        ("b.xlsx", "not an Excel"),
    ):
        with pytest.raises(CodingFileError, match=sentence) as error:
            read_coding(tmp_path / name)
        assert "\n" not in str(error.value)


LENGTHS = st.lists(
    st.tuples(st.integers(1, 20_000), st.sampled_from(["Ipro", "Ineu", "Ipos"]), st.booleans()),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LENGTHS, st.integers(-3000, 3000), st.sampled_from([",", "."]), st.sampled_from([V10, V14, OLDER]))
def test_any_coding_comes_back_to_the_millisecond(tmp_path, lengths, begin_ms, decimal, columns):
    events, expected, now_ms = [], [], begin_ms
    for length_ms, code, coded in lengths:
        if coded:
            events.append((now_ms / 1000, "Infant", code, "State start", ""))
            events.append(((now_ms + length_ms) / 1000, "Infant", code, "State stop", ""))
            expected.append(("Infant", code, now_ms / 1000, (now_ms + length_ms) / 1000))
        now_ms += length_ms
    reading = read_events(tmp_path, events, columns=columns, decimal=decimal)
    assert spans(reading.rows) == expected and not len(reading.issues)

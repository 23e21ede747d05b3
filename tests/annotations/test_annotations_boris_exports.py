"""BORIS exports, tabular and aggregated, old and new: they all read the same, and no line is lost."""

import csv
import io
import re

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import FORMATS, CodingFileError
from dyadflow.annotations.formats.registry import read_coding

MEDIUM, LENGTH_S = "video/s01.mp4", 60.04
OLD = [
    "Time", "Media file path", "Total length", "FPS", "Subject", "Behavior", "Behavioral category", "Comment", "Status"
]
NEW = [
    "Observation id", "Observation date", "Description", "Observation duration", "Observation type", "Source",
    "Time offset (s)", "Media duration (s)", "FPS", "observer", "age", "Subject", "Behavior", "Behavioral category",
    "Modifier #1", "Behavior type", "Time", "Media file name", "Image index", "Image file path", "Comment",
]
AGGREGATED_OLD = [
    "Observation id", "Observation date", "Description", "Media file", "Total length", "FPS", "observer", "age",
    "Subject", "Behavior", "Behavioral category", "Modifiers", "Behavior type", "Start (s)", "Stop (s)", "Duration (s)",
    "Comment start", "Comment stop",
]
AGGREGATED = [
    "Observation id", "Observation date", "Description", "Observation type", "Source", "Time offset (s)",
    "Coding duration", "Media duration (s)", "FPS (frame/s)", "observer", "age", "Subject",
    "Observation duration by subject by observation", "Behavior", "Behavioral category", "Modifier #1", "Modifier #2",
    "Behavior type", "Start (s)", "Stop (s)", "Duration (s)", "Media file name", "Image index start",
    "Image index stop", "Image file path start", "Image file path stop", "Comment start", "Comment stop",
]
# (observation, coder, subject, behaviour, category, modifier, onset in ms, offset in ms or None, comment)
CODING = [
    ("s01", "Ann", "infant", "Ipos", "affect", "", 500, 2250, ""),
    ("s01", "Ann", "infant", "Ineg", "affect", "loud", 2250, 9125, 'fröhlich; "laut", sehr'),
    ("s01", "Ann", "", "touch", "contact", "", 3000, 3000, ""),
    ("s01", "Ann", "caregiver", "gaze", "", "", 4000, 10_000, "once\nmore"),
]
ROWS = [
    ("s01", "Ann", "infant", "Ipos", 0.5, 2.25, "category: affect"),
    ("s01", "Ann", "infant", "Ineg", 2.25, 9.125, 'category: affect; modifiers: loud; fröhlich; "laut", sehr'),
    ("s01", "Ann", "contact", "touch", 3.0, 3.0, ""),
    ("s01", "Ann", "caregiver", "gaze", 4.0, 10.0, "once\nmore"),
]


def number(ms, decimal):
    return f"{ms / 1000:.3f}".replace(".", decimal)


def known_cells(item, decimal, offset_ms=0):
    session, coder, subject, behaviour, category, modifier, _, _, _ = item
    return {
        "Observation id": session, "Observation date": "2024-05-01 10:00:00", "Description": "free play",
        "Observation type": "Media file", "Source": f"player #1:{MEDIUM}",
        "Time offset (s)": number(offset_ms, decimal),
        "Media file": MEDIUM, "Media file path": MEDIUM, "Media file name": MEDIUM,
        "Total length": number(LENGTH_S * 1000, decimal), "Media duration (s)": number(LENGTH_S * 1000, decimal),
        "FPS": number(25_000, decimal), "FPS (frame/s)": number(25_000, decimal), "observer": coder, "age": "4 months",
        "Subject": subject, "Behavior": behaviour, "Behavioral category": category, "Modifiers": modifier,
        "Modifier #1": modifier, "Image index": "NA", "Image file path": "NA", "Image index start": "NA",
        "Image index stop": "NA", "Image file path start": "NA", "Image file path stop": "NA", "Coding duration": "NA",
    }


def event_rows(coding, columns, decimal=".", offset_ms=0):
    """A row for each start, stop and point, in the order of time."""
    events = []
    for item in coding:
        onset, offset, comment = item[6:]
        kinds = [("POINT", onset, comment)] if onset == offset else [("START", onset, comment), ("STOP", offset, "")]
        events += [(time, kind, note, item) for kind, time, note in kinds if time is not None]
    events.sort(key=lambda event: event[0])
    rows = []
    for time, kind, note, item in events:
        known = known_cells(item, decimal, offset_ms)
        known |= {"Time": number(time + offset_ms, decimal), "Behavior type": kind, "Status": kind, "Comment": note}
        rows.append([known.get(name, "") for name in columns])
    return rows


def aggregated_rows(coding, columns, decimal=".", offset_ms=0):
    rows = []
    for item in coding:
        onset, offset, comment = item[6:]
        known = known_cells(item, decimal, offset_ms) | {"Subject": item[2] or "No focal subject"}
        known |= {
            "Behavior type": "POINT" if onset == offset else "STATE",
            "Start (s)": number(onset + offset_ms, decimal),
            "Stop (s)": "NA" if offset is None else number(offset + offset_ms, decimal),
            "Duration (s)": "NA" if offset in (None, onset) else number(offset - onset, decimal),
            "Comment start": comment, "Behavioral category": item[4] or "Not defined",
        }
        rows.append([known.get(name, "") for name in columns])
    return rows


def old_block(session="s01", coder="Ann", offset_s="0.0", media=(MEDIUM,)):
    block = [["Observation id", session], [], ["Media file(s)"], []]
    block += [[f"Player #{place}", medium] for place, medium in enumerate(media, start=1)]
    block += [[], ["Observation date", "2024-05-01 10:00:00"], [], ["Description", "free play"], []]
    block += [["Time offset (s)", offset_s], [], ["independent variables"], ["variable", "value"], ["observer", coder]]
    return [*block, ["age", "4 months"], []]


def table(variant, coding=CODING, decimal=".", offset_ms=0, **block):
    """Rows of cells of an export of one of the four kinds."""
    if variant == "old":
        above = old_block(**({"offset_s": str(offset_ms / 1000)} | block))
        above = [row + [""] * (len(OLD) - len(row)) for row in above]
        return [*above, OLD, *event_rows(coding, OLD, decimal, offset_ms)]
    if variant == "new":
        return [NEW, *event_rows(coding, NEW, decimal, offset_ms)]
    columns = AGGREGATED_OLD if variant == "aggregated old" else AGGREGATED
    return [columns, *aggregated_rows(coding, columns, decimal, offset_ms)]


def as_text(rows, delimiter):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def write(tmp_path, rows, delimiter="\t", encoding="utf-8", name="export.tsv"):
    (tmp_path / name).write_bytes(as_text(rows, delimiter).encode(encoding))
    return tmp_path / name


def claimed_by(path):
    """Formats that take the file for theirs, those left out that take whatever no other does."""
    head = path.read_bytes()[:65536]
    return [name for name, known in FORMATS.items() if known.sniff(head, path) and not known.fallback]


def rows_of(reading):
    columns = ["session", "coder", "tier", "code", "onset_s", "offset_s", "comment"]
    return list(reading.rows[columns].itertuples(index=False, name=None))


VARIANTS = ["old", "new", "aggregated old", "aggregated"]
FORMAT_OF = dict(zip(VARIANTS, ["boris_events"] * 2 + ["boris_aggregated"] * 2, strict=True))


def as_held(variant):
    """`ROWS` as a variant holds them: the old table of events has no modifiers and no other state of the infant."""
    if variant != "old":
        return ROWS
    return [(*row[:-1], row[-1].replace("modifiers: loud; ", "")) for row in ROWS]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "decimal"), [("\t", "."), ("\t", ","), (",", "."), (";", ",")])
def test_every_variant_delimiter_encoding_and_decimal_sign_reads_the_same(
    tmp_path, variant, encoding, delimiter, decimal
):
    path = write(tmp_path, table(variant, decimal=decimal), delimiter, encoding)
    assert claimed_by(path) == [FORMAT_OF[variant]]
    reading = read_coding(path)
    assert rows_of(reading) == as_held(variant) and not len(reading.issues)
    assert reading.media == (MEDIUM,) and reading.lengths_s == {MEDIUM: LENGTH_S}
    assert reading.origins_s == {MEDIUM: 0.0}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_workbook_reads_like_the_text_and_other_sheets_are_named(tmp_path, variant):
    book = openpyxl.Workbook()
    book.active.title = "notes"
    book.active.append(["coded by Ann in May"])
    sheet = book.create_sheet("s01")
    for row in table(variant):
        sheet.append([float(cell) if re.fullmatch(r"\d+\.\d+", cell) else cell for cell in row])
    book.save(tmp_path / "export.xlsx")
    assert FORMATS[FORMAT_OF[variant]].sniff(b"PK\x03\x04", tmp_path / "export.xlsx")
    reading = read_coding(tmp_path / "export.xlsx", FORMAT_OF[variant])
    assert rows_of(reading) == as_held(variant)
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unread_sheet", "sheet 'notes'")]
    first = {"old": "rows 19 and 20", "new": "rows 2 and 3"}.get(variant, "row 2")
    assert reading.rows["where"][0] == f"sheet 's01', {first}"


@pytest.mark.parametrize("variant", ["old", "new", "aggregated"])
@pytest.mark.parametrize("offset_ms", [3_600_000, -250])
def test_the_time_offset_that_boris_adds_comes_off_with_a_note(tmp_path, variant, offset_ms):
    reading = read_coding(write(tmp_path, table(variant, offset_ms=offset_ms)))
    assert rows_of(reading) == as_held(variant)
    assert [(issue.rule, issue.severity) for issue in reading.issues] == [("media_origins", "note")]


def test_times_may_be_hours_minutes_and_seconds(tmp_path):
    rows = table("new", CODING[:1])
    for row, clock in zip(rows[1:], ["0:00:00.5", "00:00:02,250"], strict=True):
        row[NEW.index("Time")] = clock
    assert rows_of(read_coding(write(tmp_path, rows))) == ROWS[:1]


def test_lab_variables_that_are_called_like_columns_do_not_hide_them(tmp_path):
    rows = table("new")
    place = NEW.index("age")
    for name in ("Subject", "Comment", "Status", "Time"):
        named = [[*row[:place], "x", *row[place:]] for row in rows]
        named[0][place] = name
        assert rows_of(read_coding(write(tmp_path, named))) == ROWS


@pytest.mark.parametrize("variant", ["old", "new"])
def test_a_state_without_a_stop_is_open_until_the_recording_ends_or_it_starts_again(tmp_path, variant):
    coding = [
        ("s01", "Ann", "infant", "Ipos", "", "", 1000, None, ""),
        ("s01", "Ann", "infant", "Ipos", "", "", 5000, None, ""),
        ("s01", "Ann", "caregiver", "gaze", "", "", 2000, 3000, ""),
    ]
    rows = read_coding(write(tmp_path, table(variant, coding))).rows
    assert rows[rows.offset_s.isna()].latest_s.tolist() == [5.0, LENGTH_S]


def test_an_aggregated_state_without_a_stop_is_open_until_the_recording_ends(tmp_path):
    coding = [("s01", "Ann", "infant", "Ipos", "", "", 1000, None, "")]
    assert read_coding(write(tmp_path, table("aggregated", coding))).rows.latest_s.tolist() == [LENGTH_S]


def test_a_stop_without_a_start_and_a_repeated_row_are_told(tmp_path):
    rows = table("new", CODING[:1])
    start, stop = rows[1], rows[2]
    reading = read_coding(write(tmp_path, [NEW, start, stop, start, stop, [*stop[:16], "7.000", *stop[17:]]]))
    assert rows_of(reading) == ROWS[:1]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("repeated_event", "line 4"), ("repeated_event", "line 5"), ("unpaired_event", "line 6")
    ]


def test_states_with_different_modifiers_run_side_by_side(tmp_path):
    coding = [
        ("s01", "", "infant", "reach", "", "left", 1000, 4000, ""),
        ("s01", "", "infant", "reach", "", "right", 2000, 3000, ""),
    ]
    rows = read_coding(write(tmp_path, table("new", coding))).rows
    assert list(zip(rows.comment, rows.onset_s, rows.offset_s, strict=True)) == [
        ("modifiers: left", 1.0, 4.0), ("modifiers: right", 2.0, 3.0)
    ]


def test_an_old_export_with_two_recordings_does_not_say_how_long_each_is(tmp_path):
    reading = read_coding(write(tmp_path, table("old", media=("a.mp4", "b.mp4"))))
    assert reading.media == ("a.mp4", "b.mp4") and reading.lengths_s == {}
    rows = table("aggregated old")
    for row in rows[1:]:
        row[AGGREGATED_OLD.index("FPS")] = "25;25"
    assert read_coding(write(tmp_path, rows)).lengths_s == {}


def test_a_new_export_lists_playlists_and_players_with_their_lengths(tmp_path):
    rows = table("aggregated")
    for row in rows[1:]:
        row[AGGREGATED.index("Source")] = "player #1:a.mp4;b.mp4|player #2:c.mp4"
        row[AGGREGATED.index("Media duration (s)")] = "5.000;20.000|25.000"
    reading = read_coding(write(tmp_path, rows))
    assert reading.media == ("a.mp4", "b.mp4", "c.mp4")
    assert reading.lengths_s == {"a.mp4": 5.0, "b.mp4": 20.0, "c.mp4": 25.0}
    assert reading.origins_s == {"a.mp4": 0.0, "b.mp4": -5.0, "c.mp4": 0.0}


def test_a_duration_that_is_not_stop_less_start_is_told(tmp_path):
    rows = table("aggregated", CODING[:2])
    rows[1][AGGREGATED.index("Duration (s)")] = "1.700"
    reading = read_coding(write(tmp_path, rows))
    assert rows_of(reading) == ROWS[:2]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("duration_disagrees", "line 2")]


@pytest.mark.parametrize(
    ("variant", "column", "cell"),
    [
        ("new", "Time", "soon"),
        ("new", "Time", ""),
        ("new", "Behavior type", "STATE"),
        ("new", "Time offset (s)", "?"),
        ("aggregated", "Start (s)", "NA"),
        ("aggregated", "Stop (s)", "later"),
        ("aggregated", "Behavior type", "START"),
    ],
)
def test_a_row_that_cannot_be_read_is_an_issue_with_its_line(tmp_path, variant, column, cell):
    columns = NEW if variant == "new" else AGGREGATED
    rows = table(variant, [CODING[2]])
    rows[1][columns.index(column)] = cell
    reading = read_coding(write(tmp_path, rows))
    assert len(reading.rows) == 0
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 2")]


@pytest.mark.parametrize("variant", ["new", "aggregated"])
def test_a_comment_that_is_never_closed_does_not_swallow_the_rows_below(tmp_path, variant):
    rows = table(variant, [CODING[0], CODING[2]])
    lines = as_text(rows, "\t").splitlines(keepends=True)
    lines[1] = lines[1].rstrip("\r\n") + '"\r\n'  # in the last column, a comment
    (tmp_path / "a.tsv").write_text("".join(lines), newline="")
    reading = read_coding(tmp_path / "a.tsv")
    assert len(reading.rows) == 0
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unreadable_row", f"lines 2 to {len(lines)}")
    ]


def test_decimal_commas_between_commas_and_unclosed_quotes_are_not_guessed_at(tmp_path):
    lines = as_text(table("aggregated"), ",").splitlines(keepends=True)
    split = lines[1].replace("0.500", "0,500").replace("2.250", "2,250").replace("1.750", "1,750")
    (tmp_path / "a.csv").write_text("".join([lines[0], split, *lines[2:]]), newline="")
    reading = read_coding(tmp_path / "a.csv")
    assert rows_of(reading) == ROWS[1:]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unreadable_row", "line 2")]

    opened = lines[1].replace(",Ann,", ',"Ann,')
    (tmp_path / "a.csv").write_text("".join([lines[0], opened, *lines[2:]]), newline="")
    reading = read_coding(tmp_path / "a.csv")
    assert {issue.rule for issue in reading.issues} == {"unreadable_row"}
    assert reading.issues.rows[0].where.startswith("lines 2 to ")


def test_a_file_without_the_columns_says_which_are_needed(tmp_path):
    path = write(tmp_path, [["Time", "Subject", "Status"], ["1", "infant", "POINT"]])
    for name, needed in (("boris_events", "Behavior"), ("boris_aggregated", r"Start \(s\)")):
        with pytest.raises(CodingFileError, match=needed):
            read_coding(path, name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    streams=st.lists(
        st.tuples(
            st.sampled_from(["s01", "s02"]), st.sampled_from(["infant", "caregiver", ""]), st.sampled_from("abc"),
            st.sampled_from(["", "left"]), st.lists(st.integers(0, 90_000), unique=True, max_size=6),
        ),
        unique_by=lambda item: item[:4], max_size=5,
    ),
    variant=st.sampled_from(["new", "aggregated old", "aggregated"]),
    delimiter=st.sampled_from(["\t", ";"]),
    decimal=st.sampled_from([".", ","]),
    offset_ms=st.sampled_from([0, 0, -250, 7_200_000]),
)
def test_any_coding_of_an_export_is_read_to_the_millisecond(tmp_path, streams, variant, delimiter, decimal, offset_ms):
    coding = []
    for session, subject, code, modifier, times_ms in streams:
        times_ms = sorted(times_ms)
        coding += [
            (session, "", subject, code, "", modifier, onset_ms, offset_ms_, "")
            for onset_ms, offset_ms_ in zip(times_ms[::2], [*times_ms[1::2], None], strict=False)
        ]
    shift_ms = 0 if variant == "aggregated old" else offset_ms
    path = write(tmp_path, table(variant, coding, decimal, shift_ms), delimiter)
    rows = read_coding(path, FORMAT_OF[variant]).rows
    found = [
        (row.session, row.tier, row.code, row.comment, row.onset_s, None if np.isnan(row.offset_s) else row.offset_s)
        for row in rows.itertuples()
    ]
    expected = [
        (session, subject, code, f"modifiers: {modifier}" if modifier else "", onset / 1000, offset and offset / 1000)
        for session, _, subject, code, _, modifier, onset, offset, _ in coding
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def count_lines(content: bytes, needed: set[str]) -> set[str]:
    """Every line below the column names that holds something, counted without the reader."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    for delimiter in "\t;,":
        for place, line in enumerate(lines):
            names = {re.sub(r"[\W_]+", "_", cell).strip("_").casefold() for cell in line.split(delimiter)}
            if needed <= names:
                return {
                    f"line {number}" for number, below in enumerate(lines[place + 1 :], start=place + 2)
                    if below.replace(delimiter, "").replace('"', "").strip()
                }
    raise AssertionError("the reader found columns that are not there")


@pytest.mark.parametrize(
    ("variant", "delimiter", "count"),
    [("old", "\t", 400), ("new", ",", 600), ("aggregated old", "\t", 400), ("aggregated", ";", 600)],
)
def test_a_damaged_export_is_an_error_or_every_line_is_accounted_for(
    tmp_path, mutants, places, variant, delimiter, count
):
    again = [("s02", *item[1:]) for item in CODING]
    path = write(tmp_path, table(variant, CODING if variant == "old" else CODING + again), delimiter)
    needed = {"subject", "behavior"} | ({"time"} if FORMAT_OF[variant] == "boris_events" else {"start_s", "stop_s"})
    read = 0
    for kind, mutant in mutants(path.read_bytes(), seed=11, count=count, columns=delimiter):
        path.write_bytes(mutant)
        for name in set(FORMAT_OF.values()):
            FORMATS[name].sniff(mutant, path)
        try:
            reading = read_coding(path, FORMAT_OF[variant])
        except CodingFileError:
            continue
        read += 1
        assert count_lines(mutant, needed) <= places(reading), kind
    assert count / 2 < read < count


def test_a_damaged_workbook_is_an_error_or_read(tmp_path, mutants):
    book = openpyxl.Workbook()
    for row in table("aggregated"):
        book.active.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    for _, mutant in mutants(path.read_bytes(), seed=3, count=60):
        path.write_bytes(mutant)
        for name in set(FORMAT_OF.values()):
            FORMATS[name].sniff(mutant, path)
        try:
            reading = read_coding(path, "boris_aggregated")
        except CodingFileError:
            continue
        assert len(reading.rows) + len(reading.issues) >= len(CODING)

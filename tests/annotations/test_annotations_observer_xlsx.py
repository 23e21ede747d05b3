"""Observer exports as Excel workbooks: they read like the text, whatever kind of cell a time stands in."""

import datetime
import io
import re
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding
from dyadflow.annotations.importing import import_coding

# (time, subject, behaviour, event type): two states of the mother, one of the infant.
EVENTS = [
    (0.0, "Mother", "Cneu", "State start"),
    (0.48, "Infant", "Ipos", "State start"),
    (12.345, "Mother", "Cneu", "State stop"),
    (12.345, "Mother", "Cpos", "State start"),
    (20.04, "Infant", "Ipos", "State stop"),
    (60.5, "Mother", "Cpos", "State stop"),
]
SEGMENTS = [("Mother", "Cneu", 0.0, 12.345), ("Infant", "Ipos", 0.48, 20.04), ("Mother", "Cpos", 12.345, 60.5)]
COLUMNS = ["Time_Relative_sf", "Subject", "Behavior", "Event_Type"]


def event_rows(columns=COLUMNS):
    return [list(columns), *map(list, EVENTS)]


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def spans(rows):
    return sorted(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True), key=lambda row: row[2])


def clock_book(path, *cells):
    rows = [["Time_Relative_hmsf", *COLUMNS[1:]], *([cell, "Infant", "Ipos", "Point"] for cell in cells)]
    return read_coding(workbook(path / "s01.xlsx", {"Events": rows}))


def test_a_workbook_of_one_sheet_reads_like_the_text(tmp_path):
    rows = [["Observer XT"], [], *event_rows()]
    path = workbook(tmp_path / "s01.xlsx", {"Events": rows, "Sheet2": []})
    assert choose_format(path).name == "observer_xlsx"
    reading = read_coding(path)
    assert spans(reading.rows) == SEGMENTS
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unread_part", "sheet 'Events', row 1")]
    assert reading.rows["where"][0] == "sheet 'Events', rows 4 and 6"
    assert set(reading.rows.session) == {""}


def test_a_sheet_an_observation_is_a_session_each_and_other_sheets_are_named(tmp_path, vocabulary):
    path = workbook(
        tmp_path / "all.xlsx", {"s01": event_rows(), "s02": event_rows(), "Notes": [["by", "Anna"]]}
    )
    reading = read_coding(path)
    assert reading.rows.session.value_counts().to_dict() == {"s01": 3, "s02": 3}
    assert [(issue.rule, issue.where) for issue in reading.issues] == [("unread_sheet", "sheet 'Notes'")]
    segments, _ = import_coding(path, session="s02", coder="anna", vocabulary=vocabulary)
    assert len(segments) == 3


def test_one_sheet_of_events_beside_notes_does_not_name_the_session(tmp_path):
    reading = read_coding(workbook(tmp_path / "a.xlsx", {"Events": event_rows(), "Notes": [["by", "Anna"]]}))
    assert set(reading.rows.session) == {""}


def test_all_observations_in_one_sheet_are_told_apart_by_their_column(tmp_path):
    rows = [[*COLUMNS, "Observation"], *([*event, name] for name in ("s01", "s02") for event in EVENTS)]
    reading = read_coding(workbook(tmp_path / "all.xlsx", {"Events": rows}))
    assert reading.rows.session.value_counts().to_dict() == {"s01": 3, "s02": 3} and not len(reading.issues)


def test_clock_times_and_decimal_commas_in_cells_are_read(tmp_path):
    reading = clock_book(
        tmp_path,
        datetime.time(0, 0, 1, 250000),
        "00:01:02,500",
        datetime.timedelta(hours=1, seconds=1.5),
        "0:02:00",
    )
    assert reading.rows.onset_s.tolist() == [1.25, 62.5, 120.0, 3601.5] and not len(reading.issues)


def test_a_number_where_a_clock_time_belongs_is_not_guessed_at(tmp_path):
    reading = clock_book(tmp_path, 0.0007, "75:10", datetime.datetime(2020, 5, 1, 12, 0))
    assert not len(reading.rows)
    assert [issue.where for issue in reading.issues] == [f"sheet 'Events', row {number}" for number in (2, 3, 4)]


def test_a_day_nought_before_every_clock_time_is_left_out(tmp_path):
    day = datetime.datetime(1900, 1, 1)
    later = [day + datetime.timedelta(seconds=seconds) for seconds in (1.5, 90)]
    assert clock_book(tmp_path, *later).rows.onset_s.tolist() == [1.5, 90]
    # Beside a mere time of day the same date means that a day has passed, or it does not.
    mixed = clock_book(tmp_path, datetime.time(23, 59, 59), day)
    assert mixed.rows.onset_s.tolist() == [86399]
    assert [issue.rule for issue in mixed.issues] == ["unreadable_row"]


def test_what_is_not_a_workbook_or_not_of_observer_is_told_in_a_sentence(tmp_path):
    workbook(tmp_path / "a.xlsx", {"Sheet": [["time", "who"], [1, "infant"]]})
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 broken")
    workbook(tmp_path / "c.xlsx", {"Sheet": []})
    for name, sentence in (("a", "Behavior, Event_Type"), ("b", "not an Excel"), ("c", "empty")):
        with pytest.raises(CodingFileError, match=sentence) as error:
            read_coding(tmp_path / f"{name}.xlsx", "observer_xlsx")
        assert "\n" not in str(error.value)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from(["Ipro", "Ineu", "Ipos"])), min_size=1, max_size=8),
    st.sampled_from(["number", "text", "comma", "time", "timedelta"]),
    st.permutations(range(4)),
)
def test_whatever_was_coded_is_read_from_any_kind_of_cell(tmp_path, lengths, kind, order):
    def cell(ms):
        if kind == "time":
            return (datetime.datetime(2000, 1, 1) + datetime.timedelta(milliseconds=ms)).time()
        as_text = f"{ms / 1000:.3f}"
        return {
            "number": ms / 1000, "text": as_text, "comma": as_text.replace(".", ","),
            "timedelta": datetime.timedelta(milliseconds=ms),
        }[kind]

    time = "Time_Relative_hmsf" if kind in ("time", "timedelta") else "Time_Relative_sf"
    rows, expected, now_ms = [[time, *COLUMNS[1:]]], [], 0
    for length_ms, code in lengths:
        rows.append([cell(now_ms), "Infant", code, "State start"])
        rows.append([cell(now_ms + length_ms), "Infant", code, "State stop"])
        expected.append(("Infant", code, now_ms / 1000, (now_ms + length_ms) / 1000))
        now_ms += length_ms
    path = workbook(tmp_path / "s01.xlsx", {"Events": [[row[place] for place in order] for row in rows]})
    reading = read_coding(path)
    assert spans(reading.rows) == expected and not len(reading.issues)


SHEET = "xl/worksheets/sheet1.xml"


def archive(template, rows):
    """A workbook with these rows in its sheet, made of the parts of another one."""
    cells = (
        f"<row r='{number}'>" + "".join(
            f"<c r='{chr(65 + place)}{number}' t='inlineStr'><is><t xml:space='preserve'>{escape(cell)}</t></is></c>"
            for place, cell in enumerate(row) if cell
        ) + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    filled = f"<sheetData>{''.join(cells)}</sheetData>".encode()
    sheet, count = re.subn(rb"<sheetData ?/>|<sheetData></sheetData>", lambda _: filled, template[SHEET])
    assert count == 1
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as parts:
        for name, content in template.items():
            parts.writestr(zipfile.ZipInfo(name), sheet if name == SHEET else content)
    return stream.getvalue()


def test_a_damaged_sheet_is_refused_or_accounted_for_row_by_row(tmp_path, mutants, places):
    workbook(tmp_path / "template.xlsx", {"Events": []})
    with zipfile.ZipFile(tmp_path / "template.xlsx") as parts:
        template = {name: parts.read(name) for name in parts.namelist()}
    lines = ["\t".join(["Duration_sf", *COLUMNS]), *("\t".join(["", *map(str, event)]) for event in EVENTS)]
    path, read = tmp_path / "s01.xlsx", 0
    for _, content in mutants(("\n".join(lines) + "\n").encode(), 11, 700, "\t"):
        text = re.sub("[\x00-\x08\x0b-\x1f]", "?", content.decode("cp1252", errors="replace"))
        rows = [line.split("\t") for line in text.split("\n")]
        path.write_bytes(archive(template, rows))
        try:
            reading = read_coding(path, "observer_xlsx")
        except CodingFileError:
            continue
        read += 1
        named = places(reading)
        filled = [number for number, row in enumerate(rows, start=1) if "".join(row).strip()]
        lost = [number for number in filled if f"sheet 'Events', row {number}" not in named]
        assert len(lost) == 1 and "Behavior" in rows[lost[0] - 1]
    assert read > 300


def test_a_damaged_archive_is_refused_or_read(tmp_path, mutants):
    workbook(tmp_path / "s01.xlsx", {"Events": event_rows()})
    whole, path = (tmp_path / "s01.xlsx").read_bytes(), tmp_path / "damaged.xlsx"
    refused = 0
    for kind, content in mutants(whole, 12, 300):
        if kind == "lines":
            continue
        path.write_bytes(content)
        try:
            assert spans(read_coding(path, "observer_xlsx").rows) == SEGMENTS
        except CodingFileError:
            refused += 1
    assert refused > 100

"""INTERACT tables and data files: a segment for each code of each class, by name, and no line lost."""

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyadflow.annotations.convert import own_segments
from dyadflow.annotations.formats.reading import FORMATS, CodingFileError
from dyadflow.annotations.formats.registry import read_coding

COLUMNS = [
    "Level", "Description", "Number", "Onset_Time", "Offset_Time", "Duration_Time", "Maternal Affect", "Infant Affect"
]
# (onset in ms, offset in ms, mother's code, infant's code, description); the last has a code in both classes.
EVENTS = [
    (2325_000, 2325_280, "-1", "", ""),
    (2325_320, 2334_920, "1", "", "fröhlich; laut, sehr"),
    (2325_000, 2354_280, "", "W", ""),
    (2354_320, 2357_440, "XX", "N", ""),
]
ROWS = [
    ("Maternal Affect", "-1", 2325.0, 2325.28, ""),
    ("Maternal Affect", "1", 2325.32, 2334.92, "fröhlich; laut, sehr"),
    ("Infant Affect", "W", 2325.0, 2354.28, ""),
    ("Maternal Affect", "XX", 2354.32, 2357.44, ""),
    ("Infant Affect", "N", 2354.32, 2357.44, ""),
]


def seconds(ms):
    return f"{ms / 1000:.3f}"


def clock(ms):
    minutes, ms = divmod(ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


def frames(ms):
    """At 25 frames a second; whole frames only."""
    assert ms % 40 == 0
    return f"{clock(ms)[:8]}:{ms % 1000 // 40:02d}"


def table(events=EVENTS, written=seconds, decimal=".", columns=COLUMNS, sets=(("1", "s07"), ("2", "s07"))):
    """Rows of cells of an exported table."""
    bounds = (min((event[0] for event in events), default=0), max((event[1] for event in events), default=0))
    lines = [(level, description, *bounds, "", "") for level, description in sets]
    lines += [("3", note, onset, offset, mother, infant) for onset, offset, mother, infant, note in events]
    rows = []
    for number, (level, description, onset, offset, mother, infant) in enumerate(lines, start=7947):
        known = {
            "Level": level, "Description": description, "Number": str(number), "Onset_Time": written(onset),
            "Offset_Time": written(offset), "Duration_Time": written(offset - onset), "Maternal Affect": mother,
            "Infant Affect": infant, "Onset_Date": "0d", "Offset_Date": "0d", "Duration_Date": "0d",
        }
        rows.append([
            known.get(name, "").replace(".", decimal) if name.endswith("_Time") else known.get(name, "")
            for name in columns
        ])
    return [columns, *rows]


def write(tmp_path, rows, delimiter=",", encoding="utf-8", name="affect.csv"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    (tmp_path / name).write_bytes(text.getvalue().encode(encoding))
    return tmp_path / name


def xiact(events=EVENTS, sets=(("1", 'Video: "s07.mp4"'), ("2", "s07")), written=lambda ms: str(ms * 10_000)):
    """A data file's text, in the layout that public programs write and read."""
    bounds = (min((event[0] for event in events), default=0), max((event[1] for event in events), default=0))
    lines = ["SYSTEM: <BR><BR>DEFINE: FPS,25<BR>DEFINE: MainFileVersion,10<BR>COLUMN: Maternal Affect<BR>", "[INDVAR]"]
    lines.append("\t".join(["Level", "Onset", "Offset", "Memo", "Maternal Affect", "Infant Affect"]))
    lines += ["\t".join([level, written(bounds[0]), written(bounds[1]), memo, "", ""]) for level, memo in sets]
    lines += [
        "\t".join(["3", written(onset), written(offset), note, mother, infant])
        for onset, offset, mother, infant, note in events
    ]
    return "\r\n".join(lines) + "\r\n"


def claimed_by(path):
    """Formats that take the file for theirs, those left out that take whatever no other does."""
    head = path.read_bytes()[:65536]
    return [name for name, known in FORMATS.items() if known.sniff(head, path) and not known.fallback]


def rows_of(reading):
    columns = ["tier", "code", "onset_s", "offset_s", "comment"]
    return list(reading.rows[columns].itertuples(index=False, name=None))


def told(reading):
    """Issues beside the notes on lines that begin a group or set."""
    return [(issue.rule, issue.where) for issue in reading.issues if "this line begins" not in issue.what]


@pytest.fixture(scope="session")
def real_file(pytestconfig):
    path = pytestconfig.rootpath.parent / "shared" / "data" / "interact" / "mangold_affect.csv"
    if not path.is_file():
        pytest.skip("the public INTERACT file is not beside the project (../shared/data/interact)")
    return path


def test_every_line_of_a_file_that_interact_exported_is_read(real_file, places):
    assert claimed_by(real_file) == ["interact_csv"]
    reading = read_coding(real_file)
    with real_file.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    expected, levels = [], []
    for number, line in enumerate(lines[1:], start=2):
        row = dict(zip(lines[0], line, strict=True))
        levels += [row["Level"]]
        onset_s, offset_s = float(row["Onset_Time"]), float(row["Offset_Time"])
        for name in ("Maternal Affect", "Maternal Problem Data", "Infant Affect", "Infant Problem Data"):
            if row["Level"] == "3" and row[name]:
                expected.append((name, row[name], onset_s, offset_s, f"line {number}"))
    columns = ["tier", "code", "onset_s", "offset_s", "where"]
    assert list(reading.rows[columns].itertuples(index=False, name=None)) == expected
    assert len(expected) == 74 and (levels.count("1"), levels.count("2"), levels.count("3")) == (1, 1, 73)
    assert set(reading.rows.session) == {"3367m3freeplayJR + 3367m3freeplaysab"}
    assert {f"line {number}" for number in range(2, len(lines) + 1)} <= places(reading)
    assert told(reading) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), ("\t", "."), (";", ","), ("\t", ","), (",", ",")])
@pytest.mark.parametrize("written", [seconds, clock])
def test_every_delimiter_decimal_sign_and_encoding_reads_the_same(tmp_path, encoding, delimiter, decimal, written):
    path = write(tmp_path, table(written=written, decimal=decimal), delimiter, encoding)
    assert claimed_by(path) == ["interact_csv"]
    reading = read_coding(path)
    assert rows_of(reading) == ROWS and told(reading) == []
    assert set(reading.rows.session) == {"s07"}


def test_columns_are_found_by_name_wherever_they_stand(tmp_path):
    swapped = [
        "Infant Affect", "Duration_Date", "Duration_Time", "Offset_Date", "Offset_Time", "Number", "Onset_Date",
        "Onset_Time", "Maternal Affect", "Description", "Level",
    ]
    rows = read_coding(write(tmp_path, table(columns=swapped))).rows
    assert sorted(zip(rows.tier, rows.code, rows.onset_s, strict=True)) == sorted(row[:3] for row in ROWS)


def test_swapped_onsets_and_offsets_are_read_as_they_are_called(tmp_path):
    rows = table()
    rows[0] = [{"Onset_Time": "Offset_Time", "Offset_Time": "Onset_Time"}.get(name, name) for name in COLUMNS]
    reading = read_coding(write(tmp_path, rows))
    assert (reading.rows.onset_s > reading.rows.offset_s).all()
    assert [issue.rule for issue in own_segments(reading, tmp_path / "a.csv")[1]].count("reversed_segment") == 5


def test_times_with_frames_need_the_rate(tmp_path):
    rows = table(written=frames)
    assert [rule for rule, _ in told(read_coding(write(tmp_path, rows)))] == ["unreadable_row"] * 4
    reading = read_coding(write(tmp_path, [["FPS", "25"], *rows]))
    assert rows_of(reading) == ROWS and told(reading) == []
    rows[3][COLUMNS.index("Offset_Time")] = "00:38:45:25"  # there is no frame 25
    assert told(read_coding(write(tmp_path, [["FPS", "25"], *rows]))) == [("unreadable_row", "line 5")]


def test_a_day_counts_and_a_date_is_not_guessed_at(tmp_path):
    columns = [*COLUMNS, "Onset_Date", "Offset_Date"]
    rows = table(EVENTS[:2], columns=columns)
    rows[3][-2:] = ["1d", "1d"]
    rows[4][-2:] = ["2014-06-30", "2014-06-30"]
    reading = read_coding(write(tmp_path, rows))
    assert rows_of(reading) == [("Maternal Affect", "-1", 88725.0, 88725.28, "")]
    assert told(reading) == [("unreadable_row", "line 5")]


def test_durations_that_count_the_last_frame_are_one_note_and_others_a_warning_each(tmp_path):
    # INTERACT's own files differ: here each duration is a frame of 1/24 s longer than offset less onset.
    def longer(rows):
        for row in rows[3:]:
            row[5] = f"{float(row[5]) + 1 / 24:.3f}"
        return rows

    reading = read_coding(write(tmp_path, longer(table())))
    assert rows_of(reading) == ROWS
    assert [(issue.rule, issue.severity) for issue in reading.issues][-1] == ("duration_disagrees", "note")
    rows = longer(table())
    rows[4][5] = "5.0"
    assert told(read_coding(write(tmp_path, rows))) == [
        ("duration_disagrees", "line 4"), ("duration_disagrees", "line 5")
    ]
    rows = table()
    rows[4][5] = "5.0"
    assert told(read_coding(write(tmp_path, rows))) == [("duration_disagrees", "line 5")]


def test_events_without_a_code_and_cells_without_a_column_are_told(tmp_path):
    rows = table([(0, 1000, "", "", "she leaves"), *EVENTS[:1]], columns=[*COLUMNS, ""])
    rows[4][-1] = "Ipos"
    reading = read_coding(write(tmp_path, rows))
    assert rows_of(reading) == ROWS[:1]
    assert told(reading) == [("unread_part", "line 4"), ("unreadable_row", "line 5")]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("Onset_Time", "soon"), ("Offset_Time", "?"), ("Onset_Time", ""), ("Level", "4"), ("Level", "")],
)
def test_a_line_that_cannot_be_read_is_an_issue(tmp_path, column, cell):
    rows = table(EVENTS[:2])
    rows[3][COLUMNS.index(column)] = cell
    reading = read_coding(write(tmp_path, rows))
    assert rows_of(reading) == ROWS[1:2] and told(reading) == [("unreadable_row", "line 4")]


def test_an_event_without_an_offset_is_open_to_the_end_of_its_set(tmp_path):
    rows = table()
    rows[4][COLUMNS.index("Offset_Time")] = rows[4][COLUMNS.index("Duration_Time")] = ""
    row = read_coding(write(tmp_path, rows)).rows.iloc[1]
    assert row.offset_s != row.offset_s and row.latest_s == 2357.44


@pytest.mark.parametrize(
    ("sets", "sessions"),
    [
        ([("1", "d07"), ("2", "play"), ("2", "reunion")], ["play", "reunion"]),
        ([("1", "d07"), ("2", "play"), ("1", "d08"), ("2", "play")], ["d07, play", "d08, play"]),
        ([("1", "d07"), ("2", ""), ("1", "d08"), ("2", "")], ["d07", "d08"]),
        ([("1", ""), ("2", ""), ("2", "")], ["set 1", "set 2"]),
        ([("1", ""), ("2", "")], [""]),
        ([("1", "d07")], ["d07"]),
        ([], [""]),
    ],
)
def test_sets_are_sessions_named_by_what_describes_them(tmp_path, sets, sessions):
    rows = [COLUMNS]
    for place, (level, name) in enumerate(sets):
        rows += table([], sets=[(level, name)])[1:]
        if level == "2" or place == len(sets) - 1:
            rows += table(EVENTS[:1], sets=[])[1:]
    rows += table(EVENTS[:1], sets=[])[1:] if not sets else []
    path = write(tmp_path, rows)
    assert list(dict.fromkeys(read_coding(path).rows.session)) == sessions

    def cell(row, name):
        return row[COLUMNS.index(name)]

    lines = ["[INDVAR]", "\t".join(["Level", "Onset", "Offset", "Memo", "Maternal Affect", "Infant Affect"])]
    lines += [
        "\t".join([cell(row, "Level"), "0", "10000000", cell(row, "Description"), *row[6:]]) for row in rows[1:]
    ]
    (tmp_path / "a.xiact").write_text("\n".join(lines))
    assert list(dict.fromkeys(read_coding(tmp_path / "a.xiact").rows.session)) == sessions


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("written", [lambda ms: str(ms * 10_000), clock, frames], ids=["ticks", "clock", "frames"])
def test_a_data_file_reads_like_the_table(tmp_path, encoding, written):
    path = tmp_path / "s07.xiact"
    path.write_bytes(xiact(written=written).encode(encoding))
    assert claimed_by(path) == ["interact_xiact"]
    reading = read_coding(path)
    assert rows_of(reading) == ROWS and told(reading) == []
    assert set(reading.rows.session) == {"s07"} and reading.media == ("s07.mp4",)


def test_a_recording_that_interact_shifts_is_told_and_not_shifted(tmp_path):
    sets = [("1", "d07"), ("2", 'Video: "F:\\films\\s07.avi", OffsetMs:2500 s07')]
    (tmp_path / "a.xiact").write_text(xiact(sets=sets), newline="")
    reading = read_coding(tmp_path / "a.xiact")
    assert reading.media == ("F:\\films\\s07.avi",) and set(reading.rows.session) == {"s07"}
    assert rows_of(reading) == ROWS and told(reading) == [("media_origins", "line 5")]


def test_ticks_are_100_nanoseconds_and_whole(tmp_path):
    text = xiact([(0, 0, "a", "", "")]).replace("\t0\t0\t", "\t20333333\t25.5\t", 3)
    (tmp_path / "a.xiact").write_text(text, newline="")
    assert told(read_coding(tmp_path / "a.xiact")) == [("unreadable_row", "line 6")]
    text = xiact([(0, 0, "a", "", "")]).replace("3\t0\t0\t", "3\t20333333\t30000001\t")
    (tmp_path / "a.xiact").write_text(text, newline="")
    assert rows_of(read_coding(tmp_path / "a.xiact")) == [("Maternal Affect", "a", 2.0333333, 3.0000001, "")]


@pytest.mark.parametrize("name", ["interact_csv", "interact_xiact"])
def test_a_file_without_the_columns_says_which_are_needed(tmp_path, name):
    (tmp_path / "a.csv").write_text("Level,Onset,Code\n3,1,a\n")
    with pytest.raises(CodingFileError, match="Level, Onset"):
        read_coding(tmp_path / "a.csv", name)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(
            st.integers(0, 3_000_000), st.integers(0, 90_000), st.sampled_from(["", "1", "-1", "W", "née"]),
            st.sampled_from(["", "0", "U"]), st.sampled_from(["", "a note", 'a "note"', "one\ntwo", "x; y, z"]),
        ),
        max_size=8,
    ),
    variant=st.sampled_from(["seconds", "clock", "frames", "xiact"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    order=st.permutations(COLUMNS),
)
def test_any_coding_is_read_to_the_millisecond(tmp_path, events, variant, delimiter, decimal, order):
    step = 40 if variant == "frames" else 1
    events = [(a // step * step, (a + b) // step * step, *rest) for a, b, *rest in events]
    if variant == "xiact":
        events = [(*event[:4], event[4].replace("\n", " ")) for event in events]
        path = tmp_path / "a.xiact"
        path.write_text(xiact(events), encoding="utf-8", newline="")
    else:
        written = {"seconds": seconds, "clock": clock, "frames": frames}[variant]
        rows = table(events, written, decimal, order)
        path = write(tmp_path, [["FPS", "25"], *rows] if variant == "frames" else rows, delimiter)
    found = sorted(rows_of(read_coding(path, "interact_xiact" if variant == "xiact" else "interact_csv")))
    expected = [("Maternal Affect", event[2], event) for event in events if event[2]]
    expected += [("Infant Affect", event[3], event) for event in events if event[3]]
    assert found == sorted(
        (tier, code, onset / 1000, offset / 1000, note) for tier, code, (onset, offset, _, _, note) in expected
    )


def count_lines(content: bytes, delimiters: str) -> set[str]:
    """Every line below the column names that holds something, counted without the reader."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = re.split(r"\r\n|\r|\n", text)
    for delimiter in delimiters:
        for place, line in enumerate(lines):
            names = {re.sub(r"[\W_]+|_time", "", cell.casefold()) for cell in line.split(delimiter)}
            if {"level", "onset", "offset"} <= {name.removesuffix("time") for name in names}:
                return {
                    f"line {number}" for number, below in enumerate(lines[place + 1 :], start=place + 2)
                    if below.replace(delimiter, "").replace('"', "").strip()
                }
    raise AssertionError("the reader found columns that are not there")


@pytest.mark.parametrize(
    ("variant", "delimiter", "count"), [("seconds", ",", 600), ("frames", ";", 400), ("xiact", "\t", 1000)]
)
def test_a_damaged_file_is_an_error_or_every_line_is_accounted_for(
    tmp_path, mutants, places, variant, delimiter, count
):
    name = "interact_xiact" if variant == "xiact" else "interact_csv"
    if variant == "xiact":
        path = tmp_path / "a.xiact"
        path.write_text(xiact(EVENTS * 2), encoding="utf-8", newline="")
    else:
        rows = table(EVENTS * 2, seconds if variant == "seconds" else frames)
        path = write(tmp_path, rows if variant == "seconds" else [["FPS", "25"], *rows], delimiter)
    read = 0
    for kind, mutant in mutants(path.read_bytes(), seed=5, count=count, columns=delimiter):
        path.write_bytes(mutant)
        for known in ("interact_csv", "interact_xiact"):
            FORMATS[known].sniff(mutant, path)
        try:
            reading = read_coding(path, name)
        except CodingFileError:
            continue
        read += 1
        assert count_lines(mutant, "\t" if variant == "xiact" else "\t;,") <= places(reading), kind
    assert count / 2 < read < count

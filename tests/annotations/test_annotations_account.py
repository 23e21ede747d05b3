"""Guards the account: of every coding file, whatever its format, each annotation is kept, left out or rejected."""

import json

import openpyxl
import pandas as pd
import pytest

from dyadflow.annotations.account import (
    FILE_COLUMNS,
    IMPORT_COLUMNS,
    count_unread,
    named_places,
    read_accounts,
    write_accounts,
)
from dyadflow.annotations.formats.reading import FORMATS, Reading, make_rows
from dyadflow.annotations.formats.registry import write_coding
from dyadflow.annotations.gather import gather_coding
from dyadflow.annotations.importing import import_file, import_session
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments

#: What each sample holds: two segments of the scheme, a code that is not in it, and a tier that is not.
ROWS = [
    ("infant", "Ipos", 0.0, 2.0), ("infant", "Ineu", 2.0, 4.0), ("infant", "blink", 4.0, 5.0),
    ("toys", "ball", 0.0, 1.0),
]
SEGMENTS = Segments.from_rows(
    {"session": "s01", "coder": "", "tier": tier, "code": code, "onset_s": on, "offset_s": off}
    for tier, code, on, off in ROWS
)


def written(format, segments=SEGMENTS):
    return lambda path: write_coding(segments, path, format)


def text(content, encoding="utf-8"):
    return lambda path: path.write_bytes(content.encode(encoding))


def events():
    """Rows as starts and stops, in the order of time."""
    found = [(time, kind, tier, code) for tier, code, on, off in ROWS for time, kind in ((on, "start"), (off, "stop"))]
    return sorted(found, key=lambda event: (event[0], event[1] == "start"))


def observer_lines(delimiter):
    lines = [["Time_Relative_sf", "Subject", "Behavior", "Event_Type"]]
    lines += [[f"{time:.3f}", tier, code, f"State {kind}"] for time, kind, tier, code in events()]
    return [delimiter.join(line) for line in lines]


def workbook(path):
    book = openpyxl.Workbook()
    for line in observer_lines("\t"):
        cells = line.split("\t")
        book.active.append([float(cells[0]) if cells[0][0].isdigit() else cells[0], *cells[1:]])
    book.active.append(["soon", "infant", "Ipos", "State start"])
    book.save(path)


def odx():
    inner = "".join(
        f"<OBS_EVENT><OBS_EVENT_TIMESTAMP>2018-09-01 14:03:{time:06.3f}000</OBS_EVENT_TIMESTAMP>"
        f'<OBS_EVENT_SUBJECT NAME="{tier}"/><OBS_EVENT_BEHAVIOR NAME="{code}"/>'
        f"<OBS_EVENT_STATE>{1 if kind == 'start' else 2}</OBS_EVENT_STATE></OBS_EVENT>"
        for time, kind, tier, code in events()
    )
    return (
        "<?xml version='1.0' encoding='utf-16'?><NXMLINTERCHANGE><OBS_OBSERVATIONS><OBS_OBSERVATION NAME='s01'>"
        f"<OBS_EVENT_LOGS><OBS_EVENT_LOG>{inner}</OBS_EVENT_LOG></OBS_EVENT_LOGS>"
        "</OBS_OBSERVATION></OBS_OBSERVATIONS></NXMLINTERCHANGE>"
    )


def boris_project():
    codes = dict.fromkeys(code for _, code, *_ in ROWS)
    state = {"type": "State event", "key": "", "category": "", "modifiers": {}, "excluded": ""}
    return json.dumps({
        "time_format": "hh:mm:ss", "project_name": "p", "project_format_version": "7.0",
        "subjects_conf": {str(place): {"key": "", "name": name} for place, name in enumerate(("infant", "toys"))},
        "behaviors_conf": {
            str(place): state | {"code": code} for place, code in enumerate(codes)
        },
        "observations": {"s01": {
            "type": "MEDIA", "time offset": 0.0, "file": {"1": ["s01.mp4"]}, "date": "2024-05-01T10:00:00",
            "media_info": {"length": {"s01.mp4": 60.0}, "fps": {"s01.mp4": 25.0}},
            "events": [
                *([time, tier, code, "", ""] for time, _, tier, code in events()), ["x", "infant", "Ipos", "", ""]
            ],
        }},
    })


def boris_events():
    head = ["Observation id", "Media file path", "Total length", "FPS", "Subject", "Behavior", "Behavioral category",
            "Comment", "Time", "Status"]
    lines = [["s01", "s01.mp4", "60", "25", tier, code, "", "", f"{time:.3f}", kind.upper()]
             for time, kind, tier, code in events()]
    lines.append(["s01", "s01.mp4", "60", "25", "infant", "Ipos", "", "", "soon", "START"])
    return "\n".join(map(",".join, [head, *lines])) + "\n"


def interact(delimiter, ticks):
    names = ["Level", "Onset", "Offset", "Memo", "infant", "toys"] if ticks else \
        ["Level", "Description", "Number", "Onset_Time", "Offset_Time", "Duration_Time", "infant", "toys"]
    lines = [("1", 0.0, 5.0, "", ""), ("2", 0.0, 5.0, "", "")]
    lines += [("3", on, off, code if tier == "infant" else "", code if tier == "toys" else "")
              for tier, code, on, off in ROWS]
    text = []
    for level, onset_s, offset_s, *codes in [*lines, ("3", "soon", 9.0, "Ipos", "")]:
        times = [str(round(time * 10**7)) if ticks and time != "soon" else str(time) for time in (onset_s, offset_s)]
        text.append([level, *times, "", *codes] if ticks else [level, "", "1", *times, "", *codes])
    head = ["SYSTEM: <BR><BR>DEFINE: FPS,25<BR>", "[INDVAR]"] if ticks else []
    return "\r\n".join([*head, *map(delimiter.join, [names, *text])]) + "\r\n"


VTT = "WEBVTT\n\n" + "\n".join(
    f"00:0{int(on // 60)}:{on % 60:06.3f} --> 00:0{int(off // 60)}:{off % 60:06.3f}\n<v {tier}>{code}\n"
    for tier, code, on, off in ROWS
) + "\nsoon --> later\nIpos\n"
RTTM = "".join(
    f"SPEAKER s01 1 {on} {off - on} <NA> <NA> {tier} <NA> <NA>\n" for tier, _, on, off in ROWS
) + "SPEAKER s01\n"
ODF = "".join(
    f"{time:.2f} {tier},{code}_{'end' if kind == 'stop' else 'start'}\n" for time, kind, tier, code in events()
)

#: For each format a file's name, how it is made, and what becomes of its annotations with the scheme: kept, left out,
#: rejected; and how many of the rejected its reader could not read at all.
SAMPLES = {
    "boris_aggregated": ("s01.csv", written("boris"), (2, 1, 1), 0),
    "boris_events": ("s01.csv", text(boris_events()), (2, 1, 2), 1),
    "boris_project": ("s01.boris", text(boris_project()), (2, 1, 2), 1),
    "eaf": ("s01.eaf", written("eaf"), (2, 1, 1), 0),
    "easydiag": ("s01.txt", text("".join(
        f"{tier}_R1\t{on * 1000:.0f}\t{off * 1000:.0f}\t{code}\n" for tier, code, on, off in ROWS
    ) + "infant_R1\tsoon\n"), (2, 1, 2), 1),
    "interact_csv": ("s01.csv", text(interact(",", False)), (2, 1, 2), 1),
    "interact_xiact": ("s01.xiact", text(interact("\t", True)), (2, 1, 2), 1),
    # One tier a file.
    "nova": ("s01.annotation", written("nova", SEGMENTS.select(tier="infant")), (2, 0, 1), 0),
    "observer": ("s01.txt", text("\n".join([*observer_lines(";"), "soon;infant;Ipos;State start"])), (2, 1, 2), 1),
    "observer_odf": ("s01.odf", text(f"{{start}}\n{ODF}soon infant,Ipos_start\n{{end}}\n"), (2, 1, 2), 1),
    "observer_odx": ("s01.odx", text(odx(), "utf-16"), (2, 1, 1), 0),
    "observer_xlsx": ("s01.xlsx", workbook, (2, 1, 2), 1),
    # Turns of speech have no code of the scheme.
    "rttm": ("s01.rttm", text(RTTM), (0, 1, 4), 1),
    "table": ("s01.csv", text("".join(
        f"{';'.join(map(str, line))}\n"
        for line in [("tier", "code", "start_s", "end_s"), *ROWS, ("infant", "Ipos", "?", "")]
    )), (2, 1, 2), 1),
    "tsv": ("s01.tsv", written("tsv"), (2, 1, 1), 0),
    "vtt": ("s01.vtt", text(VTT), (2, 1, 2), 1),
}


def test_there_is_a_sample_of_every_format():
    assert set(SAMPLES) == set(FORMATS)


@pytest.fixture(params=sorted(SAMPLES))
def sample(request, tmp_path):
    name, make, became, unread = SAMPLES[request.param]
    make(tmp_path / name)
    return request.param, tmp_path / name, became, unread


def counts(account):
    return tuple(account[name] for name in ("kept", "left_out", "rejected"))


def test_every_annotation_of_every_format_is_in_the_account(sample, vocabulary):
    name, path, became, unread = sample
    alone = import_file(path)
    assert alone.known.name == name
    total = sum(became)
    assert (alone.account["annotations"], counts(alone.account)) == (total, (total - unread, 0, unread))
    found = import_file(path, session="s01", coder="anna", vocabulary=vocabulary)
    assert (found.account["annotations"], counts(found.account)) == (total, became)
    assert len(found.segments) == found.account["kept"]
    assert found.account["vendor_files"] == ("yes" if FORMATS[name].vendor_files else "no")
    assert found.account["tried"] == FORMATS[name].tried and found.account["file"] == path.name


def test_the_account_of_a_damaged_file_adds_up_too(sample, vocabulary, mutants):
    name, path, _, _ = sample
    content = path.read_bytes()
    for _, broken in mutants(content, 20, 24):
        path.write_bytes(broken)
        for known in ({}, {"session": "s01", "coder": "anna", "vocabulary": vocabulary}):
            found = import_file(path, format=name, **known)
            kept, left_out, rejected = counts(found.account)
            assert found.account["annotations"] == kept + left_out + rejected and kept == len(found.segments)
            if found.reading is not None:
                assert found.account["annotations"] >= len(found.reading.rows)
                # What is rejected, is told.
                assert not rejected or any(issue.severity != "note" for issue in found.issues)


@pytest.mark.parametrize(("where", "places"), [
    ("line 12", ["line 12"]),
    ("lines 12 and 15", ["line 12", "line 15"]),
    ("lines 3 to 5", ["line 3", "line 4", "line 5"]),
    ("rows 2, 3 and 9", ["row 2", "row 3", "row 9"]),
    ("rows 2, 4 to 6, and 9", ["row 2", "row 4", "row 5", "row 6", "row 9"]),
    ("annotation a12", ["annotation a12"]),
    ("annotations a1 to a7", ["annotation a1", "annotation a7"]),
    ("observation x, event 3", ["observation x, event 3"]),
    ("sheet 'Events', rows 4 and 6", ["sheet 'Events', row 4", "sheet 'Events', row 6"]),
    ("sheet 'Notes'", []), ("tier 'x'", []), ("", []), ("slot ts9", []), ("observation 'line up'", []),
])
def test_places_are_taken_apart(where, places):
    assert list(named_places(where)) == places


def test_lines_without_a_row_are_counted_once_each_and_by_how_grave_they_are():
    reading = Reading(make_rows([{"where": "lines 1 and 4"}, {"where": "line 2"}]), Issues.of([
        Issue("unpaired_event", "kept all the same", where="line 1"),
        Issue("repeated_event", "not read", where="line 4"),
        Issue("unreadable_row", "not read", where="lines 5 to 7"),
        Issue("unreadable_row", "said again", where="line 6"),
        Issue("other_session", "not wanted", where="line 9"),
        Issue("unread_part", "names of columns", where="lines 10 and 11"),
        Issue("unread_sheet", "a sheet", where="sheet 'Notes'"),
    ]))
    assert count_unread(reading) == (1, 3)


def test_annotations_of_other_sessions_coders_and_tiers_are_left_out_and_not_rejected(tmp_path, vocabulary):
    path = tmp_path / "all.tsv"
    path.write_text("session\tcoder\ttier\tcode\tonset_s\toffset_s\n" + "".join(
        f"{session}\t{coder}\t{tier}\tIpos\t{place}\t{place + 1}\n" for place, (session, coder, tier) in enumerate([
            ("s01", "anna", "infant"), ("s02", "anna", "infant"), ("s01", "ben", "infant"), ("s01", "anna", "toys")])
    ))
    account = import_file(path, session="s01", coder="anna", vocabulary=vocabulary).account
    assert (account["annotations"], counts(account)) == (4, (1, 3, 0))
    # Of a coder whom the file does not know nothing can be read, and that is an error.
    account = import_file(path, session="s01", coder="carl", vocabulary=vocabulary).account
    assert counts(account) == (0, 2, 2)


def test_accounts_come_back_from_the_disk_and_become_the_studys_table(tmp_path, vocabulary):
    for name, make, *_ in (SAMPLES["eaf"], SAMPLES["tsv"]):
        make(tmp_path / name)
    files = [tmp_path / "s01.eaf", tmp_path / "s01.tsv", tmp_path / "gone.eaf"]
    coding = [{"coder": coder, "format": "auto", "offset_s": 0.5} for coder in ("007", "ben", "carl")]
    segments, issues, accounts = import_session("s01", files, coding, vocabulary=vocabulary)
    assert list(accounts.columns) == list(IMPORT_COLUMNS) and len(accounts) == 3
    write_accounts(accounts, tmp_path / "account.tsv")
    again = read_accounts(tmp_path / "account.tsv")
    pd.testing.assert_frame_equal(again, accounts, check_dtype=False)
    probes = {}
    _, issues, files = gather_coding(
        [segments], [issues], probes, vocabulary=vocabulary, needs_sound=False,
        coding={"s01": ["007", "ben", "carl"]}, phased=["s01"], severities={"unknown_code": "note"}, accounts=[again],
        kinds={("s01", "ben"): "assisted"},
    )
    assert list(files.columns) == list(FILE_COLUMNS)
    assert files.coder.tolist() == ["007", "ben", "carl"] and files.kind.tolist() == ["human", "assisted", "human"]
    assert files.annotations.tolist() == [4, 4, 0] and files.kept.tolist() == [2, 2, 0]
    assert files.first_onset_s.tolist()[:2] == [0.5, 0.5] and files.last_offset_s.tolist()[:2] == [4.5, 4.5]
    assert files.errors.tolist() == [0, 0, 1] and files.notes.tolist()[2] == 0
    assert files["format"].tolist() == ["ELAN", "dyadflow's own table", ""]

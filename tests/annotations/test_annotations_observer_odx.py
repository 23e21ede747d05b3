"""Exchange files of Observer XT: events, coding scheme, and times of which the zero is not always known."""

import io
import re
import zipfile
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.registry import choose_format, read_coding

START = datetime(2018, 9, 1, 14, 3, 7, 250000)
STATES = {"start": 1, "stop": 2, "point": 3}
CODES = {"1": ("Ipos", "smiles or laughs"), "2": ("Ineu", "neither"), "3": ("Cpos", "")}
SUBJECTS = {"11": "Infant", "12": "Mother"}
EVENTS = [
    (0.0, "Mother", "Cpos", "start", ""),
    (0.48, "Infant", "Ipos", "start", "bright & early"),
    (12.345, "Infant", "Ipos", "stop", ""),
    (12.345, "Infant", "Ineu", "start", ""),
    (20.04, "Infant", "Ineu", "stop", ""),
    (30.5, "Infant", "Ipos", "point", ""),
    (60.5, "Mother", "Cpos", "stop", ""),
]
SEGMENTS = [
    ("Mother", "Cpos", 0.0, 60.5),
    ("Infant", "Ipos", 0.48, 12.345),
    ("Infant", "Ineu", 12.345, 20.04),
    ("Infant", "Ipos", 30.5, 30.5),
]


def element(tag, text="", **attributes):
    given = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{tag}{given}>{text}</{tag}>"


def coding_scheme(exclusive="Y"):
    def entry(kind, **values):
        inner = (element(f"CDS_ELE_{key}", escape(value)) for key, value in values.items())
        return element(f"CDS_{kind}", "".join(inner))

    lines = [entry("SUBJECT", NAME="Subjects", ID="10")]
    lines += [entry("SUBJECT", NAME=name, ID=number, PARENT_NAME="Subjects") for number, name in SUBJECTS.items()]
    lines += [entry("BEHAVIOR", NAME="Affect", ID="20", MUT_EXCLUSIVE=exclusive)]
    lines += [
        entry("BEHAVIOR", NAME=name, ID=number, DESCRIPTION=meaning, PARENT_NAME="Affect")
        for number, (name, meaning) in CODES.items()
    ]
    return element("CDS_CODING_SCHEME", "\n" + "\n".join(lines) + "\n")


def stamp(time_s, start=START):
    return f"{start + timedelta(seconds=time_s):%Y-%m-%d %H:%M:%S.%f}"


def event_line(event, start=START, by_id=False, modifiers=(), extra=""):
    time_s, subject, code, kind, comment = event
    ids = {name: number for number, name in SUBJECTS.items()} | {name: number for number, (name, _) in CODES.items()}

    def key(name):
        return {"ID": ids[name]} if by_id else {"NAME": name}

    inner = "".join(element("OBS_EVENT_BEHAVIOR_MODIFIER", value, CLASS=name) for name, value in modifiers)
    return element(
        "OBS_EVENT",
        element("OBS_EVENT_TIMESTAMP", stamp(time_s, start))
        + element("OBS_EVENT_SUBJECT", **key(subject))
        + element("OBS_EVENT_BEHAVIOR", inner, **key(code))
        + element("OBS_EVENT_STATE", str(STATES[kind]))
        + (element("OBS_EVENT_COMMENT", escape(comment)) if comment else "")
        + extra,
    )


def log_of(lines, **attributes):
    return element("OBS_EVENT_LOG", "\n" + "\n".join(lines) + "\n", **attributes)


def observation(name, *logs, **attributes):
    return element("OBS_OBSERVATION", element("OBS_EVENT_LOGS", "\n".join(logs)), NAME=name, **attributes)


def document(*observations, scheme="", encoding="utf-16"):
    body = f"<OBS_OBSERVATIONS xmlns='nxmlvosobservations'>{''.join(observations)}</OBS_OBSERVATIONS>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<NXMLINTERCHANGE>\n{scheme}\n{body}\n</NXMLINTERCHANGE>\n'
    return text.encode(encoding)


def read(tmp_path, content, name="s01.odx"):
    (tmp_path / name).write_bytes(content)
    return read_coding(tmp_path / name)


def spans(rows):
    return sorted(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, strict=True), key=lambda row: row[2])


def timed(events=EVENTS, **layout):
    """An observation that says when it began."""
    lines = [event_line(event, **layout) for event in events]
    return observation("s01", log_of(lines), START_DATETIME=stamp(0))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("by_id", [True, False])
def test_events_are_read_with_names_or_identifiers(tmp_path, encoding, by_id):
    content = document(timed(by_id=by_id), scheme=coding_scheme(), encoding=encoding)
    reading = read(tmp_path, content)
    assert choose_format(tmp_path / "s01.odx").name == "observer_odx"
    assert spans(reading.rows) == SEGMENTS and not len(reading.issues)
    assert reading.rows.comment[1] == "bright & early"
    assert set(reading.rows.session) == {"s01"} and set(reading.rows.coder) == {""}
    assert reading.rows["where"][1] == "observation s01, events 2 and 3"


def test_a_file_whose_declared_encoding_is_not_its_own_is_read(tmp_path):
    text = document(timed(), encoding="utf-16").decode("utf-16")
    assert spans(read(tmp_path, text.encode("utf-8")).rows) == SEGMENTS


def test_the_coding_scheme_gives_every_subject_its_codes(tmp_path):
    template = document(scheme=coding_scheme())
    reading = read(tmp_path, template, "scheme.otx")
    assert not len(reading.rows) and not len(reading.issues)
    assert reading.vocabularies == {subject: dict(CODES.values()) for subject in SUBJECTS.values()}
    with zipfile.ZipFile(tmp_path / "scheme.otb", "w") as archive:
        archive.writestr("scheme.otx", template)
    assert choose_format(tmp_path / "scheme.otb").name == "observer_odx"
    assert read_coding(tmp_path / "scheme.otb").vocabularies == reading.vocabularies


def test_modifiers_are_kept_in_the_comment_and_unknown_parts_are_named(tmp_path):
    line = event_line(EVENTS[5], modifiers=[("Toy", "duck"), ("Hand", "left")], extra=element("OBS_EVENT_MARKER", "1"))
    reading = read(tmp_path, document(observation("s01", log_of([line]), START_DATETIME=stamp(0))))
    assert reading.rows.comment.tolist() == ["Toy: duck; Hand: left"]
    assert [(issue.rule, "OBS_EVENT_MARKER (1)" in issue.what) for issue in reading.issues] == [("unread_part", True)]


def test_a_state_of_an_exclusive_group_ends_at_the_latest_where_the_next_one_starts(tmp_path):
    events = [event for event in EVENTS if event[1:4] != ("Infant", "Ipos", "stop")]
    for exclusive, latest_s in (("Y", 12.345), ("N", 60.5)):
        content = document(timed(events), scheme=coding_scheme(exclusive))
        rows = read(tmp_path, content).rows
        assert rows[rows.offset_s.isna()].latest_s.tolist() == [latest_s]


def test_several_event_logs_are_several_coders(tmp_path):
    later = [(time_s + 1, *rest) for time_s, *rest in EVENTS]
    for names, coders in (({}, ["event log 1", "event log 2"]), ({"NAME": "anna"}, ["anna", "event log 2"])):
        logs = log_of(map(event_line, EVENTS), **names), log_of(map(event_line, later))
        reading = read(tmp_path, document(observation("s01", *logs, START_DATETIME=stamp(0))))
        assert sorted(set(reading.rows.coder)) == coders and not len(reading.issues)
        assert spans(reading.rows[reading.rows.coder == coders[0]]) == SEGMENTS


def test_without_a_start_the_first_event_is_the_zero_and_that_is_an_error(tmp_path):
    reading = read(tmp_path, document(observation("s01", log_of(map(event_line, EVENTS)))))
    assert spans(reading.rows) == SEGMENTS
    assert [(issue.rule, issue.severity, issue.where) for issue in reading.issues] == [
        ("uncertain_times", "error", "observation s01")
    ]
    assert "14:03:07.250" in reading.issues.rows[0].what


def test_starts_that_cannot_be_true_are_not_used(tmp_path):
    for starts, said in (
        ({"START_DATETIME": stamp(5)}, "later than its first event"),
        ({"START_DATETIME": stamp(-5), "START_TIME": stamp(-9)}, "2 different starts"),
    ):
        content = document(observation("s01", log_of(map(event_line, EVENTS)), **starts))
        reading = read(tmp_path, content)
        assert spans(reading.rows) == SEGMENTS and said in reading.issues.rows[0].what
    early = document(observation("s01", log_of(map(event_line, EVENTS)), START_DATETIME=stamp(-5)))
    assert read(tmp_path, early).rows.onset_s.tolist()[0] == 5


def test_a_date_on_which_nothing_was_recorded_is_a_day_nought(tmp_path):
    lines = [event_line(event, start=datetime(1899, 12, 30)) for event in EVENTS]
    reading = read(tmp_path, document(observation("s01", log_of(lines))))
    assert spans(reading.rows) == SEGMENTS and not len(reading.issues)


def test_an_event_log_that_is_not_in_order_of_time_is_an_issue(tmp_path):
    lines = [event_line(event) for event in (*EVENTS[1:], EVENTS[0])]
    reading = read(tmp_path, document(observation("s01", log_of(lines), START_DATETIME=stamp(0))))
    assert spans(reading.rows) == SEGMENTS
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("uncertain_times", "observation s01, event 7")
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (stamp(0.48), "12.5", "no time"),
        ("<OBS_EVENT_STATE>1", "<OBS_EVENT_STATE>7", "starts or stops"),
        ('<OBS_EVENT_BEHAVIOR ID="1">', "<OBS_EVENT_BEHAVIOR>", "names no behaviour"),
        ('<OBS_EVENT_BEHAVIOR ID="1">', '<OBS_EVENT_BEHAVIOR ID="99">', "names no behaviour"),
        ('<OBS_EVENT_SUBJECT ID="11">', '<OBS_EVENT_SUBJECT ID="99">', "identifier"),
    ],
)
def test_an_event_that_cannot_be_placed_is_an_issue_with_its_number(tmp_path, old, new, said):
    broken = event_line(EVENTS[1], by_id=True).replace(old, new)
    content = document(
        observation("s01", log_of([event_line(EVENTS[0]), broken]), START_DATETIME=stamp(0)), scheme=coding_scheme()
    )
    reading = read(tmp_path, content)
    assert reading.rows.code.tolist() == ["Cpos"]
    assert [(issue.rule, issue.where) for issue in reading.issues] == [
        ("unreadable_row", "observation s01, event 2")
    ]
    assert said in reading.issues.rows[0].what


def test_what_is_no_exchange_file_is_told_in_a_sentence(tmp_path):
    content = document(timed())
    with pytest.raises(CodingFileError, match="cut off"):
        read(tmp_path, content[: len(content) // 2])
    (tmp_path / "a.odx").write_text("<note/>")
    with pytest.raises(CodingFileError, match="'note'"):
        read_coding(tmp_path / "a.odx", "observer_odx")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.xml", "<a/>")
        archive.writestr("b.xml", "<b/>")
    with pytest.raises(CodingFileError, match="2 files"):
        read(tmp_path, stream.getvalue(), "a.otb")


NAMES = st.text("abÄ <&'\".", min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from(["state", "point"]), st.integers(1, 5_000), st.integers(1, 50_000), NAMES),
        max_size=8,
    ),
    NAMES,
    st.sampled_from(["utf-16", "utf-8"]),
    st.integers(0, 3_000),
)
def test_whatever_was_coded_is_read(tmp_path, bouts, subject, encoding, begin_ms):
    lines, expected, now_ms = [], [], begin_ms
    for code, kind, gap_ms, length_ms, comment in bouts:
        onset_ms = now_ms + gap_ms
        now_ms = onset_ms + (length_ms if kind == "state" else 0)
        expected.append((subject, code, onset_ms / 1000, now_ms / 1000, comment))
        for time_ms, state in ((onset_ms, 3),) if kind == "point" else ((onset_ms, 1), (now_ms, 2)):
            lines.append(
                element(
                    "OBS_EVENT",
                    element("OBS_EVENT_TIMESTAMP", stamp(time_ms / 1000))
                    + element("OBS_EVENT_SUBJECT", NAME=subject)
                    + element("OBS_EVENT_BEHAVIOR", NAME=code)
                    + element("OBS_EVENT_STATE", str(state))
                    + element("OBS_EVENT_COMMENT", escape(comment)),
                )
            )
    reading = read(tmp_path, document(observation("s01", log_of(lines), START=stamp(0)), encoding=encoding))
    rows = reading.rows
    assert list(zip(rows.tier, rows.code, rows.onset_s, rows.offset_s, rows.comment, strict=True)) == expected
    assert not len(reading.issues)


def fuzzed():
    second = observation("s02", log_of(map(event_line, EVENTS[:3])), log_of(map(event_line, EVENTS[:3]), NAME="b"))
    first = timed(by_id=True).replace("</OBS_EVENT>", "\n</OBS_EVENT>")
    return {
        "utf-8": document(timed(), second, encoding="utf-8"),
        "utf-16": document(first, scheme=coding_scheme()),
        "template": document(scheme=coding_scheme(), encoding="utf-8"),
    }


@pytest.mark.parametrize("variant", ["utf-8", "utf-16", "template"])
def test_a_damaged_file_is_refused_or_accounted_for_event_by_event(tmp_path, mutants, places, variant):
    path, understood = tmp_path / "a.odx", 0
    for _, content in mutants(fuzzed()[variant], 5, 300, '"'):
        path.write_bytes(content)
        try:
            reading = read_coding(path, "observer_odx")
        except CodingFileError:
            continue
        understood += 1
        text = content.decode("utf-16" if variant == "utf-16" else "utf-8", errors="replace")
        # Without the namespace, of which lxml asks more than XML does.
        root = etree.fromstring(re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>|xmlns='[^']*'", "", text))
        counts = {}
        for event in root.iter("OBS_EVENT"):
            above = next(event.iterancestors("OBS_OBSERVATION"), None)
            name = "" if above is None else above.get("NAME", "").strip()
            counts[name] = counts.get(name, 0) + 1
            where = f"observation {name}, event {counts[name]}" if name else f"event {counts[name]}"
            assert where in places(reading)
    assert understood > 20, understood


def test_a_damaged_template_archive_is_refused_or_read(tmp_path, mutants):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scheme.otx", document(scheme=coding_scheme()))
    path, refused = tmp_path / "a.otb", 0
    for _, content in mutants(stream.getvalue(), 6, 150):
        path.write_bytes(content)
        try:
            assert read_coding(path, "observer_odx").vocabularies["Infant"] == dict(CODES.values())
        except CodingFileError:
            refused += 1
    assert refused > 30

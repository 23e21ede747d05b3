"""The account tells every file, every issue and every segment, and lets nothing in that a name could smuggle."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from dyadflow.annotations.account import FILE_COLUMNS
from dyadflow.annotations.doctor.bounds import check_bounds
from dyadflow.annotations.doctor.examine import examine_file
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.open_states import close_open_states
from dyadflow.annotations.overlaps import find_overlaps
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.report.account import balance_sentence, group_issues, verdict, write_account, write_file_account
from dyadflow.report.account_pictures import coloured_codes, scheme_of_codes
from dyadflow.report.figures import MARGIN, PLOT_WIDTH
from dyadflow.report.issue_places import place_of
from dyadflow.report.strip_rows import Block, assign_lanes
from dyadflow.tables import write_table

EVIL = "<script>alert(1)</script>"


def files_rows(**changes) -> list[dict]:
    """The account of two files of two sessions."""
    row = {
        "session": "D01", "coder": "anna", "kind": "human", "file": "D01_anna.txt", "format": "Observer XT",
        "vendor_files": "no", "tried": "only files made to the description", "annotations": 12, "kept": 9,
        "left_out": 2, "rejected": 1, "errors": 1, "warnings": 0, "notes": 1, "first_onset_s": 1.0,
        "last_offset_s": 58.5, "media": "", "media_lengths_s": "", "checked_by": "coder ben", "shift_s": -0.04,
    }  # fmt: skip
    assert set(row) == set(FILE_COLUMNS)
    other = row | {
        "session": "D02", "coder": "ben", "file": "D02_ben.eaf", "format": "ELAN", "vendor_files": "yes",
        "tried": "documents of ELAN", "annotations": 5, "kept": 5, "left_out": 0, "rejected": 0, "errors": 0,
        "notes": 0, "checked_by": "not checkable", "shift_s": np.nan,
    }  # fmt: skip
    return [row | changes, other]


def issue_rows() -> list[Issue]:
    """One error with a moment, a warning with a span past the end, notes without any time."""
    return [
        Issue("gap", "1 stretch without a code, 0.840 s together, the longest from 20.000 to 20.840 s",
              session="D01", coder="anna"),
        Issue("unknown_code", "code 'Ipso' is not in tier 'infant' of the scheme (once, first at 34.200 s)",
              "write 'Ipos' if that is meant", "D01", "anna", "D01_anna.txt", "line 21"),
        Issue("recording_length", "the file's medium lasts 60.000 s and the recording 61.000 s", "", "D02", "ben"),
        Issue("variable_rate", "frames come at a variable rate", "", "D02", file="D02.mp4"),
    ]  # fmt: skip


def segment(session: str, coder: str, tier: str, code: str, onset_s: float, offset_s: float) -> dict:
    """A row of the segment table."""
    return {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}


SEGMENTS = [
    segment("D01", "anna", "phase", "play", 0.0, 30.0),
    segment("D01", "anna", "phase", "reunion", 30.0, 60.0),
    segment("D01", "anna", "infant", "Ineu", 1.0, 20.0),
    segment("D01", "anna", "infant", "Ipos", 20.84, 58.5),
    segment("D01", "ben", "infant", "Ineu", 1.5, 19.0),
    segment("D01", "ben", "caregiver", "Cneu", -3.0, 63.0),
    segment("D02", "ben", "infant", "Ineu", 0.0, 30.0),
    segment("D02", "ben", "infant", "Ipos", 25.0, 40.0),
]


@pytest.fixture
def inputs(small, tmp_path) -> dict:
    """What `write_account` is given of the study of two sessions."""
    write_table(pd.DataFrame(files_rows()), tmp_path / "files.tsv")
    Issues.of(issue_rows()).write(tmp_path / "issues.tsv")
    Segments.from_rows(SEGMENTS).write(tmp_path / "segments.tsv")
    return {
        "study": {"name": "demo", "title": "Two made-up sessions"},
        "files": tmp_path / "files.tsv",
        "issues": tmp_path / "issues.tsv",
        "segments": tmp_path / "segments.tsv",
        "scheme": small.inputs["scheme"],
        "lengths_s": {"D01": 60.0, "D02": 61.0},
        "sheet_phases": {"D02": [["play", 0.0, 30.0], ["reunion", 30.0, 60.0]]},
        "page": tmp_path / "account.html",
    }


def build(inputs: dict, **changes) -> html.HtmlElement:
    """The page, parsed."""
    write_account(**{**inputs, **changes})
    return html.parse(str(inputs["page"])).getroot()


def words(element) -> str:
    """The text of an element, blanks collapsed."""
    return " ".join(element.text_content().split())


def bands(details) -> dict[str, list[str]]:
    """Of a session's picture, for each strip what its stretches are called."""
    found = {}
    for group in details.xpath(".//svg[@class='timeline']/g"):
        name = group.xpath("text[contains(@class, 'row')]")[0].text
        found[name] = group.xpath(".//path/title/text() | .//g/title/text()")
    return found


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "no error and no warning was found."),
        (["gap", "gap"], "no error and no warning was found, only 2 notes for the record."),
        (["gap", "zero_length"], "can be used: no error was found, but 1 warning deserves a look."),
        (["overlap", "zero_length"], "cannot be used yet: 1 error in 1 session has to be repaired."),
        (["overlap", "reversed_segment"], "cannot be used yet: 2 errors in 1 session have to be repaired."),
    ],
)
def test_the_verdict_is_that_of_the_gravest_issue(rules, told):
    issues = Issues.of(Issue(rule, "x", session="D01") for rule in rules)
    grades = {grade: sum(issue.severity == grade for issue in issues) for grade in ("error", "warning", "note")}
    assert verdict(grades, issues, "study").endswith(told)


def test_the_page_opens_with_the_verdict_and_counts_by_severity(inputs):
    page = build(inputs)
    first = page.xpath("//section")[0]
    assert words(first.xpath(".//p")[0]) == (
        "This study cannot be used yet: 1 error in 1 session has to be repaired."
    )
    facts = {words(part.find("dt")): words(part.find("dd")) for part in first.xpath(".//dl/div")}
    assert facts == {
        "Errors": "1", "Warnings": "1", "Notes": "2", "Coding files": "2", "Annotations": "17", "Kept": "14",
    }  # fmt: skip


def test_the_page_is_whole_and_asks_nothing_of_the_network(inputs):
    page = build(inputs)
    text = inputs["page"].read_text()
    for tag in ("section", "table", "details", "svg", "ul", "div", "tr", "td", "g", "dl", "summary"):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), tag
    assert all(words(table.find("caption")) for table in page.iter("table"))
    assert not list(page.iter("script", "img", "iframe", "link", "object", "video", "audio", "form", "base"))
    assert not page.xpath("//@src | //@srcset | //@action | //@*[starts-with(name(), 'on')]")
    assert not [href for href in page.xpath("//@href") if not href.startswith("#")]
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'") and "url(" not in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_every_issue_stands_under_its_severity_and_rule_with_where_and_what_to_do(inputs):
    section = build(inputs).xpath("//section[@aria-labelledby='issues']")[0]
    assert [words(head) for head in section.iter("h3")] == ["Errors", "Warnings", "Notes"]
    heads = [words(head) for head in section.xpath(".//details/summary")]
    assert heads == ["Unknown code 1", "Recording length 1", "Gap 1", "Variable rate 1"]
    first = section.xpath(".//details")[0]
    assert "What to do: write 'Ipos' if that is meant." in words(first)
    assert words(first.xpath(".//td")[1]) == "D01_anna.txtline 21"
    for issue in issue_rows():
        assert issue.what[1:] in words(section)


def test_rules_come_in_one_order_whatever_that_of_the_issues():
    rows = issue_rows()
    assert group_issues(Issues.of(rows)) == group_issues(Issues.of(rows[::-1]))


def test_the_table_of_files_adds_up_and_says_what_it_was_checked_against(inputs):
    section = build(inputs).xpath("//section[@aria-labelledby='files']")[0]
    rows, formats = (
        [[words(cell) for cell in row.xpath("th|td")] for row in table.xpath("tbody/tr")]
        for table in section.xpath(".//table")
    )
    assert rows[0][3:9] == ["12", "9", "2", "1", "1.0 to 58.5", "coder benshift \N{MINUS SIGN}0.04 s"]
    assert rows[1][3:9] == ["5", "5", "0", "0", "1.0 to 58.5", "not checkable"]
    assert [words(cell) for cell in section.xpath(".//tfoot//td")][:4] == ["17", "14", "2", "1"]
    assert formats == [
        ["ELAN", "1 file", "yes", "documents of ELAN"],
        ["Observer XT", "1 file", "no", "only files made to the description"],
    ]


def test_annotations_that_nothing_accounts_for_are_told(inputs):
    rows = files_rows(kept=7)
    assert "Every one is accounted for: 14 were kept, 2 left out" in balance_sentence(pd.DataFrame(files_rows()))
    assert "2 of them are not accounted for" in balance_sentence(pd.DataFrame(rows))
    write_table(pd.DataFrame(rows), inputs["files"])
    section = build(inputs).xpath("//section[@aria-labelledby='files']")[0]
    assert [words(cell) for cell in section.xpath(".//small[contains(@class, 'error')]")] == ["2 unaccounted"]


def test_every_coders_every_tier_is_a_strip_with_every_segment(inputs):
    page = build(inputs)
    drawn = {details.get("data-session"): details for details in page.xpath("//details[@data-session]")}
    assert list(drawn) == ["D01", "D02"]
    dot, dash = "\N{MIDDLE DOT}", "\N{EN DASH}"
    first = bands(drawn["D01"])
    assert list(first) == [
        f"phase {dot} anna", f"infant {dot} anna", f"infant {dot} ben", f"caregiver {dot} ben", f"issues {dot} anna",
    ]  # fmt: skip
    assert first[f"infant {dot} anna"] == [f"Ineu 1.0{dash}20.0 s", f"Ipos 20.8{dash}58.5 s"]
    assert first[f"caregiver {dot} ben"] == [f"Cneu -3.0{dash}63.0 s"]
    assert [title.split(":")[0] for title in first[f"issues {dot} anna"]] == ["note", "error"]
    # The sheet's phases stand in for those that nobody coded; an issue without a time has no place.
    assert list(bands(drawn["D02"])) == [f"phase {dot} sheet", f"infant {dot} ben"]


def test_the_end_of_the_recording_is_marked_and_what_lies_outside_is_in_the_picture(inputs):
    figure = build(inputs).xpath("//details[@data-session='D01']//svg[@class='timeline']")[0]
    place = float(re.match(r"M([\d.]+)", figure.xpath("path[@class='end']")[0].get("d"))[1])
    # From 3 s before the recording to 63 s.
    assert place == pytest.approx(MARGIN + PLOT_WIDTH * 63 / 66, abs=0.1)
    assert figure.xpath("text[contains(@class, 'end')]")[0].text == "recording ends 1:00"
    ticks = figure.xpath("text[contains(@class, 'tick')]/text()")
    assert ticks[0] == "0:00" and ticks[-1] == "1:00"


def test_without_phases_of_their_own_the_phases_behind_a_strip_are_those_of_another_coder(inputs):
    figure = build(inputs).xpath("//details[@data-session='D01']//svg[@class='timeline']")[0]
    behind = {
        group.xpath("text")[0].text: len(group.xpath("rect[contains(@class, 'behind')]")) for group in figure.xpath("g")
    }
    dot = "\N{MIDDLE DOT}"
    assert behind[f"infant {dot} anna"] == behind[f"caregiver {dot} ben"] == 2
    assert behind[f"phase {dot} anna"] == 0


def test_overlapping_segments_are_drawn_above_each_other(inputs):
    figure = build(inputs).xpath("//details[@data-session='D02']//svg[@class='timeline']")[0]
    group = next(group for group in figure.xpath("g") if "infant" in group.xpath("text")[0].text)
    drawn = [path.get("d") for path in group.xpath("path[title]")]
    paths = [re.search(r"M[\d.]+ ([\d.]+)h[\d.]+v([\d.]+)", path).groups() for path in drawn]
    assert paths == [("0", "7.5"), ("7.5", "7.5")]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=14))
def test_blocks_of_one_lane_never_overlap_as_long_as_there_are_lanes(spans):
    blocks = [Block("k0", "x", onset, onset + length) for onset, length in spans]
    lanes = assign_lanes(blocks)
    for number, (block, (lane, of)) in enumerate(zip(blocks, lanes, strict=True)):
        over = [
            other for other, span in enumerate(blocks)
            if other != number and span.onset_s < block.offset_s and block.onset_s < span.offset_s
        ]  # fmt: skip
        assert 0 <= lane < of <= 3
        assert of == 1 or over
        if of < 3:
            assert all(lanes[other][0] != lane for other in over)


def test_places_are_read_from_the_sentences_of_those_who_find_the_issues():
    rows = [segment("s", "a", "infant", "Ineu", 1.0, 5.5), segment("s", "a", "infant", "Ipos", 4.25, 9.0)]
    table = pd.DataFrame(rows).assign(where=["line 1", "line 2"])
    assert [place_of(issue) for issue in find_overlaps(table, {"infant"})] == [(1.0, 5.5)]
    opened = table.assign(offset_s=[np.nan, 9.0], latest_s=[4.25, np.nan])
    assert [place_of(issue) for issue in close_open_states(opened, {"infant"})[1]] == [(1.0, 1.0)]
    beyond = Segments.from_rows(
        [segment("s", "a", "infant", "Ineu", -2.0, 1.0), segment("s", "a", "infant", "Ipos", 8, 12)]
    )
    places = {issue.rule: place_of(issue) for issue in check_bounds("s", "a", beyond.table, 10.0)}
    assert places == {"past_the_end": (8.0, 12.0), "before_zero": (-2.0, -2.0)}


@pytest.mark.parametrize(
    "told", ["0.840 s together", "the file's medium lasts 60.000 s", "past the end of the recording (60.000 s)"]
)
def test_a_length_is_no_place(told):
    assert place_of(Issue("gap", told)) is None


def test_names_that_look_like_markup_stay_text(inputs):
    rows = [{**row, "session": EVIL, "coder": EVIL, "file": EVIL, "format": EVIL, "tried": EVIL, "checked_by": EVIL}
            for row in files_rows()]  # fmt: skip
    write_table(pd.DataFrame(rows), inputs["files"])
    Issues.of([Issue("overlap", f"{EVIL} at 1.000 s", EVIL, EVIL, EVIL, EVIL, EVIL)]).write(inputs["issues"])
    Segments.from_rows([segment(EVIL, EVIL, EVIL, EVIL, 0, 50), segment(EVIL, EVIL, "phase", EVIL, 0, 50)]).write(
        inputs["segments"]
    )
    scheme = copy.deepcopy(inputs["scheme"])
    scheme["tiers"]["infant"]["codes"]["Ipro"] |= {"title": EVIL, "colour": "red}</style>" + EVIL}
    page = build(inputs, scheme=scheme, study={"name": EVIL, "title": EVIL}, lengths_s={EVIL: 50.0}, sheet_phases={})
    assert not list(page.iter("script")) and len(list(page.iter("style"))) == 1
    assert "alert(1)" in inputs["page"].read_text()


def test_the_same_tables_give_the_same_bytes(inputs, tmp_path):
    build(inputs)
    write_account(**{**inputs, "page": tmp_path / "elsewhere.html"})
    assert inputs["page"].read_bytes() == (tmp_path / "elsewhere.html").read_bytes()
    assert str(tmp_path) not in inputs["page"].read_text()


def test_a_study_without_files_segments_or_issues_has_a_page_too(inputs):
    write_table(pd.DataFrame(columns=list(FILE_COLUMNS)), inputs["files"])
    Issues().write(inputs["issues"])
    Segments.from_rows([]).write(inputs["segments"])
    page = build(inputs, lengths_s={}, sheet_phases={})
    assert "There is no coding file." in words(page) and "There is nothing to draw." in words(page)


def test_a_lone_file_has_a_page_with_colours_of_its_own_codes(tmp_path):
    path = tmp_path / "one.tsv"
    Segments.from_rows(
        [segment("one", "anna", "gaze", f"g{number}", 10.0 * number, 10.0 * number + 9 - number * 0.5)
         for number in range(10)]
    ).write(path)  # fmt: skip
    found = examine_file(path)
    write_file_account(found, tmp_path / "page.html")
    page = html.parse(str(tmp_path / "page.html")).getroot()
    assert words(page.xpath("//p")[1]).startswith("This file can")
    assert "10 annotations. Every one of them was kept." in words(page)
    swatches = [words(item) for item in page.xpath("//ul[@class='key']/li[span]")]
    # The eight that last longest; the shortest two are grey.
    assert swatches == [f"g{number}" for number in range(8)]
    styles = page.xpath("//svg[@class='timeline']//path[title]/@class")
    assert len(set(styles)) == 9 and styles.count("kx") == 2


def test_the_page_of_a_lone_file_is_held_against_a_scheme_and_of_one_that_cannot_be_read_says_so(small, tmp_path):
    plan = read_scheme(small.inputs["scheme"])
    path = tmp_path / "one.tsv"
    Segments.from_rows(SEGMENTS[:4]).write(path)
    write_file_account(examine_file(path, scheme=plan), tmp_path / "page.html", plan)
    page = html.parse(str(tmp_path / "page.html")).getroot()
    assert "Protest: cries or fusses" in words(page)
    broken = tmp_path / "broken.eaf"
    broken.write_text("<ANNOTATION_DOCUMENT><oops")
    write_file_account(examine_file(broken), tmp_path / "broken.html")
    text = words(html.parse(str(tmp_path / "broken.html")).getroot())
    assert "This file cannot be used yet" in text and "There is nothing to draw." in text


def test_codes_get_colours_by_the_time_they_take_and_one_colour_in_every_tier():
    spans = [("x", "short", 0, 1), ("x", "long", 0, 9), ("y", "short", 0, 2)]
    scheme = scheme_of_codes(Segments.from_rows(segment("s", "a", *span) for span in spans), "file")
    assert coloured_codes(scheme) == ["long", "short"]
    assert scheme.tiers["x"].codes["short"].colour == scheme.tiers["y"].codes["short"].colour


def test_the_picture_of_a_session_is_well_formed_xml(inputs):
    build(inputs)
    figures = re.findall(r'<svg class="timeline".*?</svg>', inputs["page"].read_text(), re.DOTALL)
    assert len(figures) == 2 and all(etree.fromstring(figure).find("title") is not None for figure in figures)

"""The page is whole, tells the tables' numbers, and lets nothing in that a name could smuggle."""

import copy
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import html

from dyadflow.annotations.issues import Issues
from dyadflow.features.summary import SUMMARY_COLUMNS, write_summary
from dyadflow.report.page import build_report
from dyadflow.report.rendering import TEMPLATES
from dyadflow.report.wording import ABSENT
from dyadflow.tables import read_table, write_table

BEHAVIOUR_TABLES = (
    "measures", "wide", "transitions", "lags", "dyadic", "regulation", "phases", "icc", "codebook",
)  # fmt: skip
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page(material):
    """The page of the whole study, parsed."""
    build_report(**material.inputs)
    return html.parse(str(material.inputs["page"])).getroot()


def build(inputs: dict, path: Path, **changes) -> str:
    """The page with some inputs changed, as text."""
    build_report(**{**inputs, **changes, "page": path})
    return path.read_text(encoding="utf-8")


def words(element) -> str:
    """The text of an element, blanks collapsed."""
    return " ".join(element.text_content().split())


def test_the_page_has_every_section_in_order_and_no_element_is_left_open(page, material):
    headings = [words(heading) for heading in page.iter("h2")]
    assert headings == [
        "In short",
        "The data",
        "Agreement between coders",
        "Behaviour",
        "Results",
        "What is taken for what",
        "Comparisons named beforehand",
        "Timelines",
        "Issues found",
        "How it was made",
    ]
    text = material.inputs["page"].read_text()
    for tag in ("section", "table", "details", "svg", "ul", "div", "tr", "td", "g", "dl"):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), tag
    assert all(table.find("caption") is not None for table in page.iter("table"))
    figures = [svg for svg in page.iter("svg") if svg.get("role") == "img"]
    assert figures and all(svg.find("title") is not None for svg in figures)


def test_the_page_asks_nothing_of_the_network(page, material):
    assert not list(page.iter("script", "img", "iframe", "link", "object", "video", "audio", "form", "base"))
    assert not page.xpath("//@src | //@srcset | //@action | //*[local-name()='image' or local-name()='use']")
    beside = {f"../behaviour/{name}.tsv" for name in BEHAVIOUR_TABLES}
    assert {href for href in page.xpath("//@href") if not href.startswith("#")} == {
        "https://doi.org/10.1145/3678957.3685704",
        *beside,
    }
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    text = material.inputs["page"].read_text()
    assert "url(" not in text and "@import" not in text
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'")


def test_every_anchor_of_the_page_leads_somewhere(page):
    targets = {href[1:] for href in page.xpath("//@href") if href.startswith("#")}
    assert targets <= set(page.xpath("//@id"))
    assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))


def test_the_tables_hold_the_numbers_of_cells_tsv(page, material):
    cells = read_table(material.inputs["cells"], text=["stream", "model"])
    streams = {
        "multimodal": "Multimodal",
        "dinov2": "DINOv2",
        "w2vbert": "W2V-BERT 2.0",
        "logmel": "Log-mel",
        "motion": "Motion energy",
        "none": "Baseline",
    }
    models = {"linear": "Linear", "bilstm": "bi\N{NON-BREAKING HYPHEN}LSTM", "majority": "Majority", "phase": "Phase"}
    seen = 0
    for table in page.xpath("//table[@data-phase]"):
        own = cells[(cells.target == table.get("data-target")) & (cells.phase == table.get("data-phase"))]
        stream = ""
        for row in table.xpath("tbody/tr"):
            heads = [words(head) for head in row.xpath("th")]
            stream = heads[0] if len(heads) == 2 else stream
            for cell in row.xpath("td"):
                match = own[
                    (own.stream.map(streams) == stream)
                    & (own.model.map(models) == heads[-1])
                    & (own.metric == cell.get("data-metric"))
                ].iloc[0]
                scale, digits = (1, 2) if match.metric in ("kappa", "mcc") else (100, 1)
                numbers = [
                    float(text.replace("\N{MINUS SIGN}", "-"))
                    for text in re.findall(r"[\N{MINUS SIGN}]?\d+\.\d+", words(cell))
                ]
                expected = scale * match[["value", "low", "high", "fold_mean", "fold_sd"]].astype(float)
                assert numbers == pytest.approx(expected.tolist(), abs=0.51 * 10**-digits)
                seen += 1
    # 2 targets, all phases and without still-face, 10 cells and 2 baselines, 7 metrics.
    assert seen == 2 * 2 * 12 * 7


def test_the_headline_sets_the_named_cell_beside_the_better_baseline_and_the_coders(page, material):
    cells = read_table(material.inputs["cells"])
    infant = cells[(cells.target == "infant") & (cells.phase == "all") & (cells.metric == "f1_macro")]
    baseline = infant[infant.stream == "none"].sort_values("value").iloc[-1]
    named = infant[(infant.stream == "multimodal") & (infant.model == "bilstm")].iloc[0]
    card = page.xpath("//div[@class='card']")[0]
    row = next(row for row in card.xpath(".//tbody/tr") if words(row).startswith("F1"))
    shown = [float(words(cell).split("[")[0]) for cell in row.xpath("td")[:2]]
    assert shown == pytest.approx([100 * named.value, 100 * baseline.value], abs=0.051)
    agreement = read_table(material.inputs["agreement"])
    human = agreement[(agreement.target == "infant") & (agreement.phase == "all")].iloc[0]
    kappas = next(row for row in card.xpath(".//tbody/tr") if words(row).startswith("Kappa"))
    assert words(kappas.xpath("td")[2]).startswith(f"{human.kappa:.2f}")


def compare(baseline: str, metric: str) -> dict:
    """A row of comparisons.tsv: the headline cell against a baseline."""
    return {
        "protocol": "corrected",
        "target": "infant",
        "stream": "multimodal",
        "model": "bilstm",
        "against_stream": "none",
        "against_model": baseline,
        "metric": metric,
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
        "dyads": 4,
        "wins": 4,
        "p": 0.125,
        "p_holm": 0.125,
    }


@pytest.mark.parametrize(
    ("named", "baseline", "metric"),
    [
        ([], "Majority baseline", "accuracy"),
        ([("phase", "kappa")], "Phase baseline", "kappa"),
        ([("majority", "accuracy")], "Majority baseline", "accuracy"),
        # Named for itself, and not as the better one, which in kappa is the other.
        ([("majority", "kappa")], "Majority baseline", "accuracy"),
        ([("majority", "kappa"), ("phase", "f1_macro")], "Phase baseline", "unweighted F1"),
    ],
)
def test_the_better_baseline_is_chosen_by_the_metric_of_its_comparison_else_by_accuracy(
    small, tmp_path, named, baseline, metric
):
    cells = read_table(small.inputs["cells"])
    for name, model in [("accuracy", "majority"), ("kappa", "phase"), ("f1_macro", "phase")]:
        which = (cells.stream == "none") & (cells.metric == name)
        cells.loc[which, "value"] = np.where(cells[which].model == model, 0.3, 0.2)
    write_table(cells, tmp_path / "cells.tsv")
    comparisons = None
    if named:
        comparisons = tmp_path / "comparisons.tsv"
        write_table(pd.DataFrame([compare(*each) for each in named]), comparisons)
    text = build(
        small.inputs, tmp_path / "index.html", cells=tmp_path / "cells.tsv", comparisons=comparisons
    )
    card = html.fromstring(text).xpath("//div[@class='card']")[0]
    assert words(card.xpath(".//thead//th")[1]) == baseline
    assert f"the baseline with the higher {metric}, and" in words(card.xpath(".//caption")[0])


def test_covariates_have_readable_names_and_numbers_a_range(small, tmp_path):
    inputs = copy.deepcopy(small.inputs)
    for session, months, twin in zip(inputs["sessions"], ["4", "9.5", "", "6", "5"], "01010", strict=True):
        session["covariates"] |= {"infant_age_months": months, "twin": twin}
    groups = read_table(inputs["groups"])
    groups["covariate"] = groups["covariate"].replace("sex", "infant_sex")
    write_table(groups, tmp_path / "groups.tsv")
    text = build(inputs, tmp_path / "index.html", groups=tmp_path / "groups.tsv")
    root = html.fromstring(text)
    told = words(root.xpath("//section[@aria-labelledby='data']")[0])
    assert "Infant age months: 4 to 9.5 (median 5.5), not given 1; Twin: 0 3, 1 2." in told
    assert root.xpath("//th[text()='Infant sex']")
    assert "infant_age_months" not in text and "infant_sex" not in text


def test_targets_with_results_come_before_others_that_were_coded_only(small, tmp_path):
    changed = {}
    for name in ("cells", "groups", "confusion", "fold_scores", "comparisons"):
        table = read_table(small.inputs[name])
        changed[name] = tmp_path / f"{name}.tsv"
        write_table(table[table.target == "caregiver"], changed[name])
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", **changed))
    for section, prefix in (("data", "Labels: "), ("agreement", "")):
        heads = root.xpath(f"//section[@aria-labelledby='{section}']//h3")
        assert [words(head) for head in heads[:2]] == [f"{prefix}{role} engagement" for role in ("Caregiver", "Infant")]


def test_no_line_can_break_within_the_name_of_the_network(material, page):
    assert "bi\N{NON-BREAKING HYPHEN}LSTM" in page.text_content()
    assert "bi-lstm" not in page.text_content().lower()


def test_the_page_says_where_intervals_are_withheld_and_what_they_cover_and_leave_out(page):
    told = words(page.xpath("//section[@aria-labelledby='method']")[0])
    assert "fewer than three dyads show a class, its own results and the unweighted means have no interval" in told
    assert "intervals of a nominal 95 % cover 91 to 97 %" in told
    assert "They leave out how much it would vary if the models were trained again" in told


def test_an_installed_package_holds_the_templates():
    root = Path(__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    endings = {pattern.removeprefix("**/*") for pattern in settings["dyadflow"]}
    assert {path.suffix for path in TEMPLATES.iterdir()} <= endings


def test_agreement_is_shown_on_the_scale_of_percent_it_has(page, material):
    table = read_table(material.inputs["agreement"])
    first = table[(table.target == "infant") & (table.phase == "all")].iloc[0]
    row = page.xpath("//section[@aria-labelledby='agreement']//tbody/tr[@class='headline']")[0]
    assert words(row.xpath("td")[1]).startswith(f"{first.percent:.1f}")


def test_every_session_of_the_sheet_has_a_timeline_and_uncoded_ones_show_their_prediction(page, material):
    drawn = {details.get("data-session"): details for details in page.xpath("//details[@data-session]")}
    assert list(drawn) == [session["session"] for session in material.inputs["sessions"]]
    for name, details in drawn.items():
        rows = [text.text for text in details.xpath(".//svg//text[contains(@class, 'row')]")]
        if name == "new":
            assert rows == ["infant · model", "confidence", "caregiver · model", "confidence"]
        else:
            assert rows == [
                "phase",
                "infant · anna",
                "infant · ben",
                "infant · model",
                "confidence",
                "caregiver · anna",
                "caregiver · ben",
                "caregiver · model",
                "confidence",
            ]


def test_a_stretch_of_a_timeline_names_the_code_and_times_of_its_segment(page, material):
    segments = read_table(material.inputs["segments"])
    own = segments[(segments.session == "D01") & (segments.coder == "anna") & (segments.tier == "infant")]
    figure = page.xpath("//details[@data-session='D01']//svg")[0]
    band = next(
        band for band in figure.xpath(".//g") if "infant · anna" in [text.text for text in band.xpath("text")]
    )
    titles = [title.text for title in band.xpath("path/title")]
    assert titles == [
        f"{row.code} {row.onset_s:.1f}\N{EN DASH}{row.offset_s:.1f} s" for row in own.itertuples()
    ]


def test_the_match_with_a_coder_is_the_share_of_frames_with_a_class(page, material):
    import h5py

    from dyadflow.annotations.label_index import read_label_index

    labels = read_label_index(material.inputs["labels"])["D02"].read()
    path = next(entry["path"] for entry in material.inputs["probabilities"] if entry["target"] == "infant")
    with h5py.File(path) as file:
        said = file["D02"][:].argmax(1)
    codes = labels.codes["infant"]["ben"]
    share = np.mean([said[frame] == code for frame, code in enumerate(codes) if code >= 0])
    summary = words(page.xpath("//details[@data-session='D02']/summary")[0])
    assert re.search(r"infant: .*?ben.(\d+).%", summary).group(1) == f"{100 * share:.0f}"


@pytest.mark.parametrize("untrained", [True, False])
def test_the_banner_about_untrained_networks_is_there_exactly_if_one_was_untrained(
    small, tmp_path, untrained
):
    folders = []
    for index in small.inputs["features"]:
        table = read_table(index)
        if not untrained:
            table["untrained"] = "no"
        folders.append(tmp_path / index.parent.name / index.name)
        write_table(table, folders[-1])
    text = build(small.inputs, tmp_path / "index.html", features=folders)
    assert ('id="untrained"' in text) is untrained
    if untrained:
        assert (
            "The networks DINOv2 and W2V-BERT 2.0 were not trained: "
            "their numbers show that the machinery works, nothing else"
        ) in text


def test_one_untrained_network_is_spoken_of_in_the_singular(small, tmp_path):
    text = build(small.inputs, tmp_path / "index.html", features=small.inputs["features"][:1])
    assert "The network DINOv2 was not trained: its numbers show" in text


def test_names_that_look_like_markup_stay_text(small, tmp_path):
    inputs = copy.deepcopy(small.inputs)
    inputs["study"] = {"name": EVIL, "title": EVIL, "description": EVIL}
    inputs["scheme"]["title"] = inputs["scheme"]["source"] = EVIL
    inputs["scheme"]["tiers"]["infant"]["title"] = inputs["scheme"]["targets"]["infant"]["title"] = EVIL
    inputs["scheme"]["tiers"]["infant"]["codes"]["Ipro"] |= {
        "title": EVIL,
        "meaning": EVIL,
        "colour": "red}</style>" + EVIL,
    }
    inputs["sessions"][0] |= {"session": f'"{EVIL}', "dyad": EVIL, "covariates": {EVIL: EVIL}}
    segments = read_table(inputs["segments"], text=["session", "coder", "tier", "code", "comment"])
    segments.loc[segments.session == "D02", "coder"] = EVIL
    inputs["segments"] = tmp_path / "segments.tsv"
    write_table(segments, inputs["segments"])
    table = Issues.read(inputs["issues"]).table()
    table[["session", "coder", "file", "where", "what", "fix"]] = EVIL
    inputs["issues"] = tmp_path / "issues.tsv"
    write_table(table, inputs["issues"])
    for name, columns in [
        ("agreement", ["coder_a", "coder_b"]),
        ("events", ["coder_a", "coder_b"]),
        ("measures", ["coder", "session", "dyad"]),
        ("regulation", ["session", "coder"]),
        ("agreement_confusion", ["coder_a", "coder_b"]),
        ("groups", ["covariate", "level"]),
        ("cells", ["model"]),
        ("folds", ["dyad"]),
        ("comparisons", ["against_model"]),
    ]:
        changed = read_table(inputs[name])
        for column in columns:
            changed[column] = changed[column].replace("linear", EVIL) if column.endswith("model") else EVIL
        inputs[name] = tmp_path / f"{name}.tsv"
        write_table(changed, inputs[name])
    text = build(inputs, tmp_path / "index.html")
    assert "<script" not in text and "alert(1)" in text
    root = html.fromstring(text)
    assert not list(root.iter("script"))
    assert len(list(root.iter("style"))) == 1


@pytest.mark.parametrize(
    "missing",
    [
        ["headline"],
        ["comparisons"],
        ["groups"],
        ["fold_scores"],
        ["confusion"],
        ["folds"],
        ["comparisons", "headline"],
    ],
)
def test_a_page_is_made_without_an_optional_input(small, tmp_path, missing):
    text = build(small.inputs, tmp_path / "index.html", **dict.fromkeys(missing))
    assert html.fromstring(text).xpath("//h2[@id='method']")


def test_a_study_that_trains_nothing_says_why_sections_are_left_out(untrained_inputs, tmp_path):
    root = html.fromstring(build(untrained_inputs, tmp_path / "index.html"))
    for section in ("results", "confusion", "comparisons"):
        told = words(root.xpath(f"//section[@aria-labelledby='{section}']")[0])
        assert "nothing was trained in this study" in told
    assert not root.xpath("//table[@data-phase]")
    assert len(root.xpath("//details[@data-session]")) == 5
    assert root.xpath("//section[@aria-labelledby='agreement']//table")


def test_without_a_headline_no_cell_is_picked_afterwards(small, tmp_path):
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", headline=None))
    told = words(root.xpath("//section[@aria-labelledby='headline']")[0])
    assert "none is picked here afterwards" in told
    assert not root.xpath("//tr[contains(@class, 'headline')]//th[contains(@class, 'model')]")


def test_a_study_with_one_coder_no_issues_and_no_labels_still_has_a_page(untrained_inputs, tmp_path):
    inputs = dict(untrained_inputs)
    tables = ["agreement", "agreement_confusion", "issues", "labels", "segments", "reliability", "events"]
    for name in [*tables, "measures", "transitions", "dyadic", "regulation", "icc"]:
        empty = read_table(inputs[name]).iloc[:0]
        inputs[name] = tmp_path / f"{name}.tsv"
        write_table(empty, inputs[name])
    text = build(inputs, tmp_path / "index.html")
    assert "No two coders coded the same session" in text
    assert "Neither coding nor predictions" in text
    assert "Nobody has coded behaviour" in text and not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_values_without_a_number_are_dashes_and_not_nan(small, tmp_path):
    cells = read_table(small.inputs["cells"])
    cells.loc[cells.metric == "kappa", ["value", "low", "high", "fold_mean", "fold_sd"]] = np.nan
    agreement = read_table(small.inputs["agreement"])
    agreement[["kappa", "kappa_low", "kappa_high", "percent"]] = np.nan
    comparisons = read_table(small.inputs["comparisons"])
    comparisons[["difference", "low", "high", "p", "p_holm"]] = np.nan
    changed = {"cells": cells, "agreement": agreement, "comparisons": comparisons}
    for name, table in changed.items():
        write_table(table, tmp_path / f"{name}.tsv")
    text = build(
        small.inputs, tmp_path / "index.html", **{name: tmp_path / f"{name}.tsv" for name in changed}
    )
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_the_same_tables_give_the_same_bytes(small, tmp_path):
    first = build(small.inputs, tmp_path / "a.html")
    second = build(small.inputs, tmp_path / "elsewhere.html")
    assert first == second
    assert str(small.folder) not in first


def test_another_scheme_is_not_measured_by_the_papers_coders(small, tmp_path):
    other = copy.deepcopy(small.inputs["scheme"])
    other["name"] = "house-rules"
    text = build(small.inputs, tmp_path / "index.html", scheme=other)
    assert "3678957" not in text
    assert "reached a kappa of 0.73 to 0.82" in build(small.inputs, tmp_path / "again.html")


def test_a_number_in_the_sheet_is_read_as_a_name(small, tmp_path):
    table = pd.read_csv(small.inputs["folds"], sep="\t", dtype=str)
    assert set(table.outer) == {"0", "1", "2", "3"}
    root = html.fromstring(build(small.inputs, tmp_path / "index.html"))
    assert "fold 1" in words(root.xpath("//details[@data-session='D02']/summary")[0])


def test_settings_of_protocols_and_networks_are_spelled_out(small, tmp_path):
    study = {
        "name": "demo",
        "protocols": {"corrected": {"train_coders": ["anna", "ben"], "components": 4}},
        "networks": {"dinov2": {"backbone": "dinov2", "weights": "untrained", "revision": None}},
    }
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", study=study))
    told = words(root.xpath("//section[@aria-labelledby='method']")[0])
    assert "(train coders: anna, ben; components: 4)" in told
    assert "(backbone: dinov2; weights: untrained)" in told


def numbers(cell) -> list[float]:
    """All numbers of a cell."""
    found = re.findall(r"[\N{MINUS SIGN}+]?\d+\.\d+", " ".join(cell.itertext()))
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in found]


def test_code_by_code_the_page_has_the_numbers_of_both_tables(page, material):
    agreement = read_table(material.inputs["agreement"], text=["code"]).query("phase == 'all' and target == 'infant'")
    events = read_table(material.inputs["events"], text=["code"]).query("phase == 'all' and target == 'infant'")
    table = page.xpath("//table[contains(@class, 'codes')]")[0]
    rows = {words(row.find("th")): row.xpath("td") for row in table.xpath("tbody/tr")}
    assert list(rows) == ["Ineg", "Inon", "Ineu", "Ipos"]
    for code, cells in rows.items():
        frames, event = agreement[agreement.code == code].iloc[0], events[events.code == code].iloc[0]
        assert numbers(cells[0])[0] == pytest.approx(frames.percent, abs=0.051)
        assert numbers(cells[1]) == pytest.approx([frames.kappa, frames.kappa_low, frames.kappa_high], abs=0.0051)
        assert numbers(cells[2])[0] == pytest.approx(event.time_kappa, abs=0.0051)
        assert words(cells[3]) == f"{event.matched} of {event.events_a} and {event.events_b}"
        assert numbers(cells[4])[0] == pytest.approx(event.event_percent, abs=0.051)
        assert numbers(cells[5]) == pytest.approx([event.onset_difference_s, event.onset_difference_abs_s], abs=0.0051)


def test_rows_of_single_codes_stay_out_of_what_the_page_says_of_all(page, material):
    rows = page.xpath("//section[@aria-labelledby='agreement']//tbody/tr[@class='headline']")
    agreement = read_table(material.inputs["agreement"], text=["code"]).query("phase == 'all' and code == 'all'")
    assert [numbers(row.xpath("td")[2])[0] for row in rows] == pytest.approx(agreement.kappa.tolist(), abs=0.0051)


def test_all_coders_together_and_events_have_a_row_a_target(page, material):
    section = page.xpath("//section[@aria-labelledby='agreement']")[0]
    tables = {words(head): head.xpath("following::table")[0] for head in section.iter("h3")}
    reliability = read_table(material.inputs["reliability"]).query("phase == 'all' and code == 'all'")
    for target, row in zip(("infant", "caregiver"), tables["All coders together"].xpath("tbody/tr"), strict=True):
        own = reliability[reliability.target == target].set_index("measure")
        for cell, measure in zip(row.xpath("td")[:2], ("fleiss_kappa", "alpha_nominal"), strict=True):
            values = own.loc[measure, ["value", "low", "high"]].astype(float).tolist()
            assert numbers(cell) == pytest.approx(values, abs=0.0051)
    events = read_table(material.inputs["events"]).query("phase == 'all' and code == 'all'")
    for event, row in zip(events.itertuples(), tables["By events"].xpath("tbody/tr"), strict=True):
        assert numbers(row.xpath("td")[5])[0] == pytest.approx(event.event_kappa, abs=0.0051)
    assert "within 1 s" in words(section)


def test_behaviour_is_given_as_means_over_dyads(page, material):
    section = page.xpath("//section[@aria-labelledby='behaviour']")[0]
    measures = read_table(material.inputs["measures"]).query("tier == 'infant' and code == 'Ipos' and phase == 'play'")
    table = section.xpath(".//table")[0]
    head = table.xpath("tbody/tr/th[text()='Ipos']/.. | tbody/tr/th[span][contains(., 'Ipos')]/..")[0]
    assert words(head.xpath("td")[0]) == "Play"
    by_dyad = measures.groupby("dyad")[["proportion", "rate_per_min", "bout_mean_s", "latency_s"]].mean().mean()
    shown = [numbers(cell)[0] for cell in head.xpath("td")[1:]]
    expected = [100 * by_dyad.proportion, by_dyad.rate_per_min, by_dyad.bout_mean_s, by_dyad.latency_s]
    assert shown == pytest.approx(expected, abs=0.051)
    never = int((measures.censored == "yes").sum())
    assert (f"none in {never}" in words(head.xpath("td")[4])) is (never > 0)
    dots = section.xpath(".//svg")[2].xpath(".//g[@class='dots']/circle")
    assert len(dots) == 12 * 5 * 3
    assert "12 sessions of 12 dyads" in words(section) and "the mean of its coders (anna and ben)" in words(section)


def test_transitions_and_correlations_are_those_of_the_tables(page, material):
    section = page.xpath("//section[@aria-labelledby='behaviour']")[0]
    heat = section.xpath(".//table[@class='heat']")[0]
    transitions = read_table(material.inputs["transitions"], text=["coder"])
    own = transitions.query("session == 'all' and coder == 'anna' and tier == 'infant' and phase == 'all'")
    codes = list(dict.fromkeys(own.from_code))
    for before, row in zip(codes, heat.xpath("tbody/tr"), strict=True):
        for after, cell in zip(codes, row.xpath("td"), strict=True):
            found = own[(own.from_code == before) & (own.to_code == after)].iloc[0]
            if before == after:
                assert words(cell) == "\N{MIDDLE DOT}"
            else:
                assert words(cell.find("small")) == str(found["count"])
                assert cell.text.strip() == f"{100 * found.probability:.0f}"
    icc = read_table(material.inputs["icc"]).query("form == 'icc_a1' and phase == 'all' and tier == 'infant'")
    table = next(table for table in section.xpath(".//table") if "ICC(A,1)" in words(table))
    first = table.xpath("tbody/tr")[0]
    row = icc[(icc.code == words(first.find("th"))) & (icc.measure == "proportion")].iloc[0]
    assert numbers(first.xpath("td")[0]) == pytest.approx([row.value, row.low, row.high], abs=0.0051)


def test_the_account_is_linked_where_there_is_one(small, tmp_path):
    text = build(small.inputs, tmp_path / "index.html", account="../annotations/account.html")
    assert html.fromstring(text).xpath("//a[@href='../annotations/account.html']")
    assert "account.html" not in build(small.inputs, tmp_path / "without.html")


def test_without_tables_of_behaviour_the_page_has_no_such_section(small, tmp_path):
    names = ["measures", "transitions", "dyadic", "regulation", "icc", "reliability", "events"]
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", **dict.fromkeys(names)))
    assert not root.xpath("//h2[@id='behaviour'] | //a[@href='#behaviour']")
    assert "By events" not in words(root) and "All coders together" not in words(root)


def test_a_scheme_without_shared_states_shows_none(small, tmp_path):
    scheme = {key: value for key, value in small.inputs["scheme"].items() if key != "dyadic"}
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", scheme=scheme))
    assert "What both do together" not in words(root)
    assert not [href for href in root.xpath("//@href") if "dyadic" in href or "regulation" in href]


def test_rules_of_the_scheme_are_on_the_page(small, tmp_path):
    scheme = {**small.inputs["scheme"], "rules": ["A pause of < 1 s ends nothing."]}
    method = html.fromstring(build(small.inputs, tmp_path / "index.html", scheme=scheme)).xpath("//dl[@class='method']")
    assert "A pause of < 1 s ends nothing." in words(method[0])


def test_weighted_kappas_stand_below_the_plain_one_where_there_are_any(small, tmp_path):
    table = read_table(small.inputs["agreement"], text=["code"])
    one = (table.target == "infant") & (table.phase == "all") & (table.code == "all")
    table.loc[one, ["kappa_linear", "kappa_quadratic"]] = [0.812, 0.874]
    write_table(table, tmp_path / "agreement.tsv")
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", agreement=tmp_path / "agreement.tsv"))
    told = [words(cell) for cell in root.xpath("//section[@aria-labelledby='agreement']//td/small")]
    assert [text for text in told if "linear" in text] == ["linear 0.81, quadratic 0.87"]


def test_streams_are_summed_up_by_extractor_and_view_with_what_deserves_a_look(small, tmp_path):
    def line(session, extractor, view, **changes):
        return {
            "session": session, "view": view, "extractor": extractor, "kind": "dense", "untrained": "no", "frames": 100,
            "dims": 8, "valid_share": 1.0, "drift": 0.2, "largest_drift": -0.5, "dead_dimensions": 0,
            "explained_1": 0.5, "explained_2": 0.2, "explained_3": 0.1, "explained_4": 0.05, **changes,
        }

    rows = [
        line("s1", "whisper", "audio", explained_1=0.4, largest_drift=1.24),
        line("s2", "whisper", "audio", explained_1=0.6, dead_dimensions=3),
        line("s3", "whisper", "audio", valid_share=0.0, explained_1=None, largest_drift=None, dead_dimensions=None),
        line("s1", "dinov2", "infant", kind="tokens", kept_variance=0.995),
        line("s1", "dinov2", "caregiver", kind="tokens", kept_variance=0.981),
        line("s2", "dinov2", "caregiver", kind="tokens", kept_variance=0.999, largest_drift=-2.25),
    ]
    write_summary(pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS)), tmp_path / "summary.tsv")
    root = html.fromstring(build(
        small.inputs, tmp_path / "index.html", streams=tmp_path / "summary.tsv",
        stream_figures="../figures/streams_{extractor}.pdf",
    ))  # fmt: skip
    section = root.xpath("//section[@aria-labelledby='streams']")[0]
    assert section.xpath(".//a/@href") == ["../figures/streams_whisper.pdf", "../figures/streams_dinov2.pdf"]
    assert [[words(cell) for cell in row] for row in section.xpath(".//tbody/tr")] == [
        ["Whisper", "audio", "3", "8a frame", "50.0 · 20.0 · 10.0 · 5.0", ABSENT, "1.2s1",
         "nothing to hear or see in s3; 3 dead in s2"],
        ["DINOv2", "infant", "1", "8a patch", "50.0 · 20.0 · 10.0 · 5.0", "99.5", "0.5s1", ABSENT],
        ["caregiver", "2", "8a patch", "50.0 · 20.0 · 10.0 · 5.0", "98.1", "2.2s2", ABSENT],
    ]
    assert 'id="streams"' not in build(small.inputs, tmp_path / "without.html", streams=None)

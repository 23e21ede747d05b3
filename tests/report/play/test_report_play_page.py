"""A study of guided play opens with its networks beside the blind guess, and shows each table once."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
from lxml import html

from dyadflow.report.page import build_report
from dyadflow.tables import read_table, write_table

MEASURES = ("validation_accuracy", "validation_f1", "test_accuracy", "test_f1")
EXTRA = ("task_spans", "durations", "clock", "balance", "snippet_scores", "snippet_raters", "snippet_kappas")
#: What stands in bold in the second paper's Table 2.
BOLD_IN_PAPER = {
    "dolls-task_engagement": {0.93, 0.94, 0.64},
    "dolls-social_engagement": {0.85, 0.92},
    "shaker-task_engagement": {0.68, 0.72, 0.61},
    "shaker-social_engagement": {0.93, 0.94, 0.74, 0.80},
    "drum-task_engagement": {0.80, 0.82, 0.88, 0.90},
    "drum-social_engagement": {0.85, 0.92, 0.76, 0.86},
}


@pytest.fixture(scope="module")
def page(play):
    """The page of the whole study, parsed."""
    build_report(**play.inputs)
    return html.parse(str(play.inputs["page"])).getroot()


def build(inputs: dict, path: Path, **changes) -> str:
    """The page with some inputs changed, as text."""
    build_report(**{**inputs, **changes, "page": path})
    return path.read_text(encoding="utf-8")


def words(element) -> str:
    """The text of an element, blanks collapsed."""
    return " ".join(element.text_content().split())


def own_text(cell) -> str:
    """The first text of a cell, before its interval."""
    return next(text.strip() for text in cell.itertext() if text.strip())


def section(page, name: str):
    return page.xpath(f"//section[@aria-labelledby='{name}']")[0]


def scores_table(page, protocol: str = "corrected"):
    return page.xpath(f"//table[contains(@class, 'scores')][@data-protocol='{protocol}']")[0]


def test_the_page_has_every_section_and_no_element_is_left_open(page, play):
    assert len(list(page.iter("h2"))) == 9
    text = play.inputs["page"].read_text()
    for tag in ("section", "table", "details", "svg", "ul", "div", "tr", "td", "th", "g", "dl", "p", "li"):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), tag
    assert all(table.find("caption") is not None for table in page.iter("table"))
    assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_every_row_of_every_table_has_as_many_cells_as_its_head(page):
    for table in page.iter("table"):
        width = sum(int(cell.get("colspan", 1)) for cell in table.xpath("thead/tr[1]/*"))
        taken = np.zeros(width, dtype=int)
        for row in table.xpath("tbody/tr"):
            places = [place for place in range(width) if not taken[place]]
            taken = np.maximum(taken - 1, 0)
            for cell in row:
                for _ in range(int(cell.get("colspan", 1))):
                    taken[places.pop(0)] = int(cell.get("rowspan", 1)) - 1
            assert not places, words(table.find("caption"))
        assert not taken.any(), words(table.find("caption"))


def test_the_page_asks_nothing_of_the_network(page):
    assert not list(page.iter("script", "img", "iframe", "link", "object", "video", "audio", "form", "base"))
    assert {href for href in page.xpath("//@href") if not href.startswith("#")} == {
        "https://doi.org/10.1145/3536221.3556629"
    }


def test_table_2_holds_the_numbers_of_the_scores(page, table):
    scores = table("snippet_scores")
    scores = scores[scores.protocol == "corrected"].set_index("target")
    rows = scores_table(page).xpath("tbody/tr[@data-target]")
    assert [row.get("data-target") for row in rows] == list(scores.index)
    for row in rows:
        own = scores.loc[row.get("data-target")]
        cells = {cell.get("data-measure"): cell for cell in row.xpath("td[@data-measure]")}
        assert float(own_text(cells["empirical_probability"])) == pytest.approx(own.empirical_probability, abs=0.0051)
        for measure in MEASURES:
            assert float(own_text(cells[measure])) == pytest.approx(own[measure], abs=0.0051)
        for measure, bound in (("test_accuracy", own.bound_accuracy), ("test_f1", own.bound_f1)):
            assert f"[{own[f'{measure}_low']:.2f}, {own[f'{measure}_high']:.2f}]" in words(cells[measure])
            assert words(cells[measure]).endswith(f"bound {bound:.2f}")
        assert f"{own.wins} of {own.dyads}" in words(row)


def test_bold_is_exactly_what_lies_above_the_random_bound(page, table):
    for protocol in ("corrected", "as_published"):
        scores = table("snippet_scores")
        scores = scores[scores.protocol == protocol].set_index("target")
        for row in scores_table(page, protocol).xpath("tbody/tr[@data-target]"):
            own = scores.loc[row.get("data-target")]
            q = own.empirical_probability
            bounds = (max(q, 1 - q), 2 * q / (1 + q), own.bound_accuracy, own.bound_f1)
            bold = {cell.get("data-measure") for cell in row.xpath("td[@data-measure][strong]")}
            expected = {name for name, bound in zip(MEASURES, bounds, strict=True) if own[name] > bound}
            assert bold == expected


def test_a_score_that_equals_the_bound_is_not_above_it(small, tmp_path):
    scores = read_table(small.inputs["snippet_scores"])
    scores["test_accuracy"] = scores["bound_accuracy"]
    write_table(scores, tmp_path / "scores.tsv")
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", snippet_scores=tmp_path / "scores.tsv"))
    assert not root.xpath("//td[@data-measure='test_accuracy']/strong")


def test_the_papers_rows_are_bold_where_the_paper_is(page):
    rows = scores_table(page).xpath("tbody/tr[@data-paper]")
    found = {
        row.get("data-paper"): {float(cell.text_content()) for cell in row.xpath("td[strong]")} for row in rows
    }
    assert found == BOLD_IN_PAPER
    assert [words(cell) for cell in rows[0]] == ["0.60", "0.93", "0.94", "0.64", "0.64", "in the paper"]


def test_a_dot_is_solid_exactly_where_the_test_over_dyads_says_above(page, table):
    scores = table("snippet_scores")
    scores = scores[scores.protocol == "corrected"]
    figure = section(page, "headline").xpath(".//svg[@role='img']")[0]
    dots = figure.xpath("*[contains(@class, 'solid') or contains(@class, 'hollow')]")
    assert [dot.get("class") for dot in dots] == [
        "mark solid" if row.difference > 0 and row.p_holm < 0.05 else "mark hollow" for row in scores.itertuples()
    ]
    assert len(figure.xpath("*[contains(@class, 'bound')]")) == len(scores)
    assert {"mark solid", "mark hollow"} == {dot.get("class") for dot in dots}


def test_a_clear_difference_below_the_bound_is_no_success(small, tmp_path):
    scores = read_table(small.inputs["snippet_scores"])
    scores[["difference", "p", "p_holm"]] = [-0.2, 0.0005, 0.003]
    write_table(scores, tmp_path / "scores.tsv")
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", snippet_scores=tmp_path / "scores.tsv"))
    opening = section(root, "headline")
    assert not opening.xpath(".//svg[@role='img']//*[@class='mark solid']")
    assert "in none of them by more than chance" in words(opening)


def test_the_page_opens_with_the_named_network_and_says_in_how_many_it_is_above(page):
    opening = section(page, "headline")
    assert "mc3 on view scene" in words(opening.xpath(".//b[@class='headline-name']")[0])
    # Of the fixture's six: four above the bound, three of them with a corrected p below 0.05.
    assert "above the random bound in 4 of 6 targets, by more than chance between dyads would explain in 3" in words(
        opening
    )
    assert not opening.xpath(".//div[@class='card']")
    assert len(opening.xpath(".//table")) == 1


def test_without_a_headline_every_network_stands_under_results(small, tmp_path):
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", headline=None))
    assert "none is picked here afterwards" in words(section(root, "headline"))
    assert len(section(root, "results").xpath(".//table[contains(@class, 'scores')]")) == 1


def test_a_protocol_that_tests_the_last_fold_alone_says_so(page, table):
    notes = [words(note) for note in page.xpath("//p[contains(@class, 'last-fold')]")]
    assert len(notes) == 2 and all("as_published" in note and "last outer fold only" in note for note in notes)
    dyads = table("snippet_scores").query("protocol == 'as_published'").dyads.max()
    assert f"{dyads} dyads" in notes[0]


def test_too_few_dyads_for_any_p_below_five_percent_are_named(page):
    # Three dyads: 1 / 2**2.
    assert "With 3 dyads p cannot fall below 0.25" in words(section(page, "results"))
    assert "cannot fall below" not in words(section(page, "headline"))


def test_table_1_holds_the_studys_durations_beside_the_papers(page, table):
    durations = table("durations").set_index("phase")
    shown = section(page, "data").xpath(".//table[contains(@class, 'durations')]")[0]
    assert [words(head) for head in shown.xpath("thead//th")] == ["Dolls", "Shaker", "Drum", "All tasks"]
    rows = {words(row.xpath("th")[0]): row.xpath("td") for row in shown.xpath("tbody/tr")}
    ratios = rows["Intersection over union of coders, mean"]
    assert [float(own_text(cell)) for cell in ratios] == pytest.approx(list(durations.ratio_mean), abs=0.0051)
    papers = [words(cell.xpath("*[@class='paper']")[0]) for cell in rows["Each coder's own duration, mean ± SD"]]
    assert papers == ["2:15 ± 0:46", "1:58 ± 0:12", "2:04 ± 0:08", "2:06 ± 0:29"]
    totals = [words(cell.xpath("*[@class='paper']")[0]) for cell in rows["Shared time of all sessions"]]
    assert totals == ["47:40", "43:46", "46:27", "2:17:53"]
    minutes, seconds = divmod(int(durations.loc["all", "minimal_total_s"] + 0.5), 60)
    assert own_text(rows["Shared time of all sessions"][3]) == f"{minutes}:{seconds:02d}"


def matrix(page, name: str) -> dict[tuple[str, str], str]:
    """Who against whom, and what the cell says first."""
    shown = page.xpath(f"//table[@data-matrix='{name}']")[0]
    raters = [words(head) for head in shown.xpath("thead//th")]
    return {
        (words(row.xpath("th")[0]), rater): own_text(cell)
        for row in shown.xpath("tbody/tr")
        for rater, cell in zip(raters, row.xpath("td"), strict=True)
    }


def test_fig_1_sets_every_coder_against_every_other(page, table):
    clock = table("clock")
    whole = clock[(clock.phase == "all") & (clock.tier == "all")]
    agreement, kappa = matrix(page, "clock-agreement"), matrix(page, "clock-kappa")
    for row in whole.itertuples():
        for pair in ((row.coder_a, row.coder_b), (row.coder_b, row.coder_a)):
            assert kappa[pair] == f"{row.kappa:.2f}"
            assert agreement[pair] == f"{row.percent / 100:.2f}"
    assert kappa["A", "A"] == "·" and len(kappa) == 9
    told = words(section(page, "agreement"))
    assert f"Kappa is {whole.kappa.mean():.2f} on average over the pairs" in told
    assert "reached 0.63, and an agreement of 0.81 to 0.83" in told
    low, high = whole[["kappa_low", "kappa_high"]].iloc[0]
    assert f"[{low:.2f}, {high:.2f}]" in words(page.xpath("//table[@data-matrix='clock-kappa']")[0])


def test_fig_1_is_split_by_task_and_variable(page, table):
    clock = table("clock")
    shown = page.xpath("//details[summary='Kappa by task and variable']//table")[0]
    assert len(shown.xpath("tbody/tr")) == 4 * 3
    drum = clock[(clock.phase == "drum") & (clock.tier == "social_engagement")]
    last = [own_text(cell) for cell in shown.xpath("tbody/tr")[-1].xpath("td")]
    assert last == [f"{kappa:.2f}" for kappa in drum.kappa]


def test_fig_3_has_the_network_as_the_last_rater(page, table):
    raters = table("snippet_raters")
    whole = raters[(raters.target == "all") & (raters.protocol == "corrected")]
    kappa = matrix(page, "snippet-kappa-corrected")
    assert [rater for rater, _ in kappa][-1] == "network" and len(kappa) == 16
    for row in whole.itertuples():
        assert kappa[row.rater_a, row.rater_b] == kappa[row.rater_b, row.rater_a] == f"{row.kappa:.2f}"
    machine = whole[whole.rater_b == "network"].kappa
    told = words(section(page, "results"))
    assert f"of coder and network: {machine.min():.2f} to {machine.max():.2f}" in told
    assert "0.55 to 0.71 and 0.29 to 0.31" in told


def test_two_who_never_rated_the_same_have_a_dash_and_no_ink_is_lost_on_its_ground(small, tmp_path):
    raters = read_table(small.inputs["snippet_raters"])
    met = ~((raters.rater_a == "A") & (raters.rater_b == "C"))
    raters.loc[(raters.rater_a == "A") & (raters.rater_b == "B"), "kappa"] = -0.2
    write_table(raters[met], tmp_path / "raters.tsv")
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", snippet_raters=tmp_path / "raters.tsv"))
    kappa = matrix(root, "snippet-kappa-corrected")
    assert kappa["A", "C"] == kappa["C", "A"] == "\N{EN DASH}"
    assert kappa["A", "B"] == "\N{MINUS SIGN}0.20"
    shares = root.xpath("//table[@data-matrix='snippet-kappa-corrected']//td/@style")
    assert all(0 <= float(style.removeprefix("--share:")) <= 1 for style in shares)


def test_table_3_holds_mean_kappas_beside_the_papers(page, table):
    kappas = table("snippet_kappas")
    kappas = kappas[kappas.protocol == "corrected"].set_index("target")
    shown = page.xpath("//table[@class='kappas']")[0]
    for row in shown.xpath("tbody/tr"):
        own = kappas.loc[row.get("data-target")]
        numbers = [float(own_text(cell).replace("\N{MINUS SIGN}", "-")) for cell in row.xpath("td")]
        assert numbers[:2] == pytest.approx([own.human, own.machine], abs=0.00051)
    papers = [[own_text(cell) for cell in row.xpath("td")[2:]] for row in shown.xpath("tbody/tr")]
    assert papers[:2] == [["0.497", "0.395"], ["0.790", "0.000"]] and papers[5] == ["0.382", "0.000"]


def test_folds_are_shown_beside_the_whole_for_each_task_and_variable(page, table):
    balance = table("balance")
    figures = section(page, "method").xpath(".//svg[@role='img']")
    assert len(figures) == 6
    own = balance[(balance.target == "drum-social_engagement") & (balance["class"] == "yes")]
    titles = [words(title) for title in figures[5].xpath("*[@class='mark dot']/title")]
    assert titles == [f"fold {row.fold}: {row.share:.2f} (3 sessions)" for row in own.itertuples()]
    row = section(page, "method").xpath(".//table/tbody/tr[last()]")[0]
    shown = [own.whole_share.iloc[0], *own.share]
    assert [words(cell) for cell in row.xpath("td")[1:]] == [f"{value:.2f}" for value in shown]


def test_a_study_of_one_phase_targets_has_one_table_of_frames_a_protocol(page, table):
    cells = table("cells")
    tables = section(page, "results").xpath(".//table[contains(@class, 'together')]")
    assert [shown.get("data-protocol") for shown in tables] == ["corrected", "as_published"]
    rows = tables[0].xpath("tbody/tr")
    assert len(rows) == 6 * 2
    own = cells[(cells.protocol == "corrected") & (cells.target == "drum-task_engagement") & (cells.phase == "all")]
    named = own[own.model == "mc3"].set_index("metric")
    shown = next(row for row in rows if row.get("data-target") == "drum-task_engagement")
    assert [own_text(cell) for cell in shown.xpath("td")][:1] == [f"{100 * named.value['accuracy']:.1f}"]
    assert not page.xpath("//table[@data-phase]")
    assert "By phase" not in [words(heading) for heading in page.iter("h3")]


def test_every_section_of_guided_play_is_absent_without_its_table(small, tmp_path):
    text = build(small.inputs, tmp_path / "index.html", **dict.fromkeys(EXTRA))
    root = html.fromstring(text)
    assert not root.xpath("//table[@data-matrix] | //table[contains(@class, 'scores')] | //table[@class='kappas']")
    assert not root.xpath("//table[contains(@class, 'durations')]")
    told = words(root)
    for heading in ("Moment by moment", "Snippet by snippet", "How alike the folds are", "How long the tasks last"):
        assert heading not in told
    assert section(root, "data").xpath(".//caption[contains(., 'Phases')]")
    assert len(section(root, "headline").xpath(".//div[@class='card']")) == 6


@pytest.mark.parametrize("missing", [[name] for name in EXTRA] + [["snippet_raters", "snippet_kappas"]])
def test_a_page_is_made_without_one_of_the_tables(small, tmp_path, missing):
    root = html.fromstring(build(small.inputs, tmp_path / "index.html", **dict.fromkeys(missing)))
    assert root.xpath("//h2[@id='method']")


def test_a_study_that_trains_nothing_still_shows_its_coders(small, tmp_path):
    nothing = dict.fromkeys([
        "folds", "cells", "groups", "confusion", "fold_scores", "comparisons", "headline", "balance",
        "snippet_scores", "snippet_raters", "snippet_kappas",
    ])  # fmt: skip
    inputs = {**small.inputs, **nothing, "probabilities": []}
    inputs["study"] = {"name": "play", "networks": {}}
    root = html.fromstring(build(inputs, tmp_path / "index.html"))
    assert "nothing was trained in this study" in words(section(root, "results"))
    assert root.xpath("//table[@data-matrix='clock-kappa']")
    rows = [text.text for text in root.xpath("//details[@data-session='P02']//svg//text[contains(@class, 'row')]")]
    assert rows == ["phase", *(f"{tier}_engagement · {coder}" for tier in ("task", "social") for coder in "AB")]


@pytest.mark.parametrize(("weights", "there"), [("untrained", True), ("kinetics400", False)])
def test_the_banner_names_video_networks_that_started_from_random_weights(small, tmp_path, weights, there):
    inputs = copy.deepcopy(small.inputs)
    inputs["study"]["networks"]["video:mc3"]["weights"] = weights
    root = html.fromstring(build(inputs, tmp_path / "index.html"))
    banners = root.xpath("//*[@id='untrained']")
    assert bool(banners) is there
    if there:
        assert "The video network mc3 started from random weights" in words(banners[0])


def test_another_scheme_is_not_measured_by_the_papers_numbers(small, tmp_path):
    inputs = copy.deepcopy(small.inputs)
    inputs["scheme"]["name"], inputs["scheme"]["source"] = "house-play", ""
    text = build(inputs, tmp_path / "index.html")
    assert "3536221" not in text and "Fraile" not in text and "in the paper" not in text.replace(
        "in the whole data set, as in the paper", ""
    )
    assert not html.fromstring(text).xpath("//*[@class='paper']")


def test_names_that_look_like_markup_stay_text(small, tmp_path):
    evil = "<script>alert(1)</script>"
    inputs = copy.deepcopy(small.inputs)
    inputs["study"]["networks"] = {f"video:{evil}": {"network": evil, "weights": "untrained"}}
    inputs["scheme"]["tiers"]["task_engagement"]["title"] = evil
    inputs["scheme"]["targets"]["drum-task_engagement"]["title"] = evil
    for name, columns in {
        "clock": ["coder_a"], "snippet_raters": ["rater_a", "protocol"], "snippet_scores": ["model", "stream"],
        "snippet_kappas": ["model"], "balance": ["fold"], "task_spans": ["session"], "durations": ["phase"],
    }.items():  # fmt: skip
        changed = read_table(inputs[name], all_text=True)
        changed[columns] = evil
        inputs[name] = tmp_path / f"{name}.tsv"
        write_table(changed, inputs[name])
    inputs["headline"] = {"protocol": "corrected", "stream": evil, "model": evil}
    text = build(inputs, tmp_path / "index.html")
    assert "<script" not in text and "alert(1)" in text


def test_numbers_that_are_not_there_are_dashes(small, tmp_path):
    changes = {}
    for name, columns in {
        "snippet_scores": ["test_accuracy", "test_f1", "validation_f1", "difference", "p", "p_holm", "bound_f1"],
        "snippet_kappas": ["human", "machine"],
        "snippet_raters": ["kappa", "kappa_low", "kappa_high", "percent"],
        "clock": ["kappa", "kappa_low", "kappa_high"],
        "durations": ["ratio_mean", "coded_sd_s"],
        "balance": ["share", "relative_deviation"],
    }.items():
        changed = read_table(small.inputs[name])
        changed[columns] = np.nan
        changes[name] = tmp_path / f"{name}.tsv"
        write_table(changed, changes[name])
    spans = read_table(small.inputs["task_spans"])
    spans.loc[0, ["minimal_onset_s", "minimal_offset_s", "ratio"]] = np.nan
    changes["task_spans"] = tmp_path / "task_spans.tsv"
    write_table(spans, changes["task_spans"])
    text = build(small.inputs, tmp_path / "index.html", **changes)
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert "spans do not meet" in text


def test_the_same_tables_give_the_same_bytes(small, tmp_path):
    first = build(small.inputs, tmp_path / "a.html")
    assert first == build(small.inputs, tmp_path / "b.html")
    assert str(small.folder) not in first


def test_labels_leave_out_the_time_outside_the_task(page, play):
    from dyadflow.annotations.label_index import read_label_index

    seconds = sum(
        float((label.read().codes["drum-task_engagement"].get("A", np.array([-2])) >= 0).sum()) / 3.125
        for label in read_label_index(play.inputs["labels"]).values()
    )
    shown = section(page, "data").xpath(".//details[summary='The same in numbers']//table")[0]
    assert [words(head) for head in shown.xpath("thead//th")] == ["Task", "Variable", "Coder", "no", "yes"]
    drum = [words(row) for row in shown.xpath("tbody/tr")][12]
    clocks = re.findall(r"(\d+):(\d\d)", drum)
    assert sum(60 * int(minutes) + int(rest) for minutes, rest in clocks) == pytest.approx(seconds, abs=1.01)


def test_a_fold_balance_of_many_classes_stands_folded(small, tmp_path):
    inputs = copy.deepcopy(small.inputs)
    for spec in inputs["scheme"]["targets"].values():
        del spec["phases"]
    root = html.fromstring(build(inputs, tmp_path / "index.html"))
    assert section(root, "method").xpath(".//details[summary='How alike the folds are']//svg[@role='img']")


def test_a_missing_column_is_named(small, tmp_path):
    from dyadflow.errors import DyadflowError

    scores = read_table(small.inputs["snippet_scores"]).drop(columns="bound_f1")
    write_table(scores, tmp_path / "scores.tsv")
    with pytest.raises(DyadflowError, match="bound_f1"):
        build(small.inputs, tmp_path / "index.html", snippet_scores=tmp_path / "scores.tsv")

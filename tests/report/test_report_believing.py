"""What can be believed stands on the page: leaks, chance, coders, classes, bouts, probabilities, what is inherited."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import html

from dyadflow.annotations.scheme import read_scheme
from dyadflow.evaluation import (
    baselines,
    bout_scores,
    ceiling,
    chance,
    claims,
    classes,
    group_gaps,
    reliability,
    repeated,
    summaries,
)
from dyadflow.evaluation.cells import MISSING_COLUMNS
from dyadflow.report import bouts as told_bouts
from dyadflow.report import chance as told_chance
from dyadflow.report import claims as told_claims
from dyadflow.report import classes as told_classes
from dyadflow.report import summaries as told_summaries
from dyadflow.report.believing import describe_believing
from dyadflow.report.marks import Mark, MarkRow
from dyadflow.report.page import build_report
from dyadflow.report.presets import LEAK_NOTE, Protocol, read_protocols
from dyadflow.report.reliability_picture import Bin, draw_reliability
from dyadflow.report.rendering import environment
from dyadflow.report.target_pictures import draw_by_target
from dyadflow.report.wording import ABSENT, ORACLES, TITLES, cell_name, cell_title
from dyadflow.tables import read_table, write_table

KEY = ["protocol", "target", "stream", "model"]
#: What `build_report` is told of the protocols of `write_believing`.
PROTOCOLS = {
    "corrected": {"preset": "corrected", "split": "dyad", "train_coders": ["anna", "ben"], "space": {}},
    "published": {"preset": "as_published", "split": "session", "outer": 20, "inner": 5},
    "leaky": {"preset": "corrected", "split": "frames"},
}
PHASES = ("all", "play", "still-face", "reunion")


def several_protocols(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of one protocol, again as published and with a leaking split; and the oracle of each."""
    scores = ["value", "low", "high", "fold_mean"]
    oracle = cells[(cells.stream == "none") & (cells.model == "phase")].assign(model="previous")
    oracle[scores] = np.where(oracle[["metric"]] == "kappa", 0.97, 0.98) + np.array([0, -0.004, 0.003, 0.001])
    own = pd.concat([cells, oracle])
    published = own[(own.stream != "none") & own.stream.isin(["multimodal", "dinov2", "w2vbert"])]
    published = published.assign(protocol="published")
    published[scores] -= 0.04
    single = published.model == "linear"
    published.loc[single, "fold_sd"] = np.nan
    published.loc[single, "dyads"] = 2
    leaky = own.assign(protocol="leaky")
    trained = leaky.stream != "none"
    leaky.loc[trained, scores] = leaky.loc[trained, scores] * 0.15 + 0.83
    return pd.concat([own, published, leaky], ignore_index=True)


def write_believing(folder: Path, cells: pd.DataFrame, classes: dict[str, list[str]]) -> dict:
    """Write every table for the cells, and give what of `build_report`'s inputs changes.

    Parameters
    ----------
    folder
        Where to.
    cells
        A result table of one protocol, ``corrected``.
    classes
        For each target its classes.
    """
    rng = np.random.default_rng(11)
    every = several_protocols(cells)
    overall = every[(every.phase == "all") & (every.stream != "none")]
    values = overall.set_index([*KEY, "metric"]).value
    keys = list(dict.fromkeys(overall[KEY].itertuples(index=False, name=None)))
    tables = {
        "cells": every,
        "missing": pd.DataFrame([
            dict(zip(KEY, ("corrected", "infant", "landmarks", "tcn"), strict=True))
            | {"reason": "stream landmarks of session D04: there is no such file. Extract it again"},
        ]),
        "classes": _classes(rng, keys, values, classes),
        "calibration": _calibration(rng, keys),
        "reliability_bins": _bins(keys),
        "bouts": _bouts(rng, keys, values),
        "chance": _chance(keys, values),
        "ceiling": _ceiling(keys, values),
        "summaries": _summaries(rng, keys, classes),
        "claims": _claims(keys, values),
        "group_gaps": _group_gaps(rng, keys),
        "repeated": _repeated(classes),
    }  # fmt: skip
    for name, table in tables.items():
        write_table(table, folder / f"{name}.tsv")
    return {
        **{name: folder / f"{name}.tsv" for name in tables},
        "study": {"name": "demo", "title": "Twelve made-up dyads", "protocols": PROTOCOLS},
        "result_figures": {"Learning curves": "../figures/learning_curves.pdf", "Table": "../tables/infant.tsv"},
    }


def _key(key: tuple) -> dict:
    return dict(zip(KEY, key, strict=True))


def _around(value: float, spread: float) -> dict:
    return {"value": value, "low": value - spread, "high": value + 0.9 * spread}


def _classes(rng, keys, values, classes) -> pd.DataFrame:
    rows = []
    for key in keys:
        for phase in ("all", "without still-face"):
            for code in classes[key[1]]:
                f1 = min(float(values[(*key, "f1_macro")]) + rng.uniform(-0.15, 0.15), 0.97)
                for metric, value in [
                    ("precision", f1 + 0.02), ("recall", f1 - 0.02), ("f1", f1), ("average_precision", f1 + 0.01),
                    ("roc_auc", 0.5 + f1 / 2),
                ]:  # fmt: skip
                    rows.append(_key(key) | {"phase": phase, "class": code, "metric": metric} | _around(value, 0.06)
                                | {"dyads": 12, "frames": int(rng.integers(300, 5000))})
    return pd.DataFrame(rows)


def _calibration(rng, keys) -> pd.DataFrame:
    rows = []
    for key in keys:
        for kind, worse in (("raw", 1.0), ("calibrated", 0.25)):
            accuracy = rng.uniform(0.5, 0.7)
            for metric, value in [
                ("ece", 0.16 * worse), ("brier", 0.42 + 0.08 * worse), ("nll", 0.9 + 0.4 * worse),
                ("confidence", accuracy + 0.15 * worse), ("accuracy", accuracy),
            ]:  # fmt: skip
                rows.append(_key(key) | {"probabilities": kind, "metric": metric} | _around(value, 0.03)
                            | {"dyads": 12, "frames": 6000})
    return pd.DataFrame(rows)


def _bins(keys) -> pd.DataFrame:
    rows = []
    for key in keys:
        for kind, worse in (("raw", 0.25), ("calibrated", 0.04)):
            for place in range(10):
                low = place / 10
                frames = 0 if place < 2 else 200 + 130 * place
                confidence = low + 0.052
                accuracy = confidence - worse * (confidence - 0.25)
                rows.append(_key(key) | {
                    "probabilities": kind, "bin_low": low, "bin_high": low + 0.1, "confidence": confidence,
                    "accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05, "frames": frames,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _bouts(rng, keys, values) -> pd.DataFrame:
    rows = []
    for key in keys:
        for smoothing, gain, many in (("none", 0.0, 3.4), ("tuned", 0.14, 1.12)):
            level = float(values[(*key, "f1_macro")]) - 0.15 + gain
            for metric, value in [
                ("edit", level), ("f1_10", level + 0.08), ("f1_25", level), ("f1_50", level - 0.15),
                ("onset_error_s", 0.92 - gain), ("offset_error_s", 1.07 - gain), ("bouts_ratio", many),
            ]:  # fmt: skip
                rows.append(_key(key) | {"smoothing": smoothing, "metric": metric} | _around(value, 0.07)
                            | {"dyads": 12, "bouts": 402})
    return pd.DataFrame(rows)


def _chance(keys, values) -> pd.DataFrame:
    rows = []
    for key in keys:
        for method, centre in (("shift", 0.03), ("dyads", 0.09)):
            for metric, base in (("accuracy", 0.3), ("f1_macro", 0.24), ("kappa", 0.0)):
                value = float(values[(*key, metric)])
                rows.append(_key(key) | {
                    "method": method, "metric": metric, "value": value, "chance_mean": base + centre,
                    "chance_low": base + centre - 0.06, "chance_high": base + centre + 0.05, "draws": 500,
                    "p": 1 / 501 if value > base + centre + 0.05 else 0.2,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _ceiling(keys, values) -> pd.DataFrame:
    rows = []
    for key in keys:
        for coder, other, less in (("anna", "ben", 0.0), ("ben", "anna", 0.03)):
            machine, human = float(values[(*key, "kappa")]) - less, 0.78
            rows.append(_key(key) | {
                "coder": coder, "other": other, "kappa_machine": machine, "machine_low": machine - 0.05,
                "machine_high": machine + 0.04, "kappa_human": human, "human_low": human - 0.04,
                "human_high": human + 0.03, "share": machine / human, "share_low": machine / human - 0.08,
                "share_high": machine / human + 0.07, "dyads": 12, "frames": 5821,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _summaries(rng, keys, classes) -> pd.DataFrame:
    rows = []
    for key in keys:
        for phase in PHASES:
            for place, code in enumerate(classes[key[1]]):
                for measure, coded, off, spread in [
                    ("proportion", 0.1 + 0.1 * place, 0.05 * (place - 1), 0.03),
                    ("rate_per_min", 3.1, 1.4, 1.0), ("mean_bout_s", 4.2, -0.6, 0.9),
                ]:  # fmt: skip
                    rows.append(_key(key) | {
                        "phase": phase, "class": code, "measure": measure, "icc": 0.9 - 0.15 * place,
                        "icc_low": 0.7 - 0.15 * place, "icc_high": 0.97 - 0.15 * place, "bias": off,
                        "bias_low": off - spread, "bias_high": off + spread, "coded_mean": coded,
                        "predicted_mean": coded + off, "sessions": 12, "dyads": 12,
                    })  # fmt: skip
    return pd.DataFrame(rows)


def _claims(keys, values) -> pd.DataFrame:
    rows = []
    for key in keys:
        claimed_key = ("leaky", *key[1:])
        if key[0] == "leaky":
            continue
        for metric in ("accuracy", "f1_macro", "kappa"):
            value, claimed = float(values[(*key, metric)]), float(values[(*claimed_key, metric)])
            rows.append(_key(key) | {
                "claimed_protocol": "leaky", "metric": metric, "value": value, "claimed": claimed,
                "gap": claimed - value, "low": claimed - value - 0.04, "high": claimed - value + 0.03, "dyads": 12,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _group_gaps(rng, keys) -> pd.DataFrame:
    rows = []
    for key in keys:
        for covariate, a, b, dyads, difference, p in [
            ("group", "clinical", "control", (4, 8), -0.12, 0.004), ("sex", "f", "m", (6, 6), 0.02, 0.6),
        ]:  # fmt: skip
            for metric in ("accuracy", "f1_weighted", "kappa"):
                rows.append(_key(key) | {
                    "covariate": covariate, "level_a": a, "level_b": b, "metric": metric, "difference": difference,
                    "low": difference - 0.07, "high": difference + 0.07, "dyads_a": dyads[0], "dyads_b": dyads[1],
                    "p": p, "p_holm": min(1.0, 6 * p) if metric != "kappa" else 1.0,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _repeated(classes) -> pd.DataFrame:
    return pd.DataFrame([
        {
            "protocol_group": "corrected", "target": target, "stream": "multimodal", "model": "bilstm",
            "against_stream": "multimodal", "against_model": "linear", "metric": "f1_macro", "difference": 0.034,
            "low": -0.01, "high": 0.078, "folds": 20, "deals": 5, "p": 0.121,
        }
        for target in classes
    ])  # fmt: skip


@pytest.fixture(scope="module")
def believed(small, tmp_path_factory) -> dict:
    """What `build_report` is given of a small study with every table."""
    folder = tmp_path_factory.mktemp("believing")
    classes = {name: spec["classes"] for name, spec in small.inputs["scheme"]["targets"].items()}
    return {**small.inputs, **write_believing(folder, small.cells, classes), "page": folder / "index.html"}


@pytest.fixture(scope="module")
def text(believed) -> str:
    """The page with every table, as it is written."""
    build_report(**believed)
    return believed["page"].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    """The page with every table, parsed."""
    return html.fromstring(text)


#: Tables of what was observed of behaviour: half of the work of a page, and nothing that can be believed rests on them.
BEHAVIOUR = ("measures", "transitions", "dyadic", "regulation", "icc")


def build(inputs: dict, path: Path, **changes):
    """The page with some inputs changed and without behaviour, parsed."""
    build_report(**{**inputs, **dict.fromkeys(BEHAVIOUR), **changes, "page": path})
    return html.fromstring(path.read_text(encoding="utf-8"))


def changed(inputs: dict, folder: Path, name: str, change) -> dict:
    """The inputs with one table changed."""
    table = read_table(inputs[name])
    made = change(table)
    write_table(table if made is None else made, folder / f"{name}.tsv")
    return {**inputs, name: folder / f"{name}.tsv"}


#: What `otherwise` says of biases: lower and upper end for each class, and how it is marked.
BIASES = {
    "Ineg": (0.01, 0.05, "too high"), "Inon": (-0.05, -0.01, "too low"), "Ineu": (-0.01, 0.02, ""),
    "Ipos": (0.0, 0.02, ""),
}  # fmt: skip
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def otherwise(believed, tmp_path_factory):
    """A page that differs in tables whose parts have nothing to do with each other: each test looks at one."""
    folder = tmp_path_factory.mktemp("otherwise")

    def bias(table):
        for code, (low, high, _) in BIASES.items():
            table.loc[table["class"] == code, ["bias_low", "bias_high"]] = [low, high]
        return table[table.target == "infant"]

    inputs = changed(believed, folder, "summaries", bias)
    inputs = changed(inputs, folder, "chance", set_p(0.002, 0.2))
    inputs = changed(inputs, folder, "comparisons", lambda table: table.assign(p_holm=0.3))
    inputs = changed(inputs, folder, "group_gaps", lambda table: table.assign(p_holm=0.06))
    again = {**PROTOCOLS, "published": {**PROTOCOLS["published"], "deal": 3}}
    return build(inputs, folder / "index.html", study={**believed["study"], "protocols": again})


@pytest.fixture(scope="module")
def hostile(believed, tmp_path_factory):
    """A page whose names look like markup; chance is not beaten, and no comparison was made."""
    folder = tmp_path_factory.mktemp("hostile")
    inputs = changed(believed, folder, "chance", set_p(0.05, 0.04))
    for name, columns in [
        ("ceiling", ["coder", "other"]), ("missing", ["reason"]), ("group_gaps", ["covariate", "level_a"]),
        ("claims", ["claimed_protocol"]), ("repeated", ["protocol_group"]),
    ]:  # fmt: skip
        evil = dict.fromkeys(columns, EVIL)
        inputs = changed(inputs, folder, name, lambda table, evil=evil: table.assign(**evil))
    return build(inputs, folder / "index.html", comparisons=None, result_figures={EVIL: f'"{EVIL}'})


def set_p(shift: float, dyads: float):
    """A change of the table of chance: the p values of both ways of drawing it."""
    return lambda table: table.assign(p=np.where(table.method == "shift", shift, dyads))


def words(element) -> str:
    """The text of an element, blanks collapsed."""
    return " ".join(element.text_content().split())


def numbers(element) -> list[float]:
    """All numbers with decimals of an element."""
    found = re.findall(r"[\N{MINUS SIGN}+]?\d+\.\d+", " ".join(element.itertext()))
    return [float(one.replace("\N{MINUS SIGN}", "-")) for one in found]


def named_table(page, name: str):
    """The table of the named cell in a part of the page."""
    return page.xpath(f"//table[@data-{name}='named']")[0]


def of_headline(inputs: dict, name: str, **equals) -> pd.DataFrame:
    """Rows of the headline cell in a table."""
    table = read_table(inputs[name])
    for column, value in {**inputs["headline"], **equals}.items():
        table = table[table[column] == value]
    return table


def test_every_part_has_its_heading_its_caption_and_a_way_to_it(page, text):
    ids = page.xpath("//@id")
    for wanted in (
        "missing", "side-by-side", "believing", "claims", "chance", "ceiling", "inside", "classes", "bouts",
        "calibration", "inherited", "summaries", "group-gaps", "repeated",
    ):  # fmt: skip
        assert wanted in ids
    assert len(ids) == len(set(ids))
    led_to = {href[1:] for href in page.xpath("//nav//@href")}
    assert {"believing", "inside", "inherited"} <= led_to <= set(ids)
    assert all(table.find("caption") is not None for table in page.iter("table"))
    assert all(svg.find("title") is not None for svg in page.iter("svg") if svg.get("role") == "img")
    for tag in ("section", "table", "details", "svg", "ul", "div", "tr", "td", "th", "g", "dl", "p", "li", "figure"):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), tag
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert not list(page.iter("script", "img", "link", "iframe"))


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


PARTS = (
    "missing", "classes", "calibration", "reliability_bins", "bouts", "chance", "ceiling", "summaries", "claims",
    "group_gaps", "repeated",
)  # fmt: skip


def test_a_table_that_is_not_there_or_has_no_row_leaves_no_trace(small, believed, tmp_path):
    build_report(**{**small.inputs, "page": tmp_path / "without.html"})
    empty = {}
    for name in PARTS:
        empty[name] = tmp_path / f"{name}.tsv"
        write_table(read_table(believed[name]).iloc[:0], empty[name])
    build_report(**{**small.inputs, **empty, "page": tmp_path / "empty.html"})
    without = (tmp_path / "without.html").read_text()
    assert without == (tmp_path / "empty.html").read_text()
    root = html.fromstring(without)
    ids = {"missing", "side-by-side", "believing", "inside", "inherited", "repeated"}
    assert not ids & set(root.xpath("//@id")) and "leak" not in words(root.find("body")).lower()


@pytest.mark.parametrize("gone", [PARTS[::2], PARTS[1::2], ["claims", "chance"], ["reliability_bins", "ceiling"]])
def test_each_table_can_be_missing_while_others_are_there(believed, tmp_path, gone):
    root = build(believed, tmp_path / "index.html", **dict.fromkeys(gone))
    ids = set(root.xpath("//@id"))
    assert not ids & {name.replace("_", "-") for name in gone}
    assert {"classes", "bouts", "summaries", "group-gaps", "repeated"} - {
        name.replace("_", "-") for name in gone
    } <= ids


def test_cells_that_could_not_be_trained_are_named_with_the_reason_above_the_results(page):
    section = page.xpath("//section[@aria-labelledby='results']")[0]
    assert section[1].get("id") == "missing"
    # Two targets with two cells under three protocols each, and one that failed.
    assert "1 of 13 cells could not be trained, and has no results." in words(section[1])
    assert "there is no such file. Extract it again." in words(section[1])
    assert "Infant engagement: landmarks, TCN, corrected" in words(section[1]).replace("Landmarks", "landmarks")


def failed(targets, model: str = "bilstm") -> pd.DataFrame:
    """A table of missing cells, in which the cell named beforehand stands for each target."""
    rows = [dict(zip(KEY, ("corrected", target, "multimodal", model), strict=True)) for target in targets]
    return pd.DataFrame(rows).assign(reason="nothing is coded")


def test_a_named_cell_that_could_not_be_trained_is_owned_up_to_and_not_replaced(small, tmp_path):
    write_table(failed(["infant"]), tmp_path / "missing.tsv")

    def drop(cells):
        gone = (cells.target == "infant") & (cells.stream == "multimodal") & (cells.model == "bilstm")
        return cells[~gone]

    inputs = changed(small.inputs, tmp_path, "cells", drop)
    root = build(inputs, tmp_path / "index.html", missing=tmp_path / "missing.tsv")
    section = root.xpath("//section[@aria-labelledby='headline']")[0]
    assert "Infant engagement: the cell named beforehand could not be trained. Nothing is coded." in words(section)
    assert [words(head) for head in section.xpath(".//div[@class='card']/h3")] == ["Caregiver engagement"]


def test_where_every_cell_failed_the_page_says_so_instead_of_results(small, tmp_path):
    write_table(pd.concat([failed(["infant", "caregiver"]), failed(["infant"], "linear")]), tmp_path / "missing.tsv")
    inputs = changed(small.inputs, tmp_path, "cells", lambda cells: cells[cells.stream == "none"])
    inputs["probabilities"] = [{**cell, "path": tmp_path / "not-there.h5"} for cell in inputs["probabilities"]]
    for name in ("groups", "confusion", "fold_scores", "comparisons"):
        inputs = changed(inputs, tmp_path, name, lambda table: table.iloc[:0])
    root = build(inputs, tmp_path / "index.html", missing=tmp_path / "missing.tsv")
    section = root.xpath("//section[@aria-labelledby='results']")[0]
    assert "No cell of this study could be trained, so there are no results." in words(section)
    assert not section.xpath(".//table") and not root.xpath("//div[@class='card']")


def test_protocols_stand_side_by_side_with_the_leaking_one_last(page, believed):
    cells = read_table(believed["cells"])
    table = page.xpath("//table[@data-beside='infant']")[0]
    heads = [words(head) for head in table.xpath("thead/tr[1]/th[@colspan]")]
    assert heads == ["correctedsplit by dyad", "publishedsplit by session", f"leaky{LEAK_NOTE}"]
    row = next(row for row in table.xpath("tbody/tr") if "headline" in row.get("class"))
    cell_texts = row.xpath("td")
    for place, protocol in enumerate(("corrected", "published", "leaky")):
        for metric, cell in zip(("accuracy", "f1_macro", "kappa"), cell_texts[3 * place : 3 * place + 3], strict=True):
            own = cells.query(
                "protocol == @protocol and target == 'infant' and stream == 'multimodal' and model == 'bilstm' "
                "and phase == 'all' and metric == @metric"
            ).iloc[0]
            scale, digits = (1, 0.0051) if metric == "kappa" else (100, 0.051)
            expected = [own.value, own.low, own.high]
            if protocol == "published":
                expected = [own.fold_mean, own.fold_sd, *expected]
                assert cell.text.strip().count("±") == 1
                assert words(cell.xpath("small")[0]).startswith("pooled")
            assert numbers(cell) == pytest.approx([scale * value for value in expected], abs=digits)


def test_one_split_has_no_mean_over_folds_and_says_on_how_many_dyads_it_rests(page):
    row = page.xpath("//table[@data-beside='infant']/tbody/tr")[0]
    published = row.xpath("td")[3:6]
    assert words(row.xpath("th")[-1]) == "Linear" and "±" not in words(published[0])
    assert words(published[0]).endswith("on 2 dyads") and "dyads" not in words(published[1])


def test_further_deals_of_one_cross_validation_do_not_stand_side_by_side(otherwise):
    heads = otherwise.xpath("//table[@data-beside='infant']/thead/tr[1]/th[@colspan]")
    assert [words(head)[:5] for head in heads] == ["corre", "leaky"]


def test_wherever_the_leaking_protocol_is_named_the_page_says_what_it_is(page):
    holders = [
        element
        for element in page.iter("caption", "summary", "th", "td", "h3", "h4", "dd", "p", "li")
        if "leaky" in words(element)
    ]
    # Captions, summaries and banners of its tables for each target, its column, its rows among every cell.
    assert len(holders) > 20
    for element in holders:
        assert re.search(r"frames( are)?( split)? at random", words(element)), words(element)[:200]
    assert sum("Not a result." in words(banner) for banner in page.xpath("//p[contains(@class, 'leak')]")) == 2


def test_tables_of_the_leaking_protocol_come_last_and_are_folded_away(page):
    order = [table.get("data-protocol") for table in page.xpath("//table[@data-phase='all']")]
    assert order == ["corrected", "published"] * 2 + ["leaky"] * 2
    for table in page.xpath("//table[@data-protocol='leaky']"):
        assert table.xpath("ancestor::details")


def test_a_named_cell_that_leaks_is_no_result(believed, tmp_path):
    root = build(believed, tmp_path / "index.html", headline={**believed["headline"], "protocol": "leaky"})
    section = root.xpath("//section[@aria-labelledby='headline']")[0]
    assert "splits frames at random: what stands here shows what leakage would claim" in words(section[1])
    assert "dyads that it never saw" not in words(section.xpath(".//div[@class='card']/p")[0])


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("dyad", "12 dyads that it never saw in training"),
        ("session", "sessions of 12 dyads that it never saw in training (other sessions of a dyad it may have seen)"),
        ("frames", "frames whose neighbours it was trained on"),
    ],
)
def test_what_was_held_out_is_said_as_the_split_has_it(split, said):
    assert Protocol("p", split=split).held_out(12).startswith(said)


def test_a_protocol_without_settings_splits_by_dyad_and_goes_by_its_own_name():
    found = read_protocols(["odd", "as_published"], {"odd": {"split": "frames", "preset": "corrected"}})
    assert list(found) == ["as_published", "odd"]
    assert found["as_published"].published and not found["as_published"].leaky and found["odd"].leaky


def test_an_oracle_is_marked_as_one_and_never_taken_for_a_baseline(page):
    rows = [row for row in page.xpath("//tbody/tr") if "Previous code" in words(row)]
    # In each target: side by side, and in all phases and without still-face of two protocols; and by phase.
    assert len(rows) == 2 * (1 + 2 * 2 + 2)
    for row in rows:
        assert "Previous code (oracle)" in words(row) and "aseline" not in words(row)
        assert "baseline" not in (row.get("class") or "")
    assert cell_title("none", "previous") == "previous-code oracle"
    assert cell_name("none", "previous") == "Previous code (oracle)"
    legends = [words(item) for item in page.xpath("//ul[@class='key']/li") if "previous-code" in words(item)]
    assert legends and set(legends) == {"previous-code oracle, which is told the answer"}


def test_an_oracle_is_never_the_better_baseline(page):
    for card in page.xpath("//div[@class='card']"):
        assert words(card.xpath(".//table/thead//th")[1]) in ("Phase baseline", "Majority baseline")
        assert "racle" not in words(card)


def test_the_first_look_has_chance_baseline_model_coders_and_claim_on_one_scale(page, believed):
    figure = page.xpath("//figure[@class='standing']/svg")[0]
    names = [label.text for label in figure.xpath("text[contains(@class, 'row')]")]
    assert names == [
        "Chance, shifted in time", "Chance, dyads exchanged", "Phase baseline", "This model", "Coders anna and ben",
        "With a leaking split",
    ]  # fmt: skip
    notes = [numbers_of(label.text) for label in figure.xpath("text[contains(@class, 'beside')]")]
    kappa = of_headline(believed, "ceiling", target="infant").iloc[0]
    claim = of_headline(believed, "claims", target="infant", metric="kappa").iloc[0]
    assert notes[3:] == pytest.approx([claim.value, kappa.kappa_human, claim.claimed], abs=0.0051)
    assert notes[:2] == [0.08, 0.14]


def numbers_of(shown: str) -> float:
    """The one number of a short text."""
    return float(re.search(r"[\N{MINUS SIGN}]?\d+\.\d+", shown)[0].replace("\N{MINUS SIGN}", "-"))


def answers(root) -> dict[str, tuple[str, str]]:
    """Of the first target: each question with its answer in a word and the numbers."""
    found = root.xpath("//dl[@class='answers']")[0]
    return {words(part.find("dt")): (words(part.find("dd").find("b")), words(part.find("dd"))) for part in found}


def test_better_than_chance_needs_both_ways_of_drawing_it(believed, page, otherwise, hostile):
    drawn = of_headline(believed, "chance", target="infant")
    assert set(drawn.method) == {"shift", "dyads"} and drawn.p.max() < 0.05
    assert answers(page)["Better than chance?"][0] == "Yes"
    # Only one way, whichever.
    for root in (otherwise, hostile):
        assert answers(root)["Better than chance?"][0] == "Not shown"


def test_better_than_the_baseline_follows_the_comparison_that_was_named(page, otherwise, hostile):
    assert answers(page)["Better than the baseline?"][0] == "Yes"
    assert answers(otherwise)["Better than the baseline?"][0] == "Not shown"
    word, detail = answers(hostile)["Better than the baseline?"]
    assert word == "Higher" and "no test" in detail


def test_the_share_of_the_human_ceiling_and_the_leaking_claim_are_told_in_short(page, believed):
    told = answers(page)
    shares = 100 * of_headline(believed, "ceiling", target="infant")["share"]
    assert numbers_of(told["How near to people?"][0]) == pytest.approx(shares.min(), abs=0.051)
    claim = of_headline(believed, "claims", target="infant", metric="accuracy").iloc[0]
    word, detail = told["What would a leaking split have claimed?"]
    assert numbers_of(word) == pytest.approx(100 * claim.claimed, abs=0.051)
    assert f"{100 * claim.gap:.1f} percentage points more" in detail


def test_claims_are_given_for_every_cell_and_drawn_as_two_joined_dots(page, believed):
    claims = read_table(believed["claims"])
    own = of_headline(believed, "claims", target="infant").set_index("metric")
    row = named_table(page, "claims").xpath("tbody/tr")[0]
    expected = [
        scale * own.loc[metric, column]
        for metric, scale in (("accuracy", 100), ("f1_macro", 100), ("kappa", 1))
        for column in ("value", "claimed", "gap", "low", "high")
    ]
    assert numbers(row) == pytest.approx(expected, abs=0.051)
    assert len(page.xpath("//table[@data-claims='every']/tbody/tr")) == len(claims) / 3
    figure = page.xpath("//h3[@id='claims']/following::svg[@role='img']")[0]
    link = figure.xpath(".//g[@class='mark link']/rect")[0]
    left, right = (float(figure.xpath(f".//g[@class='mark {style}']/circle/@cx")[0]) for style in ("dot", "claim"))
    assert float(link.get("x")) == pytest.approx(left, abs=0.11)
    assert float(link.get("width")) == pytest.approx(right - left, abs=0.11)
    # The scale goes from 0 to 1, and is 255 units long.
    gap = own.loc["accuracy", "claimed"] - own.loc["accuracy", "value"]
    assert right - left == pytest.approx(255 * gap, abs=0.2)


def test_targets_of_one_row_each_share_a_picture_and_others_have_their_own():
    row = MarkRow("model", [Mark("dot", 0.5, "0.50")], strong=True)
    title, figure = draw_by_target([("Dolls", row), ("Drum", row)], "kappa")[0]
    names = html.fromstring(str(figure)).xpath("//text[contains(@class, 'row')]/text()")
    assert (title, names) == ("", ["Dolls", "Drum"])
    several = draw_by_target([("Dolls", row), ("Dolls", row), ("Drum", row)], "kappa")
    assert [title for title, _ in several] == ["Dolls", "Drum"] and draw_by_target([], "kappa") == []


def test_chance_stands_beside_what_was_observed(page, believed):
    rows = of_headline(believed, "chance", target="infant", metric="kappa").set_index("method")
    shown = named_table(page, "chance").xpath("tbody/tr")[2]
    assert words(shown.xpath("td")[0]) == "Kappa"
    expected = [rows.loc["shift", "value"]]
    for method in ("shift", "dyads"):
        expected += list(rows.loc[method, ["chance_mean", "chance_low", "chance_high", "p"]])
    assert numbers(shown) == pytest.approx(expected, abs=0.0051)


def test_model_and_other_coder_are_held_against_the_same_coder(page, believed):
    own = of_headline(believed, "ceiling", target="infant")
    for row, shown in zip(own.itertuples(), named_table(page, "ceiling").xpath("tbody/tr"), strict=False):
        cells = shown.xpath("td")
        assert [words(cells[0]), words(cells[2])] == [row.coder, row.other]
        assert numbers(cells[1]) == pytest.approx([row.kappa_machine, row.machine_low, row.machine_high], abs=0.0051)
        assert numbers(cells[3]) == pytest.approx([row.kappa_human, row.human_low, row.human_high], abs=0.0051)
        shares = [100 * row.share, 100 * row.share_low, 100 * row.share_high]
        assert numbers(cells[4]) == pytest.approx(shares, abs=0.051)
    told = words(page.xpath("//h3[@id='ceiling']/following::p")[0])
    assert "a kappa of 0.73 to 0.82 (Infant engagement) and 0.72 to 0.73 (Caregiver engagement)." in told


def test_every_class_has_its_numbers_in_the_schemes_order(page, believed):
    own = of_headline(believed, "classes", target="infant", phase="all")
    shown = named_table(page, "classes").xpath("tbody/tr")[:4]
    assert [words(row.xpath("th")[-1]) for row in shown] == ["Ineg", "Inon", "Ineu", "Ipos"]
    for row in shown:
        rows = own[own["class"] == words(row.xpath("th")[-1])].set_index("metric")
        for cell in row.xpath("td[@data-metric]"):
            scale, digits = (1, 0.0051) if cell.get("data-metric") in ("average_precision", "roc_auc") else (100, 0.051)
            expected = scale * rows.loc[cell.get("data-metric"), ["value", "low", "high"]].astype(float)
            assert numbers(cell) == pytest.approx(list(expected), abs=digits)
    phases = page.xpath("//table[@data-classes='phases']/tbody/tr/th[@rowspan='4' and @class='text']")
    assert [words(head) for head in phases] == ["Without still-face"] * 2


def test_bouts_are_scored_as_predicted_and_smoothed(page, believed):
    own = of_headline(believed, "bouts", target="infant")
    shown = named_table(page, "bouts").xpath("tbody/tr")[:2]
    assert [words(row.xpath("th")[-1]) for row in shown] == ["as predicted", "smoothed"]
    for row, smoothing in zip(shown, ("none", "tuned"), strict=True):
        rows = own[own.smoothing == smoothing].set_index("metric")
        ratio = row.xpath("td[@data-metric='bouts_ratio']")[0]
        assert numbers(ratio)[0] == pytest.approx(rows.loc["bouts_ratio", "value"], abs=0.0051)
        f1 = row.xpath("td[@data-metric='f1_25']")[0]
        assert numbers(f1)[0] == pytest.approx(100 * rows.loc["f1_25", "value"], abs=0.051)
    assert page.xpath("//table[@data-bouts='every']/ancestor::details[not(@open)]")


def test_calibration_is_told_before_and_after_and_drawn(page, believed):
    own = of_headline(believed, "calibration", target="infant").set_index(["probabilities", "metric"])
    shown = named_table(page, "calibration").xpath("tbody/tr")[:2]
    for row, kind in zip(shown, ("raw", "calibrated"), strict=True):
        for metric in ("ece", "brier", "nll"):
            cell = row.xpath(f"td[@data-metric='{metric}']")[0]
            assert numbers(cell)[0] == pytest.approx(own.loc[(kind, metric), "value"], abs=0.00051)
    figures = page.xpath("//h3[@id='calibration']/following::svg[contains(@class, 'square')]")
    # Bins without a frame are not drawn.
    assert [len(figure.xpath(".//g[contains(@class, 'mark')]")) for figure in figures] == [16, 16]


def test_probabilities_that_mean_what_they_say_lie_on_the_diagonal():
    bins = [Bin(0.5, 0.5, 0.4, 0.6, 9, ""), Bin(0.9, 0.9, 0.8, 1.0, 3, "")]
    root = html.fromstring(str(draw_reliability([("raw", bins)], "")))
    start, stop = re.fullmatch(r"M(.+)L(.+)", root.xpath("//path[@class='diagonal']/@d")[0]).groups()
    (x0, y0), (x1, y1) = (tuple(map(float, end.split())) for end in (start, stop))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter("circle")]
    for share, (x, y) in zip((0.5, 0.9), dots, strict=True):
        assert (x, y) == pytest.approx((x0 + share * (x1 - x0), y0 + share * (y1 - y0)), abs=0.06)
    # Three quarters of the frames are in the first bin: its bar is three times as high.
    heights = [float(bar.get("height")) for bar in root.xpath("//rect[@class='amount']")]
    assert heights[0] == pytest.approx(3 * heights[1], abs=0.15)


def test_a_bias_is_marked_exactly_where_its_interval_leaves_out_zero(otherwise):
    rows = named_table(otherwise, "summaries").xpath("tbody/tr")
    assert len(rows) == 4 * 3
    code = ""
    for row in rows:
        code = next((words(head) for head in row.xpath("th[contains(@class, 'code')]")), code)
        bias = row.xpath("td")[2]
        assert (bias.get("class") or "") == ("off" if BIASES[code][2] else "")
        assert "".join(bias.xpath("span/@title")) == BIASES[code][2]
    told = words(otherwise.xpath("//h3[@id='summaries']/following::p")[0])
    assert "Of 12 numbers, 6 are systematically too high or too low" in told


def test_what_would_be_published_is_on_the_scale_of_its_measure(page, believed):
    own = of_headline(believed, "summaries", target="infant", phase="all")
    own = own[own["class"] == "Ipos"].set_index("measure")
    rows = named_table(page, "summaries").xpath("tbody/tr")[9:12]
    for row, measure, scale in zip(rows, ("proportion", "rate_per_min", "mean_bout_s"), (100, 1, 1), strict=True):
        own_row = own.loc[measure]
        expected = [scale * own_row[name] for name in ("coded_mean", "predicted_mean", "bias", "bias_low", "bias_high")]
        found = numbers(row)
        assert found[:5] == pytest.approx(expected, abs=0.051)
        assert found[5:] == pytest.approx([own_row.icc, own_row.icc_low, own_row.icc_high], abs=0.0051)


def test_a_group_difference_is_clear_only_after_holms_correction(page, otherwise):
    table = named_table(page, "gaps")
    rows = table.xpath("tbody/tr")[:2]
    assert [len(row.xpath("td[@class='off']")) for row in rows] == [4, 0]
    assert "clinical minus control" in words(rows[0]) and "4 and 8 dyads" in words(rows[0])
    assert numbers(rows[0].xpath("td")[0]) == [-12.0, -19.0, -5.0]
    assert "errs clearly more with one group" in words(page.xpath("//h3[@id='group-gaps']/following::p")[0])
    assert "No difference between groups is clear" in words(otherwise.xpath("//h3[@id='group-gaps']/following::p")[0])


def test_repeated_cross_validation_has_its_rows_and_its_own_reason(page):
    table = page.xpath("//h3[@id='repeated']/following::table")[0]
    assert [words(cell) for cell in table.xpath("tbody/tr")[0]] == [
        "Infant engagement", "multimodal bi\N{NON-BREAKING HYPHEN}LSTMcorrected", "multimodal linear model",
        "unweighted F1", "+3.4[\N{MINUS SIGN}1.0, +7.8]", "5", "20", "0.121",
    ]  # fmt: skip


def test_figures_and_tables_to_take_away_are_linked(page):
    links = page.xpath("//p[@class='links']/a")
    assert {words(link): link.get("href") for link in links} == {
        "Learning curves": "../figures/learning_curves.pdf", "Table": "../tables/infant.tsv",
    }  # fmt: skip


def test_without_a_named_cell_every_cell_is_shown_and_none_stands_out(believed, tmp_path):
    root = build(believed, tmp_path / "index.html", headline=None)
    assert not root.xpath("//table[@data-chance='named' or @data-claims='named' or @data-bouts='named']")
    for name in ("chance", "claims", "bouts", "classes", "calibration", "summaries", "gaps", "ceiling"):
        assert root.xpath(f"//table[@data-{name}='every']/ancestor::details[@open]"), name
    assert not root.xpath("//th[contains(@class, 'headline-name')]")


def test_values_without_a_number_are_dashes(believed, tmp_path):
    inputs = dict(believed)
    for name in PARTS[1:]:
        table = read_table(inputs[name])
        numeric = [
            column for column in table.select_dtypes("number").columns
            if column not in ("dyads", "frames", "bouts", "draws", "dyads_a", "dyads_b", "folds", "deals", "sessions")
            and not column.startswith("bin_")
        ]  # fmt: skip
        table[numeric] = np.nan
        inputs[name] = tmp_path / f"{name}.tsv"
        write_table(table, inputs[name])
    root = build(inputs, tmp_path / "index.html")
    assert not re.search(r"\bnan\b", html.tostring(root, encoding="unicode"), re.IGNORECASE)
    cells = named_table(root, "chance").xpath("tbody/tr")[0].xpath("td")
    assert [words(cell) for cell in cells[1:3]] == [ABSENT, ABSENT]


def test_names_that_look_like_markup_stay_text(hostile):
    assert not list(hostile.iter("script")) and "alert(1)" in words(hostile)


def test_the_same_tables_give_the_same_bytes(believed, text, tmp_path):
    build_report(**{**believed, "page": tmp_path / "again.html"})
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == text


def test_each_target_of_a_table_is_one_run_of_rows(believed):
    tables = {name: believed[name] for name in PARTS if name != "missing"}
    plan = read_scheme(believed["scheme"])
    protocols = read_protocols(PROTOCOLS, PROTOCOLS)
    found = describe_believing(scheme=plan, headline=believed["headline"], protocols=protocols, **tables)
    for table in (found.claims, found.chance, found.ceiling, found.classes, found.bouts, found.summaries):
        starts = [place for place, (heads, _) in enumerate(table.every) if heads.title_span]
        ends = [*starts[1:], len(table.every)]
        assert [heads.title_span for heads, _ in table.every if heads.title_span] == [
            stop - start for start, stop in zip(starts, ends, strict=True)
        ]
        # The named cell comes first in each.
        assert all(table.every[start][0].headline for start in starts)
        assert all(one < other for one, other in pairwise(starts))


def test_the_made_up_tables_have_the_columns_that_evaluation_writes(believed):
    written = {
        "missing": MISSING_COLUMNS, "classes": classes.CLASS_COLUMNS, "calibration": reliability.CALIBRATION_COLUMNS,
        "reliability_bins": reliability.BIN_COLUMNS, "bouts": bout_scores.BOUT_COLUMNS, "chance": chance.CHANCE_COLUMNS,
        "ceiling": ceiling.CEILING_COLUMNS, "summaries": summaries.SUMMARY_COLUMNS, "claims": claims.CLAIM_COLUMNS,
        "group_gaps": group_gaps.GROUP_GAP_COLUMNS, "repeated": repeated.REPEATED_COLUMNS,
    }  # fmt: skip
    assert set(written) == set(PARTS)
    for name, columns in written.items():
        assert list(read_table(believed[name]).columns) == list(columns), name


def test_the_page_knows_the_metrics_and_oracles_that_evaluation_has():
    assert set(baselines.ORACLES) == ORACLES
    assert told_chance.CHANCE_METRICS == chance.METRICS and told_claims.CLAIM_METRICS == claims.METRICS
    assert set(group_gaps.METRICS) <= set(TITLES)
    assert tuple(told_summaries.SUMMARY_MEASURES) == summaries.MEASURES
    assert {f"f1_{overlap}" for overlap in bout_scores.OVERLAPS} <= {key for key, _, _ in told_bouts.BOUT_METRICS}
    assert [key for key, _, _ in told_classes.CLASS_METRICS][3:] == ["average_precision", "roc_auc"]


def test_settings_within_settings_are_kept_apart_and_empty_ones_left_out():
    shown = environment().filters["shown"]
    given = {"streams": [], "extractors": {}, "outer": None, "space": {"optimiser": ["sgd"], "window_s": [1, 2]}}
    assert shown(given) == "space: (optimiser: sgd; window s: 1, 2)"

"""The figures of a paper hold the tables' numbers, fit a journal's page, and no word of them lies over another."""

import copy
import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from scipy import stats

from dyadflow.annotations.scheme import read_scheme
from dyadflow.report.behaviour_tables import pool_transitions, residual_arrow
from dyadflow.report.paper import style
from dyadflow.report.paper.agreement_matrices import draw_agreement
from dyadflow.report.paper.code_proportions import draw_behaviour
from dyadflow.report.paper.code_transitions import draw_transitions
from dyadflow.report.paper.coder_confusion import draw_confusion
from dyadflow.report.paper.dyadic_states import draw_dyadic
from dyadflow.report.paper_figures import draw_figures
from dyadflow.report.session_values import spread_dots, value_by_session
from dyadflow.tables import read_table, write_table

NAMES = ("agreement", "confusion", "behaviour", "transitions", "dyadic")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_style():
    """Everything here is drawn in the figures' style."""
    with style.drawing():
        yield


def tables_of(inputs: dict) -> dict:
    """The tables that figures are drawn from."""
    return {
        "agreement": inputs["agreement"],
        "confusion": inputs["agreement_confusion"],
        **{name: inputs[name] for name in ("measures", "transitions", "dyadic", "regulation")},
    }


def draw_all(inputs: dict, scheme: dict | None = None) -> dict:
    """Every figure by name, not written anywhere."""
    plan, tables = read_scheme(scheme or inputs["scheme"]), tables_of(inputs)
    return {
        "agreement": draw_agreement(tables["agreement"], None, plan),
        "confusion": draw_confusion(tables["confusion"], tables["agreement"], plan),
        "behaviour": draw_behaviour(tables["measures"], plan),
        "transitions": draw_transitions(tables["transitions"], plan),
        "dyadic": draw_dyadic(tables["dyadic"], tables["regulation"], plan),
    }


def write_all(inputs: dict, folder: Path) -> dict[str, list[Path]]:
    """Every figure as PDF and SVG."""
    files = {name: [folder / f"{name}.pdf", folder / f"{name}.svg"] for name in NAMES}
    draw_figures(
        **tables_of(inputs), clock=None, scheme=inputs["scheme"],
        **{f"{name}_figure": own for name, own in files.items()},
    )  # fmt: skip
    return files


@pytest.fixture(scope="module")
def written(material, tmp_path_factory) -> dict[str, list[Path]]:
    """The figures of the study, as files."""
    return write_all(material.inputs, tmp_path_factory.mktemp("figures"))


def texts(figure) -> list[str]:
    """Everything that is written on a figure."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
def test_no_word_lies_over_another(material, assert_readable, name):
    assert_readable(draw_all(material.inputs)[name])


@pytest.mark.parametrize("coders", [2, 3, 6])
def test_however_many_coders_there_are_their_matrices_are_readable(tmp_path, assert_readable, coders):
    scheme = yaml.safe_load((ROOT / "config/schemes/icep-r.yaml").read_text(encoding="utf-8"))
    rows = [
        {
            "target": target, "phase": "all", "code": "all", "coder_a": a, "coder_b": b, "percent": 83.2,
            "percent_low": 79.1, "percent_high": 87.3, "kappa": 0.71, "kappa_low": 0.64, "kappa_high": 0.78,
            "sessions": 92, "dyads": 92, "frames": 124_000,
        }
        for target in scheme["targets"]
        for a, b in combinations([f"Coder {number + 1}" for number in range(coders)], 2)
    ]  # fmt: skip
    write_table(pd.DataFrame(rows), tmp_path / "agreement.tsv")
    counts = [
        {"target": row["target"], "coder_a": row["coder_a"], "coder_b": row["coder_b"], "code_a": one, "code_b": other,
         "frames": 12_345}
        for row in rows[: 3 * len(scheme["targets"])]
        for one in scheme["targets"][row["target"]]["classes"]
        for other in scheme["targets"][row["target"]]["classes"]
    ]  # fmt: skip
    write_table(pd.DataFrame(counts), tmp_path / "confusion.tsv")
    assert_readable(draw_agreement(tmp_path / "agreement.tsv", None, read_scheme(scheme)))
    if coders == 2:
        assert_readable(draw_confusion(tmp_path / "confusion.tsv", tmp_path / "agreement.tsv", read_scheme(scheme)))


def test_where_every_coder_marks_tasks_agreement_is_that_on_the_clock(tmp_path, assert_readable):
    scheme = read_scheme(ROOT / "config/schemes/guided-play.yaml")
    rows = [
        {
            "phase": phase, "tier": tier, "coder_a": a, "coder_b": b, "percent": 81.0 + number, "percent_low": 70.0,
            "percent_high": 90.0, "kappa": 0.6, "kappa_low": 0.5, "kappa_high": 0.7, "sessions": 6, "dyads": 6,
            "moments": 1000,
        }
        for phase in ("all", "dolls")
        for tier in ("all", "task_engagement", "social_engagement")
        for number, (a, b) in enumerate(combinations("ABC", 2))
    ]  # fmt: skip
    write_table(pd.DataFrame(rows), tmp_path / "clock.tsv")
    figure = draw_agreement(tmp_path / "agreement.tsv", tmp_path / "clock.tsv", scheme)
    assert_readable(figure)
    written = texts(figure)
    # Three tiers, three pairs each: only those of all phases.
    assert [written.count(text) for text in ("81.0", "82.0", "83.0", "0.60")] == [3, 3, 3, 9]
    assert "All variables together" in written


def test_files_are_vector_graphics_with_their_letters_inside(written):
    for pdf, svg in written.values():
        data = pdf.read_bytes()
        assert data.startswith(b"%PDF-") and b"/FontFile2" in data and b"/Subtype /Image" not in data
        assert b"CreationDate" not in data
        root = etree.parse(str(svg)).getroot()
        names = {etree.QName(element).localname for element in root.iter() if isinstance(element.tag, str)}
        assert not names & {"image", "text", "script", "foreignObject"} and "path" in names
        width_mm = float(root.get("width").removesuffix("pt")) * 25.4 / 72
        assert 84.9 <= width_mm <= 170.1
        assert not re.search(rb'href="(?!#)', svg.read_bytes())


def test_the_same_tables_give_the_same_bytes(material, written, tmp_path):
    again = write_all(material.inputs, tmp_path)
    for name in NAMES:
        for one, other in zip(written[name], again[name], strict=True):
            assert one.read_bytes() == other.read_bytes(), one.name
            assert str(tmp_path).encode() not in other.read_bytes()


def test_cells_hold_the_numbers_of_the_tables(material):
    figures, inputs = draw_all(material.inputs), material.inputs
    agreement = read_table(inputs["agreement"], text=["code"])
    whole = agreement[(agreement.phase == "all") & (agreement.code == "all")]
    written = texts(figures["agreement"])
    for row in whole.itertuples():
        assert f"{row.percent:.1f}" in written and f"{row.kappa:.2f}" in written
        assert f"[{row.kappa_low:.2f}, {row.kappa_high:.2f}]" in written
    confusion = read_table(inputs["agreement_confusion"])
    written = texts(figures["confusion"])
    for _, line in confusion.groupby(["target", "code_a"], sort=False):
        for frames in line.frames:
            assert f"{100 * frames / line.frames.sum():.0f}" in written
            assert f"{frames:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") in written
    written = texts(figures["transitions"])
    for own in pool_transitions(inputs["transitions"], read_scheme(inputs["scheme"])):
        for row in own.rows[own.rows["count"] > 0].itertuples():
            assert f"{100 * row.probability:.0f}" in written and str(row.count) in written


def test_each_figure_ends_with_what_it_rests_on(material):
    for name, figure in draw_all(material.inputs).items():
        foot = " ".join(" ".join(texts(figure)).split())
        assert "12 sessions of 12 dyads" in foot, name


def test_a_dot_is_drawn_for_every_session_and_a_diamond_at_their_mean(material):
    measures = read_table(material.inputs["measures"], text=["code"])
    figure = draw_behaviour(material.inputs["measures"], read_scheme(material.inputs["scheme"]))
    own = measures[(measures.tier == "infant") & (measures.code == "Ipos") & (measures.phase == "play")]
    mean_by_session = own.groupby("session").proportion.mean()
    # Panels in order: infant by play, still-face, reunion, then caregiver; of each code dots, interval, diamond.
    play = figure.axes[0]
    dots = [line for line in play.lines if line.get_marker() == "o"]
    diamonds = [line for line in play.lines if line.get_marker() == "D"]
    codes = ["Ipro", "Iwit", "Inon", "Ineu", "Ipos"]
    assert len(dots) == len(diamonds) == len(codes) and len(figure.axes) == 6
    place = codes.index("Ipos")
    assert sorted(dots[place].get_xdata()) == pytest.approx(sorted(mean_by_session))
    assert diamonds[place].get_xdata()[0] == pytest.approx(mean_by_session.mean())


def test_the_shares_of_a_bar_fill_it(material):
    figure = draw_dyadic(
        material.inputs["dyadic"], material.inputs["regulation"], read_scheme(material.inputs["scheme"])
    )
    bars = sorted((bar.get_y(), bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches)
    for phase in range(3):
        own = bars[3 * phase : 3 * phase + 3]
        assert own[0][1] == 0 and sum(bar[2] for bar in own) == pytest.approx(1)
        assert all(one[1] + one[2] == pytest.approx(other[1]) for one, other in pairwise(own))


def test_where_there_is_nothing_to_draw_the_figure_says_why(material, tmp_path):
    inputs = dict(material.inputs)
    for name in ("agreement", "agreement_confusion", "measures", "transitions", "dyadic", "regulation"):
        write_table(read_table(inputs[name]).iloc[:0], tmp_path / f"{name}.tsv")
        inputs[name] = tmp_path / f"{name}.tsv"
    figures = draw_all(inputs)
    assert "No two coders" in " ".join(texts(figures["agreement"]))
    assert "No two coders" in " ".join(texts(figures["confusion"]))
    assert "Nobody has coded" in " ".join(texts(figures["behaviour"]))
    scheme = {key: value for key, value in inputs["scheme"].items() if key != "dyadic"}
    assert "does not say" in " ".join(texts(draw_all(inputs, scheme)["dyadic"]))
    write_all(inputs, tmp_path / "figures")


def test_a_dollar_in_a_title_is_a_dollar_and_a_colour_that_is_none_is_grey(material, word_boxes):
    scheme = copy.deepcopy(material.inputs["scheme"])
    scheme["tiers"]["infant"]["codes"]["Ipos"] |= {"title": "smiles $x^2$", "colour": "url(evil)"}
    scheme["dyadic"]["states"]["positive"]["colour"] = "no colour"
    figures = draw_all(material.inputs, scheme)
    assert "smiles $x^2$" in texts(figures["behaviour"])
    for figure in figures.values():
        word_boxes(figure)


def test_a_session_counts_once_and_a_dyad_counts_once():
    table = pd.DataFrame(
        [("s1", "d1", 0.2), ("s1", "d1", 0.4), ("s2", "d1", 0.5), ("s3", "d2", 0.8), ("s4", "d3", np.nan)],
        columns=["session", "dyad", "share"],
    )
    own = value_by_session(table, "share")
    assert own.sessions == ("s1", "s2", "s3") and own.values == pytest.approx([0.3, 0.5, 0.8]) and own.dyads == 2
    # Dyads: mean of 0.3 and 0.5, and 0.8.
    assert own.mean == pytest.approx(0.6)
    expected = stats.t.interval(0.95, 1, 0.6, stats.sem([0.4, 0.8]))
    assert (own.low, own.high) == pytest.approx((max(0.0, expected[0]), expected[1]))


def test_an_interval_of_shares_stays_within_their_bounds_and_needs_two_dyads():
    shares = pd.DataFrame({"session": list("abcd"), "dyad": list("abcd"), "share": [0.0, 0.02, 0.05, 0.4]})
    own = value_by_session(shares, "share", bounds=(0.0, 1.0))
    assert 0 <= own.low < own.mean < own.high <= 1
    for few in (shares[:1], shares[:0]):
        assert np.isnan(value_by_session(few, "share", bounds=(0.0, 1.0)).low)


@settings(max_examples=100)
@given(st.lists(st.floats(0, 40), max_size=20))
def test_dots_stay_within_reach_and_lie_in_the_middle_where_there_is_room(places):
    heights = spread_dots(np.array(places), 1.0, 1.5)
    assert np.abs(heights).max(initial=0) <= 1.5
    assert (heights == spread_dots(np.array(places), 1.0, 1.5)).all()
    ordered = np.sort(places)
    if len(ordered) < 2 or np.diff(ordered).min() >= 1.0:
        assert not heights.any()


def test_transitions_are_those_of_the_coder_who_coded_most(tmp_path, small):
    table = read_table(small.inputs["transitions"], text=["session", "dyad", "coder", "phase"])
    write_table(table[(table.coder == "ben") | (table.session != "D04")], tmp_path / "transitions.tsv")
    found = pool_transitions(tmp_path / "transitions.tsv", read_scheme(small.inputs["scheme"]))
    assert [(own.coder, own.sessions, own.dyads) for own in found] == [("ben", 4, 4)] * 2
    assert all((own.rows.session == "all").all() and (own.rows.coder == "ben").all() for own in found)


@pytest.mark.parametrize(
    ("residual", "below", "arrow"),
    [(2.5, "no", 1), (-2.5, "no", -1), (1.9, "no", 0), (4.0, "yes", 0), (np.nan, "no", 0)],
)
def test_an_arrow_needs_a_notable_residual_and_enough_expected(residual, below, arrow):
    row = pd.DataFrame([{"adjusted_residual": residual, "expected_below_5": below}])
    assert residual_arrow(next(row.itertuples())) == arrow

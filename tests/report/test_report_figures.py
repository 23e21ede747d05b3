"""Figures keep their proportions, stay small, and never lose a stretch of time."""

import numpy as np
import pytest
from lxml import etree

from dyadflow.annotations.scheme import read_scheme
from dyadflow.report.figures import (
    MARGIN,
    PLOT_WIDTH,
    Dot,
    DotRow,
    Line,
    Part,
    draw_dots,
    draw_stacked_bars,
)
from dyadflow.report.palette import Palette
from dyadflow.report.strip_rows import Band, Block, Curve
from dyadflow.report.strips import draw_timeline
from dyadflow.report.timelines import HeldOut, _confidence, average_steps, find_runs
from dyadflow.report.wording import clock, interval, listing, number, p_value


def test_runs_cover_every_frame_once():
    assert find_runs(np.array([2, 2, -1, 0, 0, 0])) == [(2, 0, 2), (-1, 2, 3), (0, 3, 6)]
    assert find_runs(np.array([], dtype=int)) == []


def test_steps_are_means_that_pass_over_frames_without_a_prediction():
    values = np.array([[0.2, 0.8], [np.nan, np.nan], [0.6, 0.4], [np.nan, np.nan], [1.0, 0.0]])
    assert average_steps(values, 2) == pytest.approx(np.array([[0.2, 0.8], [0.6, 0.4], [1.0, 0.0]]))
    assert np.isnan(average_steps(np.full((2, 2), np.nan), 2)).all()


@pytest.mark.parametrize("frames", [10, 1500, 9000, 200_000])
def test_confidence_has_at_most_two_points_a_second(frames):
    values = np.full((frames, 2), 0.5)
    points = _confidence(HeldOut("infant", ("a", "b"), values, 25.0, "0"))
    assert len(points) <= max(2 * frames / 25 + 1, 1)
    assert len(points) <= 481


def test_a_block_is_as_wide_as_its_share_of_the_session():
    figure = etree.fromstring(str(draw_timeline([[Band("x", [Block("k0", "Ineu", 15.0, 45.0)])]], 60.0, "t")))
    path = figure.xpath("//path[title]")[0].get("d")
    assert path == f"M{MARGIN + PLOT_WIDTH // 4} 0h{PLOT_WIDTH // 2}v15h-{PLOT_WIDTH // 2}z"


def test_a_block_that_runs_past_the_session_is_cut_at_its_end():
    figure = etree.fromstring(str(draw_timeline([[Band("x", [Block("k0", "Ineu", 30.0, 90.0)])]], 60.0, "t")))
    assert f"h{PLOT_WIDTH // 2}v" in figure.xpath("//path[title]")[0].get("d")


def test_a_curve_breaks_where_there_is_no_prediction():
    figure = etree.fromstring(
        str(draw_timeline([[Curve("c", [(0, 1.0), (1, 0.5), None, (3, 0.0)])]], 4.0, "t"))
    )
    path = figure.xpath("//path[@class='curve']")[0].get("d")
    assert path.count("M") == 2 and path.count("L") == 1


def test_a_stacked_bar_fills_its_width_and_leaves_out_what_has_no_time():
    figure = etree.fromstring(
        str(
            draw_stacked_bars(
                [("a", [Part("k0", "x", 30.0), Part("k1", "y", 0.0), Part("k2", "z", 10.0)])], "t"
            )
        )
    )
    widths = [float(rect.get("width")) for rect in figure.xpath("//rect")]
    assert widths == [0.75 * PLOT_WIDTH, 0.25 * PLOT_WIDTH]


def test_a_negative_kappa_widens_the_scale_instead_of_leaving_it():
    rows = [DotRow("a", 0, False, [Dot(-0.1, -0.3, 0.1, "")])]
    figure = etree.fromstring(str(draw_dots(["kappa"], rows, [[Line("majority", 0.0, "m")]], "t")))
    ticks = [text.text for text in figure.xpath("//text[@class='tick']")]
    assert ticks[0] == "\N{MINUS SIGN}0.4" and ticks[-1] == "1.0"


def test_names_in_a_figure_are_text():
    drawn = draw_timeline([[Band("<b>", [Block("k0", "<i>", 0.0, 60.0)])]], 60.0, "<u>")
    assert not {"<b>", "<i>", "<u>"} & set(str(drawn).replace(">", ">\n").split())
    assert etree.fromstring(str(drawn)).find("title").text == "<u>"


def test_ink_on_a_colour_is_the_one_that_contrasts_more():
    scheme = {
        "name": "s",
        "tiers": {
            "t": {
                "title": "t",
                "codes": {
                    "a": {"title": "a", "colour": "#000080"},
                    "b": {"title": "b", "colour": "#f0e442"},
                    "c": {"title": "c", "colour": "url(evil)"},
                },
            }
        },
        "targets": {"t": {"tier": "t", "classes": ["a", "b"]}},
    }
    rules = {style: (colour, ink) for style, colour, ink in Palette(read_scheme(scheme)).rules()}
    assert rules["k0"] == ("#000080", "#ffffff")
    assert rules["k1"] == ("#f0e442", "#000000")
    assert rules["k2"][0] == "#999999"


def test_numbers_are_written_as_journals_write_them():
    assert number("accuracy", 0.6814) == "68.1"
    assert number("kappa", -0.004) == "0.00"
    assert number("kappa", -0.12) == "\N{MINUS SIGN}0.12"
    assert number("kappa", float("nan")) == "\N{EN DASH}"
    assert interval("f1_macro", 0.5, 0.75) == "[50.0, 75.0]"
    assert p_value(0.0004) == "p < 0.001" and p_value(0.0123) == "p = 0.012"
    assert [clock(59.6), clock(362), clock(3605)] == ["1:00", "6:02", "1:00:05"]
    assert [listing([]), listing(["a"]), listing(["a", "b", "c"])] == ["", "a", "a, b and c"]

"""Rows of marks, matrices and bounds: numbers land where they belong."""

import pytest
from lxml import etree

from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.matrices import PairValue, in_order, square
from dyadflow.report.snippets import _least_p, preset_of
from dyadflow.report.task_targets import is_by_task, only_phase, task_targets
from dyadflow.report.wording import bare_p, number, value_range

NAN = float("nan")


def figure(*rows: MarkRow):
    return etree.fromstring(str(draw_marks(rows, "t", plot_width=200, margin=100)))


def test_a_dot_lies_at_its_share_of_the_scale_and_its_interval_round_it():
    drawn = figure(MarkRow("a", [Mark("solid", 0.5, "half", 0.25, 0.75)]))
    assert drawn.xpath("//circle")[0].get("cx") == "200"
    assert drawn.xpath("//path[@class='whisker']")[0].get("d").startswith("M150 ")
    assert drawn.xpath("//path[@class='whisker']")[0].get("d").endswith("H250")
    assert drawn.xpath("//g/title")[0].text == "a: half"


def test_a_value_that_is_not_there_draws_nothing():
    drawn = figure(MarkRow("a", [Mark("solid", NAN, "none"), Mark("bound", NAN, "none")]))
    assert not drawn.xpath("//g[contains(@class, 'mark')]")


def test_marks_differ_in_shape_and_not_in_colour_alone():
    drawn = figure(MarkRow("a", [Mark(style, 0.5, "") for style in ("dot", "human", "bound")]))
    shapes = [group.xpath("*[not(self::title)]")[0].tag for group in drawn.xpath("//g[contains(@class, 'mark')]")]
    assert shapes == ["circle", "rect", "path"]


def test_the_scale_reaches_below_zero_for_a_negative_kappa():
    drawn = figure(MarkRow("a", [Mark("dot", -0.1, "")]))
    ticks = [text.text for text in drawn.xpath("//text[contains(@class, 'tick')]")]
    assert ticks[0] == "\N{MINUS SIGN}0.2" and ticks[-1] == "1.0"


def test_names_in_a_figure_are_text():
    assert figure(MarkRow("<b>", [Mark("dot", 0.5, "<i>")])).xpath("//g/title")[0].text == "<b>: <i>"


def test_a_square_is_the_same_from_either_side_and_empty_on_the_diagonal():
    pairs = {("b", "a"): PairValue(0.5, 0.4, 0.6, "6 dyads"), ("a", "network"): PairValue(-0.2, NAN, NAN, "")}
    raters = in_order(pairs, last="network")
    assert raters == ["a", "b", "network"]
    rows = dict(square("t", raters, pairs).rows)
    assert rows["a"][1] == rows["b"][0] and rows["a"][1].interval == "[0.40, 0.60]"
    assert rows["a"][0] is rows["b"][1] is rows["b"][2] is None
    assert rows["a"][2].shade == 0.0 and rows["a"][2].text == "\N{MINUS SIGN}0.20"


@pytest.mark.parametrize(
    ("dyads", "tests", "told"),
    [
        (5, 6, "p cannot fall below 0.062, whatever"),
        (8, 12, "p cannot fall below 0.0078, which Holm's correction makes 0.094, whatever"),
        (8, 6, ""),
        (23, 12, ""),
    ],
)
def test_what_no_test_over_so_few_dyads_can_show_is_told(dyads, tests, told):
    assert told in _least_p(dyads, tests) and bool(told) == bool(_least_p(dyads, tests))


def test_a_protocol_goes_by_the_preset_it_names():
    assert preset_of("mine", {"mine": {"preset": "as_published"}}).tested == "last"
    assert preset_of("as_published", {}).bound == "dataset"
    assert preset_of("mine", {}).tested == "every"


def test_the_name_of_a_task_covers_its_variables(plan):
    places = task_targets(plan, ["drum-social_engagement", "dolls-task_engagement", "dolls-social_engagement"])
    assert [(place.task, place.variable, place.span) for place in places] == [
        ("Dolls", "Task engagement", 2), ("Dolls", "Social engagement", 0), ("Drum", "Social engagement", 1)
    ]  # fmt: skip
    assert is_by_task(plan) and only_phase(plan, "drum-social_engagement") == "drum"


def test_numbers_of_these_tables_have_the_papers_decimals():
    assert [number("share", 0.643), number("kappa", 0.549), number("mean_kappa", 0.3954)] == ["0.64", "0.55", "0.395"]
    assert [bare_p(0.0004), bare_p(0.0123), bare_p(NAN)] == ["< 0.001", "0.012", "\N{EN DASH}"]
    assert value_range("kappa", [0.551, NAN, 0.71]) == "0.55 to 0.71"
    assert value_range("kappa", [0.301, 0.302]) == "0.30" and value_range("kappa", []) == "\N{EN DASH}"

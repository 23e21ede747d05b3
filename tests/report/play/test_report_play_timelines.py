"""Timelines of guided play: nothing is drawn where nothing was predicted, and `no` where a coder marked nothing."""

import re
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from lxml import html

from dyadflow.annotations.label_index import read_label_index
from dyadflow.report.figures import MARGIN, PLOT_WIDTH
from dyadflow.report.page import build_report
from dyadflow.report.timelines import HeldOut, _confidence, what_is_left
from dyadflow.tables import read_table

DURATION_S = 120.0


@pytest.fixture(scope="module")
def figure(play, tmp_path_factory):
    """The timeline of one session."""
    path = tmp_path_factory.mktemp("timelines") / "index.html"
    build_report(**{**play.inputs, "page": path})
    return html.parse(str(path)).getroot().xpath("//details[@data-session='P02']//svg")[0]


def rows_of(figure) -> dict[str, list]:
    """The groups of the figure by the name of their row."""
    found: dict[str, list] = {}
    for group in figure.xpath(".//g"):
        found.setdefault(group.xpath("text[contains(@class, 'row')]")[0].text, []).append(group)
    return found


def margin_of(figure) -> float:
    """Where second 0 lies."""
    return float(figure.get("viewbox", figure.get("viewBox")).split()[2]) - PLOT_WIDTH


def drawn_stretches(figure, group) -> list[tuple[str, float, float]]:
    """Code, onset and offset of each block, as its title tells."""
    pattern = re.compile(r"(\w+) ([\d.]+)\N{EN DASH}([\d.]+) s")
    return [
        (code, float(onset), float(offset))
        for code, onset, offset in (pattern.fullmatch(title.text).groups() for title in group.xpath("path/title"))
    ]


def test_models_of_all_tasks_share_a_row_for_each_variable(figure):
    names = [text.text for text in figure.xpath(".//text[contains(@class, 'row')]")]
    expected = ["phase"]
    for tier in ("task_engagement", "social_engagement"):
        expected += [f"{tier} · A", f"{tier} · B", f"{tier} · model", "probability of yes"]
    assert names == expected


def test_row_names_have_room(figure):
    # 6.3 units a letter is what a semibold letter of 11.5 px needs at most on average.
    names = [text.text for text in figure.xpath(".//text[contains(@class, 'row')]")]
    assert margin_of(figure) >= 10 + 6.3 * max(map(len, names))
    assert margin_of(figure) >= MARGIN


def test_nothing_is_drawn_where_nothing_was_predicted(figure, play):
    known = np.zeros(375, dtype=bool)
    for entry in play.inputs["probabilities"]:
        if entry["protocol"] == "corrected" and entry["target"].endswith("task_engagement"):
            with h5py.File(entry["path"]) as file:
                known |= np.isfinite(file["P02"][:]).all(axis=1)
    assert 0 < known.sum() < len(known)
    rows = rows_of(figure)
    covered = np.zeros(len(known), dtype=bool)
    for _, onset_s, offset_s in drawn_stretches(figure, rows["task_engagement · model"][0]):
        covered[round(onset_s * 3.125) : round(offset_s * 3.125)] = True
    assert (covered == known).all()
    curve = rows["probability of yes"][0].xpath("path[@class='curve']")[0].get("d")
    # A stroke of its own for each of the three tasks, and no point between them.
    assert curve.count("M") == 3
    scale = PLOT_WIDTH / DURATION_S
    seconds = [(float(x) - margin_of(figure)) / scale for x in re.findall(r"[ML]([\d.]+) ", curve)]
    # A point stands for two frames, of which one may lie outside.
    frames = [round(second * 3.125) for second in seconds]
    assert all(known[max(frame - 1, 0) : frame + 1].any() for frame in frames)


def test_what_a_coder_left_unmarked_within_a_task_is_drawn_as_no(figure, play):
    codes = read_label_index(play.inputs["labels"])["P02"].read().codes
    segments = read_table(play.inputs["segments"])
    own = segments[(segments.session == "P02") & (segments.coder == "A") & (segments.tier == "task_engagement")]
    drawn = drawn_stretches(figure, rows_of(figure)["task_engagement · A"][0])
    yes = [(onset, offset) for code, onset, offset in drawn if code == "yes"]
    assert yes == pytest.approx(np.array(own[["onset_s", "offset_s"]].round(1)), abs=0.051)
    no = sum(offset - onset for code, onset, offset in drawn if code == "no")
    counted = sum((codes[f"{task}-task_engagement"]["A"] == 0).sum() for task in ("dolls", "shaker", "drum")) / 3.125
    # Frames of 0.32 s against edges to the hundredth of a second.
    assert no == pytest.approx(counted, abs=0.32 * (len(own) + 3))
    assert {code for code, _, _ in drawn} == {"yes", "no"}
    ordered = sorted((onset, offset) for _, onset, offset in drawn)
    assert all(left[1] <= right[0] + 0.11 for left, right in pairwise(ordered))


def test_the_match_counts_all_tasks_of_a_variable_together(small, tmp_path):
    build_report(**{**small.inputs, "page": tmp_path / "index.html"})
    root = html.parse(str(tmp_path / "index.html")).getroot()
    summary = " ".join(root.xpath("//details[@data-session='P02']/summary")[0].text_content().split())
    codes = read_label_index(small.inputs["labels"])["P02"].read().codes
    same = seen = 0
    for entry in small.inputs["probabilities"]:
        if entry["protocol"] == "corrected" and entry["target"].endswith("social_engagement"):
            with h5py.File(entry["path"]) as file:
                yes = file["P02"][:, 1]
            own = codes[entry["target"]]["B"]
            both = (own >= 0) & np.isfinite(yes)
            same, seen = same + int(((yes > 0.5) == (own == 1))[both].sum()), seen + int(both.sum())
    assert re.search(r"social engagement: .*?B.(\d+).%", summary).group(1) == f"{100 * same / seen:.0f}"


def test_of_two_classes_the_curve_is_the_probability_of_the_second():
    values = np.array([[0.9, 0.1]] * 4 + [[np.nan, np.nan]] * 4 + [[0.2, 0.8]] * 4)
    points = _confidence(HeldOut("x", ("no", "yes"), values, 4.0, "0"))
    assert [None if point is None else round(point[1], 6) for point in points] == [0.1, 0.1, None, None, 0.8, 0.8]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(10, 20)]),
        ([(12, 14)], [(10, 12), (14, 20)]),
        ([(15, 25), (5, 11)], [(11, 15)]),
        ([(12, 16), (13, 14), (15, 17)], [(10, 12), (17, 20)]),
        ([(5, 25)], []),
        ([(1, 10), (20, 30)], [(10, 20)]),
    ],
)
def test_what_is_left_of_a_span(taken, left):
    assert what_is_left((10, 20), taken) == left


def test_templates_hold_no_script():
    from dyadflow.report.rendering import TEMPLATES

    assert not [path for path in Path(TEMPLATES).iterdir() if "<script" in path.read_text(encoding="utf-8")]

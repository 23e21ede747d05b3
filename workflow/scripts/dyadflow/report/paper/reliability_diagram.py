"""Reliability diagrams of the cell that the study named beforehand, before calibration and after."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.leaks import is_leaky
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import describe_cell, head_target, say_left_out, say_missing
from dyadflow.report.paper.panels import Block, Layout, name_height_mm, name_panel
from dyadflow.report.results import rows_of
from dyadflow.report.wording import interval, number
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL = ("protocol", "target", "stream", "model")
#: Bins with a smaller share of the frames are not drawn.
_LEAST_SHARE = 0.002
#: The lowest panel that is still to be read.
_LEAST_MM = 25.0
_TITLES = {"raw": "As the network gave them", "calibrated": "Calibrated"}


def draw_reliability(
    calibration: Path, reliability: Path, scheme: Scheme, headline: Mapping[str, str] | None, targets: Sequence[str],
    tested: Mapping[str, str],
) -> "Figure":
    """Draw a pair of diagrams a target.

    Parameters
    ----------
    calibration, reliability
        Tables of `evaluation.reliability`.
    scheme
        Titles of targets.
    headline
        The cell: protocol, stream, model.
    targets
        Which, in order.
    tested
        How each protocol's folds are tested (`evaluation.scored.Request`).
    """
    own = {name: headline[name] for name in ("protocol", "stream", "model")} if headline else {}
    bins = rows_of(read_table(
        reliability, [*_CELL, "probabilities", "confidence", "accuracy", "low", "high", "frames"],
        text=[*_CELL, "probabilities"]), **own)
    errors = rows_of(read_table(
        calibration, [*_CELL, "probabilities", "metric", "value", "low", "high"],
        text=[*_CELL, "probabilities", "metric"]), **own, metric="ece")
    shown = [target for target in targets if headline and (bins.target == target).any()]
    if not shown:
        return style.draw_sentence(say_missing(headline, "probabilities", "evaluation/reliability.tsv"))
    notes = {
        (target, kind): _error(rows_of(errors, target=target, probabilities=kind))
        for target in shown for kind in _TITLES
    }
    layout = Layout(
        columns=2, width=50, height=50, left=11, right=8, below=11,
        above=name_height_mm([(_TITLES[kind], note) for (_, kind), note in notes.items()], 50))
    offers = [
        ([Block(head_target(scheme.targets[each].title or each, own, tested), 2) for each in shown[:count]],
         _foot(own, tested, [scheme.targets[each].title or each for each in shown[count:]]))
        for count in range(len(shown), 0, -1)
    ]
    layout, place = layout.fit(offers, _LEAST_MM)
    blocks, foot = offers[place]
    figure, panels = layout.make(blocks, foot)
    for target in shown[:len(blocks)]:
        for kind, title in _TITLES.items():
            axes, rows = next(panels), rows_of(bins, target=target, probabilities=kind)
            rows = rows[rows.frames >= _LEAST_SHARE * rows.frames.sum()]
            name_panel(axes, title, notes[target, kind])
            if is_leaky(tested, own["protocol"], own["model"]):
                axes.set_facecolor(style.UNSOUND)
            marks = [0, 0.25, 0.5, 0.75, 1]
            axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="highest probability (%)", ylabel="right (%)")
            axes.set_xticks(marks, [f"{100 * mark:.0f}" for mark in marks])
            axes.set_yticks(marks, [f"{100 * mark:.0f}" for mark in marks])
            axes.plot([0, 1], [0, 1], "-", color=style.SOFT, lw=0.6)
            colour = style.series_colour(own["model"])
            for row in rows.itertuples():
                if row.low == row.low:
                    axes.plot([row.confidence] * 2, [row.low, row.high], "-", color=colour, lw=0.8)
            axes.plot(rows.confidence, rows.accuracy, "-", color=colour, lw=0.6, alpha=0.5)
            if rows.empty:
                axes.text(0.5, 0.2, "not in the table", ha="center", size=style.SMALL_PT, color=style.SOFT)
                continue
            sizes = 3 + 40 * np.sqrt(rows.frames / rows.frames.max())
            axes.scatter(rows.confidence, rows.accuracy, s=sizes, color=colour, lw=0, alpha=0.85, zorder=3)
    list(panels)
    return figure


def _error(rows: pd.DataFrame) -> str:
    """The expected calibration error with its interval; that there is none, where the table has no such row."""
    if rows.empty:
        return "no ECE in the table"
    row = rows.iloc[0]
    return f"ECE {number('ece', row.value)} {interval('ece', row.low, row.high)}".rstrip()


def _foot(own: Mapping[str, str], tested: Mapping[str, str], left_out: Sequence[str]) -> str:
    """What the figure shows, and what it has no room for."""
    foot = (
        f"{describe_cell(own, tested)}. Frames by the highest "
        "of their probabilities, in bins of equal width: how often it is right, with 95 % intervals over "
        "dyads; a larger dot holds more frames (bins with less than 0.2 % of them are left out). On the line, "
        "probabilities mean what they say; below it they promise too much. ECE: mean distance from the line. "
        "Calibrated: without the shift by class weights, at the temperature fitted in training."
    )
    return foot + say_left_out(left_out, "evaluation/reliability.tsv")


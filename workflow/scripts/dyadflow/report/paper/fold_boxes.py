"""Results over the outer folds as boxes (Figs. 6 and 7 of the first paper), with the pooled value beside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.paper import style
from dyadflow.report.paper.panels import tidy
from dyadflow.report.results import read_cells
from dyadflow.report.wording import model_title, stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL = ("protocol", "target", "stream", "model")
METRICS = {
    "accuracy": "Accuracy", "f1_weighted": "F1 (weighted)", "f1_macro": "F1 (unweighted)",
    "precision_weighted": "Precision", "recall_weighted": "Recall",
}
_ROW_MM, _HEAD_MM, _PANEL_HEAD_MM, _SCALE_MM, _GAP_MM = 5.0, 6.0, 5.0, 9.0, 3.0


def draw_folds(
    cells: Path, fold_scores: Path, scheme: Scheme, targets: Sequence[str], tested: Mapping[str, str]
) -> "Figure":
    """Draw every trained cell's results by fold.

    Parameters
    ----------
    cells, fold_scores
        Tables of room evaluation.
    scheme
        Titles of targets.
    targets
        Which, in order.
    tested
        How each protocol's folds are tested; one that splits by frame has no folds and is left out.
    """
    pooled = read_cells(cells)
    pooled = pooled[(pooled.phase == "all") & (pooled.stream != "none")]
    pooled = pooled[pooled.protocol.map(lambda name: tested.get(name) != "frames")]
    folds = read_table(fold_scores, [*CELL, "fold", "metric", "value"], text=[*CELL, "metric"])
    blocks = {target: _rows(pooled[pooled.target == target]) for target in targets}
    blocks = {target: rows for target, rows in blocks.items() if rows}
    if not blocks:
        return style.draw_sentence("No cell was trained with folds.")
    several = len({protocol for rows in blocks.values() for protocol, *_ in rows}) > 1
    names = {
        row: " · ".join([stream_title(row[1]), model_title(row[2])] + [row[0]] * several)
        for rows in blocks.values() for row in rows
    }
    label_mm = max(style.text_width_mm(name, style.SMALL_PT) for name in names.values()) + 2
    panel_mm = (style.PAGE_MM - 2 * style.MARGIN_MM - label_mm - _GAP_MM * (len(METRICS) - 1)) / len(METRICS)
    foot = (
        "Boxes: median and quartiles over outer folds, whiskers to the farthest fold within 1.5 quartile "
        "ranges; dots: one a fold. Black: the value of all held-out dyads together, with its 95 % interval "
        "over dyads. Folds are small, so their boxes say little about how sure the value is; the interval "
        "does."
    )
    heights = [_HEAD_MM + _PANEL_HEAD_MM + len(rows) * _ROW_MM + _SCALE_MM for rows in blocks.values()]
    figure = style.new_figure(
        style.PAGE_MM, style.MARGIN_MM + sum(heights) + style.foot_height_mm(foot, style.PAGE_MM))
    top = style.MARGIN_MM
    for (target, rows), height in zip(blocks.items(), heights, strict=True):
        title = scheme.targets[target].title or target
        style.write_text(figure, style.MARGIN_MM, top, title, size=style.TITLE_PT, weight="bold")
        for number, row in enumerate(rows):
            style.write_text(
                figure, style.MARGIN_MM + label_mm - 2, top + _HEAD_MM + _PANEL_HEAD_MM + (number + 0.5) * _ROW_MM,
                names[row], ha="right", va="center_baseline", size=style.SMALL_PT)
        for place, (metric, heading) in enumerate(METRICS.items()):
            axes = style.place_axes(
                figure, style.MARGIN_MM + label_mm + place * (panel_mm + _GAP_MM), top + _HEAD_MM + _PANEL_HEAD_MM,
                panel_mm, len(rows) * _ROW_MM)
            _draw_panel(
                axes, heading, rows, pooled[(pooled.target == target) & (pooled.metric == metric)],
                folds[(folds.target == target) & (folds.metric == metric)])
        top += height
    style.write_foot(figure, foot)
    return figure


def _rows(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(dict.fromkeys(zip(table.protocol, table.stream, table.model, strict=True)))


def _draw_panel(
    axes: "Axes", heading: str, rows: Sequence[tuple[str, str, str]], pooled: pd.DataFrame, folds: pd.DataFrame
) -> None:
    tidy(axes)
    axes.set_title(heading, loc="left", size=style.TEXT_PT, pad=3)
    axes.set(xlim=(0, 1), ylim=(len(rows), 0), yticks=[])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50", "", "100"])
    # The ends of neighbouring scales stand close together.
    first, last = axes.get_xticklabels()[::4]
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axes.set_xlabel("%", labelpad=1)
    axes.spines["left"].set_visible(False)
    for number, (protocol, stream, model) in enumerate(rows):
        def own(table: pd.DataFrame, key: tuple[str, str, str] = (protocol, stream, model)) -> pd.DataFrame:
            return table[(table.protocol == key[0]) & (table.stream == key[1]) & (table.model == key[2])]

        colour, middle = style.series_colour(model), number + 0.4
        values = own(folds).value.dropna().to_numpy()
        if len(values) > 1:
            axes.boxplot(
                values, positions=[middle], orientation="horizontal", widths=0.42, showfliers=False, patch_artist=True,
                manage_ticks=False, boxprops={"facecolor": colour, "alpha": 0.35, "lw": 0.6},
                medianprops={"color": colour, "lw": 1.2}, whiskerprops={"lw": 0.6, "color": colour},
                capprops={"lw": 0.6, "color": colour})
        spread = np.linspace(-0.12, 0.12, len(values))
        axes.plot(values, middle + spread, "o", ms=1.6, mfc=colour, mec="none", alpha=0.9, clip_on=False)
        for row in own(pooled).itertuples():
            below = number + 0.8
            if row.low == row.low:
                axes.plot([row.low, row.high], [below, below], "-", color=style.INK, lw=0.8, clip_on=False)
            axes.plot([row.value], [below], "D", ms=2.4, color=style.INK, clip_on=False)
        if number:
            axes.axhline(number, color=style.RULE, lw=0.4)

"""Results over the outer folds as boxes (Figs. 6 and 7 of the first paper), with the pooled value beside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.leaks import is_leaky, leaky_names
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import say_left_out
from dyadflow.report.paper.panels import tidy
from dyadflow.report.results import CELL, read_cells
from dyadflow.report.wording import listing, model_title, plural, stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Protocol, stream and model: what a row is.
Row = tuple[str, str, str]

METRICS = {
    "accuracy": "Accuracy", "f1_weighted": "F1 (weighted)", "f1_macro": "F1 (unweighted)",
    "precision_weighted": "Precision", "recall_weighted": "Recall",
}
_ROW_MM, _HEAD_MM, _PANEL_HEAD_MM, _SCALE_MM, _GAP_MM = 5.0, 5.5, 3.5, 7.5, 3.0
#: The lowest row whose name is still to be read, and the widest name.
_LEAST_ROW_MM, _NAME_MM = 2.35, 56.0
#: Where in its row the middle of a box lies.
_MIDDLE = 0.38
_FOOT = (
    "Boxes: median and quartiles over outer folds, whiskers to the farthest fold within 1.5 quartile ranges; dots: one "
    "a fold. Black: the value of all held-out dyads together, with its 95 % interval over dyads. Folds are small, so "
    "their boxes say little about how sure the value is; the interval does."
)


def draw_folds(
    cells: Path, fold_scores: Path, scheme: Scheme, targets: Sequence[str], tested: Mapping[str, str]
) -> "Figure":
    """Draw every trained cell's results by fold, as far as they fit a page.

    Parameters
    ----------
    cells, fold_scores
        Tables of room evaluation.
    scheme
        Titles of targets.
    targets
        Which, in order.
    tested
        How folds are tested (`evaluation.scored.Request`); cells that split by frame have no folds and are left out.

    Notes
    -----
    Rows are lower where there are many. Where even the lowest would not fit, whole protocols are left out, the last
    first, and of a single protocol its last cells: by the order of the study, never by what came out. The foot says so.
    """
    pooled = read_cells(cells)
    pooled = pooled[(pooled.phase == "all") & (pooled.stream != "none") & pooled.target.isin(targets)]
    leaky = np.array([
        is_leaky(tested, protocol, model) for protocol, model in zip(pooled.protocol, pooled.model, strict=True)
    ], dtype=bool)  # fmt: skip
    leaking = leaky_names(tested, zip(pooled.protocol, pooled.model, strict=True))
    pooled = pooled[~leaky]
    folds = read_table(fold_scores, [*CELL, "fold", "metric", "value"], text=[*CELL, "metric"])
    blocks = {target: _rows(pooled[pooled.target == target]) for target in targets}
    blocks = {target: rows for target, rows in blocks.items() if rows}
    foot = _FOOT
    if leaking:
        foot += f" Not drawn, because frames were split at random and there are no folds: {listing(leaking)}."
    if not blocks:
        return style.draw_sentence("No cell was trained with folds." + foot.removeprefix(_FOOT))
    blocks, left_out = _fit(blocks, foot)
    foot += say_left_out(left_out, "evaluation/cells.tsv and fold_scores.tsv")
    return _draw(blocks, foot, pooled, folds, {target: scheme.targets[target].title or target for target in blocks})


def _rows(table: pd.DataFrame) -> list[Row]:
    return list(dict.fromkeys(zip(table.protocol, table.stream, table.model, strict=True)))


def _room_mm(blocks: Mapping[str, Sequence[Row]], foot: str) -> float:
    """What a page leaves for the rows."""
    rest = style.MARGIN_MM + _PANEL_HEAD_MM + _SCALE_MM + style.foot_height_mm(foot, style.PAGE_MM)
    return style.PAGE_HEIGHT_MM - rest - _HEAD_MM * len(blocks)


def _fit(blocks: Mapping[str, list[Row]], foot: str) -> tuple[dict[str, list[Row]], list[str]]:
    """The rows that fit a page, the same of every target, and what is left out."""
    every = list(dict.fromkeys(row for rows in blocks.values() for row in rows))
    protocols = list(dict.fromkeys(row[0] for row in every))
    # Room for the sentence on what is left out, once anything is.
    longer = foot + say_left_out(["8888 cells of " + listing(protocols)], "evaluation/cells.tsv and fold_scores.tsv")
    offers = [([row for row in every if row[0] in protocols[:count]], count) for count in range(len(protocols), 0, -1)]
    first = offers[-1][0]
    offers += [(first[:count], 0) for count in range(len(first) - 1, 0, -1)]
    own, whole = dict(blocks), len(protocols)
    for kept, whole in offers:  # noqa: B007
        own = {target: [row for row in rows if row in kept] for target, rows in blocks.items()}
        own = {target: rows for target, rows in own.items() if rows}
        needed = sum(map(len, own.values())) * _LEAST_ROW_MM
        if needed <= _room_mm(own, foot if len(kept) == len(every) else longer) or len(kept) == 1:
            break
    lost = sum(map(len, blocks.values())) - sum(map(len, own.values()))
    if not lost:
        return own, []
    of = f"of protocol {listing(protocols[whole:])}" if whole else "that stand last in the table"
    return own, [f"{plural(lost, 'cell')} {of}"]


def _draw(
    blocks: Mapping[str, Sequence[Row]], foot: str, pooled: pd.DataFrame, folds: pd.DataFrame, titles: Mapping[str, str]
) -> "Figure":
    count = sum(map(len, blocks.values()))
    row_mm = max(_LEAST_ROW_MM, min(_ROW_MM, _room_mm(blocks, foot) / count))
    several = len({row[0] for rows in blocks.values() for row in rows}) > 1
    names = {
        row: style.shorten(" · ".join([stream_title(row[1]), model_title(row[2])] + [row[0]] * several), _NAME_MM)
        for rows in blocks.values() for row in rows
    }
    label_mm = max(style.text_width_mm(name, style.SMALL_PT) for name in names.values()) + 2
    panel_mm = (style.PAGE_MM - 2 * style.MARGIN_MM - 2 - label_mm - _GAP_MM * (len(METRICS) - 1)) / len(METRICS)
    height = style.MARGIN_MM + _PANEL_HEAD_MM + len(blocks) * _HEAD_MM + count * row_mm + _SCALE_MM
    figure = style.new_figure(style.PAGE_MM, height + style.foot_height_mm(foot, style.PAGE_MM))
    lefts = [style.MARGIN_MM + label_mm + place * (panel_mm + _GAP_MM) for place in range(len(METRICS))]
    for left, heading in zip(lefts, METRICS.values(), strict=True):
        style.write_text(figure, left, style.MARGIN_MM, style.shorten(heading, panel_mm + 2, style.TEXT_PT))
    top = style.MARGIN_MM + _PANEL_HEAD_MM
    for target, rows in blocks.items():
        style.write_text(figure, style.MARGIN_MM, top + 1, titles[target], size=style.TITLE_PT, weight="bold")
        top += _HEAD_MM
        for number, row in enumerate(rows):
            style.write_text(
                figure, style.MARGIN_MM + label_mm - 2, top + (number + 0.5) * row_mm, names[row],
                ha="right", va="center_baseline", size=style.SMALL_PT)
        for left, metric in zip(lefts, METRICS, strict=True):
            axes = style.place_axes(figure, left, top, panel_mm, len(rows) * row_mm)
            _draw_panel(
                axes, rows, row_mm, pooled[(pooled.target == target) & (pooled.metric == metric)],
                folds[(folds.target == target) & (folds.metric == metric)], last=target == list(blocks)[-1])
        top += len(rows) * row_mm
    style.write_foot(figure, foot)
    return figure


def _draw_panel(
    axes: "Axes", rows: Sequence[Row], row_mm: float, pooled: pd.DataFrame, folds: pd.DataFrame, *, last: bool
) -> None:
    """One metric of one target; only the last target's panels have the scale, which all share."""
    tidy(axes)
    axes.set(xlim=(0, 1), ylim=(len(rows), 0), yticks=[])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50", "", "100"])
    axes.tick_params(axis="x", length=2 if last else 0, labelbottom=last)
    if last:
        axes.set_xlabel("%", labelpad=1)
        # The ends of neighbouring scales stand close together.
        first, end = axes.get_xticklabels()[::4]
        first.set_horizontalalignment("left")
        end.set_horizontalalignment("right")
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(last)
    values_of = {key: own.value.dropna().to_numpy() for key, own in folds.groupby(["protocol", "stream", "model"])}
    whole_of = {(row.protocol, row.stream, row.model): row for row in pooled.itertuples()}
    fine = row_mm / _ROW_MM
    for number, row in enumerate(rows):
        if number:
            # Where rows are low, a line only parts streams.
            near = row[:2] == rows[number - 1][:2]
            axes.axhline(number, color=style.RULE, lw=(0.15 if fine < 0.7 else 0.4) if near else 0.6)
        _draw_row(axes, number, style.series_colour(row[2]), values_of.get(row), whole_of.get(row), fine)
    for colour in dict.fromkeys(style.series_colour(row[2]) for row in rows):
        places = [
            number for number, row in enumerate(rows)
            if style.series_colour(row[2]) == colour and len(values_of.get(row, ())) > 1
        ]
        if places:
            axes.boxplot(
                [values_of[rows[number]] for number in places], positions=[number + _MIDDLE for number in places],
                orientation="horizontal", widths=0.46, showfliers=False, patch_artist=True, manage_ticks=False,
                boxprops={"facecolor": colour, "alpha": 0.35, "lw": 0.5}, medianprops={"color": colour, "lw": 1.2},
                whiskerprops={"lw": 0.5, "color": colour}, capprops={"lw": 0.5, "color": colour})


def _draw_row(axes: "Axes", number: int, colour: str, values: np.ndarray | None, whole: Any, fine: float) -> None:
    """Dots of the folds; under them the pooled value with its interval."""
    below = number + 0.8
    if values is not None and len(values):
        places = number + _MIDDLE + np.linspace(-0.12, 0.12, len(values))
        axes.plot(values, places, "o", ms=0.6 + fine, mfc=colour, mec="none", alpha=0.9, clip_on=False, zorder=3)
    if whole is not None:
        if whole.low == whole.low:
            axes.plot([whole.low, whole.high], [below, below], "-", color=style.INK, lw=0.8, clip_on=False, zorder=4)
        axes.plot([whole.value], [below], "D", ms=0.8 + 1.6 * fine, color=style.INK, mew=0, clip_on=False, zorder=5)

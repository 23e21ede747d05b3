"""Loss and score by epoch of every network that was trained again after its search."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.leaks import LEAK_MARK, is_leaky, leaky_names
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import say_left_out
from dyadflow.report.paper.panels import tidy
from dyadflow.report.wording import listing, model_title, plural, stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Target and stream are a row of panels, protocol and model a column.
Row = tuple[str, str]
Column = tuple[str, str]
Tables = dict[tuple[Row, Column], pd.DataFrame]

_COLUMNS = ("outer", "epoch", "loss", "validation_f1")
_FILES = "models/<protocol>/<target>/<stream>/<model>/history.tsv"
#: Names of streams, scales beside the panels, between panels, over and under the panels of a target.
_NAME_MM, _SCALE_MM, _GAP_MM, _HEAD_MM, _EPOCHS_MM = 17.0, 6.5, 2.6, 5.0, 5.0
#: Widest and narrowest, highest and lowest panel.
_WIDEST_MM, _NARROWEST_MM, _HIGHEST_MM, _LOWEST_MM = 30.0, 9.5, 20.0, 7.0
#: The colour of loss.
LOSS = "#8a9097"
_FOOT = (
    "Coloured, left scale: unweighted F1 in percent on the dyads that training stops early on, a thin line an outer "
    "fold, a dot where its weights were kept; thick: the median of the folds that are still training. Grey, right "
    "scale: mean training loss, a thin line a fold, dashed: their median. Scales of loss are the same for one target, "
    "those of epochs in one column. Of boosted trees an epoch is one more round."
)


def draw_learning(
    histories: Sequence[Mapping[str, Any]], scheme: Scheme, targets: Sequence[str], tested: Mapping[str, str]
) -> "Figure":
    """Draw the refits' histories: a row a target and stream, a column a protocol and model, as far as they fit a page.

    Parameters
    ----------
    histories
        For each cell protocol, target, stream, model and path of its ``history.tsv``.
    scheme
        Titles of targets.
    targets
        Which, in order.
    tested
        How folds are tested (`evaluation.scored.Request`).
    """
    tables = _read(histories, targets)
    if not tables:
        return style.draw_sentence("No network was trained epoch by epoch.")
    protocols = list(dict.fromkeys(cell["protocol"] for cell in histories))
    rows = sorted(dict.fromkeys(row for row, _ in tables), key=lambda row: targets.index(row[0]))
    columns = sorted(dict.fromkeys(column for _, column in tables), key=lambda column: protocols.index(column[0]))
    room_mm = style.PAGE_MM - 2 * style.MARGIN_MM - _NAME_MM - 2 * _SCALE_MM
    columns = columns[: int((room_mm + _GAP_MM) // (_NARROWEST_MM + _GAP_MM))]
    foot = _FOOT
    leaking = leaky_names(tested, columns)
    if leaking:
        foot += f" Grey ground: {LEAK_MARK} ({listing(leaking)})."
    panel_mm = min(_WIDEST_MM, (room_mm + _GAP_MM) / len(columns) - _GAP_MM)
    width = max(style.COLUMN_MM, style.PAGE_MM - room_mm + len(columns) * (panel_mm + _GAP_MM) - _GAP_MM)
    left = style.MARGIN_MM + _NAME_MM + _SCALE_MM
    lefts = {column: left + place * (panel_mm + _GAP_MM) for place, column in enumerate(columns)}
    heads, head_mm = _heads(columns, lefts, panel_mm, tested)
    rows, foot, height_mm = _fit(tables, rows, columns, foot, head_mm, width)
    blocks = {target: [row for row in rows if row[0] == target] for target in dict.fromkeys(row[0] for row in rows)}
    height = head_mm + len(blocks) * (_HEAD_MM + _EPOCHS_MM) + len(rows) * (height_mm + _GAP_MM)
    figure = style.new_figure(width, height + style.foot_height_mm(foot, width))
    for place, top, text, look in heads:
        style.write_text(figure, place, top, text, **look)
    last = {
        column: max(table.epoch.max() for (row, own), table in tables.items() if own == column and row in rows)
        for column in columns if any((row, column) in tables for row in rows)
    }
    right, top = max(lefts.values()) + panel_mm, head_mm
    for target, own in blocks.items():
        title = style.shorten(scheme.targets[target].title or target, width - 4, style.TITLE_PT, "bold")
        style.write_text(figure, style.MARGIN_MM, top, title, size=style.TITLE_PT, weight="bold")
        top += _HEAD_MM
        highest = float(np.nan_to_num(max(tables[row, column].loss.max() for row in own for column in columns
                                          if (row, column) in tables))) or 1.0
        for row in own:
            _name_row(figure, row, top, height_mm)
            _draw_scales(figure, left, right, top, height_mm, highest)
            for column in columns:
                if (row, column) in tables:
                    axes = style.place_axes(figure, lefts[column], top, panel_mm, height_mm)
                    if is_leaky(tested, *column):
                        axes.patch.set_facecolor(style.UNSOUND)
                    _draw_panel(axes, tables[row, column], style.series_colour(column[1]), last[column], highest)
            top += height_mm + _GAP_MM
        _write_epochs(figure, top - _GAP_MM + 0.8, lefts, panel_mm, last)
        top += _EPOCHS_MM
    style.write_foot(figure, foot)
    return figure


def _read(histories: Sequence[Mapping[str, Any]], targets: Sequence[str]) -> Tables:
    """The histories with a curve; of a model that is fitted in one piece there is none."""
    found = {}
    for cell in histories:
        if cell["target"] in targets:
            table = read_table(cell["path"], _COLUMNS)
            if len(table) and table.epoch.max() > 1:
                found[(cell["target"], cell["stream"]), (cell["protocol"], cell["model"])] = table
    return found


def _heads(
    columns: Sequence[Column], lefts: Mapping[Column, float], panel_mm: float, tested: Mapping[str, str]
) -> tuple[list[tuple[float, float, str, dict[str, Any]]], float]:
    """What stands over the columns (left, top, text, look), and where the panels begin."""
    found, top = [], style.MARGIN_MM
    line_mm, models_mm = style.line_height_mm(style.SMALL_PT), 0.0
    groups = {
        protocol: [column for column in columns if column[0] == protocol]
        for protocol in dict.fromkeys(protocol for protocol, _ in columns)
    }
    lines = {}
    for protocol, own in groups.items():
        text = protocol + f": {LEAK_MARK}" * all(is_leaky(tested, *column) for column in own)
        lines[protocol] = style.wrap(text, len(own) * (panel_mm + _GAP_MM) - _GAP_MM, style.SMALL_PT, "bold")
    most = max(map(len, lines.values()))
    for protocol, own in groups.items():
        for number, line in enumerate(lines[protocol]):
            found.append((lefts[own[0]], top + number * line_mm, line, {"size": style.SMALL_PT, "weight": "bold"}))
        for column in own:
            named = style.wrap(model_title(column[1]), panel_mm + _GAP_MM - 0.8)
            models_mm = max(models_mm, len(named) * line_mm)
            for number, line in enumerate(named):
                text = style.shorten(line, panel_mm + _GAP_MM - 0.8)
                found.append((lefts[column], top + (most + number) * line_mm, text, {"size": style.SMALL_PT}))
    return found, top + most * line_mm + models_mm + 1.0


def _fit(
    tables: Tables, rows: list[Row], columns: Sequence[Column], foot: str, head_mm: float, width: float
) -> tuple[list[Row], str, float]:
    """The rows that fit a page, the foot that says what does not, and the height of a panel."""
    kept = list(rows)
    while True:
        drawn = sum((row, column) in tables for row in kept for column in columns)
        gone = [plural(len(tables) - drawn, "network")] if drawn < len(tables) else []
        own = foot + say_left_out(gone, _FILES)
        blocks = len({row[0] for row in kept})
        rest = head_mm + blocks * (_HEAD_MM + _EPOCHS_MM) + style.foot_height_mm(own, width)
        height_mm = (style.PAGE_HEIGHT_MM - rest) / len(kept) - _GAP_MM
        if height_mm >= _LOWEST_MM or len(kept) == 1:
            return kept, own, min(_HIGHEST_MM, max(height_mm, _LOWEST_MM))
        kept.pop()


def _name_row(figure: "Figure", row: Row, top: float, height_mm: float) -> None:
    lines = style.wrap(stream_title(row[1]), _NAME_MM - 1)[: max(1, int(height_mm // 2.8))]
    for number, line in enumerate(lines):
        place = top + height_mm / 2 + (number - (len(lines) - 1) / 2) * style.line_height_mm(style.SMALL_PT)
        text = style.shorten(line, _NAME_MM - 1)
        style.write_text(figure, style.MARGIN_MM, place, text, va="center_baseline", size=style.SMALL_PT)


def _draw_scales(figure: "Figure", left: float, right: float, top: float, height_mm: float, highest: float) -> None:
    """F1 left of a row, loss right of it."""
    look = {"size": style.SMALL_PT, "color": style.SOFT}
    for share, text in ((0.0, "0"), (0.5, "50"), (1.0, "100")):
        place = top + 1.05 + (1 - share) * (height_mm - 2.1)
        style.write_text(figure, left - 1, place, text, ha="right", va="center_baseline", **look)
    for share, value in ((0.0, 0.0), (1.0, highest)):
        place = top + 1.05 + (1 - share) * (height_mm - 2.1)
        style.write_text(figure, right + 1, place, f"{value:.2g}", va="center_baseline", **look)


def _write_epochs(
    figure: "Figure", top: float, lefts: Mapping[Column, float], panel_mm: float, last: Mapping[Column, int]
) -> None:
    look = {"size": style.SMALL_PT, "color": style.SOFT}
    style.write_text(figure, min(lefts.values()) - _SCALE_MM - 1, top, "epoch", ha="right", **look)
    for column, most in last.items():
        style.write_text(figure, lefts[column], top, "1", **look)
        style.write_text(figure, lefts[column] + panel_mm, top, f"{most:g}", ha="right", **look)


def _draw_panel(axes: "Axes", table: pd.DataFrame, colour: str, last: int, highest: float) -> None:
    """Curves of one network; loss is drawn to the scale of its target, on which `highest` is the upper end."""
    tidy(axes)
    axes.set(ylim=(0, 1), xlim=(1, last), yticks=[0, 0.5, 1], xticks=[])
    axes.tick_params(length=0, labelleft=False, labelbottom=False)
    thin: dict[str, Any] = {"lw": 0.3, "alpha": 0.7}
    table = table.sort_values(["outer", "epoch"])
    # One line a fold, drawn as one: between folds stands a gap.
    ends = np.flatnonzero(np.diff(table.outer)) + 1
    epochs, losses, scores = (
        np.insert(table[name].to_numpy(dtype=float), ends, np.nan) for name in ("epoch", "loss", "validation_f1"))
    middle = table.groupby("epoch")[["loss", "validation_f1"]].median()
    axes.plot(epochs, losses / highest, color=LOSS, zorder=2, **thin)
    axes.plot(middle.index, middle.loss / highest, color=LOSS, lw=1.0, ls=(0, (2.5, 1)), zorder=3)
    axes.plot(epochs, scores, color=colour, zorder=4, **thin)
    known = table[table.validation_f1.notna()]
    best = known.loc[known.groupby("outer").validation_f1.idxmax()]
    axes.plot(best.epoch, best.validation_f1, "o", ms=1.6, color=colour, mew=0, clip_on=False, zorder=6)
    axes.plot(middle.index, middle.validation_f1, color=colour, lw=1.2, zorder=5)

"""Loss and score by epoch of every network that was trained again after its search."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.paper import style
from dyadflow.report.paper.panels import Block, Layout, name_panel
from dyadflow.report.wording import model_title, stream_title
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("outer", "epoch", "loss", "validation_f1")


def draw_learning(histories: Sequence[Mapping[str, Any]], scheme: Scheme, targets: Sequence[str]) -> "Figure":
    """Draw the refits' histories.

    Parameters
    ----------
    histories
        For each cell protocol, target, stream, model and path of its ``history.tsv``.
    scheme
        Titles of targets.
    targets
        Which, in order.
    """
    found: dict[tuple[str, str], list[tuple[Mapping[str, Any], pd.DataFrame]]] = {}
    protocols = list(dict.fromkeys(cell["protocol"] for cell in histories))
    for target in targets:
        for protocol in protocols:
            for cell in histories:
                if (cell["target"], cell["protocol"]) == (target, protocol):
                    table = read_table(cell["path"], _COLUMNS)
                    # Of a model that is fitted in one piece there is no curve.
                    if len(table) and table.epoch.max() > 1:
                        found.setdefault((target, protocol), []).append((cell, table))
    if not found:
        return style.draw_sentence("No network was trained epoch by epoch.")
    foot = (
        "Coloured, left scale: unweighted F1 in percent on the dyads that training stops early on, a thin "
        "line an outer fold, a dot where its weights were kept; thick: the median of the folds that are still "
        "training. Grey, right scale: mean training loss. Scales are the same in all panels under one "
        "heading. Of boosted trees an epoch is one more round."
    )
    blocks = [
        Block(f"{scheme.targets[target].title or target} · {protocol}", len(own))
        for (target, protocol), own in found.items()
    ]
    figure, panels = Layout(columns=4, width=28, height=18, left=7, right=6.5, above=5, below=10).make(blocks, foot)
    for own in found.values():
        highest = max(table.loss.max() for _, table in own)
        for cell, table in own:
            _draw_panel(next(panels), cell, table, highest)
    list(panels)
    return figure


def _draw_panel(axes: "Axes", cell: Mapping[str, Any], table: pd.DataFrame, highest: float) -> None:
    from matplotlib.ticker import MaxNLocator

    colour = style.series_colour(cell["model"])
    name_panel(axes, f"{stream_title(cell['stream'])} · {model_title(cell['model'])}")
    axes.title.set_fontsize(style.SMALL_PT)
    axes.set(ylim=(0, 1), xlim=(0.5, table.epoch.max() + 0.5))
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel("epoch", labelpad=1)
    loss = axes.twinx()
    loss.spines[["top", "left"]].set_visible(False)
    loss.set(ylim=(0, highest * 1.05))
    loss.yaxis.set_major_locator(MaxNLocator(2))
    loss.plot(*_median(table, "loss"), color="#b0b5ba", lw=1.0)
    for _, fold in table.groupby("outer"):
        axes.plot(fold.epoch, fold.validation_f1, color=colour, lw=0.4, alpha=0.6)
        best = fold.loc[fold.validation_f1.idxmax()]
        axes.plot(best.epoch, best.validation_f1, "o", ms=1.8, color=colour, clip_on=False)
    axes.plot(*_median(table, "validation_f1"), color=colour, lw=1.3)
    axes.set_zorder(loss.get_zorder() + 1)
    axes.set_facecolor("none")


def _median(table: pd.DataFrame, column: str) -> tuple[pd.Index, pd.Series]:
    own = table.groupby("epoch")[column].median()
    return own.index, own

"""Precision over recall, and true over false positives, of every class of the cell that the study named beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.panels import Block, Layout, name_panel
from dyadflow.report.results import rows_of
from dyadflow.report.wording import cell_title, number
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CELL = ("protocol", "target", "stream", "model")
_KINDS = {
    "pr": ("average_precision", "recall (%)", "precision (%)", "AP"),
    "roc": ("roc_auc", "false positives (%)", "true positives (%)", "AUC"),
}


def draw_curves(
    classes: Path, curves: Path, scheme: Scheme, headline: Mapping[str, str] | None, targets: Sequence[str]
) -> "Figure":
    """Draw both curves of each target.

    Parameters
    ----------
    classes, curves
        Tables of `evaluation.classes`.
    scheme
        Titles and colours.
    headline
        The cell: protocol, stream, model.
    targets
        Which, in order.
    """
    own = {name: headline[name] for name in ("protocol", "stream", "model")} if headline else {}
    points = rows_of(read_table(
        curves, [*_CELL, "class", "curve", "threshold", "x", "y"], text=[*_CELL, "class", "curve"]), **own)
    areas = rows_of(read_table(
        classes, [*_CELL, "phase", "class", "metric", "value", "low", "high"],
        text=[*_CELL, "phase", "class", "metric"]), **own, phase="all")
    shown = [target for target in targets if headline and (points.target == target).any()]
    if not shown:
        return style.draw_sentence("The study names no cell whose curves could be drawn, or it was not trained.")
    foot = (
        f"{_capital(cell_title(own['stream'], own['model']))}, held-out dyads together, each class against all others, "
        "by the network's own probabilities. AP: average precision; AUC: area under the curve; with 95 % "
        "intervals over dyads. Dotted: what chance gives, for precision the share of the class."
    )
    layout = Layout(columns=2, width=46, height=46, left=11, right=26, above=6, below=9)
    figure, panels = layout.make([Block(scheme.targets[each].title or each, 2) for each in shown], foot)
    for target in shown:
        for kind, (metric, x_label, y_label, short) in _KINDS.items():
            axes = next(panels)
            name_panel(axes, "Precision and recall" if kind == "pr" else "ROC")
            axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=x_label, ylabel=y_label)
            marks = [0, 0.25, 0.5, 0.75, 1]
            axes.set_xticks(marks, [f"{100 * mark:.0f}" for mark in marks])
            axes.set_yticks(marks, [f"{100 * mark:.0f}" for mark in marks])
            if kind == "roc":
                axes.plot([0, 1], [0, 1], ":", color=style.SOFT, lw=0.8)
            entries = []
            for name in scheme.targets[target].classes:
                line = rows_of(points, target=target, curve=kind, **{"class": name})
                if line.empty:
                    continue
                colour = safe_colour(scheme.colour_of(name))
                axes.plot(line.x, line.y, color=colour, lw=1.2, clip_on=False)
                if kind == "pr":
                    axes.axhline(line.y.iloc[-1], ls=":", color=colour, lw=0.7)
                value = rows_of(areas, target=target, metric=metric, **{"class": name})
                entries.append((name, colour, value.iloc[0] if len(value) else None))
            _write_legend(axes, entries, metric, short)
    list(panels)
    return figure


def _write_legend(axes: "Axes", entries: Sequence[tuple[str, str, Any]], metric: str, short: str) -> None:
    """Names and areas beside the panel."""
    axes.text(1.04, 1.0, short, transform=axes.transAxes, size=style.SMALL_PT, color=style.SOFT, va="top")
    for place, (name, colour, value) in enumerate(entries, start=1):
        y = 1.0 - 0.135 * place
        axes.plot([1.04, 1.09], [y + 0.012] * 2, color=colour, lw=2, transform=axes.transAxes, clip_on=False)
        text = name if value is None else f"{name} {number(metric, value.value)}"
        axes.text(1.11, y, text, transform=axes.transAxes, size=style.SMALL_PT, va="center_baseline")
        if value is not None and value.low == value.low:
            axes.text(
                1.11, y - 0.055, f"{number(metric, value.low)} to {number(metric, value.high)}",
                transform=axes.transAxes, size=5.5, color=style.SOFT, va="center_baseline")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

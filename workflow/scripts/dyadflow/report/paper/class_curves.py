"""Precision over recall, and true over false positives, of every class of the cell that the study named beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.leaks import is_leaky
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import describe_cell, head_target, say_left_out, say_missing
from dyadflow.report.paper.panels import Block, Layout, name_panel
from dyadflow.report.results import rows_of
from dyadflow.report.wording import number
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CELL = ("protocol", "target", "stream", "model")
_KINDS = {
    "pr": ("average_precision", "recall (%)", "precision (%)", "AP"),
    "roc": ("roc_auc", "false positives (%)", "true positives (%)", "AUC"),
}

#: Distance of a legend's entries and of the two lines of one; room for a name; the lowest panel to be read.
_ENTRY_MM, _LINE_MM, _NAME_MM, _LEAST_MM = 6.2, 2.6, 11.5, 25.0


def draw_curves(
    classes: Path, curves: Path, scheme: Scheme, headline: Mapping[str, str] | None, targets: Sequence[str],
    tested: Mapping[str, str],
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
    tested
        How each protocol's folds are tested (`evaluation.scored.Request`).
    """
    own = {name: headline[name] for name in ("protocol", "stream", "model")} if headline else {}
    points = rows_of(read_table(
        curves, [*_CELL, "class", "curve", "threshold", "x", "y"], text=[*_CELL, "class", "curve"]), **own)
    areas = rows_of(read_table(
        classes, [*_CELL, "phase", "class", "metric", "value", "low", "high"],
        text=[*_CELL, "phase", "class", "metric"]), **own, phase="all")
    shown = [target for target in targets if headline and (points.target == target).any()]
    if not shown:
        return style.draw_sentence(say_missing(headline, "curves", "evaluation/curves.tsv"))
    titles = [scheme.targets[each].title or each for each in shown]
    layout = Layout(columns=2, width=46, height=46, left=11, right=26, above=5, below=11)
    offers = [
        ([Block(head_target(title, own, tested), 2) for title in titles[:count]], _foot(own, tested, titles[count:]))
        for count in range(len(shown), 0, -1)
    ]
    most = max(len(scheme.targets[each].classes) for each in shown)
    # A class has the same dashes under every target.
    order = list(dict.fromkeys(name for each in shown for name in scheme.targets[each].classes))
    layout, place = layout.fit(offers, max(_LEAST_MM, _ENTRY_MM * (most + 1)))
    blocks, foot = offers[place]
    figure, panels = layout.make(blocks, foot)
    for target in shown[:len(blocks)]:
        for kind, (metric, x_label, y_label, short) in _KINDS.items():
            axes = next(panels)
            name_panel(axes, "Precision and recall" if kind == "pr" else "ROC")
            if is_leaky(tested, own["protocol"], own["model"]):
                axes.set_facecolor(style.UNSOUND)
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
                dashes = style.DASHES[order.index(name) % len(style.DASHES)]
                axes.plot(line.x, line.y, color=colour, ls=dashes, lw=1.2, clip_on=False)
                if kind == "pr":
                    axes.axhline(line.y.iloc[-1], ls=":", color=colour, lw=0.7)
                value = rows_of(areas, target=target, metric=metric, **{"class": name})
                entries.append((name, colour, dashes, value.iloc[0] if len(value) else None))
            _write_legend(axes, entries, metric, short, layout.height)
    list(panels)
    return figure


def _foot(own: Mapping[str, str], tested: Mapping[str, str], left_out: Sequence[str]) -> str:
    """What the figure shows, and what it has no room for."""
    foot = (
        f"{describe_cell(own, tested)}, each class against all others, by the network's own probabilities. AP: average "
        "precision; AUC: area under the curve; with 95 % intervals over dyads. Dotted: what chance gives, for "
        "precision the share of the class."
    )
    return foot + say_left_out(left_out, "evaluation/curves.tsv")


def _write_legend(
    axes: "Axes", entries: Sequence[tuple[str, str, Any, Any]], metric: str, short: str, height_mm: float
) -> None:
    """Names and areas beside the panel, as far apart as the letters need, whatever the panel's height."""
    axes.text(1.04, 1.0, short, transform=axes.transAxes, size=style.SMALL_PT, color=style.SOFT, va="top")
    for place, (name, colour, dashes, value) in enumerate(entries, start=1):
        y = 1.0 - _ENTRY_MM * place / height_mm
        axes.plot([1.04, 1.15], [y] * 2, color=colour, ls=dashes, lw=1.6, transform=axes.transAxes, clip_on=False)
        text = style.shorten(name, _NAME_MM) if value is None else (
            f"{style.shorten(name, _NAME_MM)} {number(metric, value.value)}")
        axes.text(1.175, y, text, transform=axes.transAxes, size=style.SMALL_PT, va="center_baseline")
        if value is not None and value.low == value.low:
            axes.text(
                1.175, y - _LINE_MM / height_mm, f"{number(metric, value.low)} to {number(metric, value.high)}",
                transform=axes.transAxes, size=style.SMALL_PT, color=style.SOFT, va="center_baseline")

"""How the coded time splits over the classes of each target (Fig. 4 of the first paper)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import read_labels
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import say_left_out
from dyadflow.report.paper.panels import Block, Layout, name_height_mm, name_panel
from dyadflow.report.session_values import spread_dots
from dyadflow.report.wording import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE, _PANEL_MM, _ROW_MM = "Distribution of labels", 58.0, 5.0
#: The lowest row that its dots still fit in.
_LEAST_ROW_MM = 2.6


def draw_labels(labels: Path, scheme: Scheme, targets: Sequence[str]) -> "Figure":
    """Draw the share of each class.

    Parameters
    ----------
    labels
        Index of frame labels.
    scheme
        Titles, colours and order.
    targets
        Which targets.
    """
    sessions = list(read_labels(labels).values())
    found = {target: _shares(sessions, target) for target in targets}
    found = {target: shares for target, shares in found.items() if len(shares)}
    if not found:
        return style.draw_sentence("Nobody has coded any of the targets that are modelled.")
    most = max(len(scheme.targets[target].classes) for target in found)
    names = {
        target: (scheme.targets[target].title or target, plural(len(shares), "session"))
        for target, shares in found.items()
    }
    widest = max(style.text_width_mm(name, style.SMALL_PT) for each in found for name in scheme.targets[each].classes)
    layout = Layout(
        columns=2, width=_PANEL_MM, height=_ROW_MM * most, left=min(max(widest + 3, 12), 22), right=3,
        above=name_height_mm(names.values(), _PANEL_MM))
    kept = list(found)
    offers = [(len(found) - less, _foot(kept[len(found) - less:])) for less in range(len(found))]
    layout, place = layout.fit((([Block(_TITLE, count)], foot) for count, foot in offers), _LEAST_ROW_MM * most)
    count, foot = offers[place]
    figure, panels = layout.make([Block(_TITLE, count)], foot)
    row_mm = layout.height / most
    for target in kept[:count]:
        spec, shares, axes = scheme.targets[target], found[target], next(panels)
        name_panel(axes, *names[target])
        axes.set(xlim=(0, 1), ylim=(most, 0), yticks=np.arange(len(spec.classes)) + 0.5)
        axes.set_yticklabels([style.shorten(name, layout.left - 2) for name in spec.classes])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_xticks(np.arange(0, 1.01, 0.25), ["0", "25", "50", "75", "100"])
        axes.set_xlabel("share of coded time (%)")
        whole = np.average(shares[:, :-1], axis=0, weights=shares[:, -1])
        for place, name in enumerate(spec.classes):
            colour = safe_colour(scheme.colour_of(name))
            axes.barh(place + 0.5, whole[place], height=0.62, color=colour, alpha=0.55, lw=0)
            own = shares[:, place]
            middle = place + 0.5 + spread_dots(own * _PANEL_MM, 0.7, 0.28 * row_mm) / row_mm
            axes.plot(own, middle, "o", ms=2.0, mfc=colour, mec=style.INK, mew=0.25, clip_on=False)
    list(panels)
    return figure


def _foot(left_out: Sequence[str]) -> str:
    """What the figure shows, and what it has no room for."""
    foot = (
        "Share of the frames with a class. Bars: all sessions and coders together; dots: one a session, the "
        "mean of its coders. Frames that are not coded, not scorable or excluded are not counted."
    )
    return foot + say_left_out(left_out, "annotations/labels.tsv")


def _shares(sessions: Sequence[SessionLabels], target: str) -> np.ndarray:
    """Share of each class by session, and in the last column how many frames it rests on."""
    rows = []
    for session in sessions:
        size = len(session.classes.get(target, ()))
        counts = [
            np.bincount(codes[codes >= 0], minlength=size) for codes in session.codes.get(target, {}).values()
            if (codes >= 0).any()
        ]
        if counts:
            shares = np.mean([each / each.sum() for each in counts], axis=0)
            rows.append([*shares, sum(int(each.sum()) for each in counts)])
    return np.array(rows)

"""How the coded time splits over the classes of each target (Fig. 4 of the first paper)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.data import read_labels
from dyadflow.report.palette import safe_colour
from dyadflow.report.paper import style
from dyadflow.report.paper.panels import Block, Layout, name_panel
from dyadflow.report.session_values import spread_dots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    found = {target: _shares(labels, target) for target in targets}
    found = {target: shares for target, shares in found.items() if len(shares)}
    if not found:
        return style.draw_sentence("Nobody has coded any of the targets that are modelled.")
    most = max(len(scheme.targets[target].classes) for target in found)
    foot = (
        "Share of the frames with a class. Bars: all sessions and coders together; dots: one a session, the "
        "mean of its coders. Frames that are not coded, not scorable or excluded are not counted."
    )
    layout = Layout(columns=2, width=58, height=5.0 * most, left=22, right=3)
    figure, panels = layout.make([Block("Distribution of labels", len(found))], foot)
    for (target, shares), axes in zip(found.items(), panels, strict=True):
        spec = scheme.targets[target]
        name_panel(axes, spec.title or target, f"{len(shares)} sessions")
        axes.set(xlim=(0, 1), ylim=(len(spec.classes), 0), yticks=np.arange(len(spec.classes)) + 0.5)
        axes.set_yticklabels(spec.classes)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_xticks(np.arange(0, 1.01, 0.25), ["0", "25", "50", "75", "100"])
        axes.set_xlabel("share of coded time (%)")
        whole = np.average(shares[:, :-1], axis=0, weights=shares[:, -1])
        for place, name in enumerate(spec.classes):
            colour = safe_colour(scheme.colour_of(name))
            axes.barh(place + 0.5, whole[place], height=0.62, color=colour, alpha=0.55, lw=0)
            own = shares[:, place]
            heights = spread_dots(own * 58, 0.7, 1.4)
            axes.plot(own, place + 0.5 + heights / 5.0, "o", ms=2.0, mfc=colour, mec=style.INK, mew=0.25, clip_on=False)
    return figure


def _shares(labels: Path, target: str) -> np.ndarray:
    """Share of each class by session, and in the last column how many frames it rests on."""
    rows = []
    for session in read_labels(labels).values():
        size = len(session.classes.get(target, ()))
        counts = [
            np.bincount(codes[codes >= 0], minlength=size) for codes in session.codes.get(target, {}).values()
            if (codes >= 0).any()
        ]
        if counts:
            shares = np.mean([each / each.sum() for each in counts], axis=0)
            rows.append([*shares, sum(int(each.sum()) for each in counts)])
    return np.array(rows)

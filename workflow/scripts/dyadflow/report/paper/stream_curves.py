"""Component means over the session with the phases drawn, beside motion energy (first paper, Fig. 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.component_file import Components
from dyadflow.report.paper import style
from dyadflow.report.session_phases import Phase
from dyadflow.report.timelines import average_steps
from dyadflow.report.wording import clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, apart for colour-blind readers.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_MOTION = "#8d959c"
_NAME_MM, _BAND_MM, _LANE_MM, _GAP_MM, _SCALE_MM, _HEAD_MM = 3.8, 3.4, 6.0, 4.4, 6.0, 5.4
_LABEL_MM, _BETWEEN_MM = 13.0, 3.0
#: Steps that a session is drawn in at most.
_STEPS = 300
#: What lies beyond these shares of the steps is cut off at the edge of its lane.
_LIMITS = (1, 99)


@dataclass(frozen=True)
class Panel:
    """One stream of a session: its components, and the motion energy of the same view if there is any."""

    components: Components
    motion: Components | None = None


@dataclass(frozen=True)
class Block:
    """One session: its name, phases, and a panel a view; None where a view has no such stream."""

    session: str
    phases: Sequence[Phase]
    panels: Mapping[str, Panel]

    @property
    def duration_s(self) -> float:
        """Seconds that its streams cover."""
        return max((panel.components.duration_s for panel in self.panels.values()), default=0.0)


def block_height_mm(lanes: int) -> float:
    """Room that a session needs, with what keeps it apart from the next."""
    return _NAME_MM + _BAND_MM + lanes * _LANE_MM + _GAP_MM


def page_height_mm(blocks: int, lanes: int, foot: str) -> float:
    """Height of a page with so many sessions."""
    fixed = style.MARGIN_MM + _HEAD_MM + _SCALE_MM - _GAP_MM
    return fixed + blocks * block_height_mm(lanes) + style.foot_height_mm(foot, style.PAGE_MM)


def count_lanes(blocks: Sequence[Block]) -> int:
    """Rows of curves that the fullest panel has."""
    panels = [panel for block in blocks for panel in block.panels.values()]
    return max((panel.components.values.shape[1] + (panel.motion is not None) for panel in panels), default=1)


def draw_page(blocks: Sequence[Block], views: Sequence[str], *, lanes: int, duration_s: float, foot: str) -> "Figure":
    """Draw some sessions below each other, their views side by side, all on one scale of time.

    Parameters
    ----------
    blocks
        The sessions.
    views
        Columns.
    lanes
        Rows of curves of each session.
    duration_s
        What the width stands for.
    foot
        The sentence at the end.
    """
    figure = style.new_figure(style.PAGE_MM, page_height_mm(len(blocks), lanes, foot))
    step = (style.PAGE_MM - 2 * style.MARGIN_MM + _BETWEEN_MM) / len(views)
    width = step - _BETWEEN_MM - _LABEL_MM
    lefts = [style.MARGIN_MM + _LABEL_MM + number * step for number in range(len(views))]
    for view, left in zip(views, lefts, strict=True):
        style.write_text(figure, left, style.MARGIN_MM, view, size=style.TITLE_PT, weight="bold")
    top = style.MARGIN_MM + _HEAD_MM
    for number, block in enumerate(blocks):
        style.write_text(figure, style.MARGIN_MM, top, block.session, weight="bold")
        for view, left in zip(views, lefts, strict=True):
            axes = style.place_axes(figure, left, top + _NAME_MM, width, _BAND_MM + lanes * _LANE_MM)
            axes.set(xlim=(0, duration_s), ylim=(_BAND_MM + lanes * _LANE_MM, 0), yticks=[])
            _draw_phases(axes, block, lanes, width / duration_s)
            if panel := block.panels.get(view):
                _draw_panel(figure, axes, panel, block.phases, left, top + _NAME_MM + _BAND_MM)
            _draw_clock(axes, duration_s, written=number == len(blocks) - 1)
        top += block_height_mm(lanes)
    style.write_foot(figure, foot)
    return figure


def _draw_phases(axes: "Axes", block: Block, lanes: int, mm_per_s: float) -> None:
    """A band with their names, and their colour behind the curves."""
    axes.fill_between([0, block.duration_s], 0, _BAND_MM, color="#eef0f2", lw=0, zorder=0)
    for phase in block.phases:
        axes.axvspan(phase.onset_s, phase.offset_s, color=phase.colour, alpha=0.45, lw=0, zorder=1)
        axes.fill_between([phase.onset_s, phase.offset_s], 0, _BAND_MM, color=phase.colour, lw=0, zorder=2)
        if style.text_width_mm(phase.title, style.SMALL_PT) + 1.5 < (phase.offset_s - phase.onset_s) * mm_per_s:
            axes.text(
                (phase.onset_s + phase.offset_s) / 2, _BAND_MM / 2, phase.title, ha="center", va="center_baseline",
                size=style.SMALL_PT, color=phase.ink, zorder=6,
            )
        for edge in (phase.onset_s, phase.offset_s):
            axes.plot([edge, edge], [0, _BAND_MM + lanes * _LANE_MM], color="white", lw=0.8, zorder=2)


def _draw_panel(
    figure: "Figure", axes: "Axes", panel: Panel, phases: Sequence[Phase], left: float, top: float
) -> None:
    """A lane a component, then motion energy; left of each what it is."""
    components = panel.components
    for number, share in enumerate(components.explained):
        colour = COLOURS[number % len(COLOURS)]
        _draw_lane(axes, components.values[:, number], components.rate_hz, phases, number, colour)
        _name_lane(figure, f"{number + 1}", _percent(share), left, top, number, colour)
    if panel.motion is not None:
        place = len(components.explained)
        _draw_lane(axes, panel.motion.level, panel.motion.rate_hz, phases, place, _MOTION, filled=True)
        _name_lane(figure, "", "motion", left, top, place, style.SOFT)


def _name_lane(figure: "Figure", number: str, text: str, left: float, top: float, place: int, colour: str) -> None:
    middle = top + (place + 0.5) * _LANE_MM
    style.write_text(figure, left - 11.0, middle, number, va="center_baseline", color=colour, weight="bold")
    style.write_text(
        figure, left - 1.4, middle, text, ha="right", va="center_baseline", color=style.SOFT, size=style.SMALL_PT
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == share else ""


def _draw_lane(
    axes: "Axes",
    values: NDArray[np.floating],
    rate_hz: float,
    phases: Sequence[Phase],
    place: int,
    colour: str,
    *,
    filled: bool = False,
) -> None:
    """A curve on its own scale, and the mean of each phase as a bar."""
    frames = max(1, -(-len(values) // _STEPS))
    steps = average_steps(values[:, None], frames)[:, 0]
    if not np.isfinite(steps).any():
        return
    low, high = np.nanpercentile(steps, _LIMITS)
    low = min(low, 0.0) if filled else low
    bottom, room = _BAND_MM + (place + 0.92) * _LANE_MM, 0.82 * _LANE_MM

    def height(value: NDArray[np.floating] | float) -> NDArray[np.floating] | float:
        share = (value - low) / (high - low) if high > low else 0.5 * (value == value)
        return bottom - room * np.clip(share, 0, 1)

    middles = (np.arange(len(steps)) + 0.5) * frames / rate_hz
    if filled:
        axes.fill_between(middles, bottom, height(steps), color=colour, alpha=0.75, lw=0, zorder=3)
    else:
        axes.plot(middles, height(steps), color=colour, lw=0.7, solid_joinstyle="round", zorder=4)
    for phase in phases:
        inside = values[round(phase.onset_s * rate_hz):round(phase.offset_s * rate_hz)]
        if np.isfinite(inside).any():
            mean = float(height(float(np.nanmean(inside))))
            axes.plot([phase.onset_s, phase.offset_s], [mean, mean], color=style.INK, lw=0.9, zorder=5,
                      solid_capstyle="butt")  # fmt: skip


def _draw_clock(axes: "Axes", duration_s: float, *, written: bool) -> None:
    step = next((step for step in (5, 10, 15, 30, 60, 120, 300, 600, 1200) if duration_s / step <= 7), 3600)
    ticks = np.arange(0, duration_s + 1e-9, step)
    axes.set_xticks(ticks, [clock(tick) for tick in ticks] if written else [""] * len(ticks))
    axes.tick_params(length=2.0 if written else 0.0, pad=1.5)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_visible(written)

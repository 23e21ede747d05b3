"""What each value of each hyperparameter did to the inner score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dyadflow.report.leaks import LEAK_MARK, is_leaky, leaky_names
from dyadflow.report.paper import style
from dyadflow.report.paper.named_cell import say_left_out
from dyadflow.report.paper.panels import tidy
from dyadflow.report.results import rows_of
from dyadflow.report.search_effects import TOGETHER
from dyadflow.report.wording import listing, model_title, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TABLE = "evaluation/search_effects.tsv"
_ROW_MM, _LEAST_ROW_MM, _HEAD_MM, _SCALE_MM = 3.8, 2.6, 5.0, 7.5
#: Between hyperparameters; room for their names and values; for the share beside a panel; of a panel.
_PART_MM, _NAME_MM, _VALUE_MM, _SHARE_MM, _WIDEST_MM, _NARROWEST_MM = 1.0, 34.0, 30.0, 9.0, 60.0, 22.0
_FOOT = (
    "How far the inner F1 of candidates with a value lies from the mean of all candidates of the same cell and outer "
    "fold, in percentage points. Diamonds: all cells of the model together; dots: one a target and stream. In grey how "
    "much of the differences between candidates the hyperparameter explains by itself. Candidates may be a subset of "
    "the grid, so an effect may be another hyperparameter's."
)


@dataclass(frozen=True)
class _Part:
    """One hyperparameter of a model, with its values of all protocols."""

    model: str
    name: str
    values: tuple[Any, ...]

    def height_mm(self, row_mm: float) -> float:
        return len(self.values) * row_mm + _PART_MM


def draw_search(effects: pd.DataFrame, tested: Mapping[str, str]) -> "Figure":
    """Draw what hyperparameters did, a column a protocol, as far as it fits a page.

    Parameters
    ----------
    effects
        The table of `search_effects.tabulate_effects`.
    tested
        How folds are tested (`evaluation.scored.Request`).
    """
    if effects.empty:
        return style.draw_sentence("No search compared several candidates.")
    pairs = list(dict.fromkeys(zip(effects.protocol, effects.model, strict=True)))
    parts = _parts(effects)
    name_mm = _widest(2, _NAME_MM, *(_title(part.name) for part in parts))
    value_mm = _widest(2, _VALUE_MM, *(_short(value) for part in parts for value in part.values))
    room_mm = style.PAGE_MM - 2 * style.MARGIN_MM - name_mm - value_mm
    protocols = list(dict.fromkeys(effects.protocol))
    shown = protocols[: max(1, int(room_mm // (_NARROWEST_MM + _SHARE_MM)))]
    foot = _FOOT
    leaking = leaky_names(tested, [pair for pair in pairs if pair[0] in shown])
    if leaking:
        foot += f" Grey ground: {LEAK_MARK} ({listing(leaking)})."
    lost = [f"protocol {name}" for name in protocols[len(shown):]]
    panel_mm = min(_WIDEST_MM, room_mm / len(shown) - _SHARE_MM)
    width = max(style.COLUMN_MM, style.PAGE_MM - room_mm + len(shown) * (panel_mm + _SHARE_MM))
    heads = {
        protocol: _heading(protocol, all(is_leaky(tested, *pair) for pair in pairs if pair[0] == protocol), panel_mm)
        for protocol in shown
    }
    head_mm = style.MARGIN_MM + max(map(len, heads.values())) * style.line_height_mm(style.TEXT_PT) + 1.0
    kept, foot, row_mm = _fit([part for part in parts if _any(effects, part, shown)], foot, lost, head_mm, width)
    models = list(dict.fromkeys(part.model for part in kept))
    height = head_mm + sum(part.height_mm(row_mm) for part in kept) + len(models) * _HEAD_MM + _SCALE_MM
    figure = style.new_figure(width, height + style.foot_height_mm(foot, width))
    left = style.MARGIN_MM + name_mm + value_mm
    lefts = [left + place * (panel_mm + _SHARE_MM) for place in range(len(shown))]
    for start, protocol in zip(lefts, shown, strict=True):
        for line, text in enumerate(heads[protocol]):
            style.write_text(figure, start, style.MARGIN_MM + line * style.line_height_mm(style.TEXT_PT), text)
    drawn = effects[effects.protocol.isin(shown)]
    reach = max(0.5, 115 * float(np.nan_to_num(drawn.effect.abs().max())))
    top = head_mm
    for part in kept:
        if part.model in models:
            models.remove(part.model)
            style.write_text(
                figure, style.MARGIN_MM, top, model_title(part.model), size=style.TITLE_PT, weight="bold")
            top += _HEAD_MM
        _name_rows(figure, part, top, row_mm, name_mm, left - 1.5)
        for start, protocol in zip(lefts, shown, strict=True):
            own = rows_of(drawn, protocol=protocol, model=part.model, hyperparameter=part.name)
            if own.empty:
                continue
            axes = style.place_axes(figure, start, top, panel_mm, len(part.values) * row_mm)
            if is_leaky(tested, protocol, part.model):
                axes.set_facecolor(style.UNSOUND)
            _draw_panel(axes, part, own, reach, row_mm)
            share = rows_of(own, target=TOGETHER).share_of_variance.iloc[0]
            style.write_text(
                figure, start + panel_mm + 1, top + row_mm / 2, f"{100 * share:.0f} %" if share == share else "",
                size=style.SMALL_PT, color=style.SOFT, va="center_baseline")
        top += part.height_mm(row_mm)
    for start in lefts:
        _draw_scale(style.place_axes(figure, start, top - _PART_MM, panel_mm, _PART_MM), reach)
    style.write_foot(figure, foot)
    return figure


def _parts(effects: pd.DataFrame) -> list[_Part]:
    """Model by model, each one's hyperparameters in the table's order, with the values of all protocols."""
    found = []
    for model in dict.fromkeys(effects.model):
        own = rows_of(effects, model=model, target=TOGETHER)
        for name in dict.fromkeys(own.hyperparameter):
            values = list(dict.fromkeys(own[own.hyperparameter == name].value))
            if all(isinstance(value, Real) for value in values):
                values.sort()
            found.append(_Part(model, name, tuple(values)))
    return found


def _any(effects: pd.DataFrame, part: _Part, protocols: Sequence[str]) -> bool:
    own = rows_of(effects, model=part.model, hyperparameter=part.name)
    return bool(own.protocol.isin(protocols).any())


def _fit(
    parts: list[_Part], foot: str, lost: list[str], head_mm: float, width: float
) -> tuple[list[_Part], str, float]:
    """The hyperparameters that fit a page, with the foot that says which do not, and the height of a row.

    Of every model the one that explains least goes first, as long as the page is too low.
    """
    kept, gone = list(parts), 0
    while True:
        names = [*lost, *([plural(gone, "hyperparameter") + " that explain least of their models"] if gone else [])]
        own = foot + say_left_out(names, _TABLE)
        models = dict.fromkeys(part.model for part in kept)
        rest = head_mm + len(models) * _HEAD_MM + len(kept) * _PART_MM + _SCALE_MM + style.foot_height_mm(own, width)
        row_mm = (style.PAGE_HEIGHT_MM - rest) / sum(len(part.values) for part in kept)
        if row_mm >= _LEAST_ROW_MM or len(kept) == 1:
            return kept, own, min(_ROW_MM, max(row_mm, _LEAST_ROW_MM))
        longest = max(models, key=lambda model: sum(part.model == model for part in kept))
        kept.remove([part for part in kept if part.model == longest][-1])
        gone += 1


def _heading(protocol: str, leaky: bool, width_mm: float) -> list[str]:
    return style.wrap(protocol + f": {LEAK_MARK}" * leaky, width_mm + _SHARE_MM - 2, style.TEXT_PT)


def _widest(more_mm: float, most_mm: float, *texts: str) -> float:
    return more_mm + min(most_mm, max(style.text_width_mm(text, style.SMALL_PT) for text in texts))


def _name_rows(figure: "Figure", part: _Part, top: float, row_mm: float, name_mm: float, right: float) -> None:
    look = {"va": "center_baseline", "size": style.SMALL_PT}
    name = style.shorten(_title(part.name), name_mm - 2)
    style.write_text(figure, style.MARGIN_MM, top + row_mm / 2, name, color=style.SOFT, **look)
    for number, value in enumerate(part.values):
        text = style.shorten(_short(value), _VALUE_MM)
        style.write_text(figure, right, top + (number + 0.5) * row_mm, text, ha="right", **look)


def _draw_panel(axes: "Axes", part: _Part, own: pd.DataFrame, reach: float, row_mm: float) -> None:
    tidy(axes)
    axes.grid(axis="y", visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set(xlim=(-reach, reach), ylim=(len(part.values), 0), yticks=[])
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.axvline(0, color=style.SOFT, lw=0.5)
    colour = style.series_colour(part.model)
    for number, value in enumerate(part.values):
        rows, middle = own[own.value == value], number + 0.5
        dots = 100 * rows[rows.target != TOGETHER].effect.to_numpy(dtype=float)
        spread = np.linspace(-0.25, 0.25, len(dots)) if len(dots) > 1 else np.zeros(len(dots))
        axes.plot(dots, middle + spread, "o", ms=1.9, mfc=colour, mec="none", alpha=0.75, clip_on=False)
        for effect in 100 * rows[rows.target == TOGETHER].effect:
            axes.plot([0, effect], [middle] * 2, "-", color=style.INK, lw=0.8)
            axes.plot([effect], [middle], "D", ms=0.9 * min(row_mm, 3), color=style.INK, mew=0, clip_on=False)


def _draw_scale(axes: "Axes", reach: float) -> None:
    """The scale that all panels of a column share."""
    from matplotlib.ticker import MaxNLocator

    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.set(xlim=(-reach, reach), yticks=[])
    axes.set_facecolor("none")
    axes.xaxis.set_major_locator(MaxNLocator(4, symmetric=True))
    axes.set_xlabel("F1, percentage points", labelpad=1)


def _title(name: str) -> str:
    return name.replace("_", " ")


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

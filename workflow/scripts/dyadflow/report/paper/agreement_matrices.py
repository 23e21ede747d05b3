"""How far every two coders agree: percent and kappa, coders against coders, as in the second paper's Fig. 1."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.matrices import in_order
from dyadflow.report.paper import style
from dyadflow.report.paper.heat import HeatCell, Label, draw_heat, label_width_mm
from dyadflow.report.wording import count_range, interval, is_missing, number
from dyadflow.tables import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXT = ["phase", "coder_a", "coder_b"]
_CELL_MM, _WIDEST_MM = (17.0, 9.5), 26.0
_HEAD_MM, _TITLE_MM, _GAP_MM = 6.0, 6.0, 9.0


@dataclass(frozen=True)
class _Part:
    """One pair of matrices: its title and a row of the table a pair of coders."""

    title: str
    rows: pd.DataFrame


def draw_agreement(agreement: Path, clock: Path | None, scheme: Scheme) -> "Figure":
    """Draw percent agreement beside Cohen's kappa, one row of matrices a target.

    Where every coder marks the phases, agreement on the clock is drawn instead: all tiers together and each.

    Parameters
    ----------
    agreement, clock
        Tables of `agreement.coders` and `agreement.clock`; the latter None where phases are shared.
    scheme
        Titles.
    """
    parts, unit = _clock_parts(clock, scheme) if clock is not None else _target_parts(agreement, scheme)
    if not parts:
        return style.draw_sentence("No two coders coded the same session, so there is no agreement to draw.")
    coders = [in_order(zip(part.rows.coder_a, part.rows.coder_b, strict=True)) for part in parts]
    names = [Label(coder) for own in coders for coder in own]
    label_mm = label_width_mm(names)
    most = max(len(own) - 1 for own in coders)
    room_mm = (style.PAGE_MM - 2 * style.MARGIN_MM - 2 * label_mm - _GAP_MM) / 2
    wide_mm = max(_CELL_MM[0], *(style.text_width_mm(name.code) + 2 for name in names))
    cell_mm = (min(wide_mm if most > 1 else _WIDEST_MM, room_mm / most), _CELL_MM[1])
    panel_mm = label_mm + most * cell_mm[0]
    width = max(2 * style.MARGIN_MM + 2 * panel_mm + _GAP_MM, style.COLUMN_MM)
    heights = [_TITLE_MM + (len(own) - 1) * cell_mm[1] + 7.0 for own in coders]
    foot = _foot(parts, unit)
    figure = style.new_figure(width, style.MARGIN_MM + _HEAD_MM + sum(heights) + style.foot_height_mm(foot, width))
    top = style.MARGIN_MM + _HEAD_MM
    lefts = [style.MARGIN_MM + label_mm + column * (panel_mm + _GAP_MM) for column in range(2)]
    for left, head in zip(lefts, ("Agreement (%)", "Cohen's \N{GREEK SMALL LETTER KAPPA}"), strict=True):
        style.write_text(figure, left, style.MARGIN_MM, head, size=style.TITLE_PT, weight="bold")
    for part, own, height in zip(parts, coders, heights, strict=True):
        style.write_text(figure, lefts[0], top, part.title, color=style.SOFT)
        for left, measure in zip(lefts, ("percent", "kappa"), strict=True):
            cells = _triangle(part.rows, own, measure)
            rows, columns = [Label(name) for name in own[1:]], [Label(name) for name in own[:-1]]
            draw_heat(figure, left, top + _TITLE_MM - 1, cell_mm, rows, columns, cells, columns_below=True)
        top += height
    style.write_foot(figure, foot)
    return figure


def _target_parts(path: Path, scheme: Scheme) -> tuple[list[_Part], str]:
    table = read_table(path, [*_TEXT, "target", "code", "percent", "kappa"], text=[*_TEXT, "target", "code"])
    table = table[(table.phase == "all") & (table.code == "all")].rename(columns={"frames": "units"})
    parts = [
        _Part(spec.title or target, own)
        for target, spec in scheme.targets.items()
        if len(own := table[table.target == target])
    ]
    return parts, "video frames to which both gave a class"


def _clock_parts(path: Path, scheme: Scheme) -> tuple[list[_Part], str]:
    table = read_table(path, [*_TEXT, "tier", "percent", "kappa"], text=[*_TEXT, "tier"])
    table = table[table.phase == "all"].rename(columns={"moments": "units"})
    titles = {"all": "All variables together"} | {name: tier.title or name for name, tier in scheme.tiers.items()}
    parts = [
        _Part(titles.get(tier, tier), own)
        for tier in dict.fromkeys(table.tier)
        if len(own := table[table.tier == tier])
    ]
    return parts, "moments 0.1 s apart within what all coders of a session share of a task"


def _triangle(rows: pd.DataFrame, coders: list[str], measure: str) -> list[list[HeatCell | None]]:
    """Each pair once, below the diagonal; the first coder has no row and the last no column."""
    found = {frozenset((row.coder_a, row.coder_b)): row for row in rows.itertuples()}

    def cell(row: int, column: int) -> HeatCell | None:
        if column > row:
            return None
        pair = found.get(frozenset((coders[row + 1], coders[column])))
        scale = 0.01 if measure == "percent" else 1.0
        value, low, high = (
            (float("nan"),) * 3
            if pair is None
            else (scale * getattr(pair, name) for name in (measure, f"{measure}_low", f"{measure}_high"))
        )
        if is_missing(value):
            return HeatCell("\N{EN DASH}")
        return HeatCell(number(measure, value), interval(measure, low, high), max(value, 0.0))

    return [[cell(row, column) for column in range(len(coders) - 1)] for row in range(len(coders) - 1)]


def _foot(parts: list[_Part], unit: str) -> str:
    rows = pd.concat([part.rows for part in parts])
    return (
        f"Agreement of every two coders on {unit}; for a pair {count_range(rows.units)} of these from "
        f"{count_range(rows.sessions)} sessions of {count_range(rows.dyads)} dyads. In brackets {style.NINETY_FIVE} "
        f"intervals over dyads."
    )

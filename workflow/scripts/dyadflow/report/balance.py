"""How alike the folds are: each fold's share of a class beside that of all dyads together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from dyadflow.annotations.scheme import Scheme
from dyadflow.report.marks import Mark, MarkRow, draw_marks
from dyadflow.report.wording import number, plural
from dyadflow.tables import read_table


@dataclass(frozen=True)
class Balance:
    """One class of one target: a small figure, and its share in every fold in numbers."""

    title: str
    label: str
    figure: Markup
    shares: list[str]
    whole: str


@dataclass(frozen=True)
class FoldBalance:
    """All classes of all targets, and the folds with their sessions."""

    folds: list[tuple[str, str]]
    parts: list[Balance]


def describe_balance(path: Path | None, scheme: Scheme) -> FoldBalance | None:
    """A small figure for each target and class; of two classes, the second says all.

    Where nothing was trained there are no folds, and None is given.
    """
    if path is None:
        return None
    text = ["fold", "target", "class"]
    table = read_table(path, [*text, "share", "whole_share", "relative_deviation", "sessions", "dyads"], text=text)
    order = sorted(dict.fromkeys(table["fold"]), key=lambda fold: (len(fold), fold))
    sizes = {row.fold: plural(int(row.sessions), "session") for row in table.itertuples()}
    parts = []
    for target, spec in scheme.targets.items():
        for label in spec.classes[1:] if len(spec.classes) == 2 else spec.classes:
            own = table[(table["target"] == target) & (table["class"] == label)]
            if own.empty:
                continue
            parts.append(_draw(spec.title or target, label, own, order, sizes))
    return FoldBalance([(fold, sizes[fold]) for fold in order], parts)


def _draw(
    title: str, label: str, table: pd.DataFrame, order: Sequence[str], sizes: Mapping[str, str]
) -> Balance:
    whole = float(table["whole_share"].iloc[0])
    share_of = dict(zip(table["fold"], table["share"], strict=True))
    shares = [float(share_of.get(fold, float("nan"))) for fold in order]
    rows = [
        MarkRow(
            f"fold {fold}",
            [
                Mark("whole", whole, f"all folds together {number('share', whole)}"),
                Mark("dot", share, f"{number('share', share)} ({sizes[fold]})"),
            ],
        )
        for fold, share in zip(order, shares, strict=True)
    ]
    figure = draw_marks(
        rows, f"{title}: share of {label} in each fold, beside that of all folds", row_height=18, plot_width=330
    )
    return Balance(title, label, figure, [number("share", share) for share in shares], number("share", whole))

"""Rows of marks target by target, or all targets in one picture where each has one row only."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from dyadflow.report.marks import MarkRow, draw_marks


def draw_by_target(rows: Sequence[tuple[str, MarkRow]], title: str) -> list[tuple[str, Markup]]:
    """Draw a picture a target, so that many targets with one row each do not fill the page.

    Parameters
    ----------
    rows
        Each with the title of its target; those of a target follow one another.
    title
        What the pictures show, for readers who do not see them.

    Returns
    -------
    list of (str, Markup)
        Title and picture of each target; or a single picture without a title, whose rows are named after their
        targets.
    """
    if 1 < len(rows) == len({target for target, _ in rows}):
        return [("", draw_marks([replace(row, name=target, strong=False) for target, row in rows], title))]
    return [
        (target, draw_marks([row for _, row in own], f"{target}: {title}"))
        for target, own in groupby(rows, key=lambda pair: pair[0])
    ]

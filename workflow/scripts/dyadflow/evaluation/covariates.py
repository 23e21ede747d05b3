"""Groups of sessions by a column of the session sheet."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from dyadflow.errors import DyadflowError

#: The level of sessions whose cell is empty.
MISSING = "missing"


def group_sessions(
    sessions: Iterable[Mapping[str, object]], covariates: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Give each session its level of each covariate.

    Parameters
    ----------
    sessions
        Rows of the session sheet, each with ``session`` and the covariates.
    covariates
        Names of columns.

    Returns
    -------
    dict
        For each covariate, the level of each session, sessions ordered by level. A column of numbers with
        more than two different values is split at the median of the sessions: ``<= 6.5`` and ``> 6.5`` (or
        ``< 6.5`` and ``>= 6.5`` where the median is the greatest value). Any other column is taken as it is,
        its levels in alphabetical order. Empty cells are a level of their own, ``missing``, the last.

    Raises
    ------
    DyadflowError
        If a covariate is not a column of the sheet.
    """
    rows = list(sessions)
    found = {}
    for name in covariates:
        if rows and name not in rows[0]:
            there = ", ".join(repr(str(key)) for key in rows[0])
            raise DyadflowError(
                f"covariate {name!r} is not a column; there are {there}",
                where="session sheet", fix="add the column, or take the name out of evaluation.covariates",
            )
        found[name] = _levels({str(row["session"]): _text(row[name]) for row in rows})
    return found


def _levels(cells: dict[str, str]) -> dict[str, str]:
    """The level of each session from its cell, ordered by level."""
    filled = {session: cell for session, cell in cells.items() if cell}
    read = {session: _number(cell) for session, cell in filled.items()}
    numbers = {session: number for session, number in read.items() if number is not None}
    if len(numbers) == len(read) and len(set(numbers.values())) > 2:
        levels = _split_at_median(numbers)
    else:
        levels = {session: filled[session] for session in sorted(filled, key=lambda name: filled[name])}
    return levels | {session: MISSING for session, cell in cells.items() if not cell}


def _split_at_median(numbers: dict[str, float]) -> dict[str, str]:
    """Two levels, the lower first."""
    middle = median(numbers.values())
    if middle < max(numbers.values()):
        names, lower = (f"<= {middle:g}", f"> {middle:g}"), {key for key in numbers if numbers[key] <= middle}
    else:
        names, lower = (f"< {middle:g}", f">= {middle:g}"), {key for key in numbers if numbers[key] < middle}
    ordered = [key for key in numbers if key in lower] + [key for key in numbers if key not in lower]
    return {key: names[0] if key in lower else names[1] for key in ordered}


def _text(cell: object) -> str:
    """A cell as text; empty if there is nothing in it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(cell).strip()


def _number(cell: str) -> float | None:
    """The number that a cell holds, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

"""Times in the cells of plain tables: seconds, milliseconds or clock times, and whether several agree."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dyadflow.annotations.formats.table_columns import TIMES, Column
from dyadflow.annotations.formats.text import parse_clock, parse_number

#: What programs write for a value that is not there.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", ".", "-"})
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")


@dataclass(frozen=True)
class Time:
    """A time in seconds, and how many decimals of a second the cell has."""

    seconds: float
    decimals: int

    def agrees(self, other: "Time") -> bool:
        """Whether two times are the same as far as the coarser of them goes."""
        return abs(self.seconds - other.seconds) < 1.5 * 10 ** -min(self.decimals, other.decimals)


class UnreadableLine(ValueError):
    """A line with cells that are not what they should be or contradict each other; its text says which."""


def parse_time(cell: str, unit: str) -> Time | None:
    """The time in a cell; nothing if the cell is empty.

    Parameters
    ----------
    cell
        A number, or ``hh:mm:ss`` or ``mm:ss`` with or without a fraction; decimals after a point or a comma.
    unit
        What a number counts: ``s`` or ``ms``; with ``clock`` there can be no plain number.

    Raises
    ------
    UnreadableLine
        If it is neither.
    """
    written = cell.strip()
    if written.casefold() in MISSING:
        return None
    fraction = re.search(r"[.,](\d+)$", written)
    decimals = len(fraction[1]) if fraction else 0
    if ":" in written:
        sign, rest = (written[0], written[1:]) if written[0] in "+-" else ("", written)
        seconds = parse_clock(f"{sign}0:{rest}" if written.count(":") == 1 else written)
    else:
        seconds = None if unit == "clock" or (unit == "ms" and _THOUSANDS.fullmatch(written)) else parse_number(written)
        if seconds is not None and unit == "ms":
            seconds, decimals = seconds / 1000, decimals + 3
    if seconds is None:
        raise UnreadableLine(f"{written!r} is no time" + (" in milliseconds" if unit == "ms" else ""))
    return Time(seconds, decimals)


def read_time(cells: Sequence[str], columns: Iterable[Column], default: str) -> Time | None:
    """The time that one or several columns of a row give, as precisely as they do.

    Raises
    ------
    UnreadableLine
        If a cell is no time, or they do not agree.
    """
    found = [parse_time(cells[column.position], column.unit or default) for column in columns]
    times = sorted((time for time in found if time is not None), key=lambda time: -time.decimals)
    if any(not times[0].agrees(time) for time in times):
        raise UnreadableLine("the columns of one time do not say the same")
    return times[0] if times else None


def unit_of_numbers(rows: Iterable[Sequence[str]], columns: Mapping[str, Sequence[Column]]) -> str:
    """What numbers count in columns that do not say it: seconds if any has a fraction; else that is not certain.

    Returns
    -------
    str
        ``s``; empty if there are whole numbers alone, which may be milliseconds as well.
    """
    positions = [column.position for field in TIMES for column in columns.get(field, ()) if not column.unit]
    cells = (cells[position] for cells in rows for position in positions if position < len(cells))
    numbers = [number for number in map(parse_number, cells) if number]
    return "s" if not numbers or any(not number.is_integer() for number in numbers) else ""

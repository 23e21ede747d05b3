"""Relative times as Observer exports write them: seconds, clock times, or a clock time and a part of a second."""

import math
import re
from collections.abc import Callable

from dyadflow.annotations.formats.text import parse_clock, parse_number


class UnclearTime(ValueError):
    """A time that is there and can mean several things; its text says which."""


def parse_time(cell: Callable[[str], object]) -> float | None:
    """Seconds from the most precise column that is filled in.

    Parameters
    ----------
    cell
        Takes ``time_sf``, ``time_hmsf``, ``time_hms`` or ``time_f`` and gives what stands there: text, or what
        a workbook holds.

    Raises
    ------
    UnclearTime
        If a part of a second stands beside whole seconds and can as well be a number of frames.
    """
    if str(cell("time_sf")).strip():
        return parse_seconds(cell("time_sf"))
    if str(cell("time_hmsf")).strip():
        return parse_clock(cell("time_hmsf"))
    whole_s = parse_clock(cell("time_hms"))
    fraction = str(cell("time_f")).strip()
    if whole_s is None or not fraction:
        return whole_s
    # "250" or "0.250", depending on the version; fewer digits than three could be frames, or lack zeros.
    part_s = parse_number(f"0.{fraction}" if re.fullmatch(r"\d{3,}", fraction) else fraction)
    if part_s is None or not 0 <= part_s < 1:
        raise UnclearTime(
            f"the part of a second {fraction!r} may be frames or a fraction, and the row has no Time_Relative_sf"
        )
    negative = str(cell("time_hms")).strip().startswith("-")
    return round(whole_s - part_s if negative else whole_s + part_s, 6)


def parse_seconds(cell: object) -> float | None:
    """A number of seconds that is finite, one that a workbook holds to the microsecond; None if it is anything else."""
    number = parse_number(cell)
    if number is None or not math.isfinite(number):
        return None
    return round(number, 6) if isinstance(cell, float) else number

"""How Mangold INTERACT names its columns, and how it writes times."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dyadflow.annotations.formats.text import fold, parse_clock, parse_number

#: INTERACT stores times as whole numbers of 100 nanoseconds.
TICKS_PER_S = 10_000_000

_NAMES: dict[str, frozenset[str]] = {
    "level": frozenset({"level"}),
    "onset": frozenset({"onset", "onset_time", "start_time"}),
    "offset": frozenset({"offset", "offset_time", "end_time"}),
    "duration": frozenset({"duration", "duration_time"}),
    "onset_date": frozenset({"onset_date", "start_date"}),
    "offset_date": frozenset({"offset_date", "end_date"}),
    "number": frozenset({"number"}),
    "duration_date": frozenset({"duration_date"}),
}
_NOTES = frozenset({"description", "memo", "transcript", "transcription"})
_NEEDED = frozenset({"level", "onset", "offset"})
_FRAMES = re.compile(r"([+-]?)(\d{1,6}):([0-5]?\d):([0-5]?\d):(\d{1,3})")
_RATE = re.compile(r"\bFPS\s*,\s*(\d+(?:[.,]\d+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """Where the columns of a table stand.

    Parameters
    ----------
    positions
        Column, as called here, to position.
    notes
        Positions of description, memo and transcript.
    classes
        Position to the name of the class whose codes stand there.
    unnamed
        Positions of columns without a name.
    width
        Number of columns.
    """

    positions: dict[str, int]
    notes: tuple[int, ...] = ()
    classes: dict[int, str] = field(default_factory=dict)
    unnamed: tuple[int, ...] = ()
    width: int = 0

    def __len__(self) -> int:
        return self.width - len(self.unnamed)

    def cell(self, cells: Sequence[str], column: str) -> str:
        """What stands in a column; empty if there is no such column."""
        position = self.positions.get(column, len(cells))
        return cells[position].strip() if position < len(cells) else ""


def find_columns(cells: Sequence[str]) -> Columns | None:
    """Columns of a table of INTERACT, if this is the row that names them; every column not known is a class.

    Level, onset and offset are needed, each once, and a description, memo or duration, which other tables with
    such columns do not have.
    """
    positions: dict[str, int] = {}
    notes: list[int] = []
    classes: dict[int, str] = {}
    unnamed: list[int] = []
    for position, cell in enumerate(cells):
        folded = fold(cell)
        known = next((column for column, names in _NAMES.items() if folded in names), None)
        if known in _NEEDED and known in positions:
            return None
        if known:
            positions.setdefault(known, position)
        elif folded in _NOTES:
            notes.append(position)
        elif cell.strip():
            classes[position] = cell.strip()
        else:
            unnamed.append(position)
    if not positions.keys() >= _NEEDED or not (notes or "duration" in positions):
        return None
    return Columns(positions, tuple(notes), classes, tuple(unnamed), len(cells))


def find_rate(text: str) -> float | None:
    """Frames per second from a line like ``FPS, 25`` or ``DEFINE: FPS,25``."""
    match = _RATE.search(text)
    rate_hz = parse_number(match.group(1)) if match else None
    return rate_hz or None


def parse_time(written: str, rate_hz: float | None, *, ticks: bool) -> float | None:
    """Seconds of a time as INTERACT writes it; nothing if it cannot be read.

    Parameters
    ----------
    written
        A number, ``hh:mm:ss`` with or without a fraction, or ``hh:mm:ss:ff`` with frames.
    rate_hz
        Frames per second, for times with frames.
    ticks
        Whether numbers count 100 nanoseconds instead of seconds.
    """
    match = _FRAMES.fullmatch(written)
    if match:
        sign, hours, minutes, seconds, frames = match.groups()
        if not rate_hz or int(frames) >= math.ceil(rate_hz):
            return None
        total_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(frames) / rate_hz
        return round(-total_s if sign == "-" else total_s, 6)
    number = parse_number(written)
    if number is None:
        return parse_clock(written)
    if not math.isfinite(number) or (ticks and not number.is_integer()):
        return None
    return round(number / TICKS_PER_S, 7) if ticks else number


def parse_days(written: str) -> float | None:
    """Seconds of a date as INTERACT exports it for times without a date: ``0d``, ``1d``."""
    match = re.fullmatch(r"(\d{0,6})d?", written)
    return float(match.group(1) or 0) * 86400 if match else None

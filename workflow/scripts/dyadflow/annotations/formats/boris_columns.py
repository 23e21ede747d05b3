"""How BORIS names the columns of its exports of events, in the versions from 3 to 9."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dyadflow.annotations.formats.text import fold, parse_clock, parse_number

#: What BORIS writes for events that belong to no subject, and for behaviours without a category.
NO_SUBJECT, NO_CATEGORY = "No focal subject", "Not defined"

#: What labs call the independent variable that says who coded.
CODER_NAMES = frozenset({"observer", "coder", "rater", "annotator", "coded_by", "observed_by"})

#: Columns about the observation, which stand before the lab's own variables, and about the event, which stand after.
_OBSERVATION_NAMES: dict[str, tuple[str, ...]] = {
    "observation": ("observation_id",),
    "source": ("source",),
    "offset": ("time_offset_s",),
    "total": ("total_length", "total_length_s"),
    "length": ("media_duration_s",),
    "fps": ("fps", "fps_frame_s"),
}
_EVENT_NAMES: dict[str, tuple[str, ...]] = {
    "subject": ("subject",),
    "behavior": ("behavior",),
    "category": ("behavioral_category",),
    "modifiers": ("modifiers",),
    "kind": ("behavior_type",),
    "status": ("status",),
    "time": ("time", "time_s"),
    "start": ("start_s",),
    "stop": ("stop_s",),
    "duration": ("duration_s",),
    "medium": ("media_file_name", "media_file_path", "media_file"),
    "comment": ("comment", "comment_start"),
    "comment_stop": ("comment_stop",),
}
_EVENTS = frozenset({"time", "subject", "behavior"})
_AGGREGATED = frozenset({"start", "stop", "subject", "behavior", "kind"})


@dataclass(frozen=True)
class Columns:
    """Where the known columns of a table stand.

    Parameters
    ----------
    positions
        Column, as called here, to position.
    modifiers
        Positions of the columns of modifiers.
    coder
        Position of the lab's own variable that says who coded, if there is one.
    width
        Number of columns.
    """

    positions: dict[str, int]
    modifiers: tuple[int, ...] = ()
    coder: int | None = None
    width: int = field(default=0)

    def __len__(self) -> int:
        return len(self.positions) + len(self.modifiers)

    def cell(self, cells: Sequence[object], column: str) -> str:
        """What stands in a column; empty if there is no such column."""
        position = self.positions.get(column, len(cells))
        return as_text(cells[position]) if position < len(cells) else ""


def find_event_columns(cells: Sequence[object]) -> Columns | None:
    """Columns of an export of tabular events, if this is the row that names them."""
    columns = _find(cells)
    found = set(columns.positions)
    events = found.issuperset(_EVENTS) and {"kind", "status"} & found and not found.issuperset(_AGGREGATED)
    return columns if events else None


def find_aggregated_columns(cells: Sequence[object]) -> Columns | None:
    """Columns of an export of aggregated events, if this is the row that names them."""
    columns = _find(cells)
    return columns if set(columns.positions) >= _AGGREGATED else None


def _find(cells: Sequence[object]) -> Columns:
    positions: dict[str, int] = {}
    modifiers: list[int] = []
    coder = None
    for position, cell in enumerate(cells):
        name = fold(cell)
        for column, names in _OBSERVATION_NAMES.items():
            if name in names:
                positions.setdefault(column, position)
        for column, names in _EVENT_NAMES.items():
            if name in names:
                # A lab's own variable may be called Subject or Comment; those of BORIS come after it.
                positions[column] = position
        if re.fullmatch(r"modifier_\d+", name):
            modifiers.append(position)
        if name in CODER_NAMES:
            coder = position
    return Columns(positions, tuple(modifiers), coder, len(cells))


def as_text(cell: object) -> str:
    """A cell as text: whole numbers of a workbook without a fraction, nothing for an empty cell."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def parse_seconds(cell: object) -> float | None:
    """Seconds, or hours, minutes and seconds; nothing for ``NA``, an empty cell or anything else."""
    seconds = parse_number(cell)
    if seconds is None:
        seconds = parse_clock(cell)
    return seconds if seconds is not None and math.isfinite(seconds) else None


def is_missing(written: str) -> bool:
    """Whether a cell is empty or says ``NA``, which BORIS writes into columns that do not apply."""
    return written.strip() in ("", "NA")

"""Rows of an Observer export made into events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.observer_columns import EVENT_TYPES
from dyadflow.annotations.formats.observer_times import UnclearTime, parse_seconds, parse_time
from dyadflow.annotations.formats.text import fold
from dyadflow.annotations.issues import Issue


@dataclass(frozen=True)
class Place:
    """Where an event stands: ``line 3``, ``sheet 'x', row 7``, ``observation x, event 2``."""

    noun: str
    first: int
    last: int
    within: str = ""

    def __str__(self) -> str:
        return self.beside(self)

    def beside(self, other: "Place") -> str:
        """The two together, in words."""
        return name_places(self.noun, [(self.first, self.last), (other.first, other.last)], self.within)


@dataclass(frozen=True)
class Event:
    """At `time_s` of `observation`, `subject` begins, ends or shows `behavior`, according to event log `log`."""

    observation: str
    log: str
    subject: str
    behavior: str
    kind: str
    time_s: float
    duration_s: float | None
    comment: str
    place: Place

    @property
    def key(self) -> tuple[str, ...]:
        """What can be going on at most once at a time."""
        return self.place.within, self.observation, self.log, self.subject, self.behavior

    @property
    def named(self) -> str:
        """The behaviour and the subject, for a sentence."""
        return f"{self.behavior!r} of {self.subject!r}" if self.subject else repr(self.behavior)


def parse_event(cells: Sequence[object], columns: Mapping[str, int], width: int, place: Place) -> Event | Issue:
    """One row as an event, or an issue that says why it is none.

    Parameters
    ----------
    cells
        The row's cells: text, or what a workbook holds.
    columns
        From `find_columns`.
    width
        Number of columns with a name; cells beyond must be empty.
    place
        Where the row stands.
    """

    def cell(key: str) -> object:
        position = columns.get(key, len(cells))
        return cells[position] if position < len(cells) and cells[position] is not None else ""

    def refuse(what: str) -> Issue:
        shown = " | ".join(str(value) for value in cells if value not in (None, ""))
        return Issue(
            "unreadable_row", f"{what}: {shown}", fix="correct the row or export the file again", where=str(place)
        )

    if any(str(value).strip() for value in cells[width:] if value is not None):
        return refuse(f"this row has {len(cells)} cells under {width} columns (decimal commas between commas?)")
    named = {key: _text(cell(key)) for key in ("observation", "log", "subject", "behavior")}
    if any("\n" in text or "\r" in text for text in named.values()):
        return refuse("a quotation mark too many joins rows")
    kind = EVENT_TYPES.get(fold(cell("kind")))
    if kind is None:
        return refuse(f"event type {str(cell('kind'))!r} is not known")
    try:
        time_s = parse_time(cell)
    except UnclearTime as error:
        return refuse(str(error))
    if time_s is None:
        return refuse("this row has no time that can be read")
    modifiers = [
        f"{key.removeprefix('modifier:')}: {_text(cell(key))}"
        for key in columns
        if key.startswith("modifier:") and _text(cell(key))
    ]
    comment = "; ".join(part for part in (_text(cell("comment")), *modifiers) if part)
    duration_s = parse_seconds(cell("duration"))
    return Event(**named, kind=kind, time_s=time_s, duration_s=duration_s, comment=comment, place=place)


def _text(value: object) -> str:
    """A cell as text: 3 for what a workbook holds as 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()

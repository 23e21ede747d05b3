"""Rows of an Observer export made into events, and events into states with a beginning and an end."""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dyadflow.annotations.formats.observer_columns import EVENT_TYPES, POINT, START, STATE_POINT, STOP, fold
from dyadflow.annotations.formats.reading import Reading, make_rows
from dyadflow.annotations.formats.text import parse_number
from dyadflow.annotations.issues import Issue, Issues

_CLOCK = re.compile(r"([+-]?)(\d+):(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Event:
    """One row: at `time_s` of `observation`, `subject` begins, ends or shows `behavior`."""

    observation: str
    subject: str
    behavior: str
    kind: str
    time_s: float
    duration_s: float | None
    comment: str
    where: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What can be going on at most once at a time."""
        return self.observation, self.subject, self.behavior


def parse_event(cells: Sequence[object], columns: Mapping[str, int], width: int, where: str) -> Event | Issue:
    """One row as an event, or an issue that says why it is none.

    Parameters
    ----------
    cells
        The row's cells: text, or what a workbook holds.
    columns
        From `find_columns`.
    width
        Number of columns in the row of names; cells beyond it must be empty.
    where
        Where the row stands.
    """

    def cell(key: str) -> object:
        position = columns.get(key, len(cells))
        return cells[position] if position < len(cells) and cells[position] is not None else ""

    def refuse(what: str) -> Issue:
        shown = " | ".join(str(value) for value in cells if value not in (None, ""))
        return Issue(
            "unreadable_row", f"{what}: {shown}", fix="correct the row or export the file again", where=where
        )

    if any(str(value).strip() for value in cells[width:] if value is not None):
        return refuse(
            f"this row has {len(cells)} cells under {width} columns (decimal commas between commas?)"
        )
    kind = EVENT_TYPES.get(fold(cell("kind")))
    if kind is None:
        return refuse(f"event type {str(cell('kind'))!r} is not known")
    time_s = _parse_time(cell)
    if time_s is None:
        return refuse("this row has no time that can be read")
    modifiers = [
        f"{key.removeprefix('modifier:')}: {str(cell(key)).strip()}"
        for key in columns
        if key.startswith("modifier:") and str(cell(key)).strip()
    ]
    comment = "; ".join(part for part in (str(cell("comment")).strip(), *modifiers) if part)
    return Event(
        str(cell("observation")).strip(),
        str(cell("subject")).strip(),
        str(cell("behavior")).strip(),
        kind,
        time_s,
        parse_number(cell("duration")),
        comment,
        where,
    )


def _parse_time(cell) -> float | None:
    """Seconds from the most precise column that is filled in."""
    if str(cell("time_sf")).strip():
        return parse_number(cell("time_sf"))
    if str(cell("time_hmsf")).strip():
        return _parse_clock(cell("time_hmsf"))
    whole_s = _parse_clock(cell("time_hms"))
    fraction = str(cell("time_f")).strip()
    if whole_s is None or not fraction:
        return whole_s
    # "250" or "0.250", depending on the version; fewer digits than three could mean either.
    written = f"0.{fraction}" if re.fullmatch(r"\d{3,}", fraction) else fraction
    part_s = parse_number(written)
    if part_s is None or not 0 <= part_s < 1:
        return None
    negative = str(cell("time_hms")).strip().startswith("-")
    return round(whole_s - part_s if negative else whole_s + part_s, 6)


def _parse_clock(value: object) -> float | None:
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    match = _CLOCK.fullmatch(str(value).strip())
    if not match:
        return None
    sign, hours, minutes, seconds = match.groups()
    total_s = round(int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", ".")), 6)
    return -total_s if sign == "-" else total_s


def pair_events(events: Iterable[Event], issues: Iterable[Issue] = ()) -> Reading:
    """Make states of starts and stops.

    A start without a stop gets the end that its duration column gives; without one it stays open, to be
    closed by whoever knows which codes exclude each other. Either way it is an issue, as is a stop without a
    start, which is no row because nothing says when it began.

    Parameters
    ----------
    events
        Events of any number of observations, in the order of the file.
    issues
        Found so far.
    """
    events, issues = list(events), list(issues)
    end_s: dict[str, float] = {}
    for event in events:
        latest_s = event.time_s + (event.duration_s or 0)
        end_s[event.observation] = max(latest_s, end_s.get(event.observation, latest_s))
    rows: list[dict] = []
    for mine in _by_key(_without_repeats(events, issues)).values():
        _pair_one(mine, rows, issues, end_s[mine[0].observation])
    rows.sort(key=lambda row: row.pop("position"))
    return Reading(make_rows(rows), Issues.of(issues))


def _without_repeats(events: list[Event], issues: list[Issue]) -> list[tuple[int, Event]]:
    first_seen: dict[tuple, Event] = {}
    kept = []
    for position, event in enumerate(events):
        same = (*event.key, event.kind, event.time_s)
        if same in first_seen:
            issues.append(
                Issue(
                    "repeated_event",
                    f"{_named(event)} {event.kind} at {event.time_s:.3f} s stands in the file twice (first "
                    f"in {first_seen[same].where}); it is read once",
                    fix="delete one of the rows",
                    where=event.where,
                )
            )
            continue
        first_seen[same] = event
        kept.append((position, event))
    return kept


def _by_key(events: list[tuple[int, Event]]) -> dict[tuple, list[Event]]:
    """Events by what is coded, in order of time; at equal times the stop of what is going on first."""
    found: dict[tuple, list[tuple[int, Event]]] = {}
    for position, event in events:
        found.setdefault(event.key, []).append((position, event))
    return {key: _order(mine) for key, mine in found.items()}


def _order(events: list[tuple[int, Event]]) -> list[Event]:
    ordered, going_on = [], False
    remaining = sorted(events, key=lambda item: (item[1].time_s, item[0]))
    while remaining:
        now = [item for item in remaining if item[1].time_s == remaining[0][1].time_s]
        stops = [item for item in now if item[1].kind == STOP]
        chosen = stops[0] if going_on and stops else now[0]
        remaining.remove(chosen)
        ordered.append(chosen[1])
        going_on = {START: True, STOP: False}.get(chosen[1].kind, going_on)
    return ordered


def _pair_one(events: list[Event], rows: list[dict], issues: list[Issue], end_s: float) -> None:
    started: Event | None = None
    for event in events:
        if event.kind in (POINT, STATE_POINT):
            _add_row(rows, event, event.time_s)
        elif event.kind == START:
            if started:
                _add_unstopped(rows, issues, started, event.time_s)
            started = event
        elif started:
            _add_row(rows, started, event.time_s, comment=event.comment)
            started = None
        else:
            issues.append(
                Issue(
                    "unpaired_event",
                    f"{_named(event)} stops at {event.time_s:.3f} s but never started; it is not a segment",
                    fix="add its start in Observer and export again",
                    where=event.where,
                )
            )
    if started:
        _add_unstopped(rows, issues, started, end_s)


def _add_unstopped(rows: list[dict], issues: list[Issue], start: Event, latest_s: float) -> None:
    if not start.duration_s or start.duration_s < 0:
        _add_row(rows, start, float("nan"), latest_s=latest_s)
        return
    offset_s = round(start.time_s + start.duration_s, 6)
    issues.append(
        Issue(
            "unpaired_event",
            f"{_named(start)} starts at {start.time_s:.3f} s and has no stop; its duration column ends it at "
            f"{offset_s:.3f} s",
            fix="add its stop in Observer and export again",
            where=start.where,
        )
    )
    _add_row(rows, start, offset_s)


def _add_row(
    rows: list[dict], start: Event, offset_s: float, *, latest_s: float = float("nan"), comment: str = ""
) -> None:
    comments = dict.fromkeys(part for part in (start.comment, comment) if part)
    rows.append(
        {
            "session": start.observation,
            "tier": start.subject,
            "code": start.behavior,
            "onset_s": start.time_s,
            "offset_s": offset_s,
            "latest_s": latest_s,
            "comment": "; ".join(comments),
            "where": start.where,
            "position": (start.observation, start.time_s),
        }
    )


def _named(event: Event) -> str:
    return f"{event.behavior!r} of {event.subject!r}" if event.subject else repr(event.behavior)

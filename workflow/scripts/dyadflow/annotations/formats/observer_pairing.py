"""Starts and stops of states paired: rows with a beginning and an end, and an issue for whatever has no partner."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dyadflow.annotations.formats.observer_columns import POINT, START, STATE_POINT, STOP
from dyadflow.annotations.formats.observer_events import Event
from dyadflow.annotations.formats.reading import Reading, make_rows
from dyadflow.annotations.issues import Issue, Issues

_NAN = float("nan")


def pair_events(
    events: Iterable[Event],
    issues: Iterable[Issue] = (),
    *,
    ends_s: Mapping[str, float] | None = None,
    groups: Mapping[str, str] | None = None,
) -> Reading:
    """Make states of starts and stops.

    A start without a stop gets the end that its duration column gives; without one it stays open, to be
    closed by whoever knows which codes exclude each other. Either way it is an issue, as is a stop without a
    start, which is no row because nothing says when it began.

    The observation becomes the session and the subject the tier. Where an observation has several event logs
    they are told apart as coders, because no two events of different logs can be parts of one state.

    Parameters
    ----------
    events
        Events of any number of observations, in the order of the file.
    issues
        Found so far.
    ends_s
        When observations ended, in seconds, as far as the file says so; otherwise at the last moment of any of
        their events.
    groups
        For behaviours of which one at most can be going on: the name of their group.
    """
    events, issues = list(events), list(issues)
    ends_s = ends_s or {}
    last_s = dict(ends_s)
    logs: dict[str, set[str]] = {}
    for event in events:
        logs.setdefault(event.observation, set()).add(event.log)
        if event.observation not in ends_s:
            until_s = event.time_s + (event.duration_s or 0)
            last_s[event.observation] = max(until_s, last_s.get(event.observation, until_s))
    rows: list[dict[str, Any]] = []
    events = _merge_repeats(events, issues)
    starts_s = _starts_of_groups(events, groups or {})
    for mine in _by_key(events).values():
        _pair_one(mine, rows, issues, last_s, starts_s, groups or {})
    for row in rows:
        row["coder"] = row["coder"] if len(logs[row["session"]]) > 1 else ""
    rows.sort(key=lambda row: (row["session"], row["coder"], row["onset_s"]))
    return Reading(make_rows(rows), Issues.of(issues))


def _merge_repeats(events: list[Event], issues: list[Issue]) -> list[Event]:
    """Events without those that stand in the file twice; points with different comments are different."""
    kept: dict[tuple[Any, ...], Event] = {}
    for event in events:
        momentary = event.kind in (POINT, STATE_POINT)
        same = (*event.key, event.kind, event.time_s, event.comment if momentary else "")
        first = kept.setdefault(same, event)
        if first is event:
            continue
        issues.append(
            Issue(
                "repeated_event",
                f"{event.named} {event.kind} at {event.time_s:.3f} s stands in the file twice (first in "
                f"{first.place}); it is read once",
                fix="delete one of the rows",
                where=str(event.place),
            )
        )
        if event.comment and event.comment not in first.comment:
            kept[same] = replace(first, comment="; ".join(filter(None, (first.comment, event.comment))))
    return list(kept.values())


def _starts_of_groups(events: list[Event], groups: Mapping[str, str]) -> dict[tuple[Any, ...], list[float]]:
    """When something of a group begins, for each subject."""
    found: dict[tuple[Any, ...], list[float]] = {}
    for event in events:
        if event.kind == START and event.behavior in groups:
            found.setdefault((*event.key[:-1], groups[event.behavior]), []).append(event.time_s)
    return found


def _by_key(events: list[Event]) -> dict[tuple[Any, ...], list[Event]]:
    """Events by what is coded, in order of time; at equal times the stop of what is going on first."""
    found: dict[tuple[Any, ...], list[tuple[int, Event]]] = {}
    for position, event in enumerate(events):
        found.setdefault(event.key, []).append((position, event))
    return {key: _order(mine) for key, mine in found.items()}


def _order(events: list[tuple[int, Event]]) -> list[Event]:
    ordered, going_on, place = [], False, 0
    remaining = sorted(events, key=lambda item: (item[1].time_s, item[0]))
    while place < len(remaining):
        now = [remaining[place][1]]
        while place + len(now) < len(remaining) and remaining[place + len(now)][1].time_s == now[0].time_s:
            now.append(remaining[place + len(now)][1])
        place += len(now)
        while now:
            stops = [event for event in now if event.kind == STOP]
            chosen = stops[0] if going_on and stops else now[0]
            now.remove(chosen)
            ordered.append(chosen)
            going_on = {START: True, STOP: False}.get(chosen.kind, going_on)
    return ordered


def _pair_one(
    events: list[Event],
    rows: list[dict[str, Any]],
    issues: list[Issue],
    last_s: Mapping[str, float],
    starts_s: Mapping[tuple[Any, ...], list[float]],
    groups: Mapping[str, str],
) -> None:
    started: Event | None = None

    def leave_open(start: Event, latest_s: float) -> None:
        group = groups.get(start.behavior)
        later_s = [time_s for time_s in starts_s.get((*start.key[:-1], group), ()) if time_s > start.time_s]
        _add_unstopped(rows, issues, start, max(start.time_s, min([latest_s, *later_s])))

    for event in events:
        if event.kind in (POINT, STATE_POINT):
            _add_row(rows, event, event.time_s)
        elif event.kind == START:
            if started:
                leave_open(started, event.time_s)
            started = event
        elif started:
            _add_row(rows, started, event.time_s, stop=event)
            started = None
        else:
            issues.append(
                Issue(
                    "unpaired_event",
                    f"{event.named} stops at {event.time_s:.3f} s but never started; it is not a segment",
                    fix="add its start in Observer and export again",
                    where=str(event.place),
                )
            )
    if started:
        leave_open(started, last_s[started.observation])


def _add_unstopped(rows: list[dict[str, Any]], issues: list[Issue], start: Event, latest_s: float) -> None:
    if not start.duration_s or start.duration_s < 0:
        _add_row(rows, start, _NAN, latest_s=latest_s)
        return
    offset_s = round(start.time_s + start.duration_s, 6)
    issues.append(
        Issue(
            "unpaired_event",
            f"{start.named} starts at {start.time_s:.3f} s and has no stop; its duration column ends it at "
            f"{offset_s:.3f} s",
            fix="add its stop in Observer and export again",
            where=str(start.place),
        )
    )
    _add_row(rows, start, offset_s)


def _add_row(
    rows: list[dict[str, Any]], start: Event, offset_s: float, *, latest_s: float = _NAN, stop: Event | None = None
) -> None:
    comments = dict.fromkeys(part for part in (start.comment, stop.comment if stop else "") if part)
    rows.append(
        {
            "session": start.observation,
            "coder": start.log,
            "tier": start.subject,
            "code": start.behavior,
            "onset_s": start.time_s,
            "offset_s": offset_s,
            "latest_s": latest_s,
            "comment": "; ".join(comments),
            "where": start.place.beside(stop.place) if stop else str(start.place),
        }
    )

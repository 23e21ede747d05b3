"""Events of BORIS made into rows: starts and stops into states, points as they are."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from dyadflow.annotations.formats.boris_columns import NO_CATEGORY, NO_SUBJECT
from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.issues import Issue

#: How a state begins and ends, a momentary event, and what is either a beginning or an end by turns.
START, STOP, POINT, TOGGLE = "START", "STOP", "POINT", "TOGGLE"


@dataclass(frozen=True)
class Event:
    """One event: at `time_s` of `observation`, `subject` begins, ends or shows `behavior`.

    `within`, `noun` and `span` say where it stands, as `name_places` takes them.
    """

    observation: str
    coder: str
    subject: str
    behavior: str
    category: str
    modifiers: str
    comment: str
    kind: str
    time_s: float
    within: str
    noun: str
    span: tuple[int, int]

    @property
    def bearer(self) -> tuple[str, ...]:
        """Who shows it."""
        return self.observation, self.coder, self.subject, self.within

    @property
    def key(self) -> tuple[str, ...]:
        """What can be going on at most once at a time: BORIS tells states with different modifiers apart."""
        return *self.bearer, self.behavior, self.modifiers

    @property
    def where(self) -> str:
        """The line, row or event."""
        return name_places(self.noun, [self.span], self.within)


def make_row(
    observation: str, coder: str, subject: str, behavior: str, category: str, modifiers: str, comments: Iterable[str]
) -> dict[str, Any]:
    """What an event says beside its times, as a row of `Reading.rows`.

    The subject is the tier; where there is none, the behavioural category is. What else there is goes into the
    comment: ``category: ...; modifiers: ...; comment``.
    """
    subject = "" if subject.strip() == NO_SUBJECT else subject.strip()
    category = "" if category.strip() == NO_CATEGORY else category.strip()
    notes = [
        f"category: {category}" if subject and category else "",
        f"modifiers: {modifiers}" if modifiers else "",
        *comments,
    ]
    return {
        "session": observation.strip(),
        "coder": coder.strip(),
        "tier": subject or category,
        "code": behavior.strip(),
        "comment": "; ".join(dict.fromkeys(note for note in notes if note)),
    }


def pair_events(
    events: Iterable[Event],
    ends_s: Mapping[str, float],
    issues: list[Issue],
    stopped_by: Mapping[str, Collection[str]] | None = None,
) -> list[dict[str, Any]]:
    """Make states of starts and stops.

    A state without a stop stays open: it ends at the latest at the next start of the same, at the start of what
    excludes it, or at the end of the observation. A stop without a start is an issue and no row, as is an event
    that stands in the file twice.

    Parameters
    ----------
    events
        Of any number of observations, in the order of the file.
    ends_s
        Observation to its end, where the file says more than the last event.
    issues
        Found so far; added to.
    stopped_by
        Behaviour to those that exclude it.

    Returns
    -------
    list of dict
        Rows in the order of observations and onsets.
    """
    ends_s = dict(ends_s)
    by_key: dict[tuple[Any, ...], list[Event]] = {}
    for event in _without_repeats(events, issues):
        ends_s[event.observation] = max(event.time_s, ends_s.get(event.observation, event.time_s))
        by_key.setdefault(event.key, []).append(event)
    order = {name: number for number, name in enumerate(dict.fromkeys(key[0] for key in by_key))}
    by_key = {key: _order(mine) for key, mine in by_key.items()}
    starts: dict[tuple[Any, ...], list[tuple[float, str]]] = {}
    for mine in by_key.values():
        for event in mine:
            if event.kind == START:
                starts.setdefault(event.bearer, []).append((event.time_s, event.behavior))
    rows: list[dict[str, Any]] = []
    for mine in by_key.values():
        first = mine[0]
        excluders = (stopped_by or {}).get(first.behavior, ())
        limits_s = [time_s for time_s, behavior in starts.get(first.bearer, ()) if behavior in excluders]
        rows += _pair_one(mine, limits_s, ends_s[first.observation], issues)
    return sorted(rows, key=lambda row: (order[row.pop("observation")], row["onset_s"]))


def _without_repeats(events: Iterable[Event], issues: list[Issue]) -> Iterable[Event]:
    seen: dict[tuple[Any, ...], Event] = {}
    for event in events:
        same = (*event.key, event.kind, event.time_s)
        if same in seen:
            issues.append(
                Issue(
                    "repeated_event",
                    f"{_named(event)} {event.kind} at {event.time_s:.3f} s stands in the file twice (first in "
                    f"{seen[same].where}); it is read once",
                    fix="delete one of them",
                    where=event.where,
                )
            )
            continue
        seen[same] = event
        yield event


def _order(events: list[Event]) -> list[Event]:
    """By time; at equal times in the order of the file, but the stop of what is going on first."""
    ordered: list[Event] = []
    going_on = False
    for _, together in groupby(sorted(events, key=lambda event: event.time_s), key=lambda event: event.time_s):
        now = list(together)
        while now:
            chosen = next((event for event in now if going_on and event.kind == STOP), now[0])
            now.remove(chosen)
            kind = (STOP if going_on else START) if chosen.kind == TOGGLE else chosen.kind
            going_on = {START: True, STOP: False}.get(kind, going_on)
            ordered.append(replace(chosen, kind=kind))
    return ordered


def _pair_one(
    events: list[Event], limits_s: list[float], end_s: float, issues: list[Issue]
) -> Iterable[dict[str, Any]]:
    started: Event | None = None
    for event in events:
        if event.kind == POINT:
            yield _row([event], event.time_s)
        elif event.kind == START:
            if started:
                yield _open_row(started, [*limits_s, event.time_s])
            started = event
        elif started:
            yield _row([started, event], event.time_s)
            started = None
        else:
            issues.append(
                Issue(
                    "unpaired_event",
                    f"{_named(event)} stops at {event.time_s:.3f} s but never started; it is not a segment",
                    fix="add its start in BORIS and export again",
                    where=event.where,
                )
            )
    if started:
        yield _open_row(started, [*limits_s, end_s])


def _open_row(start: Event, limits_s: Iterable[float]) -> dict[str, Any]:
    latest_s = min((limit_s for limit_s in limits_s if limit_s > start.time_s), default=start.time_s)
    return _row([start], float("nan")) | {"latest_s": latest_s}


def _row(events: list[Event], offset_s: float) -> dict[str, Any]:
    first = events[0]
    row = make_row(
        first.observation, first.coder, first.subject, first.behavior, first.category, first.modifiers,
        [event.comment for event in events],
    )
    return row | {
        "observation": first.observation,
        "onset_s": first.time_s,
        "offset_s": offset_s,
        "where": name_places(first.noun, [event.span for event in events], first.within),
    }


def _named(event: Event) -> str:
    return f"{event.behavior!r} of {event.subject!r}" if event.subject else repr(event.behavior)

"""Observational data files of The Observer 5 (.odf): one event a line between {start} and {end}."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.observer_columns import START, STOP
from dyadflow.annotations.formats.observer_events import Event, Place
from dyadflow.annotations.formats.observer_pairing import pair_events
from dyadflow.annotations.formats.observer_times import parse_seconds
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text, parse_clock, read_text
from dyadflow.annotations.issues import Issue, count_of

_MARK = re.compile(r"\s*(?:(\S+)\s+)?\{(start|end)\}\s*", re.IGNORECASE)
_EVENT = re.compile(r"\s*(\S+)\s+([^,]+),([^,]+)(?:,(.*))?")
_SUFFIX = re.compile(r"(.+)_(start|end)", re.IGNORECASE)
_PLAIN = "plain"


def _looks_like_odf(head: bytes, path: Path) -> bool:
    try:
        text = decode_text(head)
    except UnicodeDecodeError:
        return False
    return "{start}" in text.casefold() and any(
        mark and mark[2].lower() == "start" for mark in map(_MARK.fullmatch, _lines(text))
    )


@reads(
    name="observer_odf",
    title="Noldus Observer 5, data file",
    suffixes={".odf"},
    sniff=_looks_like_odf,
    vendor_files=False,
    tried="only files made to the description",
)
def read_observer_data(path: Path, options: ReadOptions) -> Reading:
    """Read the events of an Observer 5 data file.

    Each line is ``time subject,code`` with modifiers after further commas; times are seconds or ``hh:mm:ss``. The
    subject is the tier; modifiers are kept in the comment. ``code_start`` and ``code_end`` begin and end a state.
    A code without such an ending lasts until the next one of its subject without an ending, and the last one to
    the time at ``{end}``, if there is one; a note says how many such codes there are, because the file does not
    tell states from points.

    Returns
    -------
    Reading
        One row a state; an issue for every line that is none. Lines before ``{start}`` are named in a note.

    Raises
    ------
    CodingFileError
        If no line is ``{start}``.
    """
    lines = _lines(read_text(path))
    marks = [(number, match) for number, line in enumerate(lines, start=1) if (match := _MARK.fullmatch(line))]
    starts = [number for number, match in marks if match[2].lower() == "start"]
    if not starts:
        raise CodingFileError(
            "unreadable_file", "no line of this file is {start}, after which the events stand", where=path.name,
            fix="give an .odf file of The Observer 5",
        )
    ends = [(number, match) for number, match in marks if match[2].lower() == "end" and number > starts[0]]
    last = ends[0][0] if ends else len(lines) + 1
    events: list[Event] = []
    issues = _outside(lines, starts[0], last)
    if not ends:
        what = "the list of events has no {end}; the file may be cut off"
        issues.append(Issue("truncated", what, fix="compare it with Observer"))
    for number in range(starts[0] + 1, last):
        if lines[number - 1].strip():
            event = _read_line(lines[number - 1], Place("line", number, number))
            if isinstance(event, Event):
                events.append(event)
            else:
                issues.append(event)
    end_s = _parse_time(ends[0][1][1] or "") if ends else None
    issues += _check_times(events, end_s) + _note_plain(events)
    return pair_events(_end_plain(events, end_s), issues, ends_s={} if end_s is None else {"": end_s})


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _outside(lines: list[str], start: int, end: int) -> list[Issue]:
    """Notes on what stands before and after the events; an error where that looks like events."""
    issues = []
    for numbers, where in ((range(1, start), "before {start}"), (range(end + 1, len(lines) + 1), "after {end}")):
        filled = [number for number in numbers if lines[number - 1].strip()]
        if filled:
            doubtful = any(_is_event(lines[number - 1]) for number in filled)
            issues.append(
                Issue(
                    "unread_part",
                    f"what stands {where} is not read{', though some of it looks like events' if doubtful else ''}",
                    fix="give each observation a file of its own" if doubtful else "nothing, if it holds no events",
                    where=name_places("line", [(number, number) for number in filled]),
                    severity="error" if doubtful else "",
                )
            )
    return issues


def _is_event(line: str) -> bool:
    return isinstance(_read_line(line, Place("line", 1, 1)), Event)


def _read_line(line: str, place: Place) -> Event | Issue:
    """One line as an event; of kind ``plain`` if its code has no ending."""
    match = _EVENT.fullmatch(line)
    time_s = _parse_time(match[1]) if match else None
    if match is None or time_s is None or not match[2].strip() or not match[3].strip():
        return Issue(
            "unreadable_row",
            f"this line is not a time, a subject and a code: {line.strip()}",
            fix="correct the line",
            where=str(place),
        )
    code, kind = match[3].strip(), _PLAIN
    ending = _SUFFIX.fullmatch(code)
    if ending:
        code, kind = ending[1], START if ending[2].lower() == "start" else STOP
    modifiers = [part.strip() for part in (match[4] or "").split(",") if part.strip()]
    comment = "; ".join(f"Modifier_{number}: {part}" for number, part in enumerate(modifiers, start=1))
    return Event("", "", match[2].strip(), code, kind, time_s, None, comment, place)


def _parse_time(written: str) -> float | None:
    seconds = parse_seconds(written)
    return parse_clock(written) if seconds is None else seconds


def _check_times(events: list[Event], end_s: float | None) -> list[Issue]:
    """Issues if events are not in the order of their times, or later than the end of the observation."""
    late = [event.place for before, event in pairwise(events) if event.time_s < before.time_s]
    beyond = [event.place for event in events if end_s is not None and event.time_s > end_s]
    return [
        Issue(
            "uncertain_times",
            f"these events are {what}",
            fix="compare the times with those in Observer",
            where=name_places("line", [(place.first, place.last) for place in places]),
        )
        for what, places in (("earlier than the line before them", late), ("later than {end}", beyond))
        if places
    ]


def _end_plain(events: list[Event], end_s: float | None) -> list[Event]:
    """Starts for codes without an ending, and stops where the next such code of the subject starts."""
    made: list[Event] = []
    going_on: dict[str, Event] = {}
    seen: set[tuple[Any, ...]] = set()

    def stop(subject: str, time_s: float) -> None:
        if subject in going_on:
            made.append(replace(going_on.pop(subject), kind=STOP, time_s=time_s, comment=""))

    for event in sorted(events, key=lambda event: event.time_s):
        if event.kind != _PLAIN:
            made.append(event)
            continue
        event = replace(event, kind=START)
        if (*event.key, event.time_s) not in seen:  # a line that stands there twice ends nothing
            stop(event.subject, event.time_s)
            going_on[event.subject] = event
        seen.add((*event.key, event.time_s))
        made.append(event)
    for subject, event in list(going_on.items()):
        if end_s is not None and end_s >= event.time_s:
            stop(subject, end_s)
    return made


def _note_plain(events: list[Event]) -> list[Issue]:
    plain = [event.place for event in events if event.kind == _PLAIN]
    if not plain:
        return []
    return [
        Issue(
            "uncertain_times",
            f"{count_of(len(plain), 'code')} without _start or _end {'is' if len(plain) == 1 else 'are'} taken to last "
            "until the next such code of the same subject; the file does not tell states from points",
            fix="compare with Observer if some of the codes are momentary",
            severity="note",
        )
    ]

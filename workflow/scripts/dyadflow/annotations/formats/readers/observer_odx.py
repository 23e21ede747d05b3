"""Noldus Observer XT exchange files (.odx, .otx, and .otb: a zipped .otx): XML of kind NXMLINTERCHANGE.

The vendor does not publish the format. What is known of events comes from public scripts that read such files:
``OBS_OBSERVATION[NAME] > OBS_EVENT_LOGS > OBS_EVENT_LOG > OBS_EVENT`` with ``OBS_EVENT_TIMESTAMP``,
``OBS_EVENT_SUBJECT[NAME]``, ``OBS_EVENT_BEHAVIOR[NAME]`` with its ``OBS_EVENT_BEHAVIOR_MODIFIER[CLASS]``,
``OBS_EVENT_STATE`` (1 starts a state, 2 stops it, 3 is a point) and ``OBS_EVENT_COMMENT``. Assumed, for want of a
file: that a subject or behaviour may be given by the identifier that it has in the coding scheme (attribute ``ID``)
or as text, and what `observer_stamps` says of the zero of times. Anything else is an issue.
"""

import re
import xml.etree.ElementTree as etree
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.observer_columns import POINT, START, STOP
from dyadflow.annotations.formats.observer_events import Event, Place
from dyadflow.annotations.formats.observer_pairing import pair_events
from dyadflow.annotations.formats.observer_scheme import ObserverScheme, local_name, read_scheme, text_of
from dyadflow.annotations.formats.observer_stamps import find_zero, parse_stamp
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text
from dyadflow.annotations.issues import Issue

_ROOT = "NXMLINTERCHANGE"
_STATES = {"1": START, "2": STOP, "3": POINT}
_READ = {"TIMESTAMP", "SUBJECT", "BEHAVIOR", "STATE", "COMMENT"}


def _is_exchange_file(head: bytes, path: Path) -> bool:
    try:
        if head.startswith(b"PK"):
            head = _unzip(path, limit=4096)
        return f"<{_ROOT}" in re.sub(r"<\w+:", "<", decode_text(head)[:4096])
    except (UnicodeDecodeError, CodingFileError):
        return False


@reads(
    name="observer_odx",
    title="Noldus Observer XT, exchange file",
    suffixes={".odx", ".otx", ".otb"},
    sniff=_is_exchange_file,
    vendor_files=False,
    tried="only files made to what public scripts say of the format",
)
def read_observer_exchange(path: Path, options: ReadOptions) -> Reading:
    """Read the events and the coding scheme of an Observer exchange file.

    The observation is the session, the subject the tier, the behaviour the code; modifiers are kept in the
    comment. Several event logs of one observation are told apart as coders. A template (.otx, .otb) holds a coding
    scheme alone: no row, only vocabularies.

    Returns
    -------
    Reading
        One row a state or point event, an issue for every other event. A state without a stop that is of a
        mutually exclusive group can have lasted to the next start in this group. ``vocabularies`` gives every
        subject the behaviours of the coding scheme.

    Raises
    ------
    CodingFileError
        If this is no such file, or it is damaged.
    """
    root = _parse(path)
    scheme = read_scheme(root)
    parents = {child: parent for parent in root.iter() for child in parent}
    events: list[Event] = []
    issues: list[Issue] = []
    unread: Counter[str] = Counter()
    for (name, observation), elements in _by_observation(root, parents).items():
        within = f"observation {name}" if name else ""
        stamps = [parse_stamp(_written(element, "TIMESTAMP")) for element, _, _ in elements]
        zero = find_zero(observation, [stamp for stamp in stamps if stamp is not None], within)
        issues += [zero.issue] if zero.issue else []
        previous: dict[str, float] = {}
        late = []
        for (element, log, number), stamp in zip(elements, stamps, strict=True):
            place = Place("event", number, number, within)
            time_s = None if stamp is None else zero.seconds(stamp)
            event = _read_event(element, scheme, name, log, time_s, place)
            unread.update(_unread(element))
            if isinstance(event, Event):
                events.append(event)
            else:
                issues.append(event)
            if time_s is not None:
                if time_s < previous.get(log, time_s):
                    late.append((number, number))
                previous[log] = time_s
        if late:
            issues.append(
                Issue(
                    "uncertain_times",
                    "these events are earlier than the one before them in the event log",
                    fix="compare the times with those in Observer",
                    where=name_places("event", late, within),
                )
            )
    if unread:
        listed = ", ".join(f"{name} ({unread[name]})" for name in sorted(unread))
        issues.append(
            Issue(
                "unread_part",
                f"these parts of events are not read: {listed}",
                fix="nothing, if they are not wanted",
            )
        )
    reading = pair_events(events, issues, groups=scheme.groups)
    return Reading(reading.rows, reading.issues, vocabularies=scheme.vocabularies)


def _parse(path: Path) -> etree.Element:
    content = path.read_bytes()
    try:
        text = decode_text(_unzip(path) if content.startswith(b"PK") else content)
        # The declared encoding is often not that of the file; the bytes themselves have told it.
        root = etree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff")))
    except (UnicodeDecodeError, etree.ParseError, ValueError) as error:
        raise CodingFileError(
            "unreadable_file", f"this is not XML, or it is cut off ({error})", where=path.name,
            fix="export it from Observer again",
        ) from None
    if local_name(root) != _ROOT:
        raise CodingFileError(
            "unreadable_file", f"this is XML of kind {local_name(root)!r}, not an exchange file of Observer XT",
            where=path.name, fix="give an .odx file",
        )
    return root


def _unzip(path: Path, limit: int = -1) -> bytes:
    """The one XML file in an archive, or its beginning."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            named = [name for name in names if name.lower().endswith((".otx", ".odx"))] or names
            if len(named) == 1:
                with archive.open(named[0]) as stream:
                    return stream.read(limit)
    except Exception as error:  # zipfile and its decompressors raise whatever a damaged archive makes them
        raise CodingFileError(
            "unreadable_file", f"this archive is damaged ({error})", where=path.name, fix="export it again"
        ) from None
    raise CodingFileError(
        "unreadable_file", f"this archive holds {len(named)} files and not one .otx", where=path.name,
        fix="give a template that Observer exported",
    )


def _by_observation(
    root: etree.Element, parents: dict[etree.Element, etree.Element]
) -> dict[tuple[Any, ...], list[tuple[etree.Element, str, int]]]:
    """Events of each observation with the name of their log and their number among those of the same name."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    numbers: Counter[str] = Counter()
    logs: dict[etree.Element | None, list[etree.Element | None]] = {}
    for element in root.iter():
        if local_name(element) != "OBS_EVENT":
            continue
        observation, log = _above(element, parents, "OBS_OBSERVATION"), _above(element, parents, "OBS_EVENT_LOG")
        known = logs.setdefault(observation, [])
        if log not in known:
            known.append(log)
        name = "" if observation is None else observation.get("NAME", "").strip()
        numbers[name] += 1
        title = "" if log is None else log.get("NAME", "").strip() or f"event log {known.index(log) + 1}"
        found.setdefault((name, observation), []).append((element, title, numbers[name]))
    return found


def _above(element: etree.Element, parents: dict[etree.Element, etree.Element], name: str) -> etree.Element | None:
    while element in parents:
        element = parents[element]
        if local_name(element) == name:
            return element
    return None


def _read_event(
    element: etree.Element, scheme: ObserverScheme, observation: str, log: str, time_s: float | None, place: Place
) -> Event | Issue:
    def refuse(what: str) -> Issue:
        shown = " | ".join(text.strip() for text in element.itertext() if text.strip())
        fix = "correct it in Observer and export again"
        return Issue("unreadable_row", f"{what}: {shown}", fix=fix, where=str(place))

    if time_s is None:
        return refuse("this event has no time that can be read")
    kind = _STATES.get(_written(element, "STATE"))
    if kind is None:
        return refuse(f"this event does not say whether a state starts or stops (state {_written(element, 'STATE')!r})")
    subject, behavior = _name(element, "SUBJECT", scheme), _name(element, "BEHAVIOR", scheme)
    if not behavior:
        return refuse("this event names no behaviour that is known")
    if subject is None:
        return refuse("this event names its subject by an identifier that the coding scheme does not have")
    modifiers = [
        f"{child.get('CLASS', '').strip() or 'Modifier'}: {''.join(child.itertext()).strip()}"
        for child in element.iter()
        if local_name(child) == "OBS_EVENT_BEHAVIOR_MODIFIER" and "".join(child.itertext()).strip()
    ]
    comment = "; ".join(part for part in (_written(element, "COMMENT"), *modifiers) if part)
    return Event(observation, log, subject, behavior, kind, time_s, None, comment, place)


def _written(event: etree.Element, what: str) -> str:
    """Text of the part ``OBS_EVENT_<what>`` of an event, or the attribute of that name."""
    return text_of(event, f"OBS_EVENT_{what}") or event.get(f"OBS_EVENT_{what}", "") or event.get(what, "")


def _name(event: etree.Element, what: str, scheme: ObserverScheme) -> str | None:
    """Name of the subject or behaviour of an event: as given, or that of its identifier; None if that is unknown."""
    for child in event:
        if local_name(child) == f"OBS_EVENT_{what}":
            given = child.get("NAME", "").strip() or (child.text or "").strip()
            return given or (scheme.names.get((what, child.attrib["ID"].strip())) if "ID" in child.attrib else "")
    return event.get(what, "").strip()


def _unread(event: etree.Element) -> set[str]:
    """Parts of an event that hold something and that nobody has described."""
    return {
        local_name(child)
        for child in event
        if local_name(child).removeprefix("OBS_EVENT_") not in _READ
        and (child.attrib or "".join(child.itertext()).strip())
    }

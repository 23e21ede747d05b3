"""BORIS projects: every observation with its coded events, plain (.boris) or compressed (.boris.gz)."""

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.boris_columns import CODER_NAMES, as_text, parse_seconds
from dyadflow.annotations.formats.boris_ethogram import Ethogram, read_ethogram
from dyadflow.annotations.formats.boris_exports import join_modifiers, note_offset
from dyadflow.annotations.formats.boris_media import Media, arrange_media, merge_media
from dyadflow.annotations.formats.boris_states import POINT, TOGGLE, Event, pair_events
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, fold
from dyadflow.annotations.issues import Issue, Issues

_GZIP = b"\x1f\x8b"
_KEYS = ('"behaviors_conf"', '"subjects_conf"', '"observations"')
_RESAVE = "open the project in BORIS and save it again"


def _is_project(head: bytes, path: Path) -> bool:
    try:
        if head.startswith(_GZIP):
            head = zlib.decompressobj(wbits=31).decompress(head, 65536)
        text = decode_text(head).lstrip()
    except (zlib.error, UnicodeDecodeError):
        return False
    return text.startswith("{") and any(key in text for key in _KEYS)


@reads(
    name="boris_project", title="BORIS, project", suffixes={".boris", ".gz"}, sniff=_is_project, vendor_files=False,
    tried="only files made to the description",
)
def read_boris_project(path: Path, options: ReadOptions) -> Reading:
    """Read the coded events of all observations of a BORIS project.

    The observation is the session, the subject the tier (the behavioural category where there is no subject), the
    behaviour the code; a category beside a subject, modifiers and comments are kept in the comment. The coder is
    the observation's independent variable *observer*, *coder* or *rater*, if the project has one. States are coded
    as events that start and stop them by turns, apart for each subject and modifier, as BORIS pairs them. BORIS
    adds an observation's time offset to every time; it is taken off again, and a note says so.

    Parameters
    ----------
    path
        The project file, of version 3 or later.

    Returns
    -------
    Reading
        Times on the clock of the first player's first recording; recordings with their lengths and, for playlists
        and further players, with their origins; the ethogram as vocabularies of the subjects. A state with an odd
        number of events is open until a behaviour that excludes it starts, or the recordings end.

    Raises
    ------
    CodingFileError
        If this is no BORIS project, or a damaged one.
    """
    project = _load(path)
    ethogram = read_ethogram(project)
    events: list[Event] = []
    issues: list[Issue] = []
    media: dict[str, Media] = {}
    ends_s: dict[str, float] = {}
    for name, observation in project["observations"].items():
        where = f"observation {name!r}"
        coded = observation.get("events") if isinstance(observation, Mapping) else None
        if not isinstance(coded, list):
            issues.append(Issue("unreadable_row", "this observation has no list of events", _RESAVE, where=where))
            continue
        media[name] = _read_media(observation)
        offset_s = _offset_s(observation, media[name], where, issues)
        end_s = _end_s(observation, media[name])
        ends_s |= {} if end_s is None else {name.strip(): end_s}
        if offset_s and coded:
            issues.append(note_offset(name, offset_s, where))
        for number, written in enumerate(coded, start=1):
            event = _parse(written, name, _coder(observation), ethogram, offset_s, number)
            if isinstance(event, Issue):
                issues.append(event)
            else:
                events.append(event)
    rows = make_rows(pair_events(events, ends_s, issues, ethogram.stopped_by))
    merged = merge_media(media, issues)
    vocabularies = ethogram.vocabularies(rows["tier"])
    return Reading(rows, Issues.of(issues), merged.names, merged.origins_s, merged.lengths_s, vocabularies)


def _load(path: Path) -> dict[str, Any]:
    def refuse(what: str) -> CodingFileError:
        return CodingFileError("unreadable_file", what, where=path.name, fix=_RESAVE)

    def unique(pairs: list[tuple[str, object]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise refuse("an entry of this project stands there twice")
        return dict(pairs)

    content = path.read_bytes()
    try:
        text = decode_text(gzip.decompress(content) if content.startswith(_GZIP) else content)
        project = json.loads(text, object_pairs_hook=unique, parse_int=float)
    except (OSError, EOFError, zlib.error) as error:
        raise refuse(f"this compressed project is damaged or cut off ({error})") from None
    except (ValueError, RecursionError) as error:
        raise refuse(f"this is not JSON, or it is damaged or cut off ({error})") from None
    if not isinstance(project, dict) or not isinstance(project.get("observations"), dict):
        raise refuse("this is not a BORIS project: it has no observations")
    return project


def _parse(
    written: object, observation: str, coder: str, ethogram: Ethogram, offset_s: float, number: int
) -> Event | Issue:
    within = f"observation {observation!r}"

    def refuse(what: str, fix: str = "correct the event in BORIS") -> Issue:
        return Issue("unreadable_row", f"{what}: {written!r}"[:300], fix, where=f"{within}, event {number}")

    if not isinstance(written, list) or len(written) < 3 or not all(isinstance(cell, str) for cell in written[1:3]):
        return refuse("an event is a time, a subject and a code")
    time_s = parse_seconds(written[0])
    if time_s is None:
        return refuse("this event has no time, as events coded on pictures")
    subject, code = written[1], written[2]
    behavior = ethogram.behaviors.get(code)
    if behavior is None or behavior.state is None:
        return refuse(
            f"nothing in the ethogram says whether {code!r} is a state or a point",
            "define the behaviour in BORIS, or correct the code of the event",
        )
    notes = [cell if isinstance(cell, str) else "" for cell in [*written[3:5], "", ""][:2]]
    return Event(
        observation=observation.strip(),
        coder=coder,
        subject=subject,
        behavior=code,
        category=behavior.category,
        modifiers=join_modifiers([notes[0]]),
        comment=notes[1],
        kind=TOGGLE if behavior.state else POINT,
        time_s=round(time_s - offset_s, 6) + 0.0,
        within=within,
        noun="event",
        span=(number, number),
    )


def _read_media(observation: Mapping[str, Any]) -> Media:
    """Recordings by player; versions before 4 have a plain list of one or two recordings."""
    files, info = observation.get("file"), _mapping(observation.get("media_info"))
    if isinstance(files, list):
        files = {str(number): [name] for number, name in enumerate(files, start=1)}
    files = {player: playlist for player, playlist in _mapping(files).items() if isinstance(playlist, list)}
    players = [[medium for medium in playlist if isinstance(medium, str)] for playlist in files.values()]
    lengths = {medium: parse_seconds(length) for medium, length in _mapping(info.get("length")).items()}
    delays = _mapping(info.get("offset"))
    return arrange_media(
        players, {medium: length_s for medium, length_s in lengths.items() if length_s is not None},
        [parse_seconds(delays.get(name)) or 0.0 for name in files],
    )


def _offset_s(observation: Mapping[str, Any], media: Media, where: str, issues: list[Issue]) -> float:
    """What BORIS has added to times on the recording's clock: the time offset, and the time of day if asked to."""
    offset_s = parse_seconds(observation.get("time offset")) or 0.0
    if observation.get("media_creation_date_as_offset") is True:
        made = _mapping(_mapping(observation.get("media_info")).get("media_creation_time"))
        created_s = parse_seconds(made.get(media.names[0])) if media.names else None
        if created_s is None:
            issues.append(
                Issue(
                    "media_origins",
                    "times of this observation count from when its recording was made, and the project does not say "
                    "when that was",
                    fix="state the offset of this session's coding in the coding sheet",
                    where=where,
                )
            )
        else:
            offset_s += created_s
    return offset_s


def _end_s(observation: Mapping[str, Any], media: Media) -> float | None:
    """End of what was observed: of the chosen interval, else of the recordings."""
    interval = observation.get("observation time interval")
    chosen = parse_seconds(interval[1]) if isinstance(interval, list) and len(interval) == 2 else None
    return chosen or media.end_s


def _coder(observation: Mapping[str, Any]) -> str:
    variables = _mapping(observation.get("independent_variables"))
    return next((as_text(value).strip() for name, value in variables.items() if fold(name) in CODER_NAMES), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

"""How exports of Noldus Observer XT name their columns and kinds of events, by version and language.

English names are those of exports that people describe or that public scripts read: Observer XT 10 and 14
(``Time_Relative_sf``, ``Event_Type``), and older ones with ``Relative Time (seconds)``, ``Observation Name``,
``Event Log File Name``, ``Event Type``, or with ``Time``, ``ObservationName``, ``State Event``. The German ones
are the English ones in plain translation, and no export of the vendor's was at hand to compare them with. For
other languages no names are known, and none are made up: such a file is told to have no row of column names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import fold
from dyadflow.annotations.issues import Issue

#: For each thing that is read, the names it goes by, folded as `fold` does.
COLUMN_NAMES: dict[str, frozenset[str]] = {
    "time_sf": frozenset(
        {
            "time_relative_sf",
            "relative_time_sf",
            "relative_time_seconds",
            "relative_time_s",
            "relative_time_sec",
            "time_relative_seconds",
            "time_relative_s",
            "zeit_relativ_sf",
            "relative_zeit_sf",
            "relative_zeit_sekunden",
            "relative_zeit_s",
            "zeit_relativ_sekunden",
            "zeit_relativ_s",
        }
    ),
    "time_hmsf": frozenset({"time_relative_hmsf", "relative_time_hmsf", "zeit_relativ_hmsf", "relative_zeit_hmsf"}),
    "time_hms": frozenset({"time_relative_hms", "relative_time_hms", "zeit_relativ_hms", "relative_zeit_hms"}),
    "time_f": frozenset({"time_relative_f", "relative_time_f", "zeit_relativ_f", "relative_zeit_f"}),
    "duration": frozenset(
        {
            "duration_sf",
            "duration_seconds",
            "duration_s",
            "duration_sec",
            "dauer_sf",
            "dauer_sekunden",
            "dauer_s",
        }
    ),
    "observation": frozenset({"observation", "observation_name", "observationname", "beobachtung"}),
    "log": frozenset({"event_log", "event_log_file_name"}),
    "subject": frozenset({"subject", "subjekt", "proband", "versuchsperson"}),
    "behavior": frozenset({"behavior", "behaviour", "verhalten", "verhaltensweise"}),
    "kind": frozenset(
        {"event_type", "state_event", "ereignistyp", "ereignis_typ", "ereignisart", "ereignis_art"}
    ),
    "comment": frozenset({"comment", "kommentar", "bemerkung"}),
}
_MODIFIER = re.compile(r"(?:modifier|modifikator)_?\d*")
#: Columns that say again, or say only for the whole file, what is read elsewhere.
_REDUNDANT = re.compile(r"(?:date|time|relative_time|datum|zeit|relative_zeit|result_container)(?:_.*)?")

#: Event types, folded: how a state begins and ends, a state of no length, a momentary event.
START, STOP, STATE_POINT, POINT = "start", "stop", "state point", "point"
EVENT_TYPES: dict[str, str] = (
    dict.fromkeys(
        (
            "state_start",
            "start",
            "zustand_start",
            "zustandsstart",
            "zustand_beginn",
            "zustandsbeginn",
            "zustand_anfang",
            "status_start",
            "statusstart",
            "beginn",
        ),
        START,
    )
    | dict.fromkeys(
        (
            "state_stop",
            "state_end",
            "stop",
            "zustand_stop",
            "zustand_stopp",
            "zustandsstop",
            "zustandsstopp",
            "zustand_ende",
            "zustandsende",
            "status_stop",
            "status_stopp",
            "statusstopp",
            "stopp",
            "ende",
        ),
        STOP,
    )
    | dict.fromkeys(("state_point", "zustand_punkt", "zustandspunkt", "status_punkt", "statuspunkt"), STATE_POINT)
    | dict.fromkeys(("point", "point_event", "punkt", "punktereignis", "ereignispunkt"), POINT)
)


def find_columns(cells: Sequence[object]) -> dict[str, int] | None:
    """Positions of the known columns, if this is the row that names them.

    Parameters
    ----------
    cells
        One row.

    Returns
    -------
    dict or None
        Thing read to position, and ``modifier:<name>`` for each modifier. None unless there are at least a
        behaviour, an event type and a relative time. A column ``Time`` counts as one, in seconds, only beside
        a column ``State Event``, as in the export where it was seen.
    """
    found: dict[str, int] = {}
    names = [fold(cell) for cell in cells]
    for position, name in enumerate(names):
        for key, known in COLUMN_NAMES.items():
            if name in known:
                found.setdefault(key, position)
        if _MODIFIER.fullmatch(name):
            found[f"modifier:{str(cells[position]).strip()}"] = position
    if "state_event" in names and "time" in names:
        found.setdefault("time_sf", names.index("time"))
    timed = {"time_sf", "time_hmsf", "time_hms", "time_f"} & set(found)
    return found if timed and {"behavior", "kind"} <= set(found) else None


def named_width(cells: Sequence[object]) -> int:
    """How many columns the row of names has, those without a name at its end not counted."""
    return max((position for position, cell in enumerate(cells, start=1) if fold(cell)), default=0)


def missing_columns(where: str) -> CodingFileError:
    """What to tell a user whose file has no row of column names."""
    return CodingFileError(
        "unreadable_file",
        "no row names the columns of an Observer export: Behavior, Event_Type, and Time_Relative_sf or "
        "another relative time (older and German names will do)",
        where=where,
        fix="export the event log with its column names, in English if it can be chosen",
    )


def only_frames(where: str) -> CodingFileError:
    """What to tell a user whose file has fractions or frames (``Time_Relative_f``) and no seconds."""
    return CodingFileError(
        "unreadable_file",
        "the only relative time in this export is Time_Relative_f, a part of a second or a frame of which the file "
        "does not say how long it lasts",
        where=where,
        fix="export the event log with the column Time_Relative_sf",
    )


def note_before(places: str) -> Issue:
    """The note on what stands above the row of column names."""
    return Issue(
        "unread_part", "what stands above the row of column names is not read", fix="nothing, if it holds no events",
        where=places,
    )


def note_unread(
    names: Sequence[object], columns: Mapping[str, int], filled: Iterable[int], within: str = ""
) -> list[Issue]:
    """The note on columns that hold something and are not read, such as independent variables.

    Parameters
    ----------
    names
        The row of column names.
    columns
        From `find_columns`.
    filled
        Positions of columns in which some row holds something.
    within
        The sheet, if there are several.
    """
    read = set(columns.values())
    unread = [
        position
        for position in sorted(set(filled))
        if position < len(names) and position not in read and not _REDUNDANT.fullmatch(fold(names[position]))
    ]
    if not unread:
        return []
    listed = ", ".join(repr(str(names[position] or "").strip()) for position in unread)
    return [
        Issue(
            "unread_part", f"these columns are not read: {listed}", fix="nothing, if they are not wanted",
            where=name_places("column", [(position + 1, position + 1) for position in unread], within),
        )
    ]

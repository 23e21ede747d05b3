"""How Noldus Observer XT names its columns and events, by version and language."""

import re
from collections.abc import Sequence

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
    "time_hmsf": frozenset(
        {"time_relative_hmsf", "relative_time_hmsf", "zeit_relativ_hmsf", "relative_zeit_hmsf"}
    ),
    "time_hms": frozenset(
        {"time_relative_hms", "relative_time_hms", "zeit_relativ_hms", "relative_zeit_hms"}
    ),
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
    "observation": frozenset({"observation", "beobachtung"}),
    "subject": frozenset({"subject", "subjekt", "proband", "versuchsperson"}),
    "behavior": frozenset({"behavior", "behaviour", "verhalten", "verhaltensweise"}),
    "kind": frozenset({"event_type", "ereignistyp", "ereignis_typ", "ereignisart", "ereignis_art"}),
    "comment": frozenset({"comment", "kommentar", "bemerkung"}),
}
_MODIFIER = re.compile(r"(?:modifier|modifikator)_?\d*")

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
    | dict.fromkeys(
        ("state_point", "zustand_punkt", "zustandspunkt", "status_punkt", "statuspunkt"), STATE_POINT
    )
    | dict.fromkeys(("point", "point_event", "punkt", "punktereignis", "ereignispunkt"), POINT)
)


def fold(name: object) -> str:
    """A name without capitals and punctuation: ``Relative Time (seconds)`` is ``relative_time_seconds``."""
    return re.sub(r"[\W_]+", "_", str(name or "").strip().casefold()).strip("_")


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
        behaviour, an event type and a relative time.
    """
    found: dict[str, int] = {}
    for position, cell in enumerate(cells):
        name = fold(cell)
        for key, names in COLUMN_NAMES.items():
            if name in names:
                found.setdefault(key, position)
        if _MODIFIER.fullmatch(name):
            found[f"modifier:{str(cell).strip()}"] = position
    timed = {"time_sf", "time_hmsf", "time_hms"} & set(found)
    return found if timed and {"behavior", "kind"} <= set(found) else None

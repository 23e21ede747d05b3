"""Which column of a plain table is which: by what the user says, else by names that are well known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import fold

#: Names of columns in common use, folded. Of several lists for a field, a name in an earlier one goes before.
KNOWN: dict[str, tuple[str, ...]] = {
    "onset": (
        "onset onset_time start start_time starttime begin begin_time begintime beginn anfang startzeit tmin",
    ),
    "offset": ("offset offset_time stop stop_time stoptime end end_time endtime tmax ende endzeit",),
    "duration": ("duration duration_time dur dauer",),
    "code": ("code label behavior behaviour value annotation class text",),
    "tier": ("tier tier_name", "subject", "participant", "speaker"),
    "coder": ("coder coder_id rater rater_id annotator annotator_id",),
    "session": ("session session_id", "observation observation_id"),
    "comment": ("comment comments note notes remark remarks bemerkung kommentar",),
    "confidence": ("confidence",),
}
TIMES = ("onset", "offset", "duration")
#: What may follow the name of a time. ELAN writes a time in up to three units, each in a column of its own.
_UNITS: dict[str, str] = {
    "s": "s sec secs second seconds ss_msec ss_ms sek sekunden",
    "ms": "ms msec msecs millisecond milliseconds millisekunden",
    "clock": "hms mm_ss hh_mm_ss hh_mm_ss_ms hh_mm_ss_msec hh_mm_ss_fff",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
#: What a user may say of a column; times with their unit.
KEYS = (
    *(f"{time}_{unit}" for time in TIMES for unit in ("s", "ms")),
    *("tier", "code", "coder", "session", "comment", "confidence"),
)


@dataclass(frozen=True)
class Column:
    """What the file calls a column, where it stands, and for a time ``s``, ``ms``, ``clock``, or empty: not said."""

    name: str
    position: int
    unit: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Parameters
    ----------
    of
        For each field its column; several where they say one time in several units, or hold codes of several
        tiers.
    unclear
        For each field that several columns may be: these.
    """

    of: Mapping[str, tuple[Column, ...]]
    unclear: Mapping[str, tuple[Column, ...]]

    def __len__(self) -> int:
        return sum(map(len, (*self.of.values(), *self.unclear.values())))

    def lacks(self) -> list[str]:
        """What a table of codes cannot be without, and this one has no column for, clear or not."""
        there = self.of.keys() | self.unclear.keys()
        absent = [field for field in ("onset", "code") if field not in there]
        return absent if there & {"offset", "duration"} else [*absent, "offset or duration"]


def find_columns(cells: Sequence[str], said: Mapping[str, str]) -> Columns:
    """The columns that a row of names gives.

    Parameters
    ----------
    cells
        The row.
    said
        What the user says, by `KEYS`; what is not said goes by `KNOWN`. Several names for ``code``, with commas
        between them, are several columns of codes. A column that is said and not there is left out.
    """
    of: dict[str, tuple[Column, ...]] = {}
    for key, name in said.items():
        field, _, unit = key.partition("_")
        for position in find_positions(cells, name, several=field == "code"):
            of[field] = (*of.get(field, ()), Column(cells[position].strip(), position, unit))
    taken = {column.position for columns in of.values() for column in columns}
    fields = {key.partition("_")[0] for key in said}
    ranked: dict[str, list[tuple[int, str, Column]]] = {}
    for position, cell in enumerate(cells):
        field, rank, name, unit = _meaning(fold(cell))
        if field and field not in fields and position not in taken:
            ranked.setdefault(field, []).append((rank, name, Column(cell.strip(), position, unit)))
    unclear: dict[str, tuple[Column, ...]] = {}
    for field, candidates in ranked.items():
        first = min(rank for rank, *_ in candidates)
        best = [candidate for candidate in candidates if candidate[0] == first]
        names, units = {name for _, name, _ in best}, {column.unit for *_, column in best}
        clear = len(best) == 1 or (field in TIMES and len(names) == 1 and len(units) == len(best))
        (of if clear else unclear)[field] = tuple(column for *_, column in best)
    return Columns(of, unclear)


def _meaning(folded: str) -> tuple[str, int, str, str]:
    """Field, rank, known name and unit of a column's folded name; an empty field if it is not known."""
    for field, lists in KNOWN.items():
        for rank, names in enumerate(lists):
            for name in names.split():
                unit = _UNIT_OF.get(folded.removeprefix(f"{name}_"), "") if field in TIMES else ""
                if folded == name or (unit and folded.startswith(f"{name}_")):
                    return field, rank, name, unit
    return "", 0, "", ""


def find_positions(cells: Sequence[str], wanted: str, *, several: bool) -> list[int]:
    """Where the column of a name stands, or the columns of names with commas between them; empty if not all do."""
    names, wanted = [cell.strip() for cell in cells], wanted.strip()
    folded = [name.casefold() for name in names]
    for known, name in ((names, wanted), (folded, wanted.casefold())):
        if name and known.count(name) == 1:
            return [known.index(name)]
    parts = [find_positions(cells, part, several=False) for part in wanted.split(",")] if several else []
    return [position for part in parts for position in part] if len(parts) > 1 and all(parts) else []


def check_said(said: Mapping[str, str], where: str) -> None:
    """Refuse what is not one of `KEYS`.

    Raises
    ------
    CodingFileError
        With the keys that there are.
    """
    wrong = [key for key in said if key not in KEYS]
    if wrong:
        raise CodingFileError(
            "unreadable_file", f"{wrong[0]!r} is nothing that a column of a coding table can be", where=where,
            fix=f"say which column is which with {', '.join(KEYS)}",
        )


def refuse_columns(cells: Sequence[str], said: Mapping[str, str], where: str) -> CodingFileError:
    """What to tell a user whose table has no certain columns for onset, offset or duration, and code."""
    columns = find_columns(cells, said)
    absent = [name for key, name in said.items() if not find_positions(cells, name, several=key == "code")]
    if absent:
        what, fix = f"no column, or more than one, is called {absent[0]!r}", "correct the name (--columns)"
    elif columns.lacks():
        what = f"no column is known to be the {' and the '.join(columns.lacks())}"
        fix = (
            "say which it is: --columns onset_s=... offset_s=... code=... (onset_ms for milliseconds; for moments "
            "give one column as both onset and offset)"
        )
    else:
        field, candidates = next(iter(columns.unclear.items()))
        what = f"the {field} can be in {' or '.join(repr(column.name) for column in candidates)}"
        fix = f"say which it is: --columns {field}{'_s' if field in TIMES else ''}=..."
    there = ", ".join(repr(cell.strip()) for cell in cells if cell.strip())
    return CodingFileError("unreadable_file", f"{what}; there are the columns {there}", where=where, fix=fix)

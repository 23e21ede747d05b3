"""The account: how many annotations each coding file holds, and what became of every one of them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.formats.reading import Format, Reading
from dyadflow.annotations.issues import Issue
from dyadflow.annotations.origins import media_name
from dyadflow.annotations.segments import Segments
from dyadflow.tables import read_table, write_table

#: Columns of the account of one session's import. The last four are for the checks across files alone.
IMPORT_COLUMNS = (
    "session", "coder", "file", "format", "vendor_files", "tried", "annotations", "kept", "left_out", "rejected",
    "first_onset_s", "last_offset_s", "media", "media_lengths_s", "offset_s", "calls_session", "told",
)
#: Columns of `files.tsv`.
FILE_COLUMNS = (
    "session", "coder", "kind", "file", "format", "vendor_files", "tried", "annotations", "kept", "left_out",
    "rejected", "errors", "warnings", "notes", "first_onset_s", "last_offset_s", "media", "media_lengths_s",
    "checked_by", "shift_s",
)
TEXT = ("session", "coder", "kind", "file", "format", "vendor_files", "tried", "media", "media_lengths_s",
        "calls_session", "told", "checked_by")
#: What stands in `checked_by` where nothing could tell whether a file's timing is right.
NOT_CHECKABLE = "not checkable"

_PLACE = re.compile(r"(?s:(.*, ))?(line|row|event|cue|annotation|item)s? (\S.*)")


@dataclass
class Tally:
    """What an import leaves out and rejects, counted where it happens.

    Parameters
    ----------
    left_out
        Annotations of other sessions, coders and tiers, each told in a note.
    rejected
        Annotations and lines that are no segment because something is wrong with them, each told in an issue.
    told
        Tier, onset_s and offset_s of rejected annotations on the recording's clock: what they leave uncoded is told.
    """

    left_out: int = 0
    rejected: int = 0
    told: list[tuple[str, float, float]] = field(default_factory=list)


def count_unread(reading: Reading) -> tuple[int, int]:
    """Lines and annotations of a file that its reader made no row of.

    Returns
    -------
    left_out, rejected
        Named by notes alone, and by any graver issue. What a reader notes as part of a file that holds no annotation
        (``unread_part``) is neither.
    """
    rows = {place for where in reading.rows["where"] for place in named_places(where)}
    grave: dict[str, bool] = {}
    for issue in reading.issues:
        if (issue.rule, issue.severity) == ("unread_part", "note"):
            continue
        for place in named_places(issue.where):
            if place not in rows:
                grave[place] = grave.get(place, False) or issue.severity != "note"
    return sum(not bad for bad in grave.values()), sum(grave.values())


def named_places(where: str) -> tuple[str, ...]:
    """Each line, row, event or annotation that the `where` of a row or an issue names.

    ``"lines 3 to 5"`` gives ``line 3``, ``line 4`` and ``line 5``; a sheet, a tier or a whole observation is no
    place of an annotation and gives nothing.
    """
    match = _PLACE.fullmatch(where)
    if not match:
        return ()
    before, noun, those = match.groups()
    names: list[str] = []
    for part in re.split(r", and |, | and ", those):
        ends = part.split(" to ")
        if len(ends) == 2 and ends[0].isdecimal() and ends[1].isdecimal():
            names += map(str, range(int(ends[0]), int(ends[1]) + 1))
        else:
            names += ends
    return tuple(f"{before or ''}{noun} {name}" for name in names)


def account_of(
    path: Path, known: Format, reading: Reading, segments: Segments, tally: Tally, *, session: str, coder: str,
    offset_s: float = 0.0,
) -> dict[str, Any]:
    """The account of a file that was read: a row with the columns `IMPORT_COLUMNS`.

    Parameters
    ----------
    path, known, reading
        The file, its format, and what its reader gave.
    segments, tally
        What became of it.
    session, coder, offset_s
        As the sheets say.
    """
    left_out, rejected = count_unread(reading)
    table = segments.table
    return {
        "session": session,
        "coder": coder,
        "file": path.name,
        "format": known.title,
        "vendor_files": "yes" if known.vendor_files else "no",
        "tried": known.tried,
        "annotations": len(reading.rows) + left_out + rejected,
        "kept": len(segments),
        "left_out": left_out + tally.left_out,
        "rejected": rejected + tally.rejected,
        "first_onset_s": table.onset_s.min() if len(table) else float("nan"),
        "last_offset_s": table.offset_s.max() if len(table) else float("nan"),
        "media": "; ".join(media_name(medium) for medium in reading.media),
        "media_lengths_s": "; ".join(_seconds(reading.lengths_s.get(medium)) for medium in reading.media),
        "offset_s": offset_s,
        "calls_session": json.dumps(sorted({name.strip() for name in reading.rows.session} - {""})),
        "told": json.dumps([[tier, round(onset_s, 6), round(offset_s, 6)] for tier, onset_s, offset_s in tally.told]),
    }


def empty_account(path: Path, *, session: str, coder: str, offset_s: float = 0.0) -> dict[str, Any]:
    """The account of a file that could not be read at all."""
    counts = dict.fromkeys(("annotations", "kept", "left_out", "rejected"), 0)
    return {"session": session, "coder": coder, "file": path.name, "offset_s": offset_s, **counts}


def accounts_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Accounts of imports as a table with the columns `IMPORT_COLUMNS`."""
    return _typed(pd.DataFrame(list(rows), columns=list(IMPORT_COLUMNS)))


def write_accounts(accounts: pd.DataFrame, path: str | Path) -> None:
    """Write accounts of imports, or of a study's files, as TSV."""
    write_table(accounts, path)


def read_accounts(path: str | Path) -> pd.DataFrame:
    """Read accounts of imports that `write_accounts` wrote."""
    return _typed(read_table(path, IMPORT_COLUMNS, text=TEXT))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    texts = {name: table[name].fillna("").astype(object) for name in table.columns if name in TEXT}
    return table.assign(**texts)


def files_table(
    accounts: Sequence[pd.DataFrame],
    issues: Mapping[tuple[str, str], Sequence[Issue]],
    *,
    kinds: Mapping[tuple[str, str], str],
    checked_by: Mapping[tuple[str, str], Sequence[str]],
    shifts_s: Mapping[tuple[str, str], float],
) -> pd.DataFrame:
    """The account of a study's coding files: one row a file, with the columns `FILE_COLUMNS`.

    Parameters
    ----------
    accounts
        Of each session's import.
    issues
        For each (session, coder) those about the file, with the study's severities.
    kinds
        Kind of every (session, coder); ``human`` where nothing is said.
    checked_by
        For each (session, coder) what the timing of the file was checked against.
    shifts_s
        For each (session, coder) how much later the file lies than what it was checked against, in seconds.
    """
    rows = []
    for account in pd.concat(accounts, ignore_index=True).to_dict("records") if accounts else []:
        key = account["session"], account["coder"]
        rows.append(file_row(
            account, issues.get(key, ()), kind=kinds.get(key, "human"), checked_by=checked_by.get(key, ()),
            shift_s=shifts_s.get(key, float("nan")),
        ))
    return pd.DataFrame(rows, columns=list(FILE_COLUMNS))


def file_row(
    account: Mapping[str, Any], issues: Iterable[Issue], *, kind: str = "human", checked_by: Sequence[str] = (),
    shift_s: float = float("nan"),
) -> dict[str, Any]:
    """One row of `files_table`: the account of an import, the file's issues, and what it was checked against."""
    grades = [issue.severity for issue in issues]
    counts = {f"{grade}s": grades.count(grade) for grade in ("error", "warning", "note")}
    checked = ", ".join(checked_by) or NOT_CHECKABLE
    row = {**account, **counts, "kind": kind, "checked_by": checked, "shift_s": shift_s}
    return {name: row[name] for name in FILE_COLUMNS}


def told_spans(accounts: Iterable[pd.DataFrame]) -> dict[tuple[str, str, str], list[tuple[float, float]]]:
    """For each (session, coder, tier) the spans of rejected annotations: onset_s and offset_s."""
    found: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for account in accounts:
        for session, coder, told in account[["session", "coder", "told"]].itertuples(index=False):
            for tier, onset_s, offset_s in json.loads(told or "[]"):
                found.setdefault((session, coder, tier), []).append((onset_s, offset_s))
    return found


def _seconds(length_s: float | None) -> str:
    return "" if length_s is None else f"{length_s:.3f}"


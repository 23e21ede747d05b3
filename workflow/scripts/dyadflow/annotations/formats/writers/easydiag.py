"""Segments of two coders written as a table for EasyDIAg (Holle & Rein 2015, Behavior Research Methods 47:837-847).

The paper says that the toolbox takes tab-delimited text exported from ELAN, with the two raters' tiers told apart by
their names. Columns and order rest on two public sources that agree with each other: the toolbox's own importer, in
the copy of version 1.0.1 that was adapted to Datavyu (PLAY-behaviorome/EasyDIAg, load_DV_file.m), and a script of a
study of guided play that writes files for the original (ELAN) version. A line is

    tier_R1 <tab> begin <tab> end <tab> value <tab> session.eaf

without names of columns, with whole milliseconds, for the one rater, and ``tier_R2`` for the other. That importer
takes four columns for one recording and five, the last a file name, for several. It was not tried in MATLAB.
"""

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.issues import Issue, Issues, count_of
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r'[\s<>:"/\\|?*]+')


@writes(name="easydiag", title="EasyDIAg")
def write_easydiag(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write the segments of each pair of coders, in the sessions that both coded.

    With two coders the file is `path`; with more there is one for each pair, ``<stem>.<one>.<other>.txt`` beside it,
    and `path` itself is not written. In the order of their names the first coder is R1 and the second R2. Sessions
    that one of the two did not code are left out, with an issue: EasyDIAg would take all of the other's segments for
    disagreements. Times are rounded to the millisecond. UTF-8, as ELAN exports.

    Parameters
    ----------
    segments
        Of at least two coders.
    path
        Where to write.
    options
        Not used.

    Returns
    -------
    Writing
        The files, and issues for what they lack: who R1 and R2 are, confidences, comments, and sessions coded once.

    Raises
    ------
    DyadflowError
        If no two coders coded the same session; or a segment would be read as another one: a name with control
        characters or blanks at its ends, an empty code, a length of less than a millisecond, tiers that differ in
        capitals alone, or sessions whose names EasyDIAg takes for the same (it knows letters from A to Z, digits
        and underscores, and drops what stands before any other sign).

    Notes
    -----
    `read_easydiag` gives back what was written, to the millisecond, with R1 and R2 for the coders.
    """
    table = segments.table
    for row in table.to_dict("records"):
        _check(row)
    _check_names(table)
    coders, issues, files = sorted(set(table.coder)), [], []
    for one, other in combinations(coders, 2):
        place = path if len(coders) == 2 else path.with_name(f"{_stem(path, one, other)}.txt")
        pair = table[table.coder.isin([one, other])]
        raters = pair.groupby("session").coder.nunique()
        common = raters.index[raters == 2]
        left_out = pair[~pair.session.isin(common)]
        if len(left_out):
            issues.append(Issue(
                "not_held",
                f"{count_of(left_out.session.nunique(), 'session')} ({count_of(len(left_out), 'segment')}) that "
                f"only one of {one!r} and {other!r} coded: left out of {place.name}",
                fix="have them coded by both",
            ))
        if len(common):
            issues.append(Issue("not_held", f"R1 stands for {one!r} in {place.name}, R2 for {other!r}"))
            place.write_bytes("".join(_lines(pair[pair.session.isin(common)], one)).encode())
            files.append(place)
    if not files:
        raise DyadflowError(
            "EasyDIAg compares two coders, and no two of them coded the same session", where=path.name,
            fix="give segments of both coders; tables of several files can be joined as .tsv",
        )
    return Writing(tuple(files), Issues.of([*issues, *_not_held(table)]))


def _stem(path: Path, *coders: str) -> str:
    return ".".join(_NOT_IN_NAMES.sub("_", part) for part in (path.stem, *coders) if part)


def _check(row: dict[str, Any]) -> None:
    def refuse(what: str, fix: str) -> DyadflowError:
        where = f"{row['code']!r} at {row['onset_s']:.3f} s, tier {row['tier']!r}, session {row['session']!r}"
        return DyadflowError(f"a table for EasyDIAg cannot hold {what}", where=where, fix=fix)

    for name in ("session", "tier", "code"):
        if _CONTROL.search(row[name]) or row[name] != row[name].strip():
            raise refuse(f"the {name} {row[name]!r}", "take control characters and blanks at its ends out of it")
    if not row["code"]:
        raise refuse("a segment without a code", "give it a code")
    if re.search(r"[\\/]|^[A-Za-z]:", row["session"]):
        raise refuse(f"the session {row['session']!r}", "name it without slashes and colons")
    if round(row["onset_s"] * 1000) == round(row["offset_s"] * 1000) and row["onset_s"] != row["offset_s"]:
        raise refuse("a segment shorter than a millisecond", "give it a length or write .tsv")


def _ending(session: str) -> str:
    """The letters, digits and low lines that a session's name ends with: what EasyDIAg takes of it."""
    return re.sub(r".*[^A-Za-z0-9_]", "", session, flags=re.DOTALL)


def _check_names(table: pd.DataFrame) -> None:
    """Whether EasyDIAg tells all tiers and sessions apart."""
    sessions = sorted(set(table.session))
    told: tuple[tuple[str, list[str], Callable[[str], str]], ...] = (
        ("tiers", sorted(set(table.tier)), str.lower),
        ("sessions", sessions, _ending),
    )
    for kind, names, short in told:
        known: dict[str, str] = {}
        for name in names:
            if known.setdefault(short(name), name) != name:
                raise DyadflowError(
                    f"EasyDIAg takes the {kind} {known[short(name)]!r} and {name!r} for the same",
                    fix="rename one of them, or write a file for each",
                )


def _lines(rows: pd.DataFrame, first_coder: str) -> Iterator[str]:
    """One line a segment, by session, tier and time."""
    several = (rows.session != "").any()
    for row in rows.sort_values(["session", "tier", "onset_s", "offset_s"], kind="stable").to_dict("records"):
        cells = [
            f"{row['tier']}_{'R1' if row['coder'] == first_coder else 'R2'}",
            str(round(row["onset_s"] * 1000)),
            str(round(row["offset_s"] * 1000)),
            row["code"],
            *([f"{row['session']}.eaf"] if several else []),
        ]
        yield "\t".join(cells) + "\n"


def _not_held(table: pd.DataFrame) -> Iterator[Issue]:
    for name, concerned in (("confidence", table.confidence.notna()), ("comment", table.comment != "")):
        if concerned.any():
            yield Issue(
                "not_held", f"EasyDIAg has no column for the {name} of {count_of(int(concerned.sum()), 'segment')}",
                fix="write .eaf or .tsv to keep it",
            )

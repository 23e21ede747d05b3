"""One coder's file of one session, in the scheme's words: segments, and all that was wrong with the file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions
from dyadflow.annotations.formats.registry import read_coding
from dyadflow.annotations.issues import Issue, Issues, count_of
from dyadflow.annotations.open_states import close_open_states
from dyadflow.annotations.overlaps import find_overlaps
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

#: How many lines or annotations one issue lists by name.
LISTED = 20


def import_coding(
    path: str | Path,
    *,
    session: str,
    coder: str,
    vocabulary: Vocabulary | Mapping,
    offset_s: float = 0.0,
    format: str = "auto",
    recording: str = "",
    columns: Mapping[str, str] | None = None,
) -> tuple[Segments, Issues]:
    """Read one coder's file of one session into the scheme's tiers and codes.

    Parameters
    ----------
    path
        The coding file.
    session, coder
        As the study's sheets call them. A file with several sessions or coders gives those of this name only.
    vocabulary
        Tiers, codes and other spellings; see `Vocabulary.of`. A plain mapping will do.
    offset_s
        Added to every time: where on the recording's clock the file's zero lies, in seconds.
    format
        Name of a format, or ``auto``.
    recording
        The recording's file name, needed only if an ELAN file links several recordings that begin at
        different times.
    columns
        For plain tables: which column is which; see `ReadOptions`.

    Returns
    -------
    segments
        With times on the recording's clock. Phases are in tier ``phase``.
    issues
        Whatever the file holds and `segments` does not, and whatever is odd about what they do. A file that
        cannot be read at all gives no segments and one issue.

    Notes
    -----
    Overlaps, points and states without a stop stay among the segments: whether they stop the study is for the
    severity of their issues to say. Reversed segments and exact repeats are left out.
    """
    if not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary.model_validate(vocabulary)
    path = Path(path)
    try:
        reading = read_coding(path, format, ReadOptions(columns or {}))
    except CodingFileError as error:
        issue = Issue(error.rule, error.what, error.fix, session, coder, str(path))
        return Segments.from_rows([]), Issues((issue,))
    issues = list(reading.issues)
    rows = _choose(reading.rows, "session", session, issues)
    rows = _place(rows, vocabulary, issues)
    rows = _choose(rows, "coder", coder, issues).assign(session=session, coder=coder)
    rows = _check_codes(rows, vocabulary, issues)
    rows, unpaired = close_open_states(rows, vocabulary.exclusive_tiers)
    issues.extend(unpaired)
    rows = _shift(rows, offset_s + _origin_s(reading, recording, issues))
    rows = _leave_out_impossible(rows, issues)
    issues.extend(find_overlaps(rows, vocabulary.exclusive_tiers))
    named = [replace(issue, session=session, coder=coder, file=path.name) for issue in issues]
    return Segments(rows), Issues.of(named)


def import_session(
    session: str,
    files: Sequence[str | Path],
    coding: Sequence[Mapping],
    *,
    vocabulary: Vocabulary | Mapping,
    recording: str = "",
) -> tuple[Segments, Issues]:
    """Import every coder's file of a session.

    Parameters
    ----------
    session
        Its name.
    files
        Coding files.
    coding
        For each file its ``coder``, ``format`` and ``offset_s``.
    vocabulary
        Of the scheme.
    recording
        File name of the session's recording.
    """
    parts, found = [], Issues()
    for path, about in zip(files, coding, strict=True):
        segments, issues = import_coding(
            path, session=session, vocabulary=vocabulary, recording=recording, **about
        )
        parts.append(segments)
        found += issues
    return Segments.concat(parts), found


def _choose(rows: pd.DataFrame, column: str, wanted: str, issues: list[Issue]) -> pd.DataFrame:
    """Rows of the wanted session or coder, where the file tells several apart; rows that name none stay."""
    names = {name.strip() for name in rows[column]} - {""}
    if len(names) <= 1:
        if column == "session" and names and not _alike(next(iter(names)), wanted):
            issues.append(
                Issue(
                    "other_session",
                    f"the file calls this session {next(iter(names))!r}",
                    fix="check that it is the right file",
                )
            )
        return rows
    mine = {name for name in names if name.casefold() == wanted.strip().casefold()}
    listed = ", ".join(repr(name) for name in sorted(names))
    if not mine:
        issues.append(
            Issue(
                f"unknown_{column}",
                f"the file holds the {column}s {listed}, and none of them is {wanted!r}; nothing of it is "
                "read",
                fix=f"name one of them as {column} in the coding sheet, one line for each that is wanted",
            )
        )
        return rows.iloc[:0]
    for name in sorted(names - mine):
        count = int((rows[column].str.strip() == name).sum())
        issues.append(
            Issue(
                f"other_{column}",
                f"{count} annotations of {column} {name!r} in this file are left for that {column}",
                fix=f"give it a line of its own in the coding sheet if {name!r} is wanted",
            )
        )
    return rows[rows[column].str.strip().isin(mine | {""})]


def _alike(name: str, wanted: str) -> bool:
    name, wanted = name.casefold(), wanted.strip().casefold()
    return name in wanted or wanted in name


def _place(rows: pd.DataFrame, vocabulary: Vocabulary, issues: list[Issue]) -> pd.DataFrame:
    """Rows of known tiers, with the scheme's tier, its code (empty if unknown) and what was written."""
    places = [vocabulary.place(tier, code) for tier, code in zip(rows.tier, rows.code, strict=True)]
    known = np.array([place.tier is not None for place in places], dtype=bool)
    for tier, count in rows.tier[~known].value_counts(sort=False).items():
        annotations = count_of(count, "annotation")
        if vocabulary.ignores(tier):
            issues.append(
                Issue("ignored_tier", f"tier {tier!r} ({annotations}) is passed over, as the scheme says (ignored)")
            )
            continue
        issues.append(
            Issue(
                "unknown_tier",
                f"tier {tier!r} ({annotations}) is not in the coding scheme"
                if tier.strip()
                else f"{annotations} without the name of a subject or tier, and with codes that do not tell which",
                fix="add the name to a tier's names in the scheme if it is wanted",
            )
        )
    placed = rows.assign(
        written=rows.code,
        tier=[place.tier or "" for place in places],
        code=[place.code or "" for place in places],
        coder=[written.strip() or place.coder for written, place in zip(rows.coder, places, strict=True)],
    )
    return placed[known]


def _check_codes(rows: pd.DataFrame, vocabulary: Vocabulary, issues: list[Issue]) -> pd.DataFrame:
    """Rows with a known code; one issue for each unknown code, which lists its rows."""
    for (tier, written), group in rows[rows.code == ""].groupby(["tier", "written"], sort=False):
        nearest = vocabulary.terms(tier).nearest(written)
        code = f"code {written!r}" if written.strip() else "an annotation without a code"
        issues.append(
            Issue(
                "unknown_code",
                f"{code} is not in tier {tier!r} of the scheme ({_times(len(group))}, first at "
                f"{group.onset_s.iloc[0]:.3f} s)",
                fix=(
                    f"write {nearest!r} if that is meant, or add {written!r} to the aliases of the tier"
                    if nearest
                    else f"use one of {', '.join(vocabulary.terms(tier).codes)}, or add it to the scheme"
                ),
                where=_list_places(group["where"]),
            )
        )
    return rows[rows.code != ""]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _list_places(places: Iterable[str]) -> str:
    places = list(places)
    rest = f" and {len(places) - LISTED} more" if len(places) > LISTED else ""
    return ", ".join(places[:LISTED]) + rest


def _origin_s(reading: Reading, recording: str, issues: list[Issue]) -> float:
    """Where on the recording's clock the file's zero lies, by the file's own account."""
    origins = set(reading.origins_s.values())
    if len(origins) <= 1:
        return next(iter(origins), 0.0)
    named = [
        origin
        for medium, origin in reading.origins_s.items()
        if recording and _stem(medium) == _stem(recording)
    ]
    if len(set(named)) == 1:
        return named[0]
    first = reading.media[0]
    listed = ", ".join(f"{_name(medium)} {origin:g} s" for medium, origin in reading.origins_s.items())
    issues.append(
        Issue(
            "media_origins",
            f"the file links recordings that begin at different times ({listed}), and none is certain to be "
            f"this session's; the first, {_name(first)}, is taken for it",
            fix="give the recording its linked name",
        )
    )
    return reading.origins_s[first]


def _name(medium: str) -> str:
    return PurePosixPath(medium.replace("\\", "/")).name


def _stem(medium: str) -> str:
    return PurePosixPath(_name(medium)).stem.casefold()


def _shift(rows: pd.DataFrame, by_s: float) -> pd.DataFrame:
    if not by_s:
        return rows
    # Rounded to the microsecond, or 3.15 + 0.2 would no longer touch what begins at 3.35.
    return rows.assign(onset_s=(rows.onset_s + by_s).round(6), offset_s=(rows.offset_s + by_s).round(6))


def _leave_out_impossible(rows: pd.DataFrame, issues: list[Issue]) -> pd.DataFrame:
    """Rows without reversed ones and exact repeats; points stay, with an issue."""
    reversed_ = rows.offset_s < rows.onset_s
    for row in rows[reversed_].to_dict("records"):
        issues.append(
            Issue(
                "reversed_segment",
                f"{row['code']!r} of tier {row['tier']!r} ends ({row['offset_s']:.3f} s) "
                f"before it begins ({row['onset_s']:.3f} s)",
                fix="correct its times",
                where=row["where"],
            )
        )
    rows = rows[~reversed_]
    repeated = rows.duplicated(["tier", "code", "onset_s", "offset_s"])
    for row in rows[repeated].to_dict("records"):
        issues.append(
            Issue(
                "repeated_event",
                f"{row['code']!r} of tier {row['tier']!r} from {row['onset_s']:.3f} to "
                f"{row['offset_s']:.3f} s stands in the file twice; it is read once",
                fix="delete one of them",
                where=row["where"],
            )
        )
    rows = rows[~repeated]
    for row in rows[rows.offset_s == rows.onset_s].to_dict("records"):
        issues.append(
            Issue(
                "zero_length",
                f"{row['code']!r} of tier {row['tier']!r} at {row['onset_s']:.3f} s has no length, "
                "so that no frame gets it",
                fix="give it an end, or make it a state in the coding tool",
                where=row["where"],
            )
        )
    return rows

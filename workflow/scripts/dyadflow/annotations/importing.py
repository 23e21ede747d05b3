"""One coder's file of one session, in the scheme's words: segments, and all that was wrong with the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from dyadflow.annotations.account import Tally, account_of, accounts_table, empty_account
from dyadflow.annotations.doctor.columns import find_swapped_columns
from dyadflow.annotations.doctor.own_words import check_own_vocabularies, note_shared_moments
from dyadflow.annotations.formats.reading import FORMATS, CodingFileError, Format, Reading, ReadOptions
from dyadflow.annotations.formats.registry import choose_format, read_coding
from dyadflow.annotations.impossible import find_points, leave_out_repeats, leave_out_reversed
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.open_states import close_open_states
from dyadflow.annotations.origins import find_origin_s
from dyadflow.annotations.overlaps import find_overlaps
from dyadflow.annotations.placing import check_codes, choose_rows, place_rows
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary


@dataclass(frozen=True)
class Import:
    """What came of one coding file.

    Parameters
    ----------
    segments
        With times on the recording's clock. Phases are in tier ``phase``.
    issues
        Whatever the file holds and `segments` does not, and whatever is odd about what they do.
    account
        How many annotations the file holds and what became of them: a row of `account.IMPORT_COLUMNS`.
    known, reading
        Its format, and what its reader gave; None for a file that cannot be read at all.
    """

    segments: Segments
    issues: Issues
    account: Mapping[str, Any]
    known: Format | None = None
    reading: Reading | None = None


def import_coding(
    path: str | Path,
    *,
    session: str,
    coder: str,
    vocabulary: Vocabulary | Mapping[str, Any],
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
    segments, issues
        As in `Import`. A file that cannot be read at all gives no segments and one issue.

    Notes
    -----
    Overlaps, points and states without a stop stay among the segments: whether they stop the study is for the
    severity of their issues to say. Reversed segments and exact repeats are left out.
    """
    imported = import_file(
        path, session=session, coder=coder, vocabulary=vocabulary, offset_s=offset_s, format=format,
        recording=recording, options=ReadOptions(columns or {}),
    )
    return imported.segments, imported.issues


def import_session(
    session: str,
    files: Sequence[str | Path],
    coding: Sequence[Mapping[str, Any]],
    *,
    vocabulary: Vocabulary | Mapping[str, Any],
    recording: str = "",
) -> tuple[Segments, Issues, pd.DataFrame]:
    """Import every coder's file of a session.

    Parameters
    ----------
    session
        Its name.
    files
        Coding files.
    coding
        For each file its ``coder``, ``format``, ``offset_s`` and, for plain tables, ``columns``.
    vocabulary
        Of the scheme.
    recording
        File name of the session's recording.

    Returns
    -------
    segments, issues
        Of all files.
    accounts
        One row a file, with the columns `account.IMPORT_COLUMNS`.
    """
    imports = [
        import_file(
            path, session=session, vocabulary=vocabulary, recording=recording,
            options=ReadOptions(about.get("columns") or {}),
            **{key: value for key, value in about.items() if key != "columns"},
        )
        for path, about in zip(files, coding, strict=True)
    ]
    return (
        Segments.concat(one.segments for one in imports),
        sum((one.issues for one in imports), Issues()),
        accounts_table(one.account for one in imports),
    )


def import_file(
    path: str | Path,
    *,
    session: str = "",
    coder: str = "",
    vocabulary: Vocabulary | Mapping[str, Any] | None = None,
    offset_s: float = 0.0,
    format: str = "auto",
    recording: str = "",
    options: ReadOptions | None = None,
) -> Import:
    """Read a coding file, with everything that is said of it.

    Parameters
    ----------
    path, offset_s, format, recording
        As in `import_coding`.
    session, coder
        As there. Empty: all that the file holds, under the names that it gives; a file that does not name the
        session gives it its own name without ending.
    vocabulary
        As there. None: tiers and codes stay as they are written, and a state without a stop ends where the next of
        its tier begins. What repeats or overlaps is noted, and stays.
    options
        What the user says of the file.
    """
    path = Path(path)
    if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary.model_validate(vocabulary)
    try:
        reading = read_coding(path, format, options)
    except CodingFileError as error:
        issue = Issue(error.rule, error.what, error.fix, session, coder, str(path))
        account = empty_account(path, session=session, coder=coder, offset_s=offset_s)
        return Import(Segments.from_rows([]), Issues((issue,)), account)
    known = choose_format(path) if format == "auto" else FORMATS[format]
    issues, tally = list(reading.issues), Tally()
    rows = _in_words_of(vocabulary, reading, session, coder, issues, tally)
    rows = rows.assign(
        session=session or rows.session.where(rows.session.str.strip() != "", path.stem), coder=coder or rows.coder
    )
    exclusive = sorted(set(rows.tier)) if vocabulary is None else vocabulary.exclusive_tiers
    rows, unpaired = close_open_states(rows, exclusive)
    issues.extend(unpaired)
    by_s = offset_s + find_origin_s(reading, recording, issues)
    rows, tally.told = _shift(rows, by_s), [(tier, on + by_s, off + by_s) for tier, on, off in tally.told]
    rows = leave_out_reversed(rows, issues, tally)
    if vocabulary is None:
        issues.extend([*check_own_vocabularies(reading, rows), *note_shared_moments(rows)])
    else:
        rows = leave_out_repeats(rows, issues, tally)
        issues.extend([*find_points(rows), *find_overlaps(rows, exclusive)])
    segments = Segments(rows)
    named = [
        replace(issue, session=session or issue.session, coder=coder or issue.coder, file=path.name)
        for issue in issues
    ]
    account = account_of(path, known, reading, segments, tally, session=session, coder=coder, offset_s=offset_s)
    return Import(segments, Issues.of(named), account, known, reading)


def _in_words_of(
    vocabulary: Vocabulary | None, reading: Reading, session: str, coder: str, issues: list[Issue], tally: Tally
) -> pd.DataFrame:
    """Rows of this session and coder in the scheme's tiers and codes, or in the file's own without a scheme."""
    swapped = find_swapped_columns(reading.rows, vocabulary)
    if swapped:
        issues.append(swapped)
        tally.rejected += len(reading.rows)
        return reading.rows.iloc[:0]
    rows = choose_rows(reading.rows, "session", session, issues, tally)
    if vocabulary is None:
        return choose_rows(rows, "coder", coder, issues, tally)
    rows = place_rows(rows, vocabulary, issues, tally)
    rows = choose_rows(rows, "coder", coder, issues, tally)
    return check_codes(rows, vocabulary, issues, tally)


def _shift(rows: pd.DataFrame, by_s: float) -> pd.DataFrame:
    if not by_s:
        return rows
    # Rounded to the microsecond, or 3.15 + 0.2 would no longer touch what begins at 3.35.
    return rows.assign(onset_s=(rows.onset_s + by_s).round(6), offset_s=(rows.offset_s + by_s).round(6))

"""One coding file looked at by itself, without a study."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.account import accounts_table, file_row, told_spans
from dyadflow.annotations.doctor.bounds import check_bounds, find_gaps
from dyadflow.annotations.doctor.headers import Header, check_header, read_header
from dyadflow.annotations.formats.reading import Format, ReadOptions
from dyadflow.annotations.importing import Import, import_file
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.origins import media_name
from dyadflow.annotations.scheme import Scheme
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe


@dataclass(frozen=True)
class Examination:
    """What a look at one coding file found.

    Parameters
    ----------
    file
        Its name.
    format
        The format that it was read as; None if it could not be read at all.
    segments
        All that it holds, in its own words without a scheme, else in the scheme's.
    issues
        All that is wrong or odd.
    account
        Its row of the account, with the columns `account.FILE_COLUMNS`.
    length_s
        How long the recording is, in seconds; NaN without one.
    """

    file: str
    format: Format | None
    segments: Segments
    issues: Issues
    account: Mapping[str, Any]
    length_s: float = float("nan")


def examine_file(
    path: str | Path,
    *,
    format: str = "auto",
    options: ReadOptions | None = None,
    scheme: Scheme | None = None,
    recording: "Probe | None" = None,
) -> Examination:
    """Read a coding file and say what is wrong with it.

    Parameters
    ----------
    path
        The coding file; all sessions and coders in it are looked at.
    format
        Name of a format, or ``auto``.
    options
        What the user says of the file.
    scheme
        The coding scheme. Without it tiers and codes are taken as they stand, and two codes of one tier at the same
        time are no more than a note.
    recording
        What the recording is like, if there is one to hold the file against.

    Returns
    -------
    Examination
        A file that cannot be read at all raises nothing: that is its one issue.
    """
    path = Path(path)
    vocabulary = Vocabulary.of(scheme) if scheme else None
    imported = import_file(
        path, vocabulary=vocabulary, format=format, options=options, recording=recording.file if recording else "",
    )
    accounts = accounts_table([imported.account])
    header = _read_header(imported, recording)
    found = [
        *_check_segments(imported.segments, vocabulary, recording, told_spans([accounts])),
        *check_header(header, recording),
    ]
    issues = imported.issues + Issues.of([
        *([Issue(bad.rule, bad.what, bad.fix, file=recording.file) for bad in recording.problems] if recording else ()),
        *(replace(issue, file=path.name) for issue in found),
    ])
    table, checked_by = imported.segments.table, ["media header"] if recording and header.media else []
    names = {column: table[column].iloc[0] for column in ("session", "coder") if table[column].nunique() == 1}
    account = accounts.to_dict("records")[0] | names
    return Examination(
        path.name, imported.known, imported.segments, issues, file_row(account, issues, checked_by=checked_by),
        _end_s(recording),
    )


def _read_header(imported: Import, recording: "Probe | None") -> Header:
    """What the file says of its recording; the session that it is given for is the recording's."""
    if imported.reading is None or recording is None:
        return Header()
    media = imported.reading.media
    lengths_s = [imported.reading.lengths_s.get(medium) for medium in media]
    return read_header("", [media_name(medium) for medium in media], lengths_s, (), {"": recording.file})


def _check_segments(
    segments: Segments, vocabulary: Vocabulary | None, recording: "Probe | None",
    told: Mapping[tuple[str, str, str], Sequence[tuple[float, float]]],
) -> Iterator[Issue]:
    """What shows in each session and coder of the file."""
    for (session, coder), table in segments.table.groupby(["session", "coder"], sort=False):
        yield from check_bounds(session, coder, table, _end_s(recording))
        if vocabulary:
            mine = {(session, coder, tier): spans for (*_, tier), spans in told.items()}
            yield from find_gaps(session, coder, table, vocabulary, told=mine)


def _end_s(recording: "Probe | None") -> float:
    return float(recording.duration_s) if recording and recording.duration_s else float("nan")

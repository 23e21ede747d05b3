"""From the files of one session, and of one study, to one table of segments and one of issues."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dyadflow.annotations.check import check_coding
from dyadflow.annotations.importing import import_coding
from dyadflow.annotations.issues import Issues
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary
from dyadflow.errors import DyadflowError
from dyadflow.media.probe import Probe


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


def gather_coding(
    segments: Sequence[Segments],
    issues: Sequence[Issues],
    probes: Mapping[str, Probe],
    *,
    vocabulary: Vocabulary | Mapping,
    needs_sound: bool,
    coding: Mapping[str, Sequence[str]],
    phased: Sequence[str],
    severities: Mapping[str, str],
) -> tuple[Segments, Issues]:
    """Put the imports of all sessions together, and hold them against the recordings.

    Parameters
    ----------
    segments, issues
        Of each session's import.
    probes
        What each session's recording is like.
    vocabulary
        Of the scheme.
    needs_sound
        Whether the study uses sound.
    coding
        Coders of each session.
    phased
        Sessions whose phases stand in the sheet.
    severities
        The study's own, where they differ from the default.

    Returns
    -------
    segments
        Of all sessions and coders.
    issues
        With the study's severities.
    """
    together = Segments.concat(segments)
    found = sum(issues, Issues())
    found = check_coding(
        together, found, probes, vocabulary=vocabulary, needs_sound=needs_sound, coding=coding, phased=phased
    )
    return together, found.regraded(severities)


def require_no_errors(issues: Issues, *, where: str) -> str:
    """Stop if any issue is an error.

    Returns
    -------
    str
        How many issues of each severity there are.

    Raises
    ------
    DyadflowError
        With every error in a line of its own.
    """
    errors = issues.errors()
    if errors:
        lines = "\n".join(f"  {issue.sentence()}" for issue in errors)
        raise DyadflowError(
            f"{len(errors)} errors in the coding or the recordings:\n{lines}\n",
            where=str(where),
            fix="repair them, or lower their severity in the study file (severities:) if they may stand",
        )
    warnings = sum(issue.severity == "warning" for issue in issues)
    return f"0 errors, {warnings} warnings, {len(issues) - warnings} notes"

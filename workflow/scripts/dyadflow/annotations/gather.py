"""From the imports of all sessions to one table of segments and one of issues."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dyadflow.annotations.check import check_coding
from dyadflow.annotations.issues import Issues
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe


def gather_coding(
    segments: Sequence[Segments],
    issues: Sequence[Issues],
    probes: "Mapping[str, Probe]",
    *,
    vocabulary: Vocabulary | Mapping,
    needs_sound: bool,
    coding: Mapping[str, Sequence[str]],
    phased: Sequence[str],
    severities: Mapping[str, str],
    least_phase_s: float = 0.0,
    each_coder: bool = False,
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
    least_phase_s
        The least that a coder's phase may last: the length of a snippet, in seconds.
    each_coder
        Whether every coder has to mark the phases.

    Returns
    -------
    segments
        Of all sessions and coders.
    issues
        With the study's severities.

    Notes
    -----
    Coding that runs past the end of a recording which breaks off is a note as long as the break itself stops
    the study: one fault, one error.
    """
    together = Segments.concat(segments)
    found = sum(issues, Issues())
    found = check_coding(
        together, found, probes, vocabulary=vocabulary, needs_sound=needs_sound, coding=coding, phased=phased,
        least_phase_s=least_phase_s, each_coder=each_coder,
    )
    return together, _set_consequences_aside(found.regraded(severities))


def _set_consequences_aside(issues: Issues) -> Issues:
    broken = {issue.session for issue in issues.errors() if issue.rule == "truncated"}
    return Issues.of(
        replace(issue, severity="note") if issue.rule == "past_the_end" and issue.session in broken else issue
        for issue in issues
    )

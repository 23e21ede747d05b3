"""From the imports of all sessions to one table of segments, one of issues and one of files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.account import files_table, told_spans
from dyadflow.annotations.check import check_coding
from dyadflow.annotations.doctor.comparing import compare_files
from dyadflow.annotations.doctor.roots import Root, settle
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe

#: What follows from a recording that breaks off.
BROKEN_OFF = ("past_the_end", "recording_length")


def gather_coding(
    segments: Sequence[Segments],
    issues: Sequence[Issues],
    probes: "Mapping[str, Probe]",
    *,
    vocabulary: Vocabulary | Mapping[str, Any],
    needs_sound: bool,
    coding: Mapping[str, Sequence[str]],
    phased: Sequence[str],
    severities: Mapping[str, str],
    least_phase_s: float = 0.0,
    each_coder: bool = False,
    accounts: Sequence[pd.DataFrame] = (),
    kinds: Mapping[tuple[str, str], str] | None = None,
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None,
) -> tuple[Segments, Issues, pd.DataFrame]:
    """Put the imports of all sessions together, and hold them against the recordings and one another.

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
    accounts
        Of each session's import: what its files hold and say of themselves.
    kinds
        Kind of every (session, coder): human, assisted or model; human where nothing is said.
    sheet_phases
        For sessions whose phases stand in the sheet: name, onset_s and offset_s on the recording's clock.

    Returns
    -------
    segments
        Of all sessions and coders.
    issues
        With the study's severities.
    files
        The account: one row a coding file, with the columns `account.FILE_COLUMNS`.

    Notes
    -----
    One fault, one finding. What follows from a shift, or from a file in another session's place, is told with it.
    Coding that runs past the end of a recording which breaks off is a note as long as the break itself stops the
    study.
    """
    if not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary.model_validate(vocabulary)
    together = Segments.concat(segments)
    found = check_coding(
        together, sum(issues, Issues()), probes, vocabulary=vocabulary, needs_sound=needs_sound, coding=coding,
        phased=phased, least_phase_s=least_phase_s, each_coder=each_coder, told=told_spans(accounts),
    )
    faulty = {(issue.session, issue.coder) for issue in found.errors() if issue.coder}
    compared = compare_files(
        together, accounts, probes, vocabulary=vocabulary, coding=coding, kinds=kinds or {},
        sheet_phases=sheet_phases or {}, faulty=faulty,
    )
    settled = _set_consequences_aside(settle(found + compared.issues, compared.roots, severities))
    files = files_table(
        accounts, _by_file(settled, compared.roots), kinds=kinds or {}, checked_by=compared.checked_by,
        shifts_s=compared.shifts_s,
    )
    return together, settled, files


def _by_file(issues: Issues, roots: Sequence[Root]) -> dict[tuple[str, str], list[Issue]]:
    """Issues by session and coder: a root, which stands at the end, under every file that it is about."""
    found: dict[tuple[str, str], list[Issue]] = {}
    for place, issue in enumerate(issues, start=len(roots) - len(issues)):
        for key in {(issue.session, issue.coder)} | (roots[place].about if place >= 0 else set()):
            found.setdefault(key, []).append(issue)
    return found


def _set_consequences_aside(issues: Issues) -> Issues:
    broken = {issue.session for issue in issues.errors() if issue.rule == "truncated"}
    return Issues.of(
        replace(issue, severity="note") if issue.rule in BROKEN_OFF and issue.session in broken else issue
        for issue in issues
    )

"""Coding held against the recordings and the study's sheets, before anything is computed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.doctor.bounds import check_bounds, find_gaps
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.own_phases import check_own_phases, find_unmarked
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe


def check_coding(
    segments: Segments,
    issues: Issues,
    probes: "Mapping[str, Probe]",
    *,
    vocabulary: Vocabulary | Mapping[str, Any],
    needs_sound: bool,
    coding: Mapping[str, Sequence[str]] | None = None,
    phased: Iterable[str] = (),
    ends_s: Mapping[str, float] | None = None,
    tolerance_s: float = 0.1,
    least_phase_s: float = 0.0,
    each_coder: bool = False,
    told: Mapping[tuple[str, str, str], Sequence[tuple[float, float]]] | None = None,
) -> Issues:
    """Add to the issues of the import what only shows beside the recordings.

    Parameters
    ----------
    segments
        All sessions and coders, on the clock of the recordings.
    issues
        Found by the imports.
    probes
        For each session of the study what its recording is like. A session without a probe does not exist.
    vocabulary
        Of the scheme.
    needs_sound
        Whether the study uses the sound: then a recording without any is an issue.
    coding
        For each session the coders that the coding sheet names; those of `segments` if not given.
    phased
        Sessions whose phases stand in the study's sheet.
    ends_s
        For a session that ends before its recording does, when: seconds on the recording's clock.
    tolerance_s
        How far coding may run past either end, and how long a gap may be, without being mentioned.
    least_phase_s
        The least that a coder's phase may last: the length of a snippet, in seconds. Only with `each_coder`.
    each_coder
        Whether every coder has to mark the phases.
    told
        For each (session, coder, tier) the spans, onset_s and offset_s, of annotations that the import rejected: an
        issue has told of them, so that what they leave uncoded is no gap.

    Returns
    -------
    Issues
        `issues` first, then problems of the media by session, then of the coding by session and coder.
    """
    if not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary.model_validate(vocabulary)
    coded = (
        _coders(segments) if coding is None else {session: list(coders) for session, coders in coding.items()}
    )
    found: list[Issue] = []
    for session, probe in probes.items():
        found.extend(_check_media(session, probe, needs_sound))
        if not coded.get(session):
            found.append(
                Issue(
                    "not_coded",
                    "no coder's file is given for this session; it can be predicted, not learned from",
                    session=session,
                )
            )
    grouped = {key: table for key, table in segments.table.groupby(["session", "coder"], sort=False)}
    excused = {(issue.session, issue.coder) for issue in issues.errors()}
    for session, coders in coded.items():
        if session not in probes:
            found.append(
                Issue(
                    "unknown_session",
                    "there is coding for this session, but no such session",
                    fix="add it to sessions.tsv or correct its name in coding.tsv",
                    session=session,
                )
            )
        found.extend(_check_names(session, coders))
        tables = {
            coder: grouped[session, coder] for coder in dict.fromkeys(coders) if (session, coder) in grouped
        }
        for coder in dict.fromkeys(coders):
            if coder in tables:
                end_s = (ends_s or {}).get(session, _duration_s(probes.get(session)))
                found.extend(check_bounds(session, coder, tables[coder], end_s, tolerance_s))
                found.extend(find_gaps(session, coder, tables[coder], vocabulary, tolerance_s, told or {}))
            elif (session, coder) not in excused:
                found.append(
                    Issue(
                        "no_segments",
                        "the coding file holds no segment of the scheme's tiers",
                        fix="check the names of the tiers in the file and in the scheme",
                        session=session,
                        coder=coder,
                    )
                )
        given = session in set(phased)
        marked = [coder for coder, table in tables.items() if (table.tier == PHASE_TIER).any()]
        has_phases = given or bool(marked)
        if has_phases:
            counted = marked if each_coder and not given else tables
            for coder in counted:
                found.extend(find_unmarked(session, coder, tables[coder], vocabulary))
        if vocabulary.phases and each_coder and marked and not given:
            found.extend(check_own_phases(session, tables, vocabulary, least_phase_s))
        if vocabulary.phases and tables and not has_phases:
            found.append(
                Issue(
                    "no_phases",
                    "the scheme has phases, but no coder coded them and the sheet gives none",
                    session=session,
                    fix=f"code a tier called {' or '.join(vocabulary.phases.names)}, or use the sheet",
                )
            )
    return issues + Issues.of(found)


def _coders(segments: Segments) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for session, coder in segments.table[["session", "coder"]].drop_duplicates().itertuples(index=False):
        found.setdefault(session, []).append(coder)
    return found


def _duration_s(probe: "Probe | None") -> float:
    duration_s = probe.duration_s if probe is not None else None
    return float(duration_s) if duration_s else float("nan")


def _check_media(session: str, probe: "Probe", needs_sound: bool) -> Iterable[Issue]:
    for problem in probe.problems:
        yield Issue(problem.rule, problem.what, problem.fix, session=session, file=probe.file)
    unreadable = {"missing_file", "empty_file", "unreadable_media"} & {
        problem.rule for problem in probe.problems
    }
    # Of a file that holds nothing to be read, what it lacks besides says nothing more.
    if needs_sound and not probe.audio and not unreadable and probe.duration_s:
        yield Issue(
            "no_sound",
            "the recording has no sound, and the study uses it",
            fix="name a recording with sound, leave out the streams that use it, or set no_sound to warning "
            "under severities in the study file, which leaves the stream of this session without a valid frame",
            session=session,
            file=probe.file,
        )


def _check_names(session: str, coders: Sequence[str]) -> Iterable[Issue]:
    for coder in dict.fromkeys(coders):
        same = [other for other in coders if other.strip().casefold() == coder.strip().casefold()]
        if len(same) > 1 and same[0] == coder:
            yield Issue(
                "duplicate_coder",
                f"{len(same)} coding files of this session are of coders called "
                f"{' and '.join(repr(name) for name in dict.fromkeys(same))}",
                session=session,
                coder=coder,
                fix="give each coder a name of their own in the coding sheet",
            )

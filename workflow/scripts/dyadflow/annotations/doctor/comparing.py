"""The checks across files: every coder's file against the others, the recordings and the sheets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyadflow.annotations.doctor.alignment import Alignment, align
from dyadflow.annotations.doctor.coded_files import CodedFile, Key, coded_files
from dyadflow.annotations.doctor.headers import check_header
from dyadflow.annotations.doctor.lengths import find_length_disagreement
from dyadflow.annotations.doctor.phase_edges import compare_edges
from dyadflow.annotations.doctor.roots import Root
from dyadflow.annotations.doctor.shifts import Evidence, best_shifts_s, find_shifts
from dyadflow.annotations.doctor.swaps import find_swaps, misplaced_keys
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe


@dataclass(frozen=True)
class Comparison:
    """What the checks across files found.

    Parameters
    ----------
    issues
        Findings that explain no other.
    roots
        Findings that do.
    checked_by
        For each (session, coder) what the timing of the file was checked against; nothing if nothing could tell.
    shifts_s
        For each (session, coder) that was checked against coding or phases how much later the file lies: seconds.
    """

    issues: Issues
    roots: tuple[Root, ...]
    checked_by: Mapping[Key, tuple[str, ...]]
    shifts_s: Mapping[Key, float]


def compare_files(
    segments: Segments,
    accounts: Sequence[pd.DataFrame],
    probes: "Mapping[str, Probe]",
    *,
    vocabulary: Vocabulary,
    coding: Mapping[str, Sequence[str]],
    kinds: Mapping[Key, str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
    faulty: Collection[Key] = (),
) -> Comparison:
    """Hold every coder's file of a study against all that can tell whether it is the right one, and rightly timed.

    Parameters
    ----------
    segments, accounts
        Of all imports.
    probes
        What each session's recording is like.
    vocabulary
        Of the scheme.
    coding
        Coders of each session, in the sheet's order.
    kinds
        Kind of every (session, coder); human where nothing is said.
    sheet_phases
        For sessions whose phases stand in the sheet: name, onset_s and offset_s on the recording's clock.
    faulty
        Session and coder of files with errors of their own: where such a file is why another cannot be checked, that
        is not said on top of it.
    """
    files = coded_files(segments, accounts, probes, vocabulary=vocabulary, kinds=kinds, sheet_phases=sheet_phases)
    by_session = {
        session: {coder: files[session, coder] for coder in dict.fromkeys(coders) if (session, coder) in files}
        for session, coders in coding.items()
    }
    pairs = {
        (one.key, other.key): fit
        for mine in by_session.values() for one, other in combinations(mine.values(), 2)
        if (fit := _align(one, other)) is not None
    }
    swaps = find_swaps(files, pairs)
    wrong = misplaced_keys(swaps)
    issues: list[Issue] = []
    roots: list[Root] = list(swaps)
    checked_by: dict[Key, tuple[str, ...]] = {}
    shifts_s: dict[Key, float] = {}
    for session, mine in by_session.items():
        probe = probes.get(session)
        evidence = _gather(
            {coder: file for coder, file in mine.items() if file.key not in wrong}, pairs,
            sheet_phases.get(session) or (), probe,
        )
        shifted = find_shifts(evidence)
        best_s = best_shifts_s(evidence)
        roots += shifted
        for file in mine.values():
            issues += check_header(file.header, probe, **file.place)
        off_s = {coder: best_s.get(coder, 0.0) for root in shifted for coder in _named(root, evidence)}
        disagreement = find_length_disagreement(evidence.files, vocabulary, evidence.end_s, off_s)
        issues += [disagreement] if disagreement else []
        for coder, file in mine.items():
            checked_by[file.key] = _checked_by(file, mine, pairs, evidence)
            if coder in best_s:
                shifts_s[file.key] = best_s[coder]
        told = {coder for at, coder in wrong if at == session} | set(off_s)
        issues += _not_checkable(mine, checked_by, told, {coder for at, coder in faulty if at == session})
    return Comparison(Issues.of(issues), tuple(roots), checked_by, shifts_s)


def _align(one: CodedFile, other: CodedFile) -> Alignment | None:
    return align(one.timeline, other.timeline) if one.timeline and other.timeline else None


def _gather(
    files: Mapping[str, CodedFile],
    pairs: Mapping[tuple[Key, Key], Alignment],
    phases: Sequence[Sequence[Any]],
    probe: "Probe | None",
) -> Evidence:
    """What tells of shifts among some files of one session."""
    keys = {file.key: coder for coder, file in files.items()}
    edges = {coder: compare_edges(file.table, phases) for coder, file in files.items()} if phases else {}
    return Evidence(
        files=files,
        pairs={
            (keys[one], keys[other]): fit for (one, other), fit in pairs.items() if one in keys and other in keys
        },
        edges={coder: edge for coder, edge in edges.items() if edge is not None},
        end_s=float(probe.duration_s) if probe is not None and probe.duration_s else float("nan"),
    )


def _named(root: Root, evidence: Evidence) -> list[str]:
    """Coders whose file a finding of a shift is about: one, or all where nothing tells which."""
    return [root.issue.coder] if root.issue.coder else list(evidence.files)


def _checked_by(
    file: CodedFile, mine: Mapping[str, CodedFile], pairs: Mapping[tuple[Key, Key], Alignment], evidence: Evidence
) -> tuple[str, ...]:
    coders = [
        coder for coder, other in mine.items()
        if any((ends in pairs) and pairs[ends].tells for ends in ((file.key, other.key), (other.key, file.key)))
    ]
    return (
        *(f"coder {coder}" for coder in coders),
        *(["media header"] if file.header.media else []),
        *(["phases"] if file.coder in evidence.edges else []),
    )


def _not_checkable(
    mine: Mapping[str, CodedFile], checked_by: Mapping[Key, Sequence[str]], told: Collection[str],
    faulty: Collection[str],
) -> list[Issue]:
    """A note for each file of a session that nothing could be held against.

    None where a finding tells of the timing or the place of any of them, and none for a file whose only companion
    has errors that may be why.
    """
    found = []
    for file in mine.values():
        if told or checked_by[file.key] or set(faulty) - {file.coder}:
            continue
        others = [coder for coder in mine if coder != file.coder]
        why = (
            f"it has too little in common with the coding of {' and '.join(others)}" if others
            else "nobody else coded the session"
        )
        found.append(Issue(
            "not_checkable",
            f"nothing tells whether the file's timing is right: {why}, it names no recording, and there are no phases "
            "both in it and in the sheet",
            fix="compare a few of its codes with the recording",
            **file.place,
        ))
    return found

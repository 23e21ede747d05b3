"""Which files have changed places between sessions: one finding for each set of sessions."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from dyadflow.annotations.doctor.coded_files import CodedFile, Key
from dyadflow.annotations.doctor.misplaced import STRANGERS_KAPPA, Misplaced, Pairs, find_misplaced, fits_its_session
from dyadflow.annotations.doctor.roots import Root
from dyadflow.annotations.issues import Issue

#: What a file in the wrong place explains; the first also of its session as a whole.
CONSEQUENCES = (
    "length_disagrees", "past_the_end", "before_zero", "other_session", "other_recording", "recording_length",
)


def find_swaps(files: Mapping[Key, CodedFile], pairs: Pairs) -> list[Root]:
    """A finding for each set of sessions among which files have changed places, or been given twice.

    Parameters
    ----------
    files
        Of the study, by session and coder.
    pairs
        For two coders of one session how their files fit.

    Notes
    -----
    If two files of one coder are exchanged, those of the second coder fit the other session just as well the other
    way round. Who is meant is told by headers that name the other session, then by two other coders who agree with
    each other, then by one coder's files fitting both ways. Where none of these tells, all are named.
    """
    found = find_misplaced(files, pairs)
    return [_finding(_suspects(group, pairs), group, files, pairs) for group in _connected(found.values())]


def misplaced_keys(roots: Iterable[Root]) -> set[Key]:
    """Session and coder of the files that findings explain something about."""
    return {(session, coder) for root in roots for _, session, coder in root.explains if coder}


def _connected(found: Iterable[Misplaced]) -> list[list[Misplaced]]:
    """Misplaced files in groups that share sessions."""
    groups: list[list[Misplaced]] = []
    for misplaced in found:
        sessions = {misplaced.file.session, misplaced.belongs}
        mine = [
            group for group in groups
            if any(sessions & {other.file.session, other.belongs} for other in group)
        ]
        joined = [*(other for group in mine for other in group), misplaced]
        groups = [*(group for group in groups if group not in mine), joined]
    return groups


def _suspects(group: Sequence[Misplaced], pairs: Pairs) -> list[Misplaced]:
    """Those of a group that are meant, as far as something tells."""
    ways = {(one.file.coder, one.file.session, one.belongs) for one in group}
    told: tuple[Callable[[Misplaced], bool], ...] = (
        lambda one: bool(one.file.header.elsewhere),
        lambda one: not one.file.header.here,
        lambda one: _outvoted(one.file.key, pairs),
        lambda one: (one.file.coder, one.belongs, one.file.session) in ways,
    )
    for tells in told:
        chosen = [one for one in group if tells(one)]
        group = chosen or group
    return sorted(group, key=lambda one: one.file.key)


def _outvoted(key: Key, pairs: Pairs) -> bool:
    """Whether two other coders of a file's session agree with each other."""
    return any(
        pair.behaviour >= STRANGERS_KAPPA for ends, pair in pairs.items()
        if key not in ends and all(session == key[0] for session, _ in ends)
    )


def _finding(
    suspects: Sequence[Misplaced], group: Sequence[Misplaced], files: Mapping[Key, CodedFile], pairs: Pairs
) -> Root:
    coders = dict.fromkeys(one.file.coder for one in suspects)
    clauses = [
        f"{one.file.coder}'s file for session {one.file.session} seems to be of session {one.belongs}: "
        f"{', and '.join(one.reason)}"
        for one in suspects
    ]
    if len(coders) > 1:
        clauses.append(f"nothing tells whether it is {' or '.join(coders)} whose files have changed places")
    issue = Issue(
        "swapped_sessions",
        "; ".join(clauses),
        fix="give each session its own file in the coding sheet",
        session=suspects[0].file.session,
        coder=next(iter(coders)) if len(coders) == 1 else "",
        file=" and ".join(dict.fromkeys(one.file.file for one in suspects if one.file.file)),
    )
    keys = {one.file.key for one in suspects} | {
        # What lies in the place that a file seems to come from, unless the coders there stand up for it.
        key for one in suspects if (key := (one.belongs, one.file.coder)) in files
        and not fits_its_session(key, pairs)
    }
    if len(coders) > 1:
        keys |= {one.file.key for one in group}
    explains = {(rule, *key) for rule in CONSEQUENCES for key in keys}
    explains |= {(CONSEQUENCES[0], session, "") for session, _ in keys}
    return Root(issue, frozenset(explains), frozenset(one.file.key for one in suspects))

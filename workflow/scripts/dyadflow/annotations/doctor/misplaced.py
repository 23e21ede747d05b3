"""Files that do not fit the session they are given for and fit another: told by coders, copies and headers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from dyadflow.annotations.doctor.alignment import Alignment
from dyadflow.annotations.doctor.coded_files import CodedFile, Key
from dyadflow.annotations.doctor.lags import kappa_at

#: Agreement on behaviour below this is what coders of different sessions reach: .25 at most with seven codes, .46 with
#: two codes and long bouts (made-up studies).
STRANGERS_KAPPA = 0.4
#: A file is of another session if it agrees this well on behaviour with a coder of that one,
MATCH_KAPPA = 0.5
#: and by so much better than with the coders of its own session;
MATCH_MARGIN = 0.25
#: with phases it has to agree better too, which tells sessions apart where behaviour is coded with two codes;
PHASES_MARGIN = 0.15
#: where its own session has no other coder, if it agrees this well.
MATCH_ALONE_KAPPA = 0.6
#: In a large study some stranger agrees well by chance. The best of all comparisons of one file has to stand out from
#: the others by what only this share of files would reach, were agreement with strangers normally distributed.
CHANCE = 0.01
#: Files with fewer segments can be equal by chance.
LEAST_COPIED = 5

Pairs = Mapping[tuple[Key, Key], Alignment]


@dataclass(frozen=True)
class Misplaced:
    """A file that seems to be another session's.

    Parameters
    ----------
    file
        The file.
    belongs
        The session that it seems to be of.
    reason
        What tells, as clauses.
    """

    file: CodedFile
    belongs: str
    reason: tuple[str, ...]


def find_misplaced(files: Mapping[Key, CodedFile], pairs: Pairs) -> dict[Key, Misplaced]:
    """Every file that fits another session better than its own, by session and coder.

    Parameters
    ----------
    files
        Of the study.
    pairs
        For two coders of one session how their files fit.
    """
    own = {key: own_agreement(key, pairs) for key in files}
    found = {}
    for key in sorted(files):
        told = _by_agreement(files[key], own[key], files, pairs)
        if told is None and not own[key] >= STRANGERS_KAPPA:
            told = _by_header(files[key])
        if told:
            found[key] = told
    for copy in _by_copy(files, {key for key in files if not fits_its_session(key, pairs)}):
        known = found.get(copy.file.key)
        found[copy.file.key] = replace(known, reason=(*known.reason, *copy.reason)) if known else copy
    return found


def own_agreement(key: Key, pairs: Pairs) -> float:
    """The highest agreement on behaviour with another coder of the session; NaN if there is none to agree with."""
    kappas = [pair.behaviour for ends, pair in pairs.items() if key in ends and np.isfinite(pair.behaviour)]
    return max(kappas, default=float("nan"))


def fits_its_session(key: Key, pairs: Pairs) -> bool:
    """Whether another coder of the session agrees with a file, and that without moving it."""
    return any(
        pair.behaviour >= STRANGERS_KAPPA and not pair.shifted for ends, pair in pairs.items() if key in ends
    )


def _by_agreement(file: CodedFile, own: float, files: Mapping[Key, CodedFile], pairs: Pairs) -> Misplaced | None:
    """Whether a file agrees with another session's coders much better than with its own session's."""
    alone = not np.isfinite(own)
    if file.timeline is None or (alone and file.header.here) or own > 1 - MATCH_MARGIN:
        return None
    kappas = {
        key: _agreement(file, other, files, phases=False) for key, other in files.items()
        if other.session != file.session and other.coder != file.coder and other.timeline is not None
    }
    if not kappas:
        return None
    match = max(kappas, key=kappas.__getitem__)
    needed = MATCH_ALONE_KAPPA if alone else max(MATCH_KAPPA, own + MATCH_MARGIN)
    strangers = [kappa for (session, _), kappa in kappas.items() if session != match[0]]
    if kappas[match] < max(needed, _by_chance(strangers)):
        return None
    at_home = [pair.kappa for ends, pair in pairs.items() if file.key in ends]
    if _agreement(file, files[match], files, phases=True) < max(at_home, default=0.0) + PHASES_MARGIN:
        return None
    reason = f"it agrees with {match[1]}'s file of {match[0]} (kappa {kappas[match]:.2f})"
    reason += "" if alone else f" and not with the other coders of {file.session} (kappa {own:.2f})"
    says = (file.header.words,) if file.header.elsewhere == match[0] else ()
    return Misplaced(file, match[0], (reason, *says))


def _agreement(file: CodedFile, other: CodedFile, files: Mapping[Key, CodedFile], *, phases: bool) -> float:
    """Kappa of a file with one of another session, as if its coder had given it for that session."""
    assert file.timeline is not None and other.timeline is not None  # only such files are held against each other
    there = files.get((other.session, file.coder))
    moved = file.timeline.moved(there.offset_s - file.offset_s if there else 0.0)
    kappa = kappa_at(other.timeline, moved, other.timeline.codes if phases else other.timeline.behaviours)
    return kappa if np.isfinite(kappa) else 0.0


def _by_chance(kappas: list[float]) -> float:
    """Agreement that the best of so many strangers hardly reaches."""
    if len(kappas) < 2:
        return 0.0
    return float(np.mean(kappas) + NormalDist().inv_cdf(1 - CHANCE / len(kappas)) * np.std(kappas, ddof=1))


def _by_header(file: CodedFile) -> Misplaced | None:
    """Whether a file that no other coder stands up for says itself that it is another session's."""
    return Misplaced(file, file.header.elsewhere, (file.header.words,)) if file.header.elsewhere else None


def _by_copy(files: Mapping[Key, CodedFile], strangers: Collection[Key]) -> Iterable[Misplaced]:
    """Files that hold the very segments of another session's, unless their own session's coders or header stand up
    for them."""
    same: dict[bytes, list[CodedFile]] = {}
    for file in files.values():
        if len(file.table) >= LEAST_COPIED:
            same.setdefault(_content(file), []).append(file)
    for group in same.values():
        for file in group:
            others = [other for other in group if other.session != file.session]
            if not others or file.key not in strangers or file.header.here:
                continue
            at_home = [other for other in others if other.key not in strangers or other.header.here]
            other = (at_home or others)[0]
            # Of two that nothing tells apart one finding, not two.
            if at_home or file.key < other.key:
                same_as = f"it holds the same segments as {other.coder}'s file of {other.session}"
                unsure = () if at_home else ("nothing tells which of the two sessions they are of",)
                yield Misplaced(file, other.session, (same_as, *unsure))


def _content(file: CodedFile) -> bytes:
    """Segments on the file's own clock, to the millisecond."""
    table = file.table[["tier", "code", "onset_s", "offset_s"]]
    times = (table[["onset_s", "offset_s"]] - file.offset_s).round(3) + 0.0
    return table.assign(**times).to_csv(index=False).encode()

"""Which file of a session is shifted in time, told by the other coders, the sheet's phases and the recording's ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dyadflow.annotations.doctor.alignment import Alignment
from dyadflow.annotations.doctor.bounds import TOLERANCE_S
from dyadflow.annotations.doctor.coded_files import CodedFile
from dyadflow.annotations.doctor.phase_edges import EdgeShift
from dyadflow.annotations.doctor.roots import Root
from dyadflow.annotations.issues import Issue

#: What a shift explains: coding pushed over either end of the recording.
CONSEQUENCES = ("past_the_end", "before_zero")


@dataclass(frozen=True)
class Evidence:
    """All that tells of shifts in one session.

    Parameters
    ----------
    files
        Of the coders, in the sheet's order.
    pairs
        For two coders in that order how their files fit, as far as that could be found out.
    edges
        For coders who marked the phases that the sheet gives too, how these fit.
    end_s
        When the recording ends; NaN if that is not known.
    """

    files: Mapping[str, CodedFile]
    pairs: Mapping[tuple[str, str], Alignment]
    edges: Mapping[str, EdgeShift]
    end_s: float

    def shift_s(self, coder: str, other: str) -> float | None:
        """How much later a coder's file lies than another's; None if they cannot check each other."""
        for pair, sign in (((other, coder), 1.0), ((coder, other), -1.0)):
            if pair in self.pairs and self.pairs[pair].tells:
                return sign * self.pairs[pair].shift_s
        return None

    def apart(self, coder: str, other: str) -> bool:
        """Whether the two files are shifted against each other."""
        return any(pair in self.pairs and self.pairs[pair].shifted for pair in ((coder, other), (other, coder)))


def best_shifts_s(evidence: Evidence) -> dict[str, float]:
    """For each coder how much later the file lies than what it can be checked against: the sheet's phases, or else
    the median over the other coders."""
    found = {}
    for coder in evidence.files:
        others = [evidence.shift_s(coder, other) for other in evidence.files if other != coder]
        known = [shift_s for shift_s in others if shift_s is not None]
        if coder in evidence.edges:
            found[coder] = evidence.edges[coder].shift_s
        elif known:
            found[coder] = round(float(np.median(known)), 3)
    return found


def find_shifts(evidence: Evidence) -> list[Root]:
    """A finding for each file of a session that is shifted; one for two of which either may be.

    Notes
    -----
    Coders whose files are not shifted against each other hold together. Who holds together with the sheet's phases
    is right; without these the greater number is, or those who lie within the recording where the others do not.
    Where nothing decides, both sides are named.
    """
    against = [coder for coder, edge in evidence.edges.items() if edge.shifted]
    if not against and not any(pair.shifted for pair in evidence.pairs.values()):
        return []
    groups = _groups(evidence)
    right, why = _choose_right(groups, evidence)
    if right is None:
        return [_undecided(evidence)]
    if not right and len(groups) == 1 and len(against) > 1:
        return [_all_shifted(against, evidence)]
    return [
        _shifted(coder, right, why, evidence)
        for coder in evidence.files
        if coder not in right and (coder in against or any(evidence.apart(coder, other) for other in right))
    ]


def _groups(evidence: Evidence) -> list[list[str]]:
    """Coders who hold together; only those of whom something is known."""
    involved = [
        coder for coder in evidence.files
        if coder in evidence.edges or any(evidence.shift_s(coder, other) is not None for other in evidence.files)
    ]
    groups: list[list[str]] = []
    for coder in involved:
        mine = [
            group for group in groups
            if any(evidence.shift_s(coder, other) is not None and not evidence.apart(coder, other) for other in group)
        ]
        joined = [*(other for group in mine for other in group), coder]
        groups = [*(group for group in groups if group not in mine), joined]
    return groups


def _choose_right(groups: Sequence[Sequence[str]], evidence: Evidence) -> tuple[Sequence[str] | None, str]:
    """The group whose timing is right (empty: that of none), and why it is; None if nothing tells."""
    against = {coder for coder, edge in evidence.edges.items() if edge.shifted}
    with_edges = [group for group in groups if any(coder in evidence.edges for coder in group)]
    fitting = [group for group in with_edges if not against & set(group)]
    if against:
        right = [coder for group in fitting for coder in group]
        return right, "the phases in the sheet fit the others" if right else "no other coder's file fits them better"
    if len(groups) < 2:
        return None, ""
    if len(fitting) == 1:
        return fitting[0], "the phases in the sheet fit the others"
    by_size = sorted(groups, key=len, reverse=True)
    if len(by_size[0]) > len(by_size[1]):
        return by_size[0], f"{' and '.join(by_size[0])} fit each other"
    inside = [group for group in groups if not any(_lies_outside(evidence.files[coder], evidence) for coder in group)]
    if len(inside) == 1:
        return inside[0], "it also lies outside the recording"
    return None, ""


def _lies_outside(file: CodedFile, evidence: Evidence) -> bool:
    return bool(
        file.table.onset_s.min() < -TOLERANCE_S or file.table.offset_s.max() > evidence.end_s + TOLERANCE_S
    )


def _shifted(coder: str, right: Sequence[str], why: str, evidence: Evidence) -> Root:
    file = evidence.files[coder]
    others = [other for other in right if evidence.apart(coder, other)]
    if others:
        shift_s = float(np.median([evidence.shift_s(coder, other) for other in others]))
        against = f"the coding of {' and '.join(others)} ({_kappas(coder, others[0], evidence)})"
    else:
        shift_s, against = evidence.edges[coder].shift_s, "the phases in the sheet"
    issue = Issue(
        "constant_shift",
        f"the whole file lies {abs(shift_s):.2f} s {_direction(shift_s)} than {against}; {why}",
        fix=f"look up one event in the recording; if it shows the same, {_mend(shift_s)} in the coding sheet",
        **file.place,
    )
    return Root(issue, frozenset((rule, *file.key) for rule in CONSEQUENCES), frozenset({file.key}))


def _all_shifted(coders: Sequence[str], evidence: Evidence) -> Root:
    shift_s = float(np.median([evidence.edges[coder].shift_s for coder in coders]))
    session = evidence.files[coders[0]].session
    issue = Issue(
        "constant_shift",
        f"the phases that {' and '.join(coders)} marked lie {abs(shift_s):.2f} s {_direction(shift_s)} than those in "
        "the sheet, and their files fit each other",
        fix="look up one event in the recording, and correct the session's offset or the phases in the sheet of "
        "sessions",
        session=session,
    )
    keys = [evidence.files[coder].key for coder in coders]
    return Root(issue, frozenset((rule, *key) for rule in CONSEQUENCES for key in keys), frozenset(keys))


def _undecided(evidence: Evidence) -> Root:
    first, second = next(pair for pair, fit in evidence.pairs.items() if fit.shifted)
    shift_s = evidence.pairs[first, second].shift_s
    files = [evidence.files[coder] for coder in (first, second)]
    issue = Issue(
        "constant_shift",
        f"the files of {first} and {second} are shifted against each other: that of {second} lies {abs(shift_s):.2f} s "
        f"{_direction(shift_s)} ({_kappas(second, first, evidence)}), and nothing tells which of the two is off",
        fix="look up one event in the recording, and correct the offset of the file that has it at another time in "
        "the coding sheet",
        session=files[0].session,
        file=" and ".join(file.file for file in files if file.file),
    )
    return Root(issue, about=frozenset(file.key for file in files))


def _kappas(coder: str, other: str, evidence: Evidence) -> str:
    pair = evidence.pairs.get((other, coder)) or evidence.pairs[coder, other]
    return f"kappa {pair.kappa:.2f} when moved by that, {pair.kappa_as_is:.2f} as it is"


def _direction(shift_s: float) -> str:
    return "later" if shift_s > 0 else "earlier"


def _mend(shift_s: float) -> str:
    verb, preposition = ("take", "from") if shift_s > 0 else ("add", "to")
    return f"{verb} {abs(shift_s):.2f} s {preposition} the file's offset"

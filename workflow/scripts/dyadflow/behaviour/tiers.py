"""One coder's coding of one tier of one session, made ready for measuring."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import SLACK_S, Interval, Run, join, single_runs, subtract


@dataclass(frozen=True)
class TierCoding:
    """When each code of a tier holds, by one coder in one session.

    Parameters
    ----------
    bouts
        For every code that the coder gave (and every merge's own name, where a file holds it) its bouts: sorted, none
        touching the next, in seconds on the recording's clock. A point event is a bout without length.
    coded
        When anything is coded, scorable or not, and be it two codes that exclude each other.
    observed
        When a scorable code holds.
    runs
        The moments of `observed` at which exactly one code holds, as runs of that code.
    """

    bouts: Mapping[str, Sequence[Interval]]
    coded: Sequence[Interval]
    observed: Sequence[Interval]
    runs: Sequence[Run]

    def bouts_of(self, codes: Iterable[str]) -> list[Interval]:
        """Bouts of several codes taken as one: those that touch or overlap are one bout."""
        return join(bout for code in codes for bout in self.bouts.get(code, ()))


def tidy_tier(
    segments: Iterable[Run], scheme: Scheme, tier: str, *, filled: Sequence[Interval] = (), gap_s: float = 0.0
) -> TierCoding:
    """Make one coder's segments of a tier ready for measuring.

    Parameters
    ----------
    segments
        Onset and offset in seconds, and code.
    scheme
        The coding scheme.
    tier
        Which of its tiers.
    filled
        Where what no segment covers has the tier's code for it (coding by presence); sorted and disjoint.
    gap_s
        Gaps, and overlaps of codes that exclude each other, up to this many seconds are rounding.

    Notes
    -----
    Observed time is scorable coded time: what no segment covers, and what an unscorable or an excluded code covers, is
    not observed, because unlabelled is not negative. Where the codes of a tier exclude each other, a moment with two
    of them is coded but not observed: nothing chooses between them. In a tier whose codes may overlap, the time of an
    unscorable code is taken from every other.
    """
    details = scheme.tiers[tier]
    unseen = [code for code, its in details.codes.items() if its.status == "unscorable"]
    scorable = scorable_terms(scheme, tier)
    rows = sorted(segments)
    points = [row for row in rows if row[1] == row[0]]
    lasting = [row for row in rows if row[1] > row[0]]
    if details.exclusive:
        lasting = _settle(lasting, gap_s)
    held = _by_code(lasting, 0.0 if details.exclusive else gap_s)
    coded = join((bout for bouts in held.values() for bout in bouts), gap_s)
    if filled and details.otherwise:
        # A sliver beside a phase's edge is rounding too.
        free = [hole for hole in subtract(filled, coded) if hole[1] - hole[0] > gap_s + SLACK_S]
        held[details.otherwise] = join([*held.get(details.otherwise, ()), *free])
        coded = join([*coded, *free])
    if details.exclusive:
        found = single_runs(held)
        runs = [run for run in found if run[2] in scorable]
        observed = join((onset_s, offset_s) for onset_s, offset_s, _ in runs)
        bouts = _by_code([*found, *points])
    else:
        hidden = join(bout for code in unseen for bout in held.get(code, ()))
        bouts = _by_code([
            *((*bout, code) for code, its in held.items()
              for bout in (its if code in unseen else subtract(its, hidden))),
            *points,
        ])
        runs = single_runs({code: its for code, its in bouts.items() if code in scorable})
        observed = join(bout for code, its in bouts.items() if code in scorable for bout in its if bout[1] > bout[0])
    return TierCoding(bouts, coded, observed, runs)


def scorable_codes(scheme: Scheme, tier: str) -> list[str]:
    """Codes of a tier whose time is observed time: neither unscorable nor excluded."""
    return [code for code, details in scheme.tiers[tier].codes.items() if details.status == "scorable"]


def scorable_terms(scheme: Scheme, tier: str) -> list[str]:
    """Scorable codes of a tier, then the merges that have any of them."""
    codes = scorable_codes(scheme, tier)
    return codes + [name for name, merge in scheme.merges_of(tier).items() if not {*codes}.isdisjoint(merge.codes)]


def _settle(rows: list[Run], gap_s: float) -> list[Run]:
    """Let each segment last until the next begins, where a gap or overlap between them is rounding."""
    settled = []
    for number, (onset_s, offset_s, code) in enumerate(rows):
        following_s = rows[number + 1][0] if number + 1 < len(rows) else offset_s
        if abs(following_s - offset_s) <= gap_s + SLACK_S:
            offset_s = following_s
        if offset_s > onset_s:
            settled.append((onset_s, offset_s, code))
    return settled


def _by_code(runs: Iterable[Run], gap_s: float = 0.0) -> dict[str, list[Interval]]:
    """The bouts of each code, codes in order of their names."""
    found: dict[str, list[Interval]] = {}
    for onset_s, offset_s, code in runs:
        found.setdefault(code, []).append((onset_s, offset_s))
    return {code: join(found[code], gap_s) for code in sorted(found)}

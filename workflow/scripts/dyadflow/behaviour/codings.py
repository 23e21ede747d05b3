"""Every coder's coding of every session: tiers made ready for measuring, and the time of each phase."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from dyadflow.annotations.phase_labels import PhaseSpan
from dyadflow.annotations.scheme import PHASE_TIER, Scheme
from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.bouts import Interval, Run, clip, join
from dyadflow.behaviour.phases import common_spans, find_phases, phases_of_tier, spans_by_phase
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.tiers import TierCoding, tidy_tier
from dyadflow.errors import DyadflowError

#: Kinds of coders whose coding is summed up.
KINDS = ("human", "assisted")


@dataclass(frozen=True)
class SessionCoding:
    """One coder's coding of one session.

    Parameters
    ----------
    session, dyad, coder, kind
        Whose it is; kind is ``human`` or ``assisted``.
    tiers
        The tiers that the coder coded, in the scheme's order.
    phases
        Name, onset_s and offset_s of each phase that holds for this coder, sorted by onset.
    extent
        From the first to the last moment that the coder coded, in seconds on the recording's clock.
    spans
        The time of ``all`` and of each phase (`spans_by_phase`).
    """

    session: str
    dyad: str
    coder: str
    kind: str
    tiers: Mapping[str, TierCoding]
    phases: Sequence[PhaseSpan]
    extent: Interval
    spans: Mapping[str, Sequence[Interval]]


def gather_codings(
    segments: Segments,
    scheme: Scheme,
    *,
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    sheet_phases: Mapping[str, Sequence[PhaseSpan]],
    lengths_s: Mapping[str, float],
    settings: BehaviourSettings,
) -> list[SessionCoding]:
    """The coding of every session by every coder, made ready for measuring.

    Parameters
    ----------
    segments
        Of all sessions and coders.
    scheme
        The coding scheme.
    dyads
        The dyad of each session.
    kinds
        Kind of each (session, coder), a session's coders in the order of the study's sheet.
    sheet_phases
        For the sessions whose phases stand in the sheet: name, onset_s, offset_s of each.
    lengths_s
        Length of each recording in seconds, where it is known.
    settings
        What the study says about it.

    Returns
    -------
    list of SessionCoding
        Of human and assisted coders who have any segment, sessions and coders in order of their names.

    Raises
    ------
    DyadflowError
        If a segment has a tier, code or phase that the scheme does not know.

    Notes
    -----
    What lies before the recording's zero or after its end is cut off: it is no coding of the recording, and the
    table of issues tells it. A tier counts as coded by who has a segment in it; one that is coded by presence, by who
    has any segment in the session at all.
    """
    rows = _rows_by_session(segments, scheme)
    codings = []
    for session, by_coder in rows.items():
        order = [coder for name, coder in kinds if name == session and coder in by_coder]
        marked = {coder: [(code, *span) for *span, code in by_coder[coder].get(PHASE_TIER, ())] for coder in order}
        phases = find_phases(marked, scheme, sheet_phases.get(session), f"session {session}")
        length_s = lengths_s.get(session)
        end_s = float("inf") if length_s is None or length_s != length_s else float(length_s)
        for coder in sorted(order):
            kind = kinds[session, coder]
            if kind in KINDS:
                codings.append(
                    _read_coder(session, dyads[session], coder, kind, by_coder[coder], phases[coder], end_s, scheme,
                                settings))
    return codings


def pair_up(
    codings: Sequence[SessionCoding], tier: str, other: str
) -> Iterator[tuple[str, SessionCoding, SessionCoding, Mapping[str, Sequence[Interval]]]]:
    """The codings of two tiers that are held against each other in one session.

    Parameters
    ----------
    codings
        Of one session.
    tier, other
        The two tiers.

    Yields
    ------
    coder, coding, partner, spans
        For every coder who coded both tiers: the name, the coding twice, and the time of each phase. Where nobody
        coded both, because one person coded the infant and another the caregiver: every pair of the two, named
        ``A+B``, within the phases as both have them.
    """
    alone = [coding for coding in codings if tier in coding.tiers and other in coding.tiers]
    for coding in alone:
        yield coding.coder, coding, coding, coding.spans
    if not alone:
        one = [coding for coding in codings if tier in coding.tiers]
        two = [coding for coding in codings if other in coding.tiers]
        for first, second in product(one, two):
            yield (f"{first.coder}+{second.coder}", first, second, common_spans(first.spans, second.spans))


def by_session(codings: Sequence[SessionCoding]) -> dict[str, list[SessionCoding]]:
    """The codings of each session, in their order."""
    found: dict[str, list[SessionCoding]] = {}
    for coding in codings:
        found.setdefault(coding.session, []).append(coding)
    return found


def _rows_by_session(segments: Segments, scheme: Scheme) -> dict[str, dict[str, dict[str, list[Run]]]]:
    """Session to coder to tier to segments, each onset, offset and code."""
    table = segments.table
    known = {tier: {*details.codes, *scheme.merges_of(tier)} for tier, details in scheme.tiers.items()}
    found: dict[str, dict[str, dict[str, list[Run]]]] = {}
    for session, coder, tier, code, onset_s, offset_s in zip(
        table.session, table.coder, table.tier, table.code, table.onset_s.tolist(), table.offset_s.tolist(),
        strict=True,
    ):
        if code not in known.get(tier, ()) and not (scheme.phases and tier == PHASE_TIER):
            what = f"code {code!r} is not in tier {tier!r} of the scheme" if tier in known else (
                f"tier {tier!r} is not in the scheme")
            raise DyadflowError(what, where=f"session {session}, coder {coder}", fix="import the coding again")
        found.setdefault(session, {}).setdefault(coder, {}).setdefault(tier, []).append((onset_s, offset_s, code))
    return found


def _read_coder(
    session: str,
    dyad: str,
    coder: str,
    kind: str,
    rows: Mapping[str, Sequence[Run]],
    phases: Sequence[PhaseSpan],
    end_s: float,
    scheme: Scheme,
    settings: BehaviourSettings,
) -> SessionCoding:
    recording = (0.0, end_s)
    kept = {
        tier: [piece for row in those for piece in clip([row], [recording])]
        for tier, those in rows.items() if tier in scheme.tiers
    }
    times = [time_s for those in kept.values() for row in those for time_s in row[:2]]
    extent = (min(times), max(times)) if times else (0.0, 0.0)
    tiers = {}
    for tier, details in scheme.tiers.items():
        if tier in kept or details.otherwise:
            meant = phases_of_tier(scheme, tier)
            filled = clip(join(
                (onset_s, offset_s) for name, onset_s, offset_s in phases if name in meant), [recording])
            tiers[tier] = tidy_tier(
                kept.get(tier, ()), scheme, tier, filled=filled if details.otherwise else (), gap_s=settings.gap_s)
    spans = spans_by_phase(phases, scheme, extent, settings.gap_s)
    return SessionCoding(session, dyad, coder, kind, tiers, phases, extent, spans)

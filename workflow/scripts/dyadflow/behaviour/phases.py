"""When phases take place by each coder, and the time that a row of a table is about."""

from collections.abc import Iterable, Mapping, Sequence

from dyadflow.annotations.phase_labels import PhaseSpan, phases_by_coder
from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import Interval, join
from dyadflow.errors import DyadflowError

#: The phase, or session, of a row that takes all of them together.
ALL = "all"


def find_phases(
    marked: Mapping[str, Sequence[PhaseSpan]], scheme: Scheme, sheet: Sequence[PhaseSpan] | None, where: str = ""
) -> dict[str, list[tuple[str, float, float]]]:
    """The phases that hold for each coder of a session.

    Parameters
    ----------
    marked
        What each coder marked, coders in the order of the study's sheet.
    scheme
        The coding scheme.
    sheet
        Phases of the study's sheet; if there are any, they hold for all coders.
    where
        The session, for the sentence of an error.

    Returns
    -------
    dict
        Coder to spans, sorted by onset; none if the scheme has no phases. Which hold for whom is the rule by which
        frames are labelled (`phases_by_coder`). A phase may take place several times.

    Raises
    ------
    DyadflowError
        If a phase is not in the scheme.
    """
    if scheme.phases is None:
        return {coder: [] for coder in marked}
    found = {}
    held = phases_by_coder(marked, each_coder=scheme.phases.spans == "each_coder", sheet=sheet)
    for coder, spans in held.items():
        for name, *_ in spans:
            if name not in scheme.phases.codes:
                raise DyadflowError(
                    f"phase {name!r} is not in the scheme", where=where,
                    fix=f"use one of {', '.join(scheme.phases.codes)}",
                )
        # To the microsecond, as segments are written, so that a bout that begins with a phase is seen to do so.
        timed = [(str(name), round(float(onset_s), 6), round(float(offset_s), 6))
                 for name, onset_s, offset_s in spans if offset_s > onset_s]
        found[coder] = sorted(timed, key=lambda span: (span[1], span[2], span[0]))
    return found


def spans_by_phase(
    phases: Sequence[PhaseSpan], scheme: Scheme, extent: Interval, gap_s: float = 0.0
) -> dict[str, list[Interval]]:
    """The time of ``all`` and of each phase.

    Parameters
    ----------
    phases
        From `find_phases`, of one coder.
    scheme
        The coding scheme.
    extent
        From the first to the last moment that the coder coded: what ``all`` is where a scheme has no phases.
    gap_s
        Gaps between two phases up to this many seconds are rounding.

    Returns
    -------
    dict
        ``all``: the phases that are not excluded, those that touch as one, so that a bout that runs from one into the
        next is one bout there. Then the scheme's phases in its order, only those that took place. Empty where the
        scheme has phases and nobody marked any: then nothing is known to belong to the paradigm.
    """
    if scheme.phases is None:
        return {ALL: [extent]} if extent[1] > extent[0] else {}
    own = {
        name: join((onset_s, offset_s) for phase, onset_s, offset_s in phases if phase == name)
        for name in scheme.phases.codes
    }
    own = {name: spans for name, spans in own.items() if spans}
    pooled = join((span for name in own if not scheme.phases.codes[name].excluded for span in own[name]), gap_s)
    return ({ALL: pooled} if pooled else {}) | own


def paradigm_phases(scheme: Scheme) -> list[str]:
    """``all`` and the phases that are not excluded, in the order of tables."""
    return [ALL, *(name for name, phase in (scheme.phases.codes if scheme.phases else {}).items()
                   if not phase.excluded)]


def phases_of_tier(scheme: Scheme, tier: str) -> set[str]:
    """Phases in which a tier is coded: those of its targets, all but the excluded if no target limits them.

    Only there does what nobody marks mean something in a tier coded by presence.
    """
    names = set(paradigm_phases(scheme)) - {ALL}
    limits = [target.phases for target in scheme.targets.values() if target.tier == tier]
    if not limits or not all(limits):
        return names
    return names & {phase for limit in limits for phase in limit}


def common_spans(
    spans: Mapping[str, Sequence[Interval]], others: Mapping[str, Sequence[Interval]]
) -> dict[str, list[Interval]]:
    """For each phase of two coders the time that is in it by both."""
    return {
        phase: shared for phase in spans if phase in others
        if (shared := list(_overlaps(spans[phase], others[phase])))
    }


def _overlaps(spans: Iterable[Interval], others: Iterable[Interval]) -> Iterable[Interval]:
    for onset_s, offset_s in spans:
        for begin_s, end_s in others:
            if max(onset_s, begin_s) < min(offset_s, end_s):
                yield max(onset_s, begin_s), min(offset_s, end_s)

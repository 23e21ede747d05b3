"""Runs of every session, coder and target of a study, from its one table of segments."""

from collections.abc import Mapping, Sequence
from typing import Any

from dyadflow.agreement.runs import Runs, find_runs
from dyadflow.annotations.labels import SessionLabels, select_tier
from dyadflow.annotations.phase_labels import phases_by_coder
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments

#: By session, coder and target.
RunsOf = Mapping[tuple[str, str, str], Runs]


def runs_of_study(
    segments: Segments,
    labels: Mapping[str, SessionLabels],
    spec: Mapping[str, Any],
    kinds: Mapping[tuple[str, str], str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]] | None],
) -> RunsOf:
    """The runs of every human coder of a study.

    Parameters
    ----------
    segments
        Of all sessions and coders.
    labels
        Frame labels of each session; sessions without any are left out.
    spec
        From `label_spec`.
    kinds
        Kind of each (session, coder), in the order of the study's sheet. A coder of any kind may be the one whose
        phases hold for all.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.

    Returns
    -------
    dict
        By session, coder and target, for everybody who has any segment in the session.
    """
    table, described = segments.table, spec["phases"]
    present = dict.fromkeys(zip(table.session, table.coder, strict=True))
    marks: dict[tuple[str, str], list[Any]] = {}
    for row in table[table.tier == PHASE_TIER].itertuples():
        marks.setdefault((row.session, row.coder), []).append((row.code, row.onset_s, row.offset_s))
    phases: dict[tuple[str, str], list[Any] | None] = dict.fromkeys(present)
    for session in labels if described else ():
        mine = {coder: marks.get((session, coder), []) for name, coder in kinds
                if name == session and (session, coder) in present}
        held = phases_by_coder(mine, each_coder=described["each_coder"], sheet=sheet_phases.get(session))
        for coder, spans in held.items():
            phases[session, coder] = [span for span in spans if span[0] not in described["excluded"]]
    found = {}
    for target, details in spec["targets"].items():
        coding = select_tier(segments, details)
        places = coding.groupby(["session", "coder"], sort=False).indices
        for session, coder in present:
            if session in labels and kinds.get((session, coder)) == "human":
                own = coding.iloc[places.get((session, coder), [])]
                found[session, coder, target] = find_runs(
                    own, details, phases[session, coder], labels[session].grid.duration_s)
    return found

"""Agreement on the clock: moments at even steps within what all coders of a session take for a phase."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coders import agreement_of
from dyadflow.agreement.pairs import count_pairs
from dyadflow.annotations.labels import SessionLabels, label_session
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid

#: The phase, or tier, of a row that pools all of them.
ALL = "all"
CLOCK_COLUMNS = (
    "phase", "tier", "coder_a", "coder_b", "percent", "percent_low", "percent_high",
    "kappa", "kappa_low", "kappa_high", "sessions", "dyads", "moments",
)


def compare_on_clock(
    segments: Segments,
    spec: Mapping[str, Any],
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    *,
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    step_s: float = 0.1,
    level: float = 0.95,
) -> pd.DataFrame:
    """Percent agreement and Cohen's kappa of every two human coders, moment by moment.

    Parameters
    ----------
    segments
        Of all sessions and coders.
    spec
        From `label_spec`, of a scheme with phases.
    dyads
        The dyad of each session.
    kinds
        Kind of each (session, coder). Only ``human`` counts.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.
    step_s
        Seconds from one moment to the next.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns phase, tier, coder_a, coder_b, percent, percent_low, percent_high (0 to 100), kappa, kappa_low,
        kappa_high, sessions, dyads, moments. Phase is ``all`` or a name, tier is ``all`` or a name, and every
        pair that coded any target of the same session has a row for each of their combinations. `moments`
        are those compared; one that was compared in two tiers counts twice. Where there are none, percent and
        kappa are empty.

    Notes
    -----
    Fraile et al. (2022), section 3.2 and figure 1: the minimal interval of each task and session, over all
    coders who marked it, is sampled every 0.1 s; all sessions that both coded and both engagement variables
    make one series a pair. That is the row in which phase and tier are ``all``. Moments lie in the middle of
    their steps. Intervals: `jackknife_interval` over dyads.

    Of several targets on one tier, the first that is coded in a phase stands for the tier there.
    """
    labels = {}
    for session in sorted({name for name, _ in kinds}):
        mine = segments.select(session=session)
        coders = [coder for coder in dict.fromkeys(mine.table.coder) if kinds.get((session, coder)) == "human"]
        phases = (sheet_phases or {}).get(session)
        table = mine.table[mine.table.tier == PHASE_TIER]
        ends_s = [*table.offset_s, *(float(offset_s) for _, _, offset_s in phases or ())]
        grid = FrameGrid(1 / step_s, max(0, ceil(max(ends_s, default=0.0) / step_s)))
        labels[session] = label_session({coder: mine.select(coder=coder) for coder in coders}, grid, spec, phases)
    rows = []
    for (coder_a, coder_b), by_session in sorted(_count_by_place(labels, spec, dyads, kinds).items()):
        counts, own_dyads = np.stack(list(by_session.values())), [dyads[session] for session in by_session]
        for (phase, own_phases), (tier, own_tiers) in product(_selections(_phases(spec)), _selections(_tiers(spec))):
            row = agreement_of(counts[:, own_phases][:, :, own_tiers].sum((1, 2)), own_dyads, level)
            row["moments"] = row.pop("frames")
            rows.append({"phase": phase, "tier": tier, "coder_a": coder_a, "coder_b": coder_b} | row)
    return pd.DataFrame(rows, columns=list(CLOCK_COLUMNS))


def _phases(spec: Mapping[str, Any]) -> list[str]:
    """Phases that anything is coded in."""
    return [name for name in spec["phases"]["names"] if name not in spec["phases"]["excluded"]]


def _tiers(spec: Mapping[str, Any]) -> list[str]:
    """Tiers that any target is on, in the order of targets."""
    return list(dict.fromkeys(target["tier"] for target in spec["targets"].values()))


def _selections(names: Sequence[str]) -> list[tuple[str, slice]]:
    """``all`` and each name, with what to take of an axis that has one place a name."""
    return [(ALL, slice(None)), *((name, slice(place, place + 1)) for place, name in enumerate(names))]


def _count_by_place(
    labels: Mapping[str, SessionLabels],
    spec: Mapping[str, Any],
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], dict[str, NDArray[np.int64]]]:
    """For each pair of coders and session: moments, shape (phases, tiers, classes, classes).

    The classes are those of all targets by name, so that `no` of one tier is `no` of another. Moments outside
    every phase of the session are left out: they lie outside the minimal intervals.
    """
    phases, tiers = _phases(spec), _tiers(spec)
    classes = list(dict.fromkeys(name for target in spec["targets"].values() for name in target["classes"]))
    stands_for: dict[tuple[str, str], str] = {}
    for name, target in spec["targets"].items():
        for phase in target["phases"] or phases:
            stands_for.setdefault((target["tier"], phase), name)
    found: dict[tuple[str, str], dict[str, NDArray[np.int64]]] = {}
    for pair in count_pairs(labels, dyads, kinds):
        tier = spec["targets"][pair.target]["tier"]
        place = np.ix_([classes.index(name) for name in pair.classes], [classes.index(name) for name in pair.classes])
        mine = found.setdefault((pair.coder_a, pair.coder_b), {})
        for session, counts in zip(pair.sessions, pair.counts, strict=True):
            table = mine.setdefault(
                session, np.zeros((len(phases), len(tiers), len(classes), len(classes)), dtype=np.int64)
            )
            for phase, own in zip(pair.phases, counts, strict=True):
                if stands_for.get((tier, phase)) == pair.target:
                    table[phases.index(phase), tiers.index(tier)][place] += own
    return found

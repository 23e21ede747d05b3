"""Agreement of every two human coders where both may be a little early or late: by frame, by event, and gamma."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coders import ALL_CODES, agreement_of, by_code
from dyadflow.agreement.gamma import disorders, gamma_of, require_gamma
from dyadflow.agreement.intervals import jackknife_interval, sum_by_dyad
from dyadflow.agreement.matching import event_kappa, event_numbers, event_percent, one_event_class, tally_events
from dyadflow.agreement.pairs import Pair, by_phase, coded_phases, find_pairs, phase_names, phase_slots, target_classes
from dyadflow.agreement.runs import events_in_common
from dyadflow.agreement.settings import AgreementSettings
from dyadflow.agreement.study_runs import RunsOf, runs_of_study
from dyadflow.agreement.tolerance import tally_within
from dyadflow.annotations.label_index import read_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.segments import Segments
from dyadflow.tables import write_table

EVENT_COLUMNS = (
    "target", "phase", "code", "coder_a", "coder_b", "tolerance_s",
    "time_percent", "time_percent_low", "time_percent_high", "time_kappa", "time_kappa_low", "time_kappa_high",
    "events_a", "events_b", "matched", "event_percent", "event_percent_low", "event_percent_high",
    "event_kappa", "event_kappa_low", "event_kappa_high", "onset_difference_s", "onset_difference_abs_s",
    "gamma", "gamma_low", "gamma_high", "sessions", "dyads",
)
_WHOLE = ("events_a", "events_b", "matched", "sessions", "dyads")


@dataclass(frozen=True)
class PairTallies:
    """What there is to count of two coders on one target, session by session.

    Parameters
    ----------
    frames
        Shape (sessions, phases, classes, classes): from `tally_within`.
    events
        Shape (sessions, phases, classes + 1, classes + 1): from `tally_events`.
    differences
        Shape (sessions, phases, classes, 3): from `tally_events`.
    disorders
        Shape (sessions, 2): from `disorders`; zeros where gamma is not wanted.
    """

    frames: NDArray[np.int64]
    events: NDArray[np.int64]
    differences: NDArray[np.float64]
    disorders: NDArray[np.float64]


def compare_events(
    *,
    segments: str | Path,
    labels: str | Path,
    spec: Mapping[str, Any],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]] | None],
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    settings: Mapping[str, Any],
    seed: int,
    events: str | Path,
) -> None:
    """Write `event_table` of a study.

    Parameters
    ----------
    segments
        Table of segments of all sessions and coders.
    labels
        Index of the frame labels.
    spec, sheet_phases, dyads, kinds, seed
        As in `event_table`.
    settings
        What `AgreementSettings` holds.
    events
        Where to write.
    """
    table = event_table(
        Segments.read(segments), {session: file.read() for session, file in read_label_index(labels).items()}, spec,
        dyads, kinds, AgreementSettings.model_validate(settings), sheet_phases=sheet_phases, seed=seed,
    )
    write_table(table, events)


def event_table(
    segments: Segments,
    labels: Mapping[str, SessionLabels],
    spec: Mapping[str, Any],
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    settings: AgreementSettings,
    *,
    sheet_phases: Mapping[str, Sequence[Sequence[Any]] | None] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Time-unit and event-based agreement of every two human coders, with dyad-level intervals.

    Parameters
    ----------
    segments
        Of all sessions and coders.
    labels
        Frame labels of each session, made of the same segments.
    spec
        From `label_spec`.
    dyads
        The dyad of each session.
    kinds
        Kind of each (session, coder), in the order of the study's sheet: where phases are shared, the first coder
        who marked any gives them. Only ``human`` is compared.
    settings
        Tolerance, gamma, and the level of the intervals.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.
    seed
        Of the random codings for gamma.

    Returns
    -------
    DataFrame
        Columns `EVENT_COLUMNS`, a row for each pair, phase and code as in `compare_coders`. time_percent and
        time_kappa (`tally_within`): frames that both coders gave a class, agreed if the other coder has that class
        within the tolerance. events_a, events_b: the coders' events; an event is a run of one class of the target
        (`find_runs`) within what both coded (`events_in_common`), in the phase of its first frame.
        matched: those of one class with onsets within the tolerance; event_percent (`event_percent`); event_kappa
        (`event_kappa`), for all codes together only. onset_difference_s and onset_difference_abs_s: mean of b - a,
        and of its size, over matched events whose onsets both coders saw: an event that is already on where the
        time that both coded begins has no such onset. gamma (`gamma_of`): for all phases and codes together, where
        it is wanted. `sessions` and `dyads` are those with frames to compare.

    Raises
    ------
    DyadflowError
        If gamma is wanted and pygamma-agreement is not installed.
    """
    if settings.gamma:
        require_gamma()
    runs = runs_of_study(segments, labels, spec, kinds, sheet_phases or {})
    phases = phase_names(labels)
    coded = {target: coded_phases(labels, target) for target in target_classes(labels)}
    rows = []
    for pair in find_pairs(labels, kinds):
        tallies = _tally(pair, labels, runs, phases, settings, seed)
        mine = [dyads[session] for session in pair.sessions]
        for row in _rows(pair, tallies, phases, coded[pair.target], mine, settings.level):
            rows.append({"target": pair.target, "coder_a": pair.coder_a, "coder_b": pair.coder_b,
                         "tolerance_s": settings.tolerance_s} | row)
    table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS))
    return table.astype({name: int if name in _WHOLE else float for name in EVENT_COLUMNS[5:]})


def _tally(
    pair: Pair, labels: Mapping[str, SessionLabels], runs: RunsOf, phases: tuple[str, ...],
    settings: AgreementSettings, seed: int,
) -> PairTallies:
    size, places = len(pair.classes), len(phases)
    frames, tallied, differences, disorder = [], [], [], []
    for session in pair.sessions:
        own = labels[session]
        slots, rate_hz = phase_slots(own, phases), own.grid.rate_hz
        codes_a, codes_b = (own.codes[pair.target][coder] for coder in (pair.coder_a, pair.coder_b))
        # A hair more, because 0.28 s at 25 Hz is 7.000000000000001 frames, and other products fall short.
        reach = int(settings.tolerance_s * rate_hz + 1e-6)
        frames.append(tally_within(codes_a, codes_b, size, reach, slots, places))
        runs_a, runs_b = (runs[session, coder, pair.target] for coder in (pair.coder_a, pair.coder_b))
        a, b = events_in_common(runs_a, runs_b, settings.tolerance_s, own.grid)
        centres_s = own.grid.centres_s()
        slots_a, slots_b = (slots[np.searchsorted(centres_s, part.spans[:, 0])] for part in (a, b))
        counts, moved = tally_events(a, b, (slots_a, slots_b), settings.tolerance_s, size, places)
        tallied.append(counts)
        differences.append(moved)
        name = "\x1f".join((pair.target, pair.coder_a, pair.coder_b, session))
        disorder.append(
            disorders(a, b, samples=settings.gamma_samples, seed=seed, name=name) if settings.gamma else (0.0, 0.0))
    return PairTallies(np.stack(frames), np.stack(tallied), np.stack(differences), np.array(disorder))


def _rows(
    pair: Pair, tallies: PairTallies, phases: tuple[str, ...], coded: set[str], dyads: Sequence[str], level: float
) -> Iterator[dict[str, Any]]:
    """A row for each phase and code."""
    found = [by_phase(counts, phases, coded) for counts in (tallies.frames, tallies.events, tallies.differences)]
    for (phase, frames), (_, events), (_, differences) in zip(*found, strict=True):
        for place, (code, table) in enumerate(by_code(frames, pair.classes)):
            whole = code == ALL_CODES
            # by_code gives all codes first, then the classes.
            mine = events if whole else one_event_class(events, place - 1)
            moved = differences.sum((0, 1)) if whole else differences[:, place - 1].sum(0)
            yield {"phase": phase, "code": code} | _by_time(table, dyads, level) | _by_event(
                mine, dyads, level, kappa=whole) | _onset_differences(moved) | (
                _gamma(tallies.disorders, dyads, level) if whole and phase == "all" else {})


def _by_time(counts: NDArray[np.int64], dyads: Sequence[str], level: float) -> dict[str, float | int]:
    found = agreement_of(counts, dyads, level)
    return {
        f"time_{name}" if name.startswith(("percent", "kappa")) else name: value
        for name, value in found.items() if name != "frames"
    }


def _by_event(counts: NDArray[np.int64], dyads: Sequence[str], level: float, *, kappa: bool) -> dict[str, float | int]:
    table = sum_by_dyad(counts, dyads)
    total = table.sum(0)
    found: dict[str, float | int] = dict(
        zip(("events_a", "events_b", "matched"), map(int, event_numbers(total)), strict=True))
    for name, statistic, bounds in (
        ("event_percent", event_percent, (0.0, 100.0)), ("event_kappa", event_kappa, (-1.0, 1.0)),
    ):
        if name == "event_percent" or kappa:
            low, high = jackknife_interval(table, statistic, bounds=bounds, level=level, at_once=True)
            found |= {name: float(statistic(total)), f"{name}_low": low, f"{name}_high": high}
    return found


def _onset_differences(sums: NDArray[np.float64]) -> dict[str, float]:
    number, later_s, apart_s = sums
    if not number:
        return {}
    return {"onset_difference_s": later_s / number, "onset_difference_abs_s": apart_s / number}


def _gamma(sums: NDArray[np.float64], dyads: Sequence[str], level: float) -> dict[str, float]:
    table = sum_by_dyad(sums, dyads)
    low, high = jackknife_interval(table, gamma_of, bounds=(-1.0, 1.0), level=level, at_once=True)
    return {"gamma": float(gamma_of(table.sum(0))), "gamma_low": low, "gamma_high": high}

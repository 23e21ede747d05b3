"""The tables of a study's behaviour, from its segments and its scheme."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.codebook import tabulate_codebook
from dyadflow.behaviour.coder_icc import tabulate_icc
from dyadflow.behaviour.codings import gather_codings
from dyadflow.behaviour.dyadic import find_dyadic_states, tabulate_dyadic
from dyadflow.behaviour.lags import tabulate_lags
from dyadflow.behaviour.measures import tabulate_measures
from dyadflow.behaviour.phase_table import tabulate_phases
from dyadflow.behaviour.regulation import tabulate_regulation
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.transitions import tabulate_transitions
from dyadflow.behaviour.wide import covariate_columns, widen
from dyadflow.tables import write_table


def summarise_behaviour(
    *,
    segments: str | Path,
    scheme: Mapping[str, Any],
    sessions: Mapping[str, Mapping[str, Any]],
    kinds: Mapping[tuple[str, str], str],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]],
    lengths_s: Mapping[str, float],
    settings: Mapping[str, Any],
    measures: str | Path,
    wide: str | Path,
    transitions: str | Path,
    lags: str | Path,
    dyadic: str | Path,
    regulation: str | Path,
    phases: str | Path,
    icc: str | Path,
    codebook: str | Path,
) -> None:
    """Write what psychologists publish of a study, and what each column of it means.

    Parameters
    ----------
    segments
        Table of segments of all sessions and coders.
    scheme
        The coding scheme, as plain values.
    sessions
        For each session its ``dyad`` and its ``covariates``.
    kinds
        Kind of each (session, coder), a session's coders in the order of the study's sheet. Human and assisted coding
        is summed up; only human coding counts for intraclass correlations.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each, on the clock of the
        recording.
    lengths_s
        Length of each session's recording in seconds.
    settings
        The fields of `BehaviourSettings`.
    measures, wide, transitions, lags, dyadic, regulation, phases, icc, codebook
        Where to write each table. Where there is nothing to tell, such as dyadic states of a scheme without any, a
        table is its header.

    Raises
    ------
    DyadflowError
        If a segment has a tier, code or phase that the scheme does not know.
    """
    terms, chosen = read_scheme(scheme), BehaviourSettings(**settings)
    covariates = {session: its.get("covariates") or {} for session, its in sessions.items()}
    codings = gather_codings(
        Segments.read(segments), terms, dyads={session: str(its["dyad"]) for session, its in sessions.items()},
        kinds=kinds, sheet_phases=sheet_phases or {}, lengths_s=lengths_s or {}, settings=chosen,
    )
    measured = tabulate_measures(codings, terms, chosen)
    states = find_dyadic_states(codings, terms)
    write_table(measured, measures)
    write_table(widen(measured, codings, terms, covariates), wide)
    write_table(tabulate_transitions(codings, terms, chosen), transitions)
    write_table(tabulate_lags(codings, terms, chosen), lags)
    write_table(tabulate_dyadic(states, terms, chosen), dyadic)
    write_table(tabulate_regulation(states, terms, chosen), regulation)
    write_table(tabulate_phases(codings, terms), phases)
    write_table(tabulate_icc(measured, codings, terms, chosen), icc)
    write_table(tabulate_codebook(terms, list(covariate_columns(covariates).values()), chosen), codebook)

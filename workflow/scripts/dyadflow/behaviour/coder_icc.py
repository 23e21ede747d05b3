"""How reliable the published numbers are: intraclass correlations of coders on each session's measures."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.icc import icc
from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.codings import SessionCoding
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.wide import SUMMARY_MEASURES, Place, wide_columns

ICC_COLUMNS = (
    "tier", "phase", "code", "measure", "form", "value", "low", "high", "coders", "sessions", "dyads",
)
#: One-way, absolute agreement, consistency; each of a single coder.
FORMS = ("icc1", "icc_a1", "icc_c1")


def tabulate_icc(
    measures: pd.DataFrame, codings: Sequence[SessionCoding], scheme: Scheme, settings: BehaviourSettings
) -> pd.DataFrame:
    """How far human coders agree on the measures of the sessions that several of them coded.

    Parameters
    ----------
    measures
        From `tabulate_measures`.
    codings
        From `gather_codings`.
    scheme
        The coding scheme.
    settings
        What the study says: the level of the limits.

    Returns
    -------
    DataFrame
        Columns `ICC_COLUMNS`: for each tier that two coders coded in the same session, each form of each measure of
        each code and merge in each phase (as in `wide_columns`). Empty values where the correlation is undefined.

    Notes
    -----
    The two-way forms need the same coders throughout: those of `choose_panel`. The one-way form does not: it takes
    every session that at least two coded, and of each as many coders, first by name, as every such session has. A
    session counts if all of these have a value: a latency that is censored for one is a value for none.

    McGraw & Wong (1996); Shrout & Fleiss (1979); on summary measures Bakeman & Quera (2011), chapter 7.
    """
    humans = [coding for coding in codings if coding.kind == "human"]
    dyads = {coding.session: coding.dyad for coding in codings}
    coders: dict[str, dict[str, list[str]]] = {}
    for coding in humans:
        for tier in coding.tiers:
            coders.setdefault(tier, {}).setdefault(coding.session, []).append(coding.coder)
    raters = {tier: _choose_raters(its) for tier, its in coders.items()}
    values = _by_place(measures)
    rows = []
    for tier, code, phase, measure in wide_columns(scheme):
        found = values.get((tier, code, phase, measure), {})
        for form, names in raters.get(tier, {}).items():
            table, used = _complete(found, names)
            estimate = getattr(icc(table, level=settings.level), form)
            rows.append((tier, phase, code, measure, form, estimate.value, estimate.low, estimate.high,
                         table.shape[1], len(used), len({dyads[session] for session in used})))
    return pd.DataFrame(rows, columns=list(ICC_COLUMNS))


def _choose_raters(coders: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Sequence[str]]]:
    """For each form the raters of each session; none where no session has two coders."""
    double = {session: names for session, names in coders.items() if len(names) > 1}
    if not double:
        return {}
    panel, sessions = choose_panel(double)
    fewest = min(map(len, double.values()))
    two_way: dict[str, Sequence[str]] = {session: panel for session in sessions}
    one_way = two_way if len(sessions) == len(double) else {
        session: names[:fewest] for session, names in double.items()}
    return dict(zip(FORMS, (one_way, two_way, two_way), strict=True))


def choose_panel(coders: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The coders who have most sessions in common, and these sessions.

    Parameters
    ----------
    coders
        The coders of each session, at least two of each.

    Returns
    -------
    panel, sessions
        Of pairs with equally many sessions in common, the first by name; with them every other coder who coded all
        of these sessions.
    """
    shared: dict[tuple[str, str], list[str]] = {}
    for session, names in coders.items():
        for pair in combinations(sorted(names), 2):
            shared.setdefault(pair, []).append(session)
    sessions = min(shared.items(), key=lambda item: (-len(item[1]), item[0]))[1]
    panel = set.intersection(*(set(coders[session]) for session in sessions))
    return sorted(panel), sessions


def _by_place(measures: pd.DataFrame) -> dict[Place, dict[tuple[str, str], float]]:
    """For each place the value of each (session, coder)."""
    found: dict[Place, dict[tuple[str, str], float]] = {}
    keys = zip(*(measures[name] for name in ("session", "coder", "tier", "code", "phase")), strict=True)
    values = zip(*(measures[name] for name in SUMMARY_MEASURES), strict=True)
    for (session, coder, *place), row in zip(keys, values, strict=True):
        for measure, value in zip(SUMMARY_MEASURES, row, strict=True):
            found.setdefault((*place, measure), {})[session, coder] = value
    return found


def _complete(
    values: Mapping[tuple[str, str], float], raters: Mapping[str, Sequence[str]]
) -> tuple[NDArray[np.float64], list[str]]:
    """Values of sessions of which every rater has one, shape (sessions, raters), and these sessions."""
    table = np.array(
        [[values.get((session, coder), np.nan) for coder in names] for session, names in raters.items()],
        dtype=np.float64,
    )
    whole = np.asarray(np.isfinite(table).all(axis=1))
    return table[whole], [session for session, kept in zip(raters, whole, strict=True) if kept]

"""One row a session and coder: the table that SPSS, R and jamovi open."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.codings import SessionCoding
from dyadflow.behaviour.phases import paradigm_phases
from dyadflow.behaviour.tiers import scorable_terms

#: The measures that have a column, and that intraclass correlations are given for.
SUMMARY_MEASURES = ("proportion", "rate_per_min", "bout_mean_s", "latency_s")
KEYS = ("session", "dyad", "coder")

#: Tier, code, phase and measure.
Place = tuple[str, str, str, str]


def widen(
    measures: pd.DataFrame,
    codings: Sequence[SessionCoding],
    scheme: Scheme,
    covariates: Mapping[str, Mapping[str, object]],
) -> pd.DataFrame:
    """Put the measures of a session and coder into one row.

    Parameters
    ----------
    measures
        From `tabulate_measures`.
    codings
        From `gather_codings`; each has a row.
    scheme
        The coding scheme.
    covariates
        The free columns of the session sheet, by session.

    Returns
    -------
    DataFrame
        Columns session, dyad, coder; the covariates; then `wide_columns`. Empty where a measure is undefined, or the
        coder did not code the tier or the phase.
    """
    names = covariate_columns(covariates)
    columns = wide_columns(scheme, list(names.values()))
    rows = {
        (coding.session, coding.coder): {
            "session": coding.session, "dyad": coding.dyad, "coder": coding.coder,
            **{names[name]: value for name, value in covariates.get(coding.session, {}).items()},
        }
        for coding in codings
    }
    keys = zip(*(measures[name] for name in ("session", "coder", "tier", "code", "phase")), strict=True)
    values = zip(*(measures[name] for name in SUMMARY_MEASURES), strict=True)
    for (session, coder, *place), found in zip(keys, values, strict=True):
        for measure, value in zip(SUMMARY_MEASURES, found, strict=True):
            column = columns.get((*place, measure))
            if column:
                rows[session, coder][column] = value
    return pd.DataFrame(list(rows.values()), columns=[*KEYS, *names.values(), *columns.values()])


def covariate_columns(covariates: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The column of each covariate, in the order of the sheet: its name, another one if the table has that already."""
    names = dict.fromkeys(name for own in covariates.values() for name in own)
    return {name: f"{name}_covariate" if name in KEYS else name for name in names}


def wide_columns(scheme: Scheme, taken: Sequence[str] = ()) -> dict[Place, str]:
    """The column of each measure of each code and merge in each phase.

    Parameters
    ----------
    scheme
        The coding scheme. Codes that are not scorable have no column, nor have excluded phases.
    taken
        Columns that the table has besides.

    Returns
    -------
    dict
        ``tier_code_phase_measure`` of each (tier, code, phase, measure). Signs that SPSS or R do not take in a name
        are underscores; a name that would be there twice, in small or capital letters, is numbered.
    """
    used = {name.casefold() for name in (*KEYS, *taken)}
    columns: dict[Place, str] = {}
    for tier in scheme.tiers:
        for code in scorable_terms(scheme, tier):
            for phase in paradigm_phases(scheme):
                for measure in SUMMARY_MEASURES:
                    columns[tier, code, phase, measure] = _unused(_plain("_".join((tier, code, phase, measure))), used)
    return columns


def _plain(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    return plain if plain[0].isalpha() else f"v_{plain}"


def _unused(name: str, used: set[str]) -> str:
    """The name, numbered if it is in use; it is in use from now on."""
    number, found = 1, name
    while found.casefold() in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found.casefold())
    return found

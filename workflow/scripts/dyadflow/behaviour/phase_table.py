"""When each phase takes place by each coder, and how much of it is coded."""

from collections.abc import Sequence
from math import nan

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.bouts import clip, total_s
from dyadflow.behaviour.codings import SessionCoding
from dyadflow.behaviour.phases import ALL

PHASE_COLUMNS = ("session", "dyad", "coder", "phase", "onset_s", "offset_s", "duration_s")


def tabulate_phases(codings: Sequence[SessionCoding], scheme: Scheme) -> pd.DataFrame:
    """The spans of phases as they hold for each coder.

    Parameters
    ----------
    codings
        From `gather_codings`.
    scheme
        The coding scheme.

    Returns
    -------
    DataFrame
        Columns `PHASE_COLUMNS`, then for each tier of the scheme the seconds of the span in which this coder coded
        it, and those in which it was observed, empty for a tier that the coder did not code. A row a span, sorted by
        onset: a phase that takes place twice has two. Without phases in the scheme a row ``all``, from the first to
        the last moment that the coder coded.
    """
    columns = tier_columns(scheme)
    rows = []
    for coding in codings:
        for phase, onset_s, offset_s in coding.phases if scheme.phases else [(ALL, *coding.extent)]:
            row = [coding.session, coding.dyad, coding.coder, phase, onset_s, offset_s, offset_s - onset_s]
            for tier, kind in columns:
                its = coding.tiers.get(tier)
                held = () if its is None else its.coded if kind == "coded" else its.observed
                row.append(nan if its is None else total_s(clip(held, [(onset_s, offset_s)])))
            rows.append(row)
    return pd.DataFrame(rows, columns=[*PHASE_COLUMNS, *columns.values()])


def tier_columns(scheme: Scheme) -> dict[tuple[str, str], str]:
    """The column of each (tier, coded or observed)."""
    return {(tier, kind): f"{tier}_{kind}_s" for tier in scheme.tiers for kind in ("coded", "observed")}

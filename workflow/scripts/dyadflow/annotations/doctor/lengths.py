"""How much of a session each coder coded: files that break off, or go on."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dyadflow.annotations.doctor.coded_files import CodedFile
from dyadflow.annotations.issues import Issue
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.vocabulary import Vocabulary

#: Coders begin and end where the first code and the last become clear to them; up to this they differ without fault:
#: in the made-up guided play each edge is off by 1.5 s at most, which makes 6 s between two coders.
TOLERANCE_S = 6.0
#: In a long session the same share of it may be missing.
TOLERANCE_SHARE = 0.02


def find_length_disagreement(
    files: Mapping[str, CodedFile], vocabulary: Vocabulary, end_s: float, shifts_s: Mapping[str, float]
) -> Issue | None:
    """An issue if the coders of a session did not code the same length of it.

    Parameters
    ----------
    files
        By coder, in the sheet's order; at least two for there to be anything to say.
    vocabulary
        Of the scheme. Tiers coded by presence have no length: their first and last segment are where behaviour is.
    end_s
        When the recording ends: what lies outside of it counts for nothing here, because it is told as such.
    shifts_s
        For coders whose file is shifted: by how much.

    Returns
    -------
    Issue or None
        With the coder whose length is the odd one where three or more allow to say so, else of all.
    """
    extents = {
        coder: _extents(file.table, vocabulary, end_s, shifts_s.get(coder, 0.0)) for coder, file in files.items()
    }
    told: dict[str, str] = {}
    odd: set[str] = set()
    for tier in dict.fromkeys(tier for mine in extents.values() for tier in mine):
        coded = {coder: mine[tier] for coder, mine in extents.items() if tier in mine}
        if tier == PHASE_TIER and len({_phases(files[coder].table) for coder in coded}) > 1:
            continue
        lengths_s = {coder: max(off - on, 0.0) for coder, (on, off) in coded.items()}
        tolerance_s = max(TOLERANCE_S, TOLERANCE_SHARE * max(lengths_s.values(), default=0.0))
        if len(coded) > 1 and max(lengths_s.values()) - min(lengths_s.values()) > tolerance_s:
            odd.add(_odd_one(lengths_s, tolerance_s))
            told[tier] = ", ".join(
                f"{coder} {lengths_s[coder]:.1f} s ({on:.1f} to {off:.1f} s)" for coder, (on, off) in coded.items()
            )
    if not told:
        return None
    coder = odd.pop() if len(odd) == 1 else ""
    return Issue(
        "length_disagrees",
        "the coders coded different lengths of the session: "
        + "; ".join(f"tier {tier!r}: {lengths}" for tier, lengths in told.items()),
        fix="check that no file breaks off, and that all coded the same part of the session",
        session=next(iter(files.values())).session,
        coder=coder,
        file=files[coder].file if coder else "",
    )


def _extents(
    table: pd.DataFrame, vocabulary: Vocabulary, end_s: float, shift_s: float
) -> dict[str, tuple[float, float]]:
    """For each tier of which all is coded: from the first onset to the last offset, within the recording."""
    last_s = end_s if np.isfinite(end_s) else np.inf
    return {
        tier: (max(group.onset_s.min() - shift_s, 0.0), min(group.offset_s.max() - shift_s, last_s))
        for tier, group in table.groupby("tier", sort=True)
        if vocabulary.terms(tier).exclusive and not vocabulary.terms(tier).otherwise
    }


def _phases(table: pd.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(table.code[table.tier == PHASE_TIER]))


def _odd_one(lengths_s: Mapping[str, float], tolerance_s: float) -> str:
    """The one coder whose length differs from those of all others, which agree; empty if there is none such."""
    odd: Sequence[str] = [
        coder for coder in lengths_s
        if len(lengths_s) > 2
        and np.ptp([length_s for other, length_s in lengths_s.items() if other != coder]) <= tolerance_s
    ]
    return odd[0] if len(odd) == 1 else ""

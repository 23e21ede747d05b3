"""Columns that were taken for one another: onset and offset, subject and behaviour."""

import pandas as pd

from dyadflow.annotations.issues import Issue
from dyadflow.annotations.vocabulary import Vocabulary

#: Fewer rows say nothing: one or two reversed segments are slips of the hand.
LEAST_ROWS = 3
#: From this share of reversed segments on, it is the columns: slips of the hand stay far below it, and where the
#: columns are swapped only segments without length escape.
REVERSED_SHARE = 0.8
#: Names count as swapped if at least this share of the rows fits the scheme when read the other way round,
SWAPPED_NAMES_SHARE = 0.5
#: and no more than this share as they stand. Some rows always fit neither way: tiers that the scheme passes over.
FITTING_NAMES_SHARE = 0.1

_FIX = (
    "exchange the names of the two columns in the file; of a plain table coding_columns or --columns can say which "
    "is which"
)


def find_swapped_columns(rows: pd.DataFrame, vocabulary: Vocabulary | None = None) -> Issue | None:
    """An issue if two columns of a file stand for one another.

    Parameters
    ----------
    rows
        As `Reading.rows`: all of a file.
    vocabulary
        Of the scheme. Without one only onset and offset are looked at: nothing else tells a subject from a
        behaviour.
    """
    timed = rows[rows.onset_s.notna() & rows.offset_s.notna() & (rows.onset_s != rows.offset_s)]
    reversed_ = timed[timed.offset_s < timed.onset_s]
    if len(timed) >= LEAST_ROWS and len(reversed_) >= REVERSED_SHARE * len(timed):
        first = reversed_.iloc[0]
        return Issue(
            "swapped_columns",
            f"{len(reversed_)} of {len(timed)} segments end before they begin, first {first.code!r} from "
            f"{first.onset_s:.3f} to {first.offset_s:.3f} s: the columns of onsets and offsets are swapped, and "
            "nothing of the file is read",
            fix=_FIX,
        )
    if vocabulary is None or len(rows) < LEAST_ROWS:
        return None
    as_written = _share_that_fits(rows.tier, rows.code, vocabulary)
    exchanged = _share_that_fits(rows.code, rows.tier, vocabulary)
    if exchanged >= SWAPPED_NAMES_SHARE and as_written <= FITTING_NAMES_SHARE:
        first = rows.iloc[0]
        return Issue(
            "swapped_columns",
            f"codes stand where the subject or tier belongs and the reverse, as in {first.tier!r} with the code "
            f"{first.code!r}: the two columns are swapped, and nothing of the file is read",
            fix=_FIX,
        )
    return None


def _share_that_fits(tiers: pd.Series, codes: pd.Series, vocabulary: Vocabulary) -> float:
    """Share of rows whose tier and code the scheme knows; a row without a tier fits no tier."""
    pairs = pd.DataFrame({"tier": tiers, "code": codes}).value_counts()
    known = {
        (tier, code) for tier, code in pairs.index if tier.strip() and vocabulary.place(tier, code).code is not None
    }
    return float(sum(count for pair, count in pairs.items() if pair in known) / max(len(tiers), 1))

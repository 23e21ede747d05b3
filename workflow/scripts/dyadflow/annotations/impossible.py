"""Segments that cannot be as they stand in a file: ended before they began, written twice, or without length."""

from collections.abc import Iterator

import pandas as pd

from dyadflow.annotations.account import Tally
from dyadflow.annotations.issues import Issue


def leave_out_reversed(rows: pd.DataFrame, issues: list[Issue], tally: Tally) -> pd.DataFrame:
    """Rows without those that end before they begin.

    Parameters
    ----------
    rows
        Columns session, coder, tier, code, onset_s, offset_s, where; every state has an end.
    issues, tally
        Get what is rejected, an issue each.
    """
    reversed_ = rows.offset_s < rows.onset_s
    for row in rows[reversed_].to_dict("records"):
        issues.append(
            Issue(
                "reversed_segment",
                f"{row['code']!r} of tier {row['tier']!r} ends ({row['offset_s']:.3f} s) "
                f"before it begins ({row['onset_s']:.3f} s)",
                fix="correct its times",
                where=row["where"],
            )
        )
        tally.told.append((row["tier"], row["offset_s"], row["onset_s"]))
    tally.rejected += int(reversed_.sum())
    return rows[~reversed_]


def leave_out_repeats(rows: pd.DataFrame, issues: list[Issue], tally: Tally) -> pd.DataFrame:
    """Rows without those that say again what an earlier one says.

    Parameters
    ----------
    rows, issues, tally
        As for `leave_out_reversed`.
    """
    repeated = rows.duplicated(["session", "coder", "tier", "code", "onset_s", "offset_s"])
    for row in rows[repeated].to_dict("records"):
        issues.append(
            Issue(
                "repeated_event",
                f"{row['code']!r} of tier {row['tier']!r} from {row['onset_s']:.3f} to "
                f"{row['offset_s']:.3f} s stands in the file twice; it is read once",
                fix="delete one of them",
                where=row["where"],
            )
        )
    tally.rejected += int(repeated.sum())
    return rows[~repeated]


def find_points(rows: pd.DataFrame) -> Iterator[Issue]:
    """An issue for each segment without length, which no frame gets."""
    for row in rows[rows.offset_s == rows.onset_s].to_dict("records"):
        yield Issue(
            "zero_length",
            f"{row['code']!r} of tier {row['tier']!r} at {row['onset_s']:.3f} s has no length, "
            "so that no frame gets it",
            fix="give it an end, or make it a state in the coding tool",
            where=row["where"],
        )

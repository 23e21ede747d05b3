"""Two codes of one exclusive tier at the same time."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from dyadflow.annotations.issues import Issue
from dyadflow.errors import DyadflowError


class OverlapError(DyadflowError):
    """Two segments of a tier whose codes exclude each other hold the same moment."""


def find_overlaps(rows: pd.DataFrame, exclusive: Collection[str]) -> Iterator[Issue]:
    """One issue for each segment that begins before an earlier one of its exclusive tier has ended.

    Parameters
    ----------
    rows
        Columns session, coder, tier, code, onset_s, offset_s, where.
    exclusive
        Tiers whose codes exclude each other.
    """
    timed = rows[(rows.offset_s > rows.onset_s) & rows.tier.isin(list(exclusive))]
    for (session, coder, tier), group in timed.groupby(["session", "coder", "tier"], sort=True):
        longest: dict[str, Any] | None = None
        for row in group.sort_values(["onset_s", "offset_s"], kind="stable").to_dict("records"):
            if longest and row["onset_s"] < longest["offset_s"]:
                yield Issue(
                    "overlap",
                    f"in tier {tier!r}, where codes exclude each other, {longest['code']!r} "
                    f"({longest['onset_s']:.3f} to {longest['offset_s']:.3f} s) and {row['code']!r} "
                    f"({row['onset_s']:.3f} to {row['offset_s']:.3f} s) overlap",
                    fix="correct one of them",
                    session=session,
                    coder=coder,
                    where=f"{longest['where']} and {row['where']}",
                )
            if longest is None or row["offset_s"] > longest["offset_s"]:
                longest = row

"""States whose stop is missing in the file: where they end, and an issue for each."""

from collections.abc import Collection

import pandas as pd

from dyadflow.annotations.issues import Issue, Issues


def close_open_states(rows: pd.DataFrame, exclusive: Collection[str] | None) -> tuple[pd.DataFrame, Issues]:
    """Give every state without an end the latest end that it can have had.

    In a tier whose codes exclude each other that is the next start in this tier; in any other, and where
    nothing follows, the file's own limit: the same code's next start or the end of the observation.

    Parameters
    ----------
    rows
        As `Reading.rows`; ``tier`` is what `exclusive` names.
    exclusive
        Tiers whose codes exclude each other; None for all.

    Returns
    -------
    rows, issues
        The rows with an end each, and one ``unpaired_event`` a closed state.
    """
    rows, issues = rows.copy(), []
    for index, row in rows[rows.offset_s.isna() & rows.latest_s.notna()].iterrows():
        offset_s, until = row.latest_s, "the last moment that the file gives"
        if exclusive is None or row.tier in exclusive:
            same = (rows.tier == row.tier) & (rows.session == row.session) & (rows.coder == row.coder)
            later = rows[same & (rows.onset_s > row.onset_s) & (rows.onset_s <= offset_s)]
            if len(later):
                following = later.loc[later.onset_s.idxmin()]
                offset_s, until = following.onset_s, f"the start of {following.code!r}"
        rows.loc[index, "offset_s"] = offset_s
        issues.append(
            Issue(
                "unpaired_event",
                f"{row.code!r} of {row.tier!r} starts at {row.onset_s:.3f} s and has no stop; it is taken to "
                f"last until {until}, {offset_s:.3f} s",
                fix="add its stop and export again",
                where=row["where"],
            )
        )
    return rows, Issues.of(issues)

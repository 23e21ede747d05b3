"""Rows of a coding file in the words of the study: its sessions, its coders, the scheme's tiers and codes."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from dyadflow.annotations.account import Tally
from dyadflow.annotations.issues import Issue, count_of
from dyadflow.annotations.vocabulary import Vocabulary

#: How many lines or annotations one issue lists by name.
LISTED = 20


def choose_rows(
    rows: pd.DataFrame, column: str, wanted: str, issues: list[Issue], tally: Tally
) -> pd.DataFrame:
    """Rows of the wanted session or coder, where the file tells several apart; rows that name none stay.

    Parameters
    ----------
    rows
        As `Reading.rows`.
    column
        ``session`` or ``coder``.
    wanted
        Its name in the study's sheets; empty: all are wanted.
    issues, tally
        Get what is left out.
    """
    names = {name.strip() for name in rows[column]} - {""}
    if not wanted:
        return rows
    if len(names) <= 1:
        if column == "session" and names and not _alike(next(iter(names)), wanted):
            issues.append(
                Issue(
                    "other_session",
                    f"the file calls this session {next(iter(names))!r}",
                    fix="check that it is the right file",
                )
            )
        return rows
    mine = {name for name in names if name.casefold() == wanted.strip().casefold()}
    listed = ", ".join(repr(name) for name in sorted(names))
    if not mine:
        issues.append(
            Issue(
                f"unknown_{column}",
                f"the file holds the {column}s {listed}, and none of them is {wanted!r}; nothing of it is "
                "read",
                fix=f"name one of them as {column} in the coding sheet, one line for each that is wanted",
            )
        )
        tally.rejected += len(rows)
        return rows.iloc[:0]
    for name in sorted(names - mine):
        count = int((rows[column].str.strip() == name).sum())
        issues.append(
            Issue(
                f"other_{column}",
                f"{count_of(count, 'annotation')} of {column} {name!r} in this file {'is' if count == 1 else 'are'} "
                f"left for that {column}",
                fix=f"give it a line of its own in the coding sheet if {name!r} is wanted",
            )
        )
    chosen = rows[column].str.strip().isin(mine | {""})
    tally.left_out += int((~chosen).sum())
    return rows[chosen]


def _alike(name: str, wanted: str) -> bool:
    name, wanted = name.casefold(), wanted.strip().casefold()
    return name in wanted or wanted in name


def place_rows(rows: pd.DataFrame, vocabulary: Vocabulary, issues: list[Issue], tally: Tally) -> pd.DataFrame:
    """Rows of known tiers, with the scheme's tier, its code (empty if unknown) and in ``written`` what was there.

    Parameters
    ----------
    rows
        As `Reading.rows`.
    vocabulary
        Of the scheme.
    issues, tally
        Get what is left out: one issue a tier that the scheme does not have.
    """
    places = [vocabulary.place(tier, code) for tier, code in zip(rows.tier, rows.code, strict=True)]
    known = np.array([place.tier is not None for place in places], dtype=bool)
    for tier, count in rows.tier[~known].value_counts(sort=False).items():
        annotations = count_of(count, "annotation")
        if vocabulary.ignores(tier):
            issues.append(
                Issue("ignored_tier", f"tier {tier!r} ({annotations}) is passed over, as the scheme says (ignored)")
            )
            continue
        issues.append(
            Issue(
                "unknown_tier",
                f"tier {tier!r} ({annotations}) is not in the coding scheme"
                if tier.strip()
                else f"{annotations} without the name of a subject or tier, and with codes that do not tell which",
                fix="add the name to a tier's names in the scheme if it is wanted",
            )
        )
    tally.left_out += int((~known).sum())
    placed = rows.assign(
        written=rows.code,
        tier=[place.tier or "" for place in places],
        code=[place.code or "" for place in places],
        coder=[written.strip() or place.coder for written, place in zip(rows.coder, places, strict=True)],
    )
    return placed[known]


def check_codes(rows: pd.DataFrame, vocabulary: Vocabulary, issues: list[Issue], tally: Tally) -> pd.DataFrame:
    """Rows with a known code; one issue for each unknown code, which lists its rows.

    Parameters
    ----------
    rows
        From `place_rows`, with times on the recording's clock.
    vocabulary
        Of the scheme.
    issues, tally
        Get what is rejected.
    """
    unknown = rows[rows.code == ""]
    for (tier, written), group in unknown.groupby(["tier", "written"], sort=False):
        nearest = vocabulary.terms(tier).nearest(written)
        code = f"code {written!r}" if written.strip() else "an annotation without a code"
        issues.append(
            Issue(
                "unknown_code",
                f"{code} is not in tier {tier!r} of the scheme ({_times(len(group))}, first at "
                f"{group.onset_s.iloc[0]:.3f} s)",
                fix=(
                    f"write {nearest!r} if that is meant, or add {written!r} to the aliases of the tier"
                    if nearest
                    else f"use one of {', '.join(vocabulary.terms(tier).codes)}, or add it to the scheme"
                ),
                where=list_places(group["where"]),
            )
        )
    tally.rejected += len(unknown)
    tally.told += unknown[["tier", "onset_s", "offset_s"]].dropna().itertuples(index=False, name=None)
    return rows[rows.code != ""]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def list_places(places: Iterable[str]) -> str:
    """The first `LISTED` of some places by name, and how many more there are."""
    places = list(places)
    rest = f" and {len(places) - LISTED} more" if len(places) > LISTED else ""
    return ", ".join(places[:LISTED]) + rest

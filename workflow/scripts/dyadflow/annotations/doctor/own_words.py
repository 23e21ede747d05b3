"""A coding file in its own words: held against its own lists of codes, and what shares a moment in one tier."""

import difflib
from collections.abc import Iterator

import pandas as pd

from dyadflow.annotations.formats.reading import Reading
from dyadflow.annotations.issues import Issue, count_of
from dyadflow.annotations.overlaps import find_overlaps
from dyadflow.annotations.placing import list_places


def check_own_vocabularies(reading: Reading, rows: pd.DataFrame) -> Iterator[Issue]:
    """An issue for each code that is not in the list that the file itself gives for the tier.

    Parameters
    ----------
    reading
        What the file holds. What its reader has said already is not said again.
    rows
        Those of its rows that are looked at.
    """
    told = {issue.where for issue in reading.issues if issue.rule == "outside_vocabulary"}
    for (tier, code), group in rows.groupby(["tier", "code"], sort=False):
        known = reading.vocabularies.get(tier)
        group = group[~group["where"].isin(told)]
        if not known or not code.strip() or code in known or not len(group):
            continue
        near = difflib.get_close_matches(code, list(known), n=1, cutoff=0.6)
        yield Issue(
            "outside_vocabulary",
            f"code {code!r} of tier {tier!r} ({count_of(len(group), 'annotation')}) is not in the file's own list of "
            "codes for it",
            fix=f"write {near[0]!r} if that is meant, or add {code!r} to the list"
            if near
            else f"use one of {', '.join(known)}, or add {code!r} to the list",
            where=list_places(group["where"]),
        )


def note_shared_moments(rows: pd.DataFrame) -> Iterator[Issue]:
    """A note for each tier in which annotations repeat one another, and one for each in which they overlap.

    Parameters
    ----------
    rows
        Columns session, coder, tier, code, onset_s, offset_s, where. Without a scheme nobody has said that the codes
        of a tier exclude each other, and annotations that belong to a part of another one share its span.
    """
    same = ["session", "coder", "tier", "code", "onset_s", "offset_s"]
    repeated = rows.duplicated(same)
    for tier, group in rows[repeated].groupby("tier", sort=False):
        yield Issue(
            "repeated_event",
            f"{count_of(len(group), 'annotation')} of tier {tier!r} with the code and times of an earlier one, first "
            f"{group.code.iloc[0]!r} from {group.onset_s.iloc[0]:.3f} to {group.offset_s.iloc[0]:.3f} s",
            where=list_places(group["where"]),
            severity="note",
        )
    for tier, group in rows[~repeated].groupby("tier", sort=False):
        found = list(find_overlaps(group, [tier]))
        if found:
            yield Issue(
                "overlap",
                f"{count_of(len(found), 'annotation')} of tier {tier!r} {'begins' if len(found) == 1 else 'begin'} "
                "before an earlier one has ended",
                where=list_places(issue.where for issue in found),
                severity="note",
            )

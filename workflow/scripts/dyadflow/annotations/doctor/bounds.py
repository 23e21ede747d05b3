"""One coder's coding of one session against the recording's two ends, and the holes in it."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from dyadflow.annotations.issues import Issue, count_of
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.vocabulary import Vocabulary

#: How far coding may run past either end of the recording, and how long a gap may be, without being mentioned:
#: coders and editing programs round to frames, and a frame lasts up to a tenth of a second.
TOLERANCE_S = 0.1


def check_bounds(
    session: str, coder: str, table: pd.DataFrame, end_s: float, tolerance_s: float = TOLERANCE_S
) -> Iterator[Issue]:
    """An issue for all that lies past the end of the recording, and one for all that lies before it begins.

    Parameters
    ----------
    session, coder
        Whose coding it is.
    table
        As `Segments.table`.
    end_s
        When the recording ends; NaN if that is not known.
    tolerance_s
        How far segments may lie outside.
    """
    late = table[table.offset_s > end_s + tolerance_s].sort_values("onset_s", kind="stable")
    if len(late):
        first = late.iloc[0]
        yield Issue(
            "past_the_end",
            f"{_segments_lie(late)} past the end of the recording ({end_s:.3f} s), first {first.code!r} from "
            f"{first.onset_s:.3f} to {first.offset_s:.3f} s",
            fix="check that it is the right recording, and its offset",
            session=session,
            coder=coder,
        )
    early = table[table.onset_s < -tolerance_s].sort_values("onset_s", kind="stable")
    if len(early):
        first = early.iloc[0]
        yield Issue(
            "before_zero",
            f"{_segments_lie(early)} before the recording begins, first {first.code!r} at {first.onset_s:.3f} s",
            fix="check the offset of the coding",
            session=session,
            coder=coder,
        )


def _segments_lie(rows: pd.DataFrame) -> str:
    """How many segments, and of which tiers: one finding for all that a shifted file has shifted."""
    tiers = ", ".join(f"{count} of tier {tier!r}" for tier, count in rows.tier.value_counts(sort=False).items())
    return f"{count_of(len(rows), 'segment')} ({tiers}) {'lies' if len(rows) == 1 else 'lie'}"


def find_gaps(
    session: str,
    coder: str,
    table: pd.DataFrame,
    vocabulary: Vocabulary,
    tolerance_s: float = TOLERANCE_S,
    told: Mapping[tuple[str, str, str], Sequence[tuple[float, float]]] | None = None,
) -> Iterator[Issue]:
    """An issue for each tier that should hold a code at any moment, and between its first and last does not.

    Parameters
    ----------
    session, coder, table
        As in `check_bounds`.
    vocabulary
        Of the scheme: tiers whose codes exclude each other are looked at, but not those coded by presence, nor
        phases.
    tolerance_s
        How long a stretch without a code may be.
    told
        As in `check_coding`.
    """
    for tier, group in table.groupby("tier", sort=False):
        if tier in vocabulary.exclusive_tiers and tier != PHASE_TIER and not vocabulary.terms(tier).otherwise:
            spans = [*zip(group.onset_s, group.offset_s, strict=True), *(told or {}).get((session, coder, tier), ())]
            coded = pd.DataFrame(spans, columns=["onset_s", "offset_s"])
            yield from _find_gaps(session, coder, tier, coded, tolerance_s)


def _find_gaps(session: str, coder: str, tier: str, spans: pd.DataFrame, tolerance_s: float) -> Iterator[Issue]:
    spans = spans.sort_values("onset_s", kind="stable")
    ends_s = spans.offset_s.cummax().to_numpy()[:-1]
    lengths_s = spans.onset_s.to_numpy()[1:] - ends_s
    gaps = lengths_s > tolerance_s
    if gaps.any():
        longest = int(lengths_s.argmax())
        yield Issue(
            "gap",
            f"{count_of(int(gaps.sum()), 'stretch', 'stretches')} between the first and the last code of tier "
            f"{tier!r} without a code, "
            f"{lengths_s[gaps].sum():.3f} s together, the longest from {ends_s[longest]:.3f} to "
            f"{ends_s[longest] + lengths_s[longest]:.3f} s",
            session=session,
            coder=coder,
        )

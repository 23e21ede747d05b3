"""What the streams are like: how much of each the first components hold, what drifts, what is dead or silent."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dyadflow.features.component_file import COMPONENTS
from dyadflow.features.summary import SUMMARY_COLUMNS
from dyadflow.report.wording import ABSENT, count, is_missing, number, stream_title
from dyadflow.tables import read_table


@dataclass(frozen=True)
class StreamRow:
    """One extractor's streams of one view, over all sessions.

    Parameters
    ----------
    extractor, title, view
        Whose streams; `title` is what the page calls the extractor.
    span
        How many table rows the extractor's name covers; 0 below the first of them.
    sessions
        How many streams.
    dims
        Numbers a frame, or a patch.
    tokens
        Whether each frame is many patches.
    explained
        Median over sessions of each leading component's share of the variance, in percent.
    kept
        Lowest share of the variance that a token store keeps, in percent.
    drift
        The largest drift of a dimension from a session's begin to its end, in deviations, and that session.
    silent
        Sessions without a valid frame.
    dead
        Sessions with dimensions that do not vary, with the most of them; empty if there are none.
    """

    extractor: str
    title: str
    view: str
    span: int
    sessions: int
    dims: str
    tokens: bool
    explained: list[str]
    kept: str
    drift: tuple[str, str]
    silent: list[str]
    dead: list[tuple[str, str]]


def describe_streams(summary: Path | None) -> list[StreamRow]:
    """One row an extractor and view, in the order of the summary; none in a study without streams."""
    if summary is None:
        return []
    text = ("session", "view", "extractor", "kind", "untrained")
    table = read_table(summary, SUMMARY_COLUMNS, text=text)
    return [row for _, own in table.groupby("extractor", sort=False) for row in _describe(own)]


def _describe(own: pd.DataFrame) -> Iterator[StreamRow]:
    """The rows of one extractor."""
    for place, (view, streams) in enumerate(own.groupby("view", sort=False)):
        largest = streams.largest_drift.abs()
        drifting = streams.loc[largest.idxmax()] if largest.notna().any() else None
        dead = streams[streams.dead_dimensions > 0]
        yield StreamRow(
            extractor=streams.extractor.iloc[0], title=stream_title(streams.extractor.iloc[0]), view=str(view),
            span=0 if place else own["view"].nunique(), sessions=len(streams),
            dims=" or ".join(count(value) for value in sorted(set(streams.dims))),
            tokens=bool((streams.kind == "tokens").any()),
            explained=[
                number("variance", streams[f"explained_{component}"].median())
                for component in range(1, COMPONENTS + 1)
            ],
            kept=number("variance", streams.kept_variance.min()),
            drift=(ABSENT, "") if drifting is None else (f"{abs(drifting.largest_drift):.1f}", drifting.session),
            silent=list(streams.session[streams.valid_share == 0]),
            dead=[
                (row.session, count(row.dead_dimensions)) for row in dead.itertuples()
                if not is_missing(row.dead_dimensions)
            ],
        )

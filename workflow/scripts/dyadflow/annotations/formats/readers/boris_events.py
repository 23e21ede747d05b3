"""BORIS exports of tabular events: a row for each start, stop and point, with or without a block above."""

from pathlib import Path

from dyadflow.annotations.formats.boris_columns import find_event_columns
from dyadflow.annotations.formats.boris_exports import Export, note_offsets, read_block
from dyadflow.annotations.formats.boris_media import merge_media
from dyadflow.annotations.formats.boris_states import POINT, START, STOP, Event, pair_events
from dyadflow.annotations.formats.boris_tables import Row, looks_like, read_tables
from dyadflow.annotations.formats.reading import Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.issues import Issue, Issues

_MISSING = (
    "no row names the columns of BORIS's tabular events: Time, Subject, Behavior, and Status or Behavior type"
)


def _is_export(head: bytes, path: Path) -> bool:
    return looks_like(head, path, find_event_columns)


@reads(
    name="boris_events", title="BORIS, tabular events", suffixes={".tsv", ".csv", ".xlsx"}, sniff=_is_export,
    vendor_files=False, tried="only files made to the description",
)
def read_boris_events(path: Path, options: ReadOptions) -> Reading:
    """Read the events of one or many BORIS observations.

    The observation is the session, the subject the tier (the behavioural category where there is no subject), the
    behaviour the code; a category beside a subject, modifiers and comments are kept in the comment. The coder is
    the lab's own variable *observer*, *coder* or *rater*, if there is one. Columns are found by name. BORIS adds
    an observation's time offset to every time; it is taken off again, and a note says so.

    Parameters
    ----------
    path
        Text with tabs, commas or semicolons, or a workbook.

    Returns
    -------
    Reading
        Times on the clock of the first player's first recording. A state without a stop is open until the same
        state's next start or the end of the recordings.

    Raises
    ------
    CodingFileError
        If no row names the columns.
    """
    tables, issues = read_tables(path, find_event_columns, _MISSING)
    events: list[Event] = []
    read: dict[str, list[tuple[Export, Row]]] = {}
    for table in tables:
        export = Export(table, read_block(table))
        issues += table.issues
        for row in table.rows:
            event = _parse(row, export)
            if isinstance(event, Issue):
                issues.append(event)
            else:
                events.append(event)
                read.setdefault(event.observation, []).append((export, row))
    media = {name: mine[0][0].media([row for _, row in mine]) for name, mine in read.items()}
    ends_s = {name: mine.end_s for name, mine in media.items() if mine.end_s is not None}
    rows = pair_events(events, ends_s, issues)
    issues += note_offsets(place for mine in read.values() for place in mine)
    merged = merge_media(media, issues)
    return Reading(make_rows(rows), Issues.of(issues), merged.names, merged.origins_s, merged.lengths_s)


def _parse(row: Row, export: Export) -> Event | Issue:
    refused = export.check(row)
    if refused:
        return refused
    kind = export.cell(row, "kind" if "kind" in export.table.columns.positions else "status").strip().upper()
    if kind not in (START, STOP, POINT):
        return row.refuse(f"{kind!r} is not START, STOP or POINT")
    time_s = export.seconds(row, "time")
    if time_s is None:
        return row.refuse("this row has no time that can be read")
    return Event(
        observation=export.observation(row),
        coder=export.coder(row),
        subject=export.cell(row, "subject"),
        behavior=export.cell(row, "behavior"),
        category=export.cell(row, "category"),
        modifiers=export.modifiers(row),
        comment=export.cell(row, "comment"),
        kind=kind,
        time_s=time_s,
        within=row.within,
        noun=row.noun,
        span=row.span,
    )

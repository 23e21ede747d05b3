"""BORIS exports of aggregated events: a row for each state and point, with its start and stop."""

from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.boris_columns import find_aggregated_columns, is_missing, parse_seconds
from dyadflow.annotations.formats.boris_exports import Export, note_offsets, read_block
from dyadflow.annotations.formats.boris_media import merge_media
from dyadflow.annotations.formats.boris_states import make_row
from dyadflow.annotations.formats.boris_tables import Row, looks_like, read_tables
from dyadflow.annotations.formats.reading import Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.issues import Issue, Issues

_MISSING = (
    "no row names the columns of BORIS's aggregated events: Subject, Behavior, Behavior type, Start (s) and Stop (s)"
)
#: Start, stop and duration are each rounded to the millisecond.
_ROUNDING_S = 0.002


def _is_export(head: bytes, path: Path) -> bool:
    return looks_like(head, path, find_aggregated_columns)


@reads(
    name="boris_aggregated", title="BORIS, aggregated events", suffixes={".tsv", ".csv", ".xlsx"}, sniff=_is_export,
    vendor_files=False, tried="only files made to the description",
)
def read_boris_aggregated(path: Path, options: ReadOptions) -> Reading:
    """Read the states and points of one or many BORIS observations.

    Tier, code, coder, comment and time offset are as in `read_boris_events`. A duration that is not the stop less
    the start is an issue.

    Parameters
    ----------
    path
        Text with tabs, commas or semicolons, or a workbook.

    Returns
    -------
    Reading
        Times on the clock of the first player's first recording. A state whose stop is ``NA`` is open until the
        end of the recordings, or the last time in the file.

    Raises
    ------
    CodingFileError
        If no row names the columns.
    """
    tables, issues = read_tables(path, find_aggregated_columns, _MISSING)
    rows: list[dict[str, Any]] = []
    read: dict[str, list[tuple[Export, Row]]] = {}
    for table in tables:
        export = Export(table, read_block(table))
        issues += table.issues
        for row in table.rows:
            parsed = _parse(row, export, issues)
            if isinstance(parsed, Issue):
                issues.append(parsed)
            else:
                rows.append(parsed)
                read.setdefault(parsed["session"], []).append((export, row))
    media = {name: mine[0][0].media([row for _, row in mine]) for name, mine in read.items()}
    _limit_open_states(rows, {name: mine.end_s for name, mine in media.items()})
    issues += note_offsets(place for mine in read.values() for place in mine)
    merged = merge_media(media, issues)
    return Reading(make_rows(rows), Issues.of(issues), merged.names, merged.origins_s, merged.lengths_s)


def _parse(row: Row, export: Export, issues: list[Issue]) -> dict[str, Any] | Issue:
    refused = export.check(row)
    if refused:
        return refused
    kind = export.cell(row, "kind").strip().upper()
    if kind not in ("STATE", "POINT"):
        return row.refuse(f"{kind!r} is not STATE or POINT")
    start_s, stop_s = export.seconds(row, "start"), export.seconds(row, "stop")
    stated = not is_missing(export.cell(row, "stop"))
    if start_s is None or (stated and stop_s is None):
        return row.refuse("this row has no start and stop that can be read")
    if kind == "POINT" and stated and stop_s != start_s:
        return row.refuse("a point event cannot stop at another time than it starts")
    offset_s = start_s if kind == "POINT" else float("nan") if stop_s is None else stop_s
    duration_s = parse_seconds(export.cell(row, "duration"))
    if duration_s is not None and stop_s is not None and abs(stop_s - start_s - duration_s) > _ROUNDING_S:
        issues.append(
            Issue(
                "duration_disagrees",
                f"the duration {duration_s:.3f} s is not the time from start to stop, {stop_s - start_s:.3f} s; start "
                "and stop are read",
                fix="correct the row or export the events again",
                where=row.where,
            )
        )
    comments = [export.cell(row, "comment"), export.cell(row, "comment_stop")]
    made = make_row(
        export.observation(row), export.coder(row), export.cell(row, "subject"), export.cell(row, "behavior"),
        export.cell(row, "category"), export.modifiers(row), comments,
    )
    return made | {"onset_s": start_s, "offset_s": offset_s, "where": row.where}


def _limit_open_states(rows: list[dict[str, Any]], ends_s: dict[str, float | None]) -> None:
    """Give states without a stop the latest moment at which they can have ended."""
    for row in rows:
        if row["offset_s"] != row["offset_s"]:
            known = [ends_s.get(row["session"])]
            for other in rows:
                if other["session"] == row["session"]:
                    known += [other["onset_s"], other["offset_s"]]
            row["latest_s"] = max(time_s for time_s in known if time_s is not None and time_s == time_s)

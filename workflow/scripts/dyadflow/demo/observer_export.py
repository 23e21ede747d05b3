"""A coding file as The Observer XT exports it: one row an event, a state's start and its stop apart."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.demo.settings import draw_for

COLUMNS = (
    "Date_Time_Absolute_dmy_hmsf",
    "Date_dmy",
    "Time_Absolute_hms",
    "Time_Absolute_f",
    "Time_Relative_hmsf",
    "Time_Relative_hms",
    "Time_Relative_f",
    "Time_Relative_sf",
    "Duration_sf",
    "Observation",
    "Event_Log",
    "Subject",
    "Behavior",
    "Modifier_1",
    "Event_Type",
    "Comment",
)
#: What the coding scheme in the software calls its subjects; phases are behaviours of the session itself.
SUBJECTS = {"infant": "Infant", "caregiver": "Caregiver", PHASE_TIER: "Session"}


def write_observer_export(segments: Segments, path: Path, *, session: str, coder: str) -> None:
    """Write one coder's segments of one session as an event export.

    Parameters
    ----------
    segments
        Tiers infant, caregiver and phase.
    path
        The file: UTF-16LE with a byte order mark, tabs, CRLF, two lines before the row of columns.
    session, coder
        Name the observation and the observer.
    """
    start = _date_of(session)
    lines = [
        f"Observation:\t{session}",
        f"Observer:\t{coder}",
        "\t".join(COLUMNS),
        *("\t".join(row) for row in _rows(segments, session, start)),
    ]
    Path(path).write_bytes(("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-16-le"))


def _date_of(session: str) -> datetime:
    """When the session was recorded: drawn from its name, because no clock may decide what a file holds."""
    rng = draw_for(session, "date")
    return datetime(2021, 3, 1, 9) + timedelta(days=int(rng.integers(600)), seconds=int(rng.integers(28_000)))


def _rows(segments: Segments, session: str, start: datetime) -> Iterator[tuple[str, ...]]:
    """Rows in order of time; where one state ends and the next begins, the end comes first."""
    events = []
    for row in segments.table.itertuples():
        subject = SUBJECTS[row.tier]
        events.append((row.onset_s, 1, subject, row.code, row.offset_s - row.onset_s))
        events.append((row.offset_s, 0, subject, row.code, 0.0))
    for time_s, begins, subject, code, duration_s in sorted(events):
        absolute, relative = start + timedelta(seconds=time_s), datetime(1, 1, 1) + timedelta(seconds=time_s)
        yield (
            f"{absolute:%d-%m-%Y %H:%M:%S}.{absolute.microsecond // 1000:03d}",
            f"{absolute:%d-%m-%Y}",
            f"{absolute:%H:%M:%S}",
            f"{absolute.microsecond / 1e6:.3f}",
            f"{relative:%H:%M:%S}.{round(relative.microsecond / 1000):03d}",
            f"{relative:%H:%M:%S}",
            f"{relative.microsecond / 1e6:.3f}",
            f"{time_s:.3f}",
            f"{duration_s:.3f}",
            session,
            "Live events",
            subject,
            code,
            "",
            "State start" if begins else "State stop",
            "",
        )

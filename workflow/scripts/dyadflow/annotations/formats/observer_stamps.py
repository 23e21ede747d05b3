"""Time stamps of an Observer exchange file, and where the observation's zero lies among them.

Public scripts read ``OBS_EVENT_TIMESTAMP`` as a date and a time of day (``2018-09-01 00:00:12.345678``). Whether
the zero of Observer's own relative times stands in the file is not published. So the zero is taken only from what
the file itself says: stamps dated in a year in which nothing can have been recorded count from their midnight;
otherwise the one moment that the observation or its event log gives as its start. Without either the first event
stands for the zero, and that is an issue.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from dyadflow.annotations.formats.observer_scheme import local_name
from dyadflow.annotations.formats.text import parse_clock
from dyadflow.annotations.issues import Issue

_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?")
_START = re.compile(r"(?:.*_)?START(?:_.*)?")
#: Before this year there was no video to code: a date is a program's day nought.
_FIRST_YEAR = 1950


def parse_stamp(written: str) -> datetime | float | None:
    """A date with a time of day, or the seconds of a clock time; None if it is neither."""
    match = _STAMP.fullmatch(written.strip())
    if not match:
        return parse_clock(written)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction = match[7]
    try:
        moment = datetime(year, month, day, hour, minute, second)
        return moment + timedelta(microseconds=round(float(f"0.{fraction or 0}") * 1e6))
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True)
class Zero:
    """What every time stamp of an observation counts from, and the issue if that is not certain."""

    moment: datetime | None
    issue: Issue | None = None

    def seconds(self, stamp: datetime | float) -> float | None:
        """Seconds since the zero; None if the stamp is of another kind than the others."""
        if isinstance(stamp, float):
            return stamp if self.moment is None else None
        return None if self.moment is None else round((stamp - self.moment).total_seconds(), 6)


def find_zero(observation: Element | None, stamps: list[datetime | float], where: str) -> Zero:
    """The zero of one observation.

    Parameters
    ----------
    observation
        Its element, in which a start may be given.
    stamps
        Of all of its events.
    where
        The observation, for the issue.
    """
    dated = [stamp for stamp in stamps if isinstance(stamp, datetime)]
    if len(dated) * 2 < len(stamps) or not stamps:
        return Zero(None)
    first = min(dated)
    if max(dated).year < _FIRST_YEAR:
        return Zero(first.replace(hour=0, minute=0, second=0, microsecond=0))
    starts = _starts(observation) if observation is not None else set()
    if len(starts) == 1 and next(iter(starts)) <= first:
        return Zero(next(iter(starts)))
    said = "gives a start that is later than its first event" if len(starts) == 1 else "does not say when it began"
    if len(starts) > 1:
        said = f"gives {len(starts)} different starts"
    return Zero(
        first,
        Issue(
            "uncertain_times",
            f"the events have times of day, and the observation {said}; its first event, at {first:%H:%M:%S.%f}, is "
            "taken for its zero",
            fix="export the event log as text or Excel, which has relative times",
            where=where,
        ),
    )


def _starts(observation: Element) -> set[datetime]:
    """Moments that attributes or elements outside of events give under a name with START in it."""
    found = []
    places = [observation]
    while places:
        element = places.pop()
        found += [value for name, value in element.attrib.items() if _START.fullmatch(name.rpartition("}")[2])]
        for child in element:
            if local_name(child) != "OBS_EVENT":
                places.append(child)
                if _START.fullmatch(local_name(child)) and child.text:
                    found.append(child.text)
    return {stamp for stamp in map(parse_stamp, found) if isinstance(stamp, datetime)}

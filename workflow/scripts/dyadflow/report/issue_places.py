"""Where on the clock of a recording an issue lies, by its own sentence."""

import re

from dyadflow.annotations.issues import Issue
from dyadflow.report.strip_rows import Pin

_TIME = r"(-?\d+\.\d{3})"
#: Sentences give times with three decimals: a span as "from 1.000 to 2.000 s" or "(1.000 to 2.000 s)", a moment as
#: "at 1.000 s". Lengths are never written so.
_SPAN = re.compile(rf"(?:from |\(){_TIME} to {_TIME} s\b")
_MOMENT = re.compile(rf"\bat {_TIME} s\b")


def place_of(issue: Issue) -> tuple[float, float] | None:
    """Onset and offset of the first place that an issue speaks of, in seconds; None where it names no time."""
    found = [match for match in (_SPAN.search(issue.what), _MOMENT.search(issue.what)) if match]
    if not found:
        return None
    first = min(found, key=lambda match: match.start())
    onset_s, offset_s = float(first[1]), float(first[first.re.groups])
    return (onset_s, offset_s) if offset_s >= onset_s else (offset_s, onset_s)


def pin_of(issue: Issue) -> Pin | None:
    """The issue as a mark in a picture; None where it names no time."""
    place = place_of(issue)
    return place and Pin(issue.severity, *place, f"{issue.severity}: {issue.what}")

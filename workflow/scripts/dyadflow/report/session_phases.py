"""Where a session's phases lie, and what they look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyadflow.annotations.labels import SessionLabels
from dyadflow.report.timelines import find_runs


@dataclass(frozen=True)
class Phase:
    """A phase of one session: what people call it, its colour and the ink that is readable on it, when it was."""

    title: str
    colour: str
    ink: str
    onset_s: float
    offset_s: float


def read_phases(
    labels: str | Path | None, sheet: Sequence[Sequence[Any]] | None, looks: Mapping[str, Mapping[str, str]]
) -> list[Phase]:
    """The phases of a session, in time; none where nobody has marked any.

    Parameters
    ----------
    labels
        Frame labels of the session: they hold its phases, wherever these came from. None if nobody has coded it.
    sheet
        Of a session without labels, what the sheet says: name, onset_s, offset_s.
    looks
        Title, colour and ink of each phase.
    """
    if labels is None:
        return [Phase(**looks[name], onset_s=onset_s, offset_s=offset_s) for name, onset_s, offset_s in sheet or ()]
    found = SessionLabels.read(labels)
    rate_hz = found.grid.rate_hz
    return [
        Phase(**looks[found.phases[value]], onset_s=start / rate_hz, offset_s=stop / rate_hz)
        for value, start, stop in find_runs(found.phase) if value >= 0
    ]

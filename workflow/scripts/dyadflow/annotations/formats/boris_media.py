"""Recordings of a BORIS observation: a playlist for each player, and when each recording begins."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dyadflow.annotations.formats.boris_columns import is_missing, parse_seconds
from dyadflow.annotations.issues import Issue

_PLAYER = re.compile(r"\s*player #\d+\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Media:
    """Recordings, in the order of the players.

    Parameters
    ----------
    names
        All of them.
    origins_s
        Recording to where in it the first player's zero lies, in seconds, as far as that
        is known.
    lengths_s
        Recording to its length in seconds, where the file states it.
    end_s
        End of the first player's playlist on its own clock; None if a length is not known.
    """

    names: tuple[str, ...] = ()
    origins_s: Mapping[str, float] = field(default_factory=dict)
    lengths_s: Mapping[str, float] = field(default_factory=dict)
    end_s: float | None = None


def arrange_media(
    players: Sequence[Sequence[str]], lengths_s: Mapping[str, float], delays_s: Sequence[float] = ()
) -> Media:
    """Lay recordings out in time: those of one player follow each other, those of several run together.

    Parameters
    ----------
    players
        For each player, its recordings in order.
    lengths_s
        Lengths that are known.
    delays_s
        For each player, how many seconds after the first one's zero it begins; 0 if not given.
    """
    origins_s: dict[str, float] = {}
    end_s: float | None = None
    for number, playlist in enumerate(players):
        begin_s: float | None = delays_s[number] if number < len(delays_s) else 0.0
        for medium in playlist:
            if begin_s is None:
                break
            origins_s.setdefault(medium, round(-begin_s, 6) + 0.0)
            length_s = lengths_s.get(medium)
            begin_s = None if length_s is None else begin_s + length_s
        if number == 0 and playlist:
            end_s = begin_s
    names = tuple(dict.fromkeys(medium for playlist in players for medium in playlist))
    known = {medium: lengths_s[medium] for medium in names if medium in lengths_s}
    return Media(names, origins_s, known, None if end_s is None else round(end_s, 6))


def merge_media(observations: Mapping[str, Media], issues: list[Issue]) -> Media:
    """Recordings of all observations of a file; an issue where two do not agree on when one begins.

    Parameters
    ----------
    observations
        Observation to its recordings.
    issues
        Found so far; added to.
    """
    names: dict[str, None] = {}
    origins_s: dict[str, float] = {}
    lengths_s: dict[str, float] = {}
    for observation, mine in observations.items():
        names |= dict.fromkeys(mine.names)
        for medium, origin_s in mine.origins_s.items():
            if origins_s.setdefault(medium, origin_s) != origin_s:
                issues.append(
                    Issue(
                        "media_origins",
                        f"recording {medium!r} begins at {-origin_s:g} s of this observation, but at "
                        f"{-origins_s[medium]:g} s of another one; the other is taken",
                        fix="state the offset of this session's coding in the coding sheet",
                        where=f"observation {observation!r}",
                    )
                )
        for medium, length_s in mine.lengths_s.items():
            lengths_s.setdefault(medium, length_s)
    return Media(tuple(names), origins_s, lengths_s)


def split_source(source: str, lengths: str) -> tuple[list[list[str]], dict[str, float]]:
    """Playlists and lengths from cells like ``player #1:a.mp4;b.mp4|player #2:c.mp4`` and ``60.0;30.0|60.0``."""
    if is_missing(source):
        return [], {}
    players = [
        [medium.strip() for medium in _PLAYER.sub("", part, count=1).split(";") if medium.strip()]
        for part in source.split("|")
    ]
    written = [[parse_seconds(cell) for cell in part.split(";")] for part in lengths.split("|")]
    known: dict[str, float] = {}
    for playlist, seconds in zip(players, written, strict=False):
        if len(playlist) == len(seconds):
            known |= {medium: value for medium, value in zip(playlist, seconds, strict=True) if value is not None}
    return players, known

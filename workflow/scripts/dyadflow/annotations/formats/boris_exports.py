"""What both kinds of BORIS exports say of an observation: its name, coder, time offset and recordings."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dyadflow.annotations.formats.boris_columns import CODER_NAMES, as_text, is_missing, parse_seconds
from dyadflow.annotations.formats.boris_media import Media, arrange_media, split_source
from dyadflow.annotations.formats.boris_tables import Row, Table
from dyadflow.annotations.formats.text import fold
from dyadflow.annotations.issues import Issue


@dataclass(frozen=True)
class Block:
    """The block above the columns of an older export of one observation.

    Parameters
    ----------
    observation, coder, offset
        As written; empty if it does not say.
    players
        For each player, its recordings.
    """

    observation: str = ""
    coder: str = ""
    offset: str = ""
    players: tuple[tuple[str, ...], ...] = ()


def read_block(table: Table) -> Block:
    """Read the rows above the column names."""
    said: dict[str, str] = {}
    players: dict[str, list[str]] = {}
    for cells in table.above:
        name, value = fold(cells[0]) if cells else "", cells[1].strip() if len(cells) > 1 else ""
        if re.fullmatch(r"player_\d+", name) and value:
            players.setdefault(name, []).append(value)
        elif name in ("observation_id", "time_offset_s"):
            said[name] = value
        elif name in CODER_NAMES:
            said["coder"] = value
    return Block(
        said.get("observation_id", ""), said.get("coder", ""), said.get("time_offset_s", ""),
        tuple(tuple(playlist) for playlist in players.values()),
    )


@dataclass(frozen=True)
class Export:
    """A table of events with what stands above it."""

    table: Table
    block: Block

    def cell(self, row: Row, column: str) -> str:
        """What stands in a column of a row."""
        return self.table.columns.cell(row.cells, column)

    def check(self, row: Row) -> Issue | None:
        """An issue if a row has more cells than there are columns, or a time offset that is none."""
        width = self.table.columns.width
        if any(as_text(cell).strip() for cell in row.cells[width:]):
            return row.refuse(
                f"this row has {len(row.cells)} cells under {width} columns (decimal commas between commas?)"
            )
        if not is_missing(self._offset(row)) and parse_seconds(self._offset(row)) is None:
            return row.refuse("this row has a time offset that cannot be read")
        return None

    def observation(self, row: Row) -> str:
        """Name of the observation."""
        return self.cell(row, "observation").strip() or self.block.observation

    def coder(self, row: Row) -> str:
        """Who coded, if the lab's own variables say so."""
        position = self.table.columns.coder
        if position is not None and position < len(row.cells):
            return as_text(row.cells[position]).strip()
        return self.block.coder

    def modifiers(self, row: Row) -> str:
        """Modifiers of all sets."""
        sets = [as_text(row.cells[place]) for place in self.table.columns.modifiers if place < len(row.cells)]
        return join_modifiers([self.cell(row, "modifiers"), *sets])

    def seconds(self, row: Row, column: str) -> float | None:
        """A time on the recording's clock: as written, less the time offset that BORIS added."""
        time_s = parse_seconds(self.cell(row, column))
        return None if time_s is None else round(time_s - self.offset_s(row), 6) + 0.0

    def offset_s(self, row: Row) -> float:
        """Time offset of the observation, in seconds."""
        return parse_seconds(self._offset(row)) or 0.0

    def _offset(self, row: Row) -> str:
        return self.cell(row, "offset") or self.block.offset

    def media(self, rows: Sequence[Row]) -> Media:
        """Recordings of one observation.

        Newer exports list recordings and their lengths. Older ones give the length of all together, which is one
        recording's where only one is named.
        """

        def written(column: str) -> list[str]:
            cells = dict.fromkeys(self.cell(row, column).strip() for row in rows)
            return [cell for cell in cells if not is_missing(cell) and cell != "Not found"]

        sources, lengths, totals = written("source"), written("length"), written("total")
        if sources and "length" in self.table.columns.positions:
            return arrange_media(*split_source(sources[0], lengths[0] if lengths else ""))
        total_s = parse_seconds(totals[0]) if totals else None
        players = self.block.players or (tuple(written("medium")),)
        named = dict.fromkeys(medium for playlist in players for medium in playlist)
        several = len(named) > 1 or any(mark in fps for fps in written("fps") for mark in ";|")
        media = arrange_media(players, {} if several or total_s is None else dict.fromkeys(named, total_s))
        return Media(media.names, media.origins_s, media.lengths_s, total_s if media.end_s is None else media.end_s)


def join_modifiers(cells: Iterable[str]) -> str:
    """Modifiers of all sets in one text; ``None`` stands where nothing was chosen of a set."""
    parts = [part.strip() for cell in cells for part in cell.split("|")]
    return "|".join(part for part in parts if part not in ("", "NA", "None"))


def note_offsets(exports: Iterable[tuple[Export, Row]]) -> list[Issue]:
    """A note for each observation whose times were brought back to the recording's clock."""
    first: dict[tuple[str, float], Row] = {}
    for export, row in exports:
        if export.offset_s(row):
            first.setdefault((export.observation(row), export.offset_s(row)), row)
    return [note_offset(observation, offset_s, row.where) for (observation, offset_s), row in first.items()]


def note_offset(observation: str, offset_s: float, where: str) -> Issue:
    """A note that BORIS had added an observation's time offset to its times."""
    return Issue(
        "media_origins",
        f"BORIS added the time offset of observation {observation!r}, {offset_s:g} s, to every time; it is taken "
        "off, so that times count from the beginning of the recording",
        where=where,
        severity="note",
    )

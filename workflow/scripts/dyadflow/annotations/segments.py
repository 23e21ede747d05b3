"""Segments: the one table that import, model output and export share."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.tables import read_table, write_table

COLUMNS = {
    "session": str,
    "coder": str,
    "tier": str,
    "code": str,
    "onset_s": float,
    "offset_s": float,
    "confidence": float,
    "comment": str,
}
TEXT = tuple(name for name, kind in COLUMNS.items() if kind is str)


@dataclass(frozen=True)
class Segments:
    """Coded intervals of any number of sessions and coders.

    Parameters
    ----------
    table
        Columns ``session, coder, tier, code, onset_s, offset_s, confidence, comment``: times in seconds on
        the clock of the recording, half open (onset belongs to the segment, offset does not); confidence
        from 0 to 1, missing for human coding. Sorted by session, coder, tier, onset.
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        table = self.table.copy()
        for name, kind in COLUMNS.items():
            if name not in table.columns:
                if name not in ("confidence", "comment"):
                    raise ValueError(f"segments lack the column {name!r}")
                table[name] = np.nan if kind is float else ""
            table[name] = table[name].fillna("").astype(object) if kind is str else table[name].astype(float)
        bad = table[~(table.offset_s >= table.onset_s)]
        if len(bad):
            first = bad.iloc[0]
            raise DyadflowError(
                f"segment {first.code!r} of tier {first.tier!r} ends ({first.offset_s} s) before it begins "
                f"({first.onset_s} s)",
                where=f"session {first.session}, coder {first.coder}",
                fix="correct the segment in the coding file",
            )
        order = ["session", "coder", "tier", "onset_s", "offset_s", "code"]
        table = table[list(COLUMNS)].sort_values(order, kind="stable").reset_index(drop=True)
        object.__setattr__(self, "table", table)

    def __len__(self) -> int:
        return len(self.table)

    @classmethod
    def from_rows(cls, rows: Iterable[dict[str, Any]]) -> "Segments":
        """Make segments from dictionaries with the columns' names as keys."""
        return cls(pd.DataFrame(list(rows), columns=list(COLUMNS)))

    @classmethod
    def concat(cls, parts: Iterable["Segments"]) -> "Segments":
        """All segments of several tables, in canonical order."""
        tables = [part.table for part in parts if len(part)]
        return cls(pd.concat(tables, ignore_index=True)) if tables else cls.from_rows([])

    def select(self, **equals: str) -> "Segments":
        """Rows in which every named column has the given value: ``select(coder="A", tier="infant")``."""
        keep = np.ones(len(self.table), dtype=bool)
        for name, value in equals.items():
            keep &= (self.table[name] == value).to_numpy()
        return Segments(self.table[keep])

    def shifted(self, by_s: float) -> "Segments":
        """The same segments, `by_s` seconds later."""
        return Segments(
            self.table.assign(onset_s=self.table.onset_s + by_s, offset_s=self.table.offset_s + by_s)
        )

    def write(self, path: str | Path) -> None:
        """Write as TSV, times to the microsecond."""
        write_table(self.table, path, digits=6)

    @classmethod
    def read(cls, path: str | Path) -> "Segments":
        """Read a TSV that has at least session, coder, tier, code, onset_s and offset_s."""
        required = [name for name in COLUMNS if name not in ("confidence", "comment")]
        return cls(read_table(path, required, text=TEXT))

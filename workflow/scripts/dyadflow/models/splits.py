"""Which sessions train, and which are set aside or held out, by the table of folds."""

from dataclasses import dataclass

import pandas as pd

from dyadflow.folds.table import inner_column


@dataclass(frozen=True)
class Splits:
    """The table of folds, asked the way that training asks.

    Parameters
    ----------
    folds
        The table of folds (`read_folds`); its rows are the sessions.
    """

    folds: pd.DataFrame

    @property
    def outer_folds(self) -> list[int]:
        """Numbers of the outer folds."""
        return sorted(int(fold) for fold in self.folds.outer.unique())

    def inner_folds(self, outer: int) -> list[int]:
        """Numbers of the inner folds within an outer fold's training dyads."""
        return sorted(int(fold) for fold in self.folds[inner_column(outer)].dropna().unique())

    def held_out(self, outer: int) -> list[str]:
        """Sessions that an outer fold scores."""
        return list(self.folds.session[self.folds.outer == outer])

    def split(self, outer: int, inner: int) -> tuple[list[str], list[str]]:
        """Sessions of the outer training dyads without an inner fold, and those of that inner fold."""
        column = self.folds[inner_column(outer)]
        return (
            list(self.folds.session[(column != inner).fillna(False)]),
            list(self.folds.session[(column == inner).fillna(False)]),
        )

    def dyads_in(self, outer: int, inner: int) -> int:
        """How many dyads an inner fold has."""
        return self.folds.dyad[(self.folds[inner_column(outer)] == inner).fillna(False)].nunique()

    def dyads_of(self, sessions: list[str]) -> list[str]:
        """The dyads of sessions, each once."""
        dyads = dict(zip(self.folds.session, self.folds.dyad, strict=True))
        return [*dict.fromkeys(dyads[name] for name in sessions)]

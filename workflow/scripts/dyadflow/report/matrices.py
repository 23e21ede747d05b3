"""Square tables of raters against raters, as in the second paper's Figs. 1 and 3."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dyadflow.report.wording import interval, is_missing, number


@dataclass(frozen=True)
class MatrixCell:
    """A value, its interval, and how dark its ground is drawn (0 to 1)."""

    text: str
    interval: str
    shade: float
    shown: str


@dataclass(frozen=True)
class Matrix:
    """Raters against raters; None on the diagonal, and where two never rated the same."""

    title: str
    raters: list[str]
    rows: list[tuple[str, list[MatrixCell | None]]]


@dataclass(frozen=True)
class PairValue:
    """What two raters reach, with its interval; `shown` says on how much."""

    value: float
    low: float
    high: float
    shown: str


def in_order(pairs: Iterable[tuple[str, str]], last: str = "") -> list[str]:
    """Everybody who is in a pair, by name; who is named `last` comes last."""
    return sorted({rater for pair in pairs for rater in pair}, key=lambda rater: (rater == last, rater))


def square(title: str, raters: Sequence[str], pairs: Mapping[tuple[str, str], PairValue]) -> Matrix:
    """Set each pair's value where either of the two is the row and the other the column.

    A value below 0, as kappa may be, has the ground of 0.
    """

    def cell(row: str, column: str) -> MatrixCell | None:
        pair = pairs.get((row, column), pairs.get((column, row)))
        if pair is None:
            return None
        shade = 0.0 if is_missing(pair.value) else min(max(pair.value, 0.0), 1.0)
        return MatrixCell(number("share", pair.value), interval("share", pair.low, pair.high), shade, pair.shown)

    return Matrix(title, list(raters), [(row, [cell(row, column) for column in raters]) for row in raters])

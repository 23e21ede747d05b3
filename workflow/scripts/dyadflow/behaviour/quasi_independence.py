"""Tables of counts in which some cells cannot be: what is expected, and how far from it counts lie."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Fitted margins differ from the observed ones by less than this share of the table's total.
TOLERANCE = 1e-10
#: Rounds of proportional fitting; a handful is usual, because cells that must be empty are known before.
ROUNDS = 5000


def fit_quasi_independence(counts: ArrayLike, allowed: ArrayLike) -> NDArray[np.float64]:
    """Expected counts if rows and columns have nothing to do with each other but that some cells cannot be.

    Parameters
    ----------
    counts
        Any number of tables, shape (..., rows, columns).
    allowed
        Which cells can hold a count, shape (rows, columns), bool: the others are structural zeros.

    Returns
    -------
    ndarray, shape (..., rows, columns)
        Products of a row's and a column's factor in allowed cells, 0 elsewhere, with the margins of `counts`: iterative
        proportional fitting. Where all cells are allowed, row total x column total / total.

    Notes
    -----
    Goodman (1968). A cell may be allowed, and yet be empty in every table
    with these margins and structural zeros: its expected count is 0. Such cells are found beforehand, as those on no
    cycle of moves that keep the margins, for fitting would take very long to reach their zero.
    """
    observed = np.asarray(counts, dtype=np.float64)
    shape = observed.shape
    observed = observed.reshape(-1, *shape[-2:])
    fitted = _possible(observed, np.asarray(allowed, dtype=bool)).astype(np.float64)
    rows, columns = observed.sum(2), observed.sum(1)
    total = np.maximum(rows.sum(1), 1.0)
    pending = np.arange(len(fitted))
    for _ in range(ROUNDS):
        if not len(pending):
            break
        part = fitted[pending]
        part *= _ratio(rows[pending], part.sum(2))[:, :, None]
        part *= _ratio(columns[pending], part.sum(1))[:, None, :]
        fitted[pending] = part
        off = np.abs(part.sum(2) - rows[pending]).max(1, initial=0.0)
        pending = pending[off > TOLERANCE * total[pending]]
    return fitted.reshape(shape)


def adjusted_residuals(counts: ArrayLike, expected: ArrayLike) -> NDArray[np.float64]:
    """How far counts lie from what `fit_quasi_independence` expects, in standard errors.

    Parameters
    ----------
    counts, expected
        Any number of tables, shape (..., rows, columns).

    Returns
    -------
    ndarray, shape (..., rows, columns)
        (count - expected) / sqrt(expected (1 - h)), where h is the cell's leverage in the Poisson log-linear model of
        rows and columns over the cells that can hold a count. Without structural zeros that is the adjusted residual
        (count - expected) / sqrt(expected (1 - row share) (1 - column share)). Approximately standard normal if rows
        and columns have nothing to do with each other and expected counts are not small. NaN where nothing is
        expected, or where the margins leave the cell no freedom (two codes that take turns).

    Notes
    -----
    Haberman (1973); Allison & Liker (1982); for sequences of behaviour Bakeman & Quera (2011), chapter 9.
    """
    fitted = np.asarray(expected, dtype=np.float64)
    shape = fitted.shape
    fitted = fitted.reshape(-1, *shape[-2:])
    observed = np.asarray(counts, dtype=np.float64).reshape(fitted.shape)
    size = shape[-2]
    # X'WX of the margins' indicators, scaled to ones on the diagonal: a cell's row of X touches two of its entries.
    scale = np.sqrt(np.concatenate([fitted.sum(2), fitted.sum(1)], axis=1))
    inverse_scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    design = np.zeros((len(fitted), scale.shape[1], scale.shape[1]))
    design[:, :size, size:] = fitted * inverse_scale[:, :size, None] * inverse_scale[:, None, size:]
    design += design.transpose(0, 2, 1)
    design += (scale > 0)[:, :, None] * np.eye(scale.shape[1])
    inverse = np.linalg.pinv(design, rcond=1e-9, hermitian=True)
    inverse *= inverse_scale[:, :, None] * inverse_scale[:, None, :]
    own = np.diagonal(inverse, axis1=1, axis2=2)
    leverage = fitted * (own[:, :size, None] + own[:, None, size:] + 2 * inverse[:, :size, size:])
    free = (fitted > 0) & (1 - leverage > 1e-7)
    error = np.sqrt(np.where(free, fitted * (1 - leverage), 1.0))
    return np.where(free, (observed - fitted) / error, np.nan).reshape(shape)


def _possible(observed: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that hold a count in some table with the margins and structural zeros of the given ones.

    A count may be added to an allowed cell if others can make up for it: that is a walk from its column back to its
    row, which leaves a column for a row only by a cell that has something to take away.
    """
    tables, rows, columns = observed.shape
    steps = np.zeros((tables, rows + columns, rows + columns))
    steps[:, :rows, rows:] = allowed
    steps[:, rows:, :rows] = (observed > 0).transpose(0, 2, 1)
    steps += np.eye(rows + columns)
    for _ in range(int(np.ceil(np.log2(rows + columns)))):
        steps = np.minimum(steps @ steps, 1.0)
    return allowed & (steps[:, rows:, :rows].transpose(0, 2, 1) > 0)


def _ratio(wanted: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)

"""Events of two coders matched by their onsets, and how far they agree."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.agreement.runs import Events

#: Two onsets this much further apart than the tolerance are still within it: they went through decimal text.
SLACK_S = 1e-6


def match_onsets(a: NDArray[np.float64], b: NDArray[np.float64], tolerance_s: float) -> NDArray[np.int64]:
    """Match onsets one to one: as many as the tolerance lets, and of all such ways the one that moves them least.

    Parameters
    ----------
    a, b
        Onsets in seconds, in order, shape (onsets,).
    tolerance_s
        How far apart two matched onsets may be.

    Returns
    -------
    ndarray, shape (matched, 2)
        Indices into a and b, in order: matches never cross. Swapping a and b swaps the columns.

    Notes
    -----
    An assignment problem (scipy's `linear_sum_assignment`), solved apart wherever a longer silence than the
    tolerance parts the onsets of both coders.
    """
    times = np.sort(np.concatenate([a, b]))
    breaks = times[1:][np.diff(times) > tolerance_s + SLACK_S]
    block_a, block_b = (np.searchsorted(breaks, own, side="right") for own in (a, b))
    found = [np.empty((0, 2), dtype=np.int64)]
    for block in np.intersect1d(block_a, block_b):
        first, second = np.flatnonzero(block_a == block), np.flatnonzero(block_b == block)
        rows, columns = _assign(a[first], b[second], tolerance_s)
        found.append(np.column_stack([first[rows], second[columns]]))
    return np.concatenate(found)


def tally_events(
    a: Events, b: Events, slots: tuple[NDArray[Any], NDArray[Any]], tolerance_s: float, classes: int, places: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Match two coders' events of one session and tally them.

    Parameters
    ----------
    a, b
        From `events_in_common`.
    slots
        The phase of each event of a, and of b: from 0 to `places` - 1. A pair is in the phase of its earlier onset.
    tolerance_s
        How far apart matched onsets may be.
    classes
        How many classes there are.
    places
        How many phases there are.

    Returns
    -------
    counts
        Shape (places, classes + 1, classes + 1): coder a in rows, coder b in columns, the last row and column for
        what the other coder has no event for.
    differences
        Shape (places, classes, 3): of matched events whose onsets both coders saw, the number, and the sums of
        b - a and of its absolute value in seconds.

    Notes
    -----
    First events of one class are matched (`match_onsets`). Then what is left is paired in the same way whatever its
    class: such a pair is a confusion of two classes. What is left after that, one coder has and the other has not.
    """
    counts = np.zeros((places, classes + 1, classes + 1), dtype=np.int64)
    differences = np.zeros((places, classes, 3))
    onset_a, onset_b = a.spans[:, 0], b.spans[:, 0]
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for place in range(classes):
        pairs.append(_match_some(onset_a, onset_b, a.classes == place, b.classes == place, tolerance_s))
    matched = np.concatenate(pairs)
    free_a, free_b = (np.ones(len(own), dtype=bool) for own in (onset_a, onset_b))
    free_a[matched[:, 0]], free_b[matched[:, 1]] = False, False
    matched = np.concatenate([matched, _match_some(onset_a, onset_b, free_a, free_b, tolerance_s)])
    free_a[matched[:, 0]], free_b[matched[:, 1]] = False, False

    first, second = matched.T
    later = onset_b[second] - onset_a[first]
    slot = np.where(later < 0, slots[1][second], slots[0][first])
    class_a, class_b = a.classes[first], b.classes[second]
    np.add.at(counts, (slot, class_a, class_b), 1)
    np.add.at(counts[..., classes], (slots[0][free_a], a.classes[free_a]), 1)
    np.add.at(counts[:, classes], (slots[1][free_b], b.classes[free_b]), 1)
    both = (class_a == class_b) & a.seen[first] & b.seen[second]
    moved = np.column_stack([np.ones(len(later)), later, np.abs(later)])[both]
    np.add.at(differences, (slot[both], class_a[both]), moved)
    return counts, differences


def event_numbers(counts: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Events of coder a, events of coder b, and how many of them are matched in one class.

    Parameters
    ----------
    counts
        Shape (..., classes + 1, classes + 1), from `tally_events`.
    """
    table = np.asarray(counts)
    named = table[..., :-1, :-1]
    return table[..., :-1, :].sum((-2, -1)), table[..., :, :-1].sum((-2, -1)), np.trace(named, axis1=-2, axis2=-1)


def event_percent(counts: ArrayLike) -> NDArray[np.float64]:
    """Matched events among all events, in percent: matched / (matched + unmatched of a + unmatched of b).

    Parameters
    ----------
    counts
        Shape (..., classes + 1, classes + 1), from `tally_events`.

    Returns
    -------
    ndarray, shape (...)
        From 0 to 100; NaN without events.

    Notes
    -----
    Agreements among agreements and disagreements, the percentage of agreement of observational research (Jansen,
    Wiertz, Meyer & Noldus 2003, Behavior Research Methods, Instruments, & Computers 35, 391-399): an event that both
    coders have counts once. 2 matched / (a + b), which is also in use, counts it twice and so is higher: from a share
    p it is 2 p / (1 + p).
    """
    a, b, matched = event_numbers(counts)
    either = a + b - matched
    return np.divide(100.0 * matched, either, out=np.full(np.shape(either), np.nan), where=either > 0)


def event_kappa(counts: ArrayLike) -> NDArray[np.float64]:
    """Kappa of matched events, with a nil row and column for events that only one coder has.

    Parameters
    ----------
    counts
        Shape (..., classes + 1, classes + 1), from `tally_events`.

    Returns
    -------
    ndarray, shape (...)
        At most 1; 0 if both have events and no two of them are near each other. NaN where a coder has no event, and
        where chance would give just what there is: all in pairs, of one class.

    Notes
    -----
    Quera, Bakeman & Gnisci (2007), Behavior Research Methods 39, 39-49, and Bakeman, Quera & Gnisci (2009), 41,
    137-147: agreements in the diagonal, confusions off it, omissions and commissions in a nil row and column.
    Nobody can tally what neither coder saw, so the cell of nil and nil is empty by its nature, and chance
    agreement comes from the margins under quasi-independence (Goodman 1968, Journal of the American Statistical
    Association 63, 1091-1131; Bakeman & Robinson 1994). For one empty cell that iteration ends in a closed form:
    the pairs, times the product of the two coders' shares of each class among their own events.
    """
    table = np.asarray(counts, dtype=np.float64)
    units, pairs = table.sum((-2, -1)), table[..., :-1, :-1].sum((-2, -1))
    rows, columns = table[..., :-1, :].sum(-1), table[..., :, :-1].sum(-2)
    own = rows.sum(-1) * columns.sum(-1)
    agreed = np.trace(table[..., :-1, :-1], axis1=-2, axis2=-1)
    chance = pairs * (rows * columns).sum(-1)
    room = units * own - chance
    return np.divide(agreed * own - chance, room, out=np.full(units.shape, np.nan), where=room > 0)


def one_event_class(counts: ArrayLike, place: int) -> NDArray[Any]:
    """The table of one class alone, shape (..., 2, 2): a confusion with another class is an event that only one has."""
    table = np.asarray(counts)
    both, row, column = table[..., place, place], table[..., place, :].sum(-1), table[..., :, place].sum(-1)
    cells = [both, row - both, column - both, np.zeros_like(both)]
    return np.stack(cells, axis=-1).reshape(*table.shape[:-2], 2, 2)


def _match_some(
    a: NDArray[np.float64], b: NDArray[np.float64], of_a: NDArray[np.bool_], of_b: NDArray[np.bool_], tolerance_s: float
) -> NDArray[np.int64]:
    """`match_onsets` of some of the onsets, as indices into all of them."""
    first, second = np.flatnonzero(of_a), np.flatnonzero(of_b)
    rows, columns = match_onsets(a[first], b[second], tolerance_s).T
    return np.column_stack([first[rows], second[columns]])


def _assign(
    a: NDArray[np.float64], b: NDArray[np.float64], tolerance_s: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best matching of a few onsets: indices into a and b, both in order."""
    apart = np.abs(a[:, None] - b)
    near = apart <= tolerance_s + SLACK_S
    if near.size == 1:
        place = np.flatnonzero(near)
        return place, place
    from scipy.optimize import linear_sum_assignment

    # One more match is worth more than all moving there can be. Of equal ways the one with the earlier onsets, so
    # that nothing depends on which coder is a.
    worth = (tolerance_s + 1.0) * (min(near.shape) + 1)
    late = 1e-9 * (np.arange(len(a))[:, None] + np.arange(len(b)))
    rows, columns = linear_sum_assignment(np.where(near, apart + late - worth, 0.0))
    kept = near[rows, columns]
    # Crossing matches of onsets on a line can be uncrossed without moving anything further.
    return np.sort(rows[kept]), np.sort(columns[kept])

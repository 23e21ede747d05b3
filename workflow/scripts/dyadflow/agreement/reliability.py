"""Agreement of all human coders of a target together."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.coders import ALL_CODES, by_code
from dyadflow.agreement.intervals import jackknife_interval, sum_by_dyad
from dyadflow.agreement.many import coincidences, fleiss_kappa, krippendorff_alpha
from dyadflow.agreement.pairs import by_phase, coded_phases, human_coders, phase_names, phase_slots, target_classes
from dyadflow.annotations.labels import SessionLabels

RELIABILITY_COLUMNS = (
    "target", "phase", "code", "measure", "value", "low", "high", "coders", "units", "sessions", "dyads",
)

FLEISS, NOMINAL, ORDINAL, INTERVAL = "fleiss_kappa", "alpha_nominal", "alpha_ordinal", "alpha_interval"
_METRICS: dict[str, Literal["nominal", "ordinal", "interval"]] = {
    NOMINAL: "nominal", ORDINAL: "ordinal", INTERVAL: "interval",
}


@dataclass(frozen=True)
class Ratings:
    """What all coders of a target said of the same frames, session by session.

    Parameters
    ----------
    sessions
        Those that two or more coded.
    coders
        How many coders there are in these sessions.
    phases
        From `phase_names`.
    products
        Shape (sessions, phases, coders - 1, classes, classes): see `coincidences`.
    """

    sessions: tuple[str, ...]
    coders: int
    phases: tuple[str, ...]
    products: NDArray[np.int64]


def reliability_table(
    labels: Mapping[str, SessionLabels],
    dyads: Mapping[str, str],
    kinds: Mapping[tuple[str, str], str],
    ordered: Collection[str] = (),
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fleiss' kappa and Krippendorff's alpha of all human coders together, with dyad-level intervals.

    Parameters
    ----------
    labels
        Frame labels of each session.
    dyads
        The dyad of each session.
    kinds
        Kind of each (session, coder). Only ``human`` counts.
    ordered
        Targets the order of whose classes means something: they have ordinal and interval alpha too.
    level
        Nominal coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns target, phase, code, measure, value, low, high, coders, units, sessions, dyads. Phase and code are
        as in `compare_coders`. The units of alpha are frames to which two or more coders gave a class; `coders`
        is how many took part. Fleiss' kappa wants the same number of ratings of every unit: its units are the
        frames to which exactly `coders` of them gave a class, which is the most frequent number from two on (the
        larger of equals), chosen once for a target. Where a measure is undefined its value is empty. A target
        that no two people coded in the same session has no row.

    Notes
    -----
    `fleiss_kappa`, `krippendorff_alpha`; intervals: `jackknife_interval` over dyads.
    """
    rows = []
    for target, classes in target_classes(labels).items():
        found = count_ratings(labels, kinds, target)
        if found is None:
            continue
        mine = [dyads[session] for session in found.sessions]
        usual = _usual_number(found)
        for phase, products in by_phase(found.products, found.phases, coded_phases(labels, target)):
            for code, table in by_code(products, classes):
                metrics = (NOMINAL, ORDINAL, INTERVAL) if target in ordered and code == ALL_CODES else (NOMINAL,)
                for measure, counts, statistic, coders in _measures(table, usual, metrics, found.coders):
                    key = {"target": target, "phase": phase, "code": code, "measure": measure, "coders": coders}
                    rows.append(key | _estimate(counts, statistic, mine, level))
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS))


def count_ratings(
    labels: Mapping[str, SessionLabels], kinds: Mapping[tuple[str, str], str], target: str
) -> Ratings | None:
    """Count what the human coders of a target said together; None if no two of them share a session.

    Parameters are those of `reliability_table`.
    """
    present = {session: names for session, names in human_coders(labels, kinds, target).items() if len(names) > 1}
    if not present:
        return None
    phases, coders = phase_names(labels), len({name for names in present.values() for name in names})
    counted = [_multiply(labels[session], target, names, phases, coders) for session, names in present.items()]
    return Ratings(tuple(present), coders, phases, np.stack(counted))


def _multiply(
    session: SessionLabels, target: str, names: Sequence[str], phases: tuple[str, ...], coders: int
) -> NDArray[np.int64]:
    """The products of one session, shape (phases, coders - 1, classes, classes)."""
    size = len(session.classes[target])
    codes = np.stack([session.codes[target][name] for name in names])
    number = (codes >= 0).sum(0)
    shared = number > 1
    codes, number = codes[:, shared], number[shared]
    given = np.stack([(codes == place).sum(0) for place in range(size)]).astype(np.float64)
    group = phase_slots(session, phases)[shared] * (coders - 1) + number - 2
    products = np.zeros((len(phases) * (coders - 1), size, size), dtype=np.int64)
    for place in np.unique(group):
        own = given[:, group == place]
        products[place] = np.rint(own @ own.T)
    return products.reshape(len(phases), coders - 1, size, size)


def _frames(products: NDArray[Any]) -> NDArray[Any]:
    """Frames by number of coders, of products of shape (..., numbers, classes, classes): shape (..., numbers)."""
    return products.sum((-2, -1)) / np.square(np.arange(products.shape[-3]) + 2)


def _usual_number(found: Ratings) -> int:
    """The most frequent number of coders of one frame, from two on; the larger of equals."""
    frames = _frames(found.products.sum((0, 1)))
    return len(frames) + 1 - int(np.argmax(frames[::-1]))


def _measures(
    products: NDArray[Any], usual: int, metrics: Sequence[str], coders: int
) -> Iterator[tuple[str, NDArray[Any], Callable[[NDArray[Any]], NDArray[Any]], int]]:
    """Each measure with the products it counts, shape (sessions, numbers, ...), itself as a function, and coders."""
    whole = np.zeros_like(products)
    whole[:, usual - 2] = products[:, usual - 2]
    yield FLEISS, whole, lambda table: fleiss_kappa(table[..., usual - 2, :, :], usual), usual
    for measure in metrics:
        yield measure, products, partial(_alpha, _METRICS[measure]), coders


def _alpha(metric: Literal["nominal", "ordinal", "interval"], products: NDArray[Any]) -> NDArray[np.float64]:
    return krippendorff_alpha(coincidences(products), metric)


def _estimate(
    products: NDArray[Any], statistic: Callable[[NDArray[Any]], NDArray[Any]], dyads: Sequence[str], level: float
) -> dict[str, float | int]:
    """A measure with its dyad-level interval, and on how much it rests."""
    table = sum_by_dyad(products, dyads)
    low, high = jackknife_interval(table, statistic, bounds=(-1.0, 1.0), level=level, at_once=True)
    return {
        "value": float(statistic(table.sum(0))), "low": low, "high": high,
        "units": round(float(_frames(table.sum(0)).sum())), "sessions": int(products.any((1, 2, 3)).sum()),
        "dyads": int(table.any((1, 2, 3)).sum()),
    }

"""Gamma, the agreement on where events are and what they are at once, through the library that its authors use."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dyadflow.agreement.runs import Runs
from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    from pygamma_agreement import AbstractDissimilarity, Continuum


def require_gamma() -> None:
    """Say so if gamma is asked for and cannot be worked out.

    Raises
    ------
    DyadflowError
        If pygamma-agreement is not installed.
    """
    if find_spec("pygamma_agreement") is None:
        raise DyadflowError(
            "gamma is asked for, and pygamma-agreement is not installed", where="agreement.gamma",
            fix="install it (pip install pygamma-agreement), or set gamma: false",
        )


def disorders(a: Runs, b: Runs, *, samples: int, seed: int, name: str) -> tuple[float, float]:
    """Disorder between two coders' runs of one session, and what chance would give.

    Parameters
    ----------
    a, b
        Runs of both coders within what both coded.
    samples
        Random codings to estimate chance with.
    seed
        Seed of the study.
    name
        What is compared: together with the seed it gives the random numbers.

    Returns
    -------
    observed, expected
        Sums over runs, so that those of several sessions can be added up (`gamma_of`). 0 and 0 without runs.

    Notes
    -----
    Mathet, Widlöcher & Métivier (2015), Computational Linguistics 41, 437-479. The dissimilarity is the combined one
    with alpha = beta = delta_empty = 1, and random codings are drawn from the session's own numbers, lengths and gaps
    of runs: what pygamma-agreement does where it is told nothing. Time begins with the first run: the wait before it
    is no gap between runs.
    """
    if not len(a.spans) or not len(b.spans):
        return 0.0, 0.0
    continuum = _continuum(a, b)
    digest = hashlib.sha256(f"{seed}\x1f{name}".encode()).digest()
    with _random_numbers(int.from_bytes(digest[:4], "big")), _without_remarks():
        found = continuum.compute_gamma(_dissimilarity(), n_samples=samples)
    # Disorders are means over runs of a coder.
    weight = continuum.avg_num_annotations_per_annotator
    return float(found.observed_disorder) * weight, float(found.expected_disorder) * weight


def gamma_of(sums: ArrayLike) -> NDArray[np.float64]:
    """Gamma of summed disorders: 1 - observed / expected.

    Parameters
    ----------
    sums
        Shape (..., 2): from `disorders`, of one or more sessions.

    Returns
    -------
    ndarray, shape (...)
        At most 1; of one session, the gamma of pygamma-agreement. NaN without runs.
    """
    observed, expected = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    return 1 - np.divide(observed, expected, out=np.full(observed.shape, np.nan), where=expected > 0)


@cache
def _dissimilarity() -> "AbstractDissimilarity":
    """Made once, because it is compiled."""
    from pygamma_agreement import CombinedCategoricalDissimilarity

    return CombinedCategoricalDissimilarity()


def _continuum(a: Runs, b: Runs) -> "Continuum":
    from pyannote.core import Segment
    from pygamma_agreement import Continuum

    continuum = Continuum()
    start_s = min(a.spans[0, 0], b.spans[0, 0])
    for coder, runs in (("a", a), ("b", b)):
        for (onset_s, offset_s), place in zip(runs.spans - start_s, runs.classes, strict=True):
            continuum.add(coder, Segment(float(onset_s), float(offset_s)), f"{place:03d}")
    return continuum


@contextmanager
def _random_numbers(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, from which pygamma-agreement draws, and put it back afterwards."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Leave out what pygamma-agreement logs of its solver once for every random coding."""
    def keep(record: logging.LogRecord) -> bool:
        return "CBC solver" not in record.getMessage()

    logging.getLogger().addFilter(keep)
    try:
        yield
    finally:
        logging.getLogger().removeFilter(keep)

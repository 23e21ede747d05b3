"""Principal components of token streams, fitted on any set of sessions without reading their tokens again.

Each session stores its tokens' exact mean and scatter. These add up, so the components of a training set
follow from the stores of its sessions alone (A, equations 1 and 2, over training dyads only). Beside this, the
default, stand the three definitions that the authors' code has: each frame's own components, each session's own, and
those of all sessions together, held-out ones among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    from dyadflow.features.stream import Stream


@dataclass(frozen=True)
class Projection:
    """A basis of principal components.

    Parameters
    ----------
    basis
        Orthonormal columns, largest variance first, shape (dims, components). The largest loading of each is
        positive, so that a component means the same in every fold.
    mean
        What is taken off a token first, shape (dims,).
    explained
        Share of the tokens' variance that each component has, shape (components,).
    """

    basis: NDArray[np.float64]
    mean: NDArray[np.float64]
    explained: NDArray[np.float64]

    def apply(self, store: "Stream") -> NDArray[np.float32]:
        """A token stream's components, worked out on the stored coordinates.

        Returns
        -------
        ndarray, shape (frames, patches * components)
            Patch by patch, the components of each together.
        """
        return store.project(self.basis, self.mean).reshape(len(store.values), -1)


@dataclass(frozen=True)
class OwnProjection:
    """Components of each session's, or of each frame's, own tokens: nothing is fitted on other sessions.

    Parameters
    ----------
    per
        ``session`` or ``frame``. A frame's tokens are taken as the store remembers them, in the session's own
        leading directions.
    components
        How many to keep.
    minimum_kept
        As in `fit_projection`; for a frame's own components it is the session's that are held to it.
    name
        Name of the stream, for the error.
    """

    per: Literal["session", "frame"]
    components: int
    minimum_kept: float
    name: str = ""

    def apply(self, store: "Stream") -> NDArray[np.float32]:
        """As `Projection.apply`."""
        own = fit_projection([store], components=self.components, minimum_kept=self.minimum_kept, name=self.name)
        return own.apply(store) if self.per == "session" else _project_frames(store, self.components)


@dataclass(frozen=True)
class Moments:
    """Mean (dims,), scatter about it (dims, dims) and number of a set of tokens."""

    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    count: int


def pool_moments(parts: Sequence[Moments]) -> Moments:
    """Moments of all tokens together."""
    count = sum(part.count for part in parts)
    mean: NDArray[np.float64] = np.asarray(sum(part.count * part.mean for part in parts) / count)
    scatter = np.zeros_like(parts[0].scatter)
    for part in parts:
        apart = part.mean - mean
        scatter += part.scatter + part.count * np.outer(apart, apart)
    return Moments(mean, scatter, count)


def _moments_of(store: "Stream") -> Moments:
    assert store.mean is not None and store.scatter is not None  # tokens have both
    return Moments(store.mean, store.scatter, store.count)


def fit_projection(
    stores: Sequence["Stream"], *, components: int, minimum_kept: float, name: str = ""
) -> Projection:
    """Principal components of all tokens of some sessions.

    Parameters
    ----------
    stores
        Token streams of the training sessions.
    components
        How many to keep.
    minimum_kept
        For each component, the least share of its variance that the stores must keep.
    name
        Name of the stream, for the error.

    Raises
    ------
    DyadflowError
        If the tokens have fewer dimensions than `components`, or a store keeps too little of one.
    """
    pooled = pool_moments([_moments_of(store) for store in stores])
    if components > len(pooled.mean):
        raise DyadflowError(
            f"{components} components were asked of tokens with {len(pooled.mean)} dimensions", where=name,
            fix="ask for fewer components",
        )
    basis = _leading_components(pooled.scatter, components)
    kept = kept_variance(stores, basis, pooled)
    worst = int(np.argmin(kept))
    if kept[worst] < minimum_kept:
        raise DyadflowError(
            f"the stored tokens keep {kept[worst]:.3f} of component {worst + 1}'s variance, and the protocol "
            f"asks for {minimum_kept:g}", where=name, fix="raise the rank of the extractor's token store",
        )
    variances = np.einsum("dk,dk->k", basis, pooled.scatter @ basis)
    return Projection(basis, pooled.mean, variances / np.trace(pooled.scatter))


def kept_variance(
    stores: Sequence["Stream"], basis: NDArray[np.float64], pooled: Moments
) -> NDArray[np.float64]:
    """Share of each component's variance that survives the stores, shape (components,).

    One minus the mean squared error of the component's value of a token from its store, over the component's
    variance. What a store drops of a component v is v - B B'v, with B the store's own basis.
    """
    lost = np.zeros(basis.shape[1])
    for store in stores:
        own = np.asarray(store.basis, dtype=np.float64)
        dropped = basis - own @ (own.T @ basis)
        lost += np.einsum("dk,dk->k", dropped, _moments_of(store).scatter @ dropped)
    total = np.einsum("dk,dk->k", basis, pooled.scatter @ basis)
    return np.where(total > 0, 1 - lost / np.where(total > 0, total, 1), 1.0)


def _project_frames(store: "Stream", components: int, *, batch: int = 256) -> NDArray[np.float32]:
    """Each frame's tokens on the principal components of that frame alone, shape (frames, patches * components)."""
    import torch

    basis = torch.from_numpy(np.asarray(store.basis, dtype=np.float64))
    parts = []
    for start in range(0, len(store.values), batch):
        coordinates = torch.from_numpy(store.values[start : start + batch].astype(np.float64))
        centred = coordinates - coordinates.mean(dim=1, keepdim=True)
        vectors = torch.linalg.eigh(centred.mT @ centred)[1].flip(2)[:, :, :components]
        # The same rule of signs as everywhere: the largest loading on the network's own dimensions is positive.
        loadings = basis @ vectors
        largest = loadings.gather(1, loadings.abs().argmax(dim=1, keepdim=True))
        parts.append((centred @ (vectors * torch.where(largest < 0, -1.0, 1.0))).float().numpy())
    return np.concatenate(parts).reshape(len(store.values), -1)


def _leading_components(scatter: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    # torch rather than NumPy: its number of threads is the study's, and threads decide the last bits.
    import torch

    vectors = torch.linalg.eigh(torch.from_numpy(scatter))[1].numpy()
    leading = vectors[:, ::-1][:, :components]
    loudest = np.abs(leading).argmax(axis=0)
    return leading * np.where(leading[loudest, np.arange(components)] < 0, -1.0, 1.0)

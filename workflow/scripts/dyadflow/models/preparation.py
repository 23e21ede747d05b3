"""Everything fitted before the network: projections and scaler, from training sessions to plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dyadflow.features.stream import Stream
from dyadflow.models.data import CellData
from dyadflow.models.fusion import Fused, check_stream, describe_stream, fuse_session
from dyadflow.models.projection import OwnProjection, Projection, fit_projection
from dyadflow.models.scaling import Scaler, fit_scaler, scale_session

if TYPE_CHECKING:
    from dyadflow.models.settings import ProtocolSettings


@dataclass(frozen=True)
class Preparation:
    """What turns a session's streams into a network's input.

    Parameters
    ----------
    streams
        What each stream of the recipe must be (`describe_stream`), in the order of the columns.
    projections
        For each token stream, what reduces its tokens.
    scaler
        For all columns together.
    rate_hz
        Frames a second.
    """

    streams: tuple[dict[str, Any], ...]
    projections: Mapping[str, Projection | OwnProjection]
    scaler: Scaler
    rate_hz: float

    @property
    def dims(self) -> int:
        """Columns of the network's input."""
        return len(self.scaler.mean)

    def fuse(self, streams: Mapping[str, Stream], *, frames: int, where: str = "") -> Fused:
        """Check a session's streams and lay them side by side, not yet scaled."""
        for expected in self.streams:
            check_stream(expected, streams[expected["name"]], rate_hz=self.rate_hz, where=where)
        recipe = [expected["name"] for expected in self.streams]
        return fuse_session(streams, recipe, self.projections, frames=frames, where=where)

    def apply(self, streams: Mapping[str, Stream], *, frames: int, where: str = "") -> NDArray[np.float32]:
        """A session's input to the network, shape (frames, dims)."""
        return scale_session(self.fuse(streams, frames=frames, where=where), self.scaler)


def fit_preparation(
    data: CellData, sessions: Sequence[str], recipe: Sequence[str], protocol: "ProtocolSettings"
) -> Preparation:
    """Fit projections, then the scaler, on some sessions and nothing else.

    Raises
    ------
    DyadflowError
        If streams of one name were not made alike, or as `fit_projection` and `fuse_session` do.
    """
    first = data.shelf.take(sessions[0], recipe)
    streams = tuple(describe_stream(name, first[name]) for name in recipe)
    for session in sessions:
        for expected, stream in zip(streams, data.shelf.take(session, recipe).values(), strict=True):
            check_stream(expected, stream, rate_hz=data.rate_hz, where=f"session {session}")
    projections = {
        expected["name"]: _fit_one(data, sessions, expected["name"], protocol)
        for expected in streams if expected["kind"] == "tokens"
    }
    unscaled = Preparation(streams, projections, Scaler(np.zeros(0, np.float32), np.ones(0, np.float32)), data.rate_hz)
    fused = [
        unscaled.fuse(
            data.shelf.take(session, recipe), frames=data.grids[session].frames, where=f"session {session}"
        )
        for session in sessions
    ]
    return Preparation(streams, projections, fit_scaler(fused, protocol.scaling), data.rate_hz)


def _fit_one(
    data: CellData, sessions: Sequence[str], name: str, protocol: "ProtocolSettings"
) -> Projection | OwnProjection:
    """What reduces the tokens of one stream; only ``all_sessions`` looks beyond `sessions`."""
    components, minimum_kept = protocol.components, protocol.minimum_kept
    if protocol.projection == "per_session" or protocol.projection == "per_frame":
        per: Literal["session", "frame"] = "session" if protocol.projection == "per_session" else "frame"
        return OwnProjection(per, components=components, minimum_kept=minimum_kept, name=name)
    fitted_on = list(data.folds.session) if protocol.projection == "all_sessions" else sessions
    stores = [data.shelf.take(session, [name])[name] for session in fitted_on]
    return fit_projection(stores, components=components, minimum_kept=minimum_kept, name=name)

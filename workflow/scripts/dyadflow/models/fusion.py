"""Early fusion: the streams of a session side by side on one frame grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.models.projection import OwnProjection, Projection

if TYPE_CHECKING:
    from dyadflow.features.stream import Stream

#: What must agree between a stream that trained a model and one that it is applied to.
IDENTITY = ("kind", "width", "backbone", "weights", "revision", "options", "seed")


@dataclass(frozen=True)
class Fused:
    """Streams of one session, concatenated.

    Parameters
    ----------
    values
        Not scaled, shape (frames, dims).
    valid
        Which rows each stream has, shape (frames, streams).
    columns
        The columns of each stream.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    columns: tuple[slice, ...]


def describe_stream(name: str, stream: "Stream") -> dict[str, Any]:
    """What makes two streams of one name the same kind of thing, as plain values.

    ``width`` is ``[dims]`` of a dense stream and ``[patches, dims]`` of a token stream.
    """
    recorded = stream.attributes
    width = [stream.values.shape[1], *(() if stream.mean is None else (len(stream.mean),))]
    return {
        "name": name, "kind": stream.kind, "width": [int(number) for number in width],
        **{key: str(recorded.get(key) or "") for key in ("backbone", "weights", "revision", "options")},
        # Weights that were trained do not depend on a seed.
        "seed": int(recorded.get("seed", 0)) if recorded.get("weights") == "untrained" else 0,
    }


def check_stream(expected: Mapping[str, Any], stream: "Stream", *, rate_hz: float, where: str) -> None:
    """Stop if a stream was not made as those were that the model is trained on.

    Raises
    ------
    DyadflowError
        Naming the first of `IDENTITY`, and then the rate, that differs.
    """
    found = describe_stream(expected["name"], stream)
    pairs = {name: (found[name], expected[name]) for name in IDENTITY}
    pairs["rate_hz"] = (stream.grid.rate_hz, float(rate_hz))
    for name, (here, there) in pairs.items():
        if here != there:
            raise DyadflowError(
                f"stream {expected['name']} has {name} {here!r}, and the model is of streams with {there!r}",
                where=where,
                fix="extract the features again with the settings that the model was trained with",
            )


def fuse_session(
    streams: Mapping[str, "Stream"], recipe: Sequence[str], projections: Mapping[str, Projection | OwnProjection], *,
    frames: int, where: str = "",
) -> Fused:
    """Project what has tokens, lay every stream on the grid, and put them side by side.

    Parameters
    ----------
    streams
        By ``<view>.<extractor>``.
    recipe
        Which, in the order of the columns.
    projections
        For each token stream, its projection.
    frames
        Length of the session's grid. A stream that is one frame longer is cut, one that is one frame shorter
        gets an invalid row.
    where
        The session, for the error.

    Raises
    ------
    DyadflowError
        If a stream differs from the grid by more than one frame, or holds a valid value that is no number.
    """
    parts, valids, columns, column = [], [], [], 0
    for name in recipe:
        stream = streams[name]
        values = projections[name].apply(stream) if stream.kind == "tokens" else stream.values
        values, valid = _lay_on_grid(values, np.asarray(stream.valid, dtype=bool), frames, name, where)
        parts.append(values)
        valids.append(valid)
        columns.append(slice(column, column + values.shape[1]))
        column += values.shape[1]
    return Fused(np.concatenate(parts, axis=1), np.stack(valids, axis=1), tuple(columns))


def _lay_on_grid(
    values: NDArray[Any], valid: NDArray[np.bool_], frames: int, name: str, where: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    if abs(len(values) - frames) > 1:
        raise DyadflowError(
            f"stream {name} has {len(values)} rows and the labels have {frames} frames", where=where,
            fix="decode the session and extract its features again",
        )
    values, valid = values[:frames].astype(np.float32), valid[:frames]
    missing = frames - len(values)
    values = np.pad(values, ((0, missing), (0, 0)))
    valid = np.pad(valid, (0, missing))
    if not np.isfinite(values[valid]).all():
        raise DyadflowError(
            f"stream {name} holds values that are not numbers", where=where, fix="extract the features again"
        )
    return values, valid

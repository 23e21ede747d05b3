"""Checkpoints: one file that holds everything a prediction needs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.models.learning import predict_rows
from dyadflow.models.packing import pack_checkpoint, read_checkpoint_file, unpack_checkpoint
from dyadflow.models.preparation import Preparation
from dyadflow.models.projection import OwnProjection, Projection
from dyadflow.models.scaling import Scaler

if TYPE_CHECKING:
    import torch

#: What is kept of a projection that was fitted.
_PARTS = ("basis", "mean", "explained")


@dataclass(frozen=True)
class Checkpoint:
    """A trained network with all that was fitted before it.

    Parameters
    ----------
    config
        Plain values: network, hyperparameters, target, classes, protocol, seed, outer_fold, epochs,
        validation_f1, training_dyads, set_aside_dyads, class_weights, temperature, smoothing_frames,
        minimum_bout_frames, history, untrained (stream names whose backbone has random weights).
    preparation
        Projections and scaler.
    weights
        The network's parameters by name.
    """

    config: dict[str, Any]
    preparation: Preparation
    weights: "Mapping[str, torch.Tensor]"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of a prediction's columns."""
        return tuple(self.config["classes"])

    @property
    def recipe(self) -> tuple[str, ...]:
        """Streams that a prediction needs, as ``<view>.<extractor>``."""
        return tuple(stream["name"] for stream in self.preparation.streams)

    @property
    def rate_hz(self) -> float:
        """Frames a second that the streams must have."""
        return self.preparation.rate_hz

    def predict(self, values: NDArray[np.float32], *, device: str = "cpu") -> NDArray[np.float32]:
        """Class probabilities of one session's prepared values (frames, dims); shape (frames, classes)."""
        return predict_rows(
            self.config["network"], self.config["hyperparameters"], self.weights, values, [len(values)],
            classes=len(self.classes), device=device,
        )

    def to_bytes(self) -> bytes:
        """The checkpoint as the content of a safetensors file, the same bytes for the same checkpoint."""
        import torch

        tensors = {f"network.{name}": value for name, value in self.weights.items()}
        arrays = {"scaler.mean": self.preparation.scaler.mean, "scaler.scale": self.preparation.scaler.scale}
        own = {}
        for name, projection in self.preparation.projections.items():
            if isinstance(projection, OwnProjection):
                own[name] = asdict(projection)
                continue
            for part in _PARTS:
                arrays[f"projection.{name}.{part}"] = getattr(projection, part)
        tensors |= {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        config = self.config | {
            "streams": list(self.preparation.streams), "rate_hz": self.rate_hz, "own_components": own,
        }
        return pack_checkpoint(config, tensors)

    @classmethod
    def from_bytes(cls, content: bytes, *, where: str = "") -> "Checkpoint":
        """Read what `to_bytes` made.

        Raises
        ------
        DyadflowError
            If this is not one of our checkpoints, or one of a video network.
        """
        config, tensors = unpack_checkpoint(content, where=where)
        if "streams" not in config:
            raise DyadflowError(
                "this checkpoint is of a network that looks at pictures", where=where,
                fix="name a fold*.safetensors of a network that reads streams",
            )
        streams, rate_hz = tuple(config.pop("streams")), config.pop("rate_hz")
        own = config.pop("own_components")
        projections = {
            name: OwnProjection(**own[name]) if name in own
            else Projection(**{part: tensors[f"projection.{name}.{part}"].numpy() for part in _PARTS})
            for name in (stream["name"] for stream in streams if stream["kind"] == "tokens")
        }
        scaler = Scaler(tensors["scaler.mean"].numpy(), tensors["scaler.scale"].numpy())
        weights = {
            name.removeprefix("network."): value for name,
            value in tensors.items() if name.startswith("network.")
        }
        return cls(config, Preparation(streams, projections, scaler, rate_hz), weights)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint file.

    Raises
    ------
    DyadflowError
        If there is none, or it is not one of ours.
    """
    return Checkpoint.from_bytes(read_checkpoint_file(path), where=str(path))

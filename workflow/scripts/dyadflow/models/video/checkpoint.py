"""Checkpoints of video networks: one file that holds everything a prediction needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.errors import DyadflowError
from dyadflow.models.packing import pack_checkpoint, read_checkpoint_file, unpack_checkpoint
from dyadflow.models.video.registry import load_video_network
from dyadflow.models.video.snippets import SnippetSpec
from dyadflow.models.video.statistics import PixelStatistics

if TYPE_CHECKING:
    import torch
    from torch import nn

#: What a video checkpoint's config says it is.
KIND = "video"


@dataclass(frozen=True)
class VideoCheckpoint:
    """A trained video network with all that a clip goes through before it.

    Parameters
    ----------
    config
        Plain values: kind, network, options, weights (what the encoder started from), untrained (whether that
        was random numbers), target, classes, phase, frames, rate_hz, test_crop_px, mean and deviation of the
        pixels (0 to 1, a number a channel), head and fine_tuning (hyperparameters), head_epochs, epochs (0: the
        head alone was trained), validation_f1, protocol, seed, outer_fold, training_dyads, validation_dyads.
    weights
        The network's parameters and running statistics by name.
    """

    config: dict[str, Any]
    weights: "Mapping[str, torch.Tensor]"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of a prediction's columns."""
        return tuple(self.config["classes"])

    @property
    def snippet_spec(self) -> SnippetSpec:
        """What a snippet is for this network."""
        return SnippetSpec(frames=self.config["frames"], rate_hz=self.config["rate_hz"])

    @property
    def statistics(self) -> PixelStatistics:
        """What pixels are normalised by."""
        return PixelStatistics(tuple(self.config["mean"]), tuple(self.config["deviation"]))

    def build_network(self) -> "nn.Module":
        """The network with its trained weights, in evaluation mode."""
        module = load_video_network(self.config["network"])
        network = module.build(module.Options.model_validate(self.config["options"]))
        network.load_state_dict(dict(self.weights))
        return network.eval()

    def to_bytes(self) -> bytes:
        """The checkpoint as the content of a safetensors file, the same bytes for the same checkpoint."""
        return pack_checkpoint(self.config, self.weights)

    @classmethod
    def from_bytes(cls, content: bytes, *, where: str = "") -> "VideoCheckpoint":
        """Read what `to_bytes` made.

        Raises
        ------
        DyadflowError
            If this is not a checkpoint of a video network.
        """
        config, weights = unpack_checkpoint(content, where=where)
        if config.get("kind") != KIND:
            raise DyadflowError(
                "this checkpoint is of a network that reads streams", where=where,
                fix="name a fold*.safetensors of a video network",
            )
        return cls(config, weights)


def load_video_checkpoint(path: str | Path) -> VideoCheckpoint:
    """Read a checkpoint file.

    Raises
    ------
    DyadflowError
        If there is none, or it is not one of a video network of ours.
    """
    return VideoCheckpoint.from_bytes(read_checkpoint_file(path), where=str(path))

"""Networks that hear the wave itself (wav2vec 2.0, HuBERT, WavLM), in long overlapping chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.device import choose_device, multiply_in, name_precision
from dyadflow.features.feeding import Pieces, ahead, to_host
from dyadflow.features.sound import count_windows, pool_into_frames
from dyadflow.features.stream import StreamWriter
from dyadflow.features.weights import UNTRAINED, build_untrained, find_weights, identify_weights, load_model
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_samples, read_samples
from dyadflow.media.wav import AUDIO_RATE_HZ

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings

#: Added to the variance before its root, as transformers' Wav2Vec2FeatureExtractor does.
_TINY = 1e-7


class WaveformOptions(BaseModel):
    """Options of a network that hears the wave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chunk_s: float = Field(default=20.0, ge=0.1, description="Seconds that are kept of each chunk.")
    margin_s: float = Field(
        default=2.0, ge=0, description="Seconds that a chunk is heard before and after what is kept of it."
    )
    layer: int | None = Field(
        default=None, ge=0, description="Which layer's output, 0 being what the first one is given; left out: the last."
    )
    normalise: bool | None = Field(
        default=None, description="Whether the recording is scaled to mean 0 and variance 1; left out: as the weights "
        "say (do_normalize), and no for untrained ones.",
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="Of untrained weights: fields of the network's configuration in transformers."
    )


class WaveformBackbone:
    """A network with a stack of convolutions before its transformer, one token every 20 ms.

    Parameters
    ----------
    settings
        Of the extractor.
    model_class, config_class
        Of transformers.
    torch_threads
        CPU threads.
    """

    def __init__(
        self, settings: ExtractorSettings, *, model_class: Any, config_class: Any, torch_threads: int = 1
    ) -> None:
        self._options, self._half = WaveformOptions.model_validate(settings.options), settings.half
        self._device = choose_device(settings, torch_threads=torch_threads)
        normalise = False
        if settings.weights == UNTRAINED:
            self._model = build_untrained(model_class, config_class, self._options.config, seed=settings.seed)
            found = identify_weights(settings)
        else:
            folder, found = find_weights(settings)
            self._model = load_model(model_class, folder, name=str(settings.weights))
            normalise = _says_normalise(folder)
        self._model.to(self._device)
        config = self._model.config
        if getattr(config, "add_adapter", False):
            raise DyadflowError(
                "this network has an adapter that thins its tokens out", where=f"weights {settings.weights}",
                fix="name weights without an adapter",
            )
        if self._options.layer is not None and self._options.layer > config.num_hidden_layers:
            raise DyadflowError(
                f"layer is {self._options.layer}, and this network has {config.num_hidden_layers} layers",
                where=f"weights {settings.weights}", fix="name a layer that there is",
            )
        self._normalise = normalise if self._options.normalise is None else self._options.normalise
        self._length, self._hop = receptive_field(config.conv_kernel, config.conv_stride)
        self._pieces = Pieces(1, settings.backbone, "chunk")
        self.dims = int(config.hidden_size)
        self.attributes = {**found, "precision": name_precision(self._device, half=settings.half)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, dims): the mean of the tokens centred in it."""
        samples = count_samples(path)
        count = count_windows(samples, length=self._length, hop=self._hop)
        if not count:
            raise DyadflowError(
                f"the sound is shorter than {1000 * self._length / AUDIO_RATE_HZ:.0f} ms", where=str(path),
                fix="check the recording",
            )
        first_s, hop_s = self._length / 2 / AUDIO_RATE_HZ, self._hop / AUDIO_RATE_HZ
        encoded = to_host(self._encode(path, samples))
        for rows in pool_into_frames(encoded, count, first_s=first_s, hop_s=hop_s, grid=grid):
            into.append(rows)

    def _encode(self, path: Path, samples: int) -> Iterator[torch.Tensor]:
        """Hidden states in order, each of shape (tokens, dims).

        One chunk at a time: networks whose convolutions are normalised over time (group norm) would hear the
        padding of a shorter one.
        """
        import torch

        mean, deviation = measure_sound(path) if self._normalise else (0.0, 1.0)
        hop_s, layer = self._hop / AUDIO_RATE_HZ, self._options.layer

        def hear(samples: torch.Tensor) -> torch.Tensor:
            with torch.inference_mode(), multiply_in(self._device, half=self._half):
                given = self._model(input_values=samples, output_hidden_states=layer is not None)
            return (given.last_hidden_state if layer is None else given.hidden_states[layer]).float()

        for chunk, own in ahead(cut_sound(
            read_samples(path), samples, length=self._length, hop=self._hop,
            kept=max(1, round(self._options.chunk_s / hop_s)), margin=round(self._options.margin_s / hop_s),
        )):
            heard = torch.from_numpy(((chunk - mean) / deviation).astype(np.float32))[None].to(self._device)
            for hidden in self._pieces.run(hear, heard):
                yield hidden[0, own]


def receptive_field(kernels: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, int]:
    """Samples that one token hears, and samples from one token to the next, of a stack of convolutions."""
    length, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        length += (kernel - 1) * hop
        hop *= stride
    return length, hop


def measure_sound(path: Path) -> tuple[float, float]:
    """Mean and standard deviation of all samples, as transformers normalises a recording, in flat memory."""
    count, mean, scatter = 0, 0.0, 0.0
    for block in read_samples(path):
        values = block.astype(np.float64)
        away, total = values.mean() - mean, count + len(values)
        scatter += ((values - values.mean()) ** 2).sum() + away**2 * (count * len(values) / total)
        mean, count = mean + away * (len(values) / total), total
    return float(mean), float(np.sqrt(scatter / count + _TINY))


def cut_sound(
    blocks: Iterator[NDArray[np.float32]], samples: int, *, length: int, hop: int, kept: int, margin: int
) -> Iterator[tuple[NDArray[np.float32], slice]]:
    """Cut sound into chunks whose tokens, those of each that are its own, join to those of the whole.

    Parameters
    ----------
    blocks
        Samples in order, each of shape (n,).
    samples
        How many in all.
    length, hop
        Samples that a token hears, and from one token to the next.
    kept, margin
        In tokens: what is a chunk's own, and what it hears besides, where there is any.

    Yields
    ------
    chunk
        Samples. The last one holds all that are left, fewer than a hop more than its last token hears: a network
        that normalises over time hears those too.
    own
        Which of the chunk's tokens are its own.
    """
    count = count_windows(samples, length=length, hop=hop)
    buffer, offset = np.zeros(0, np.float32), 0
    for start in range(0, count, kept):
        first, stop = max(0, start - margin), min(count, start + kept + margin)
        end = samples if stop == count else (stop - 1) * hop + length
        while offset + len(buffer) < end:
            buffer = np.concatenate([buffer, next(blocks)])
        buffer, offset = buffer[first * hop - offset:], first * hop
        yield buffer[: end - offset], slice(start - first, min(start + kept, count) - first)


def _says_normalise(folder: Path) -> bool:
    import json

    file = folder / "preprocessor_config.json"
    return bool(json.loads(file.read_text(encoding="utf-8")).get("do_normalize", False)) if file.exists() else False

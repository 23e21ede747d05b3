"""Wav2Vec2-BERT: the sound encoded in long overlapping chunks, or round each frame alone; one row a video frame.

Barrault et al., "Seamless" (2023). A (Withanage Don et al., ICMI 2024, doi 10.1145/3678957.3685704) encodes
100 ms round each frame alone (``windowed``); such a window is four tokens long, and normalising each alone takes its
loudness away. By default (``contextual``) a frame is heard in its context, and normalised over the recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dyadflow.errors import DyadflowError
from dyadflow.features.device import choose_device, multiply_in, name_precision
from dyadflow.features.fbank import TOKEN_FIRST_S, TOKEN_HOP_S, Filterbank, count_tokens
from dyadflow.features.feeding import Pieces, ahead, to_host
from dyadflow.features.sound import cut_excerpts, pool_into_frames
from dyadflow.features.stream import StreamWriter
from dyadflow.features.weights import UNTRAINED, build_untrained, find_weights, identify_weights, load_model
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_samples, read_samples
from dyadflow.media.wav import AUDIO_RATE_HZ

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = True


class Options(BaseModel):
    """Options of Wav2Vec2-BERT."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["contextual", "windowed"] = Field(
        default="contextual",
        description="How sound is cut up: contextual, long chunks, each frame heard in its context; windowed, an "
        "excerpt round each frame, encoded alone, as published.",
    )
    chunk_s: float = Field(default=20.0, ge=0.1, description="Seconds that are kept of each chunk.")
    margin_s: float = Field(
        default=2.0, ge=0, description="Seconds that a chunk is heard before and after what is kept of it."
    )
    left_s: float = Field(
        default=0.05, ge=0, description="Windowed: seconds that are heard before the middle of a frame."
    )
    right_s: float = Field(
        default=0.05, ge=0, description="Windowed: seconds that are heard after the middle of a frame."
    )
    windows_per_batch: int = Field(
        default=256, ge=1, description="Windowed: excerpts that go through the network at once."
    )
    chunks_per_batch: int = Field(default=1, ge=1, description="Chunks that go through the network at once.")
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of Wav2Vec2BertConfig (hidden_size, num_hidden_layers, "
        "num_attention_heads, intermediate_size ...).",
    )

    @model_validator(mode="after")
    def _holds_a_token(self) -> Options:
        if not count_tokens(round((self.left_s + self.right_s) * AUDIO_RATE_HZ)):
            raise ValueError("left_s and right_s together have to be 35 ms or more, or there is no token to hear")
        return self


class Backbone:
    """A Wav2Vec2-BERT network with its filterbank front end."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        self._options, self._half = Options.model_validate(settings.options), settings.half
        self._device = choose_device(settings, torch_threads=torch_threads)
        self._model, found = _load(settings, self._options)
        self._model.to(self._device)
        self._filterbank = Filterbank()
        contextual = self._options.mode == "contextual"
        at_once = self._options.chunks_per_batch if contextual else self._options.windows_per_batch
        self._pieces = Pieces(at_once, settings.backbone, "chunk" if contextual else "window")
        self.dims = int(self._model.config.output_hidden_size)
        self.attributes = {**found, "precision": name_precision(self._device, half=settings.half)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, dims): the mean of the tokens centred in it, or of its excerpt's."""
        if self._options.mode == "windowed":
            self._extract_windows(path, grid, into)
            return
        count = count_tokens(count_samples(path))
        if not count:
            raise DyadflowError("the sound is shorter than 35 ms", where=str(path), fix="check the recording")
        encoded = to_host(self._encode(self._filterbank.tokens(path), count))
        for rows in pool_into_frames(encoded, count, first_s=TOKEN_FIRST_S, hop_s=TOKEN_HOP_S, grid=grid):
            into.append(rows)

    def _extract_windows(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """One excerpt a frame, encoded alone; the mean of its last hidden states."""
        length = round((self._options.left_s + self._options.right_s) * AUDIO_RATE_HZ)
        starts = np.round((grid.centres_s() - self._options.left_s) * AUDIO_RATE_HZ).astype(np.int64)
        excerpts = cut_excerpts(read_samples(path), starts, length)

        def batches() -> Iterator[NDArray[np.float32]]:
            while batch := list(islice(excerpts, self._options.windows_per_batch)):
                yield self._filterbank.tokens_of(np.stack(batch))

        def encode() -> Iterator[torch.Tensor]:
            for tokens in ahead(batches()):
                for hidden in self._hear(tokens, [tokens.shape[1]] * len(tokens)):
                    yield hidden.mean(dim=1)

        for rows in to_host(encode()):
            into.append(rows)

    def _encode(self, blocks: Iterator[NDArray[np.float32]], count: int) -> Iterator[torch.Tensor]:
        """Last hidden states, in order, each of shape (tokens, dims); `count` in all."""
        chunks = ahead(cut_chunks(
            blocks, count, kept=max(1, round(self._options.chunk_s / TOKEN_HOP_S)),
            margin=round(self._options.margin_s / TOKEN_HOP_S),
        ))
        while held := list(islice(chunks, self._options.chunks_per_batch)):
            lengths = [len(tokens) for tokens, _ in held]
            padded = np.zeros((len(held), max(lengths), held[0][0].shape[1]), np.float32)
            for row, (tokens, _) in zip(padded, held, strict=True):
                row[: len(tokens)] = tokens
            own = iter(own for _, own in held)
            for hidden in self._hear(padded, lengths):
                yield from (tokens[next(own)] for tokens in hidden)

    def _hear(self, rows: NDArray[np.float32], lengths: list[int]) -> Iterator[torch.Tensor]:
        """Last hidden states of rows of tokens, padded to one length and masked; (n, tokens, dims), single precision.

        Without padding there is no mask: the attention is faster, and says the same.
        """
        import torch

        given = torch.from_numpy(rows).to(self._device)
        heard = None if min(lengths) == rows.shape[1] else (
            torch.arange(rows.shape[1])[None, :] < torch.tensor(lengths)[:, None]
        ).long().to(self._device)

        def hear(which: torch.Tensor) -> torch.Tensor:
            with torch.inference_mode(), multiply_in(self._device, half=self._half):
                mask = None if heard is None else heard[which]
                return self._model(input_features=given[which], attention_mask=mask).last_hidden_state.float()

        return self._pieces.run(hear, torch.arange(len(rows), device=self._device))


def cut_chunks(
    blocks: Iterator[NDArray[np.float32]], count: int, *, kept: int, margin: int
) -> Iterator[tuple[NDArray[np.float32], slice]]:
    """Cut tokens into chunks that overlap by a margin on either side.

    Parameters
    ----------
    blocks
        Tokens in order, each of shape (n, dims); `count` in all.
    kept, margin
        In tokens: what is a chunk's own, and what it hears besides, where there is any.

    Yields
    ------
    chunk
        Shape (at most kept + 2 margin, dims).
    own
        Where in the chunk its own tokens lie; those of all chunks, joined, are the whole.
    """
    buffer: NDArray[np.float32] | None = None
    offset = 0
    for start in range(0, count, kept):
        first, stop = max(0, start - margin), min(count, start + kept + margin)
        while buffer is None or offset + len(buffer) < stop:
            block = next(blocks)
            buffer = block if buffer is None else np.concatenate([buffer, block])
        buffer, offset = buffer[first - offset:], first
        yield buffer[: stop - first], slice(start - first, min(start + kept, count) - first)


def _load(settings: ExtractorSettings, options: Options) -> tuple[Any, dict[str, str]]:
    """The network, and what to record about its weights."""
    from transformers.models.wav2vec2_bert.configuration_wav2vec2_bert import Wav2Vec2BertConfig
    from transformers.models.wav2vec2_bert.modeling_wav2vec2_bert import Wav2Vec2BertModel

    if settings.weights == UNTRAINED:
        model = build_untrained(Wav2Vec2BertModel, Wav2Vec2BertConfig, options.config, seed=settings.seed)
        found = identify_weights(settings)
    else:
        folder, found = find_weights(settings)
        model = load_model(Wav2Vec2BertModel, folder, name=str(settings.weights))
    if model.config.add_adapter or model.config.feature_projection_input_dim != 160:
        raise DyadflowError(
            "this Wav2Vec2-BERT does not take 80 mel bands twice and give one token every 20 ms",
            where=f"weights {settings.weights}",
            fix="name weights without an adapter, such as facebook/w2v-bert-2.0",
        )
    return model, found

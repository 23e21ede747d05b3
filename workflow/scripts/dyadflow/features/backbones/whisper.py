"""Whisper's encoder (Radford et al., 2022): windows of 30 s that overlap, pooled into video frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dyadflow.errors import DyadflowError
from dyadflow.features.device import choose_device, multiply_in, name_precision
from dyadflow.features.feeding import Pieces, ahead, to_host
from dyadflow.features.sound import pool_into_frames
from dyadflow.features.stream import StreamWriter
from dyadflow.features.waveform import cut_sound
from dyadflow.features.weights import UNTRAINED, build_untrained, find_weights, identify_weights, load_model
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_samples, read_samples
from dyadflow.media.wav import AUDIO_RATE_HZ

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = True

#: A token stands for two spectra, 10 ms apart: 20 ms.
HOP = 320


class Options(BaseModel):
    """Options of Whisper's encoder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chunk_s: float = Field(default=26.0, ge=0.1, description="Seconds that are kept of each window.")
    margin_s: float = Field(
        default=2.0, ge=0, description="Seconds that a window is heard before and after what is kept of it."
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of WhisperConfig (d_model, encoder_layers, encoder_attention_heads, "
        "encoder_ffn_dim, num_mel_bins, max_source_positions ...).",
    )

    @model_validator(mode="after")
    def _fits_the_window(self) -> Options:
        if self.chunk_s + 2 * self.margin_s > 30:
            raise ValueError("chunk_s and twice margin_s must fit into Whisper's window of 30 s")
        return self


class Backbone:
    """Whisper's encoder, one token every 20 ms."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from transformers.models.whisper.configuration_whisper import WhisperConfig
        from transformers.models.whisper.feature_extraction_whisper import WhisperFeatureExtractor
        from transformers.models.whisper.modeling_whisper import WhisperModel

        self._options, self._half = Options.model_validate(settings.options), settings.half
        self._device = choose_device(settings, torch_threads=torch_threads)
        if settings.weights == UNTRAINED:
            model = build_untrained(WhisperModel, WhisperConfig, self._options.config, seed=settings.seed)
            found = identify_weights(settings)
        else:
            folder, found = find_weights(settings)
            model = load_model(WhisperModel, folder, name=str(settings.weights))
        if model.config.max_source_positions != 1500:
            raise DyadflowError(
                f"this Whisper hears {model.config.max_source_positions / 50:g} s at a time, not 30",
                where=f"weights {settings.weights}", fix="name weights with max_source_positions 1500",
            )
        self._model = model.encoder.to(self._device)
        # The spectra as the weights' own extractor makes them: log energies of a window, held to its own loudest.
        self._listen = WhisperFeatureExtractor(feature_size=model.config.num_mel_bins)
        self._pieces = Pieces(1, settings.backbone, "chunk")
        self.dims = int(model.config.d_model)
        self.attributes = {**found, "precision": name_precision(self._device, half=settings.half)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, dims): the mean of the tokens centred in it."""
        samples = count_samples(path)
        count = samples // HOP
        if not count:
            raise DyadflowError("the sound is shorter than 20 ms", where=str(path), fix="check the recording")
        hop_s = HOP / AUDIO_RATE_HZ
        # A token's two spectra are centred on its first sample and 10 ms later; the middle of those.
        encoded = to_host(self._encode(path, samples))
        for rows in pool_into_frames(encoded, count, first_s=hop_s / 4, hop_s=hop_s, grid=grid):
            into.append(rows)

    def _encode(self, path: Path, samples: int) -> Iterator[torch.Tensor]:
        """Last hidden states in order, each of shape (tokens, dims)."""
        import torch

        hop_s = HOP / AUDIO_RATE_HZ
        kept, margin = max(1, round(self._options.chunk_s / hop_s)), round(self._options.margin_s / hop_s)

        def windows() -> Iterator[tuple[torch.Tensor, slice]]:
            for chunk, own in cut_sound(read_samples(path), samples, length=HOP, hop=HOP, kept=kept, margin=margin):
                yield self._listen(chunk, sampling_rate=AUDIO_RATE_HZ, return_tensors="pt").input_features, own

        def hear(spectra: torch.Tensor) -> torch.Tensor:
            with torch.inference_mode(), multiply_in(self._device, half=self._half):
                return self._model(input_features=spectra).last_hidden_state.float()

        for spectra, own in ahead(windows()):
            for hidden in self._pieces.run(hear, spectra.to(self._device)):
                yield hidden[0, own]

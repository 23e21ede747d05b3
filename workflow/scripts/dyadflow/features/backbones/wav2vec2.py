"""wav2vec 2.0 (Baevski et al., NeurIPS 2020): the wave encoded in long overlapping chunks, pooled into video frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyadflow.features.waveform import WaveformBackbone, WaveformOptions

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = True


class Options(WaveformOptions):
    """Options of wav2vec 2.0."""


class Backbone(WaveformBackbone):
    """A wav2vec 2.0 network."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from transformers.models.wav2vec2.configuration_wav2vec2 import Wav2Vec2Config
        from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Model

        super().__init__(settings, model_class=Wav2Vec2Model, config_class=Wav2Vec2Config, torch_threads=torch_threads)

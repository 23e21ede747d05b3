"""WavLM (Chen et al., 2022): the wave encoded in long overlapping chunks, pooled into video frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyadflow.features.waveform import WaveformBackbone, WaveformOptions

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = True


class Options(WaveformOptions):
    """Options of WavLM."""


class Backbone(WaveformBackbone):
    """A WavLM network."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from transformers.models.wavlm.configuration_wavlm import WavLMConfig
        from transformers.models.wavlm.modeling_wavlm import WavLMModel

        super().__init__(settings, model_class=WavLMModel, config_class=WavLMConfig, torch_threads=torch_threads)

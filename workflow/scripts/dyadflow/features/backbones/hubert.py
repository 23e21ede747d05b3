"""HuBERT (Hsu et al., 2021): the wave encoded in long overlapping chunks, pooled into video frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyadflow.features.waveform import WaveformBackbone, WaveformOptions

if TYPE_CHECKING:
    from dyadflow.features.settings import ExtractorSettings

TAKES = "sound"
NEEDS_WEIGHTS = True


class Options(WaveformOptions):
    """Options of HuBERT."""


class Backbone(WaveformBackbone):
    """A HuBERT network."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        from transformers.models.hubert.configuration_hubert import HubertConfig
        from transformers.models.hubert.modeling_hubert import HubertModel

        super().__init__(settings, model_class=HubertModel, config_class=HubertConfig, torch_threads=torch_threads)

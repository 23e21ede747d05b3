"""V-JEPA 2: what happens in a short clip, one row a video frame.

Assran et al., "V-JEPA 2: Self-supervised video models enable understanding, prediction and planning" (2025). The
network joins two pictures of a clip to one moment and lets all moments of the clip see one another, so a row knows
movement, and knows the future unless the clip ends with it. No two clips share work: seeing every clip once and
taking the rows of `stride` frames from each is what keeps the cost down, and stride 1 costs `stride` times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.clips import ClipPlan, gather_clips
from dyadflow.features.device import choose_device, multiply_in, name_precision
from dyadflow.features.feeding import Pieces, decoder_threads, feed, to_host
from dyadflow.features.pixels import IMAGENET, scale_and_shift
from dyadflow.features.stream import StreamWriter
from dyadflow.features.weights import (
    UNTRAINED,
    build_untrained,
    check_kind,
    find_weights,
    identify_weights,
    load_model,
)
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_frames, read_frames

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings

TAKES = "pictures"
NEEDS_WEIGHTS = True


class Options(BaseModel):
    """Options of V-JEPA 2."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: Literal["centred", "causal"] = Field(
        default="centred",
        description="centred: a clip lies around the frames that it describes; causal: it ends with them, and no row "
        "has seen what comes later.",
    )
    clip_frames: int = Field(default=16, ge=2, description="Pictures in a clip; an even number.")
    pictures_per_s: float = Field(
        default=4.0, gt=0,
        description="Pictures of a clip a second, to the nearest whole number of video frames; V-JEPA 2 was trained "
        "on 4. With 16 in a clip it lasts four seconds.",
    )
    stride: int = Field(
        default=4, ge=1, description="Video frames from one clip to the next; each clip gives the rows of so many."
    )
    cells: int = Field(
        default=1, ge=1, description="Patches are averaged into cells x cells parts of the picture, one after another."
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of VJEPA2Config (hidden_size, num_hidden_layers, "
        "num_attention_heads, crop_size ...).",
    )


class Backbone:
    """V-JEPA 2's encoder; its predictor is not needed."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        self._options, self._settings = Options.model_validate(settings.options), settings
        self._device = choose_device(settings, torch_threads=torch_threads)
        model, found = _load(settings, self._options)
        config = model.config
        self._model, self._tubelet = model.encoder.to(self._device), int(config.tubelet_size)
        self._side_px, self._patches = int(config.crop_size), int(config.crop_size) // int(config.patch_size)
        if self._options.clip_frames % self._tubelet or self._options.cells > self._patches:
            raise DyadflowError(
                f"clip_frames must be a multiple of {self._tubelet}, and cells at most {self._patches}",
                where=f"backbone {settings.backbone}", fix="change the options of the extractor",
            )
        self._pieces = Pieces(max(1, settings.batch // self._options.clip_frames), settings.backbone)
        self.dims = int(config.hidden_size) * self._options.cells**2
        self.attributes = {**found, "precision": name_precision(self._device, half=settings.half)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write one row a frame, shape (frames, cells * cells * hidden), part by part of the picture, row by row."""
        plan = self._plan(grid.rate_hz)
        # The film's own count, so that one which is not as long as its grid is answered with how long it is.
        frames = left = count_frames(path)
        for rows in to_host(self._encode(path, plan, frames)):
            into.append(rows[:left])
            left -= len(rows[:left])

    def _plan(self, rate_hz: float) -> ClipPlan:
        options = self._options
        step = max(1, round(rate_hz / options.pictures_per_s))
        if options.look == "centred" and options.stride > options.clip_frames * step:
            raise DyadflowError(
                f"stride is {options.stride}, and a clip lasts {options.clip_frames * step} video frames",
                where=f"backbone {self._settings.backbone}", fix="set stride lower, or clip_frames higher",
            )
        return ClipPlan(length=options.clip_frames, step=step, stride=options.stride, tubelet=self._tubelet,
                        causal=options.look == "causal")

    def _encode(self, path: Path, plan: ClipPlan, frames: int) -> Iterator[torch.Tensor]:
        """Rows in order, each of shape (n, dims), single precision, on the device; at the end up to stride - 1 more."""
        import torch

        scale, shift = scale_and_shift(*IMAGENET, self._device)
        moments = torch.from_numpy(plan.moments()).to(self._device)

        def see(clips: torch.Tensor) -> torch.Tensor:
            with torch.inference_mode(), multiply_in(self._device, half=self._settings.half):
                pixels = (clips * scale + shift).permute(0, 1, 4, 2, 3)
                hidden = self._model(pixel_values_videos=pixels).last_hidden_state.float()
                return self._pool(hidden, plan.length // plan.tubelet)[:, moments].flatten(0, 1)

        frames_read = read_frames(path, batch=self._settings.batch, threads=decoder_threads(self._device))
        batches = feed(self._check(frames_read, path), self._device)
        for clips in gather_clips(batches, plan.pictures(frames), at_once=self._pieces.size):
            yield from self._pieces.run(see, clips)

    def _pool(self, hidden: torch.Tensor, moments: int) -> torch.Tensor:
        """Average patches into cells: (clips, moments * patches, hidden) -> (clips, moments, cells² * hidden)."""
        from torch.nn.functional import adaptive_avg_pool2d

        clips, side, cells = len(hidden), self._patches, self._options.cells
        pictures = hidden.reshape(clips * moments, side, side, -1).permute(0, 3, 1, 2)
        return adaptive_avg_pool2d(pictures, cells).permute(0, 2, 3, 1).reshape(clips, moments, -1)

    def _check(self, batches: Iterator[Any], path: Path) -> Iterator[Any]:
        """Let through pictures of the network's own size.

        Transformers works positions out from the configuration, not from the picture: patches of a picture of
        another size would be taken for ones elsewhere, and nothing would say so.
        """
        for frames in batches:
            height, width = frames.shape[1:3]
            if (height, width) != (self._side_px, self._side_px):
                raise DyadflowError(
                    f"the view is {width} x {height} pixels, and this V-JEPA 2 takes {self._side_px} x "
                    f"{self._side_px}", where=str(path), fix=f"set width_px and height_px of the view to "
                    f"{self._side_px}",
                )
            yield frames


def _load(settings: ExtractorSettings, options: Options) -> tuple[Any, dict[str, str]]:
    """The network, and what to record about its weights."""
    from transformers.models.vjepa2.configuration_vjepa2 import VJEPA2Config
    from transformers.models.vjepa2.modeling_vjepa2 import VJEPA2Model

    if settings.weights == UNTRAINED:
        model = build_untrained(VJEPA2Model, VJEPA2Config, options.config, seed=settings.seed)
        return model, identify_weights(settings)
    folder, found = find_weights(settings)
    check_kind(folder, ["vjepa2"], name=str(settings.weights), architecture="V-JEPA 2")
    return load_model(VJEPA2Model, folder, name=str(settings.weights)), found

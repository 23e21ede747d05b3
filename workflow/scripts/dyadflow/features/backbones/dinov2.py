"""DINOv2: the patch tokens of every picture, compressed to a token store.

Oquab et al., "DINOv2: Learning robust visual features without supervision" (2023); used on split-screen
sessions in A (Withanage Don et al., ICMI 2024, doi 10.1145/3678957.3685704), which reduces the tokens to four
principal components. Which sessions that PCA is fitted on differs from fold to fold, so it is not done here:
the store keeps what any later fit needs, and the backbone never runs twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.device import choose_device, multiply_in, name_precision
from dyadflow.features.stream import StreamWriter
from dyadflow.features.weights import UNTRAINED, build_untrained, find_weights, identify_weights, load_model
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import read_frames

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings

TAKES = "pictures"
NEEDS_WEIGHTS = True

#: Mean and standard deviation of the pictures DINOv2 was trained on, red, green, blue, 0 to 1.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: Bytes of decoded pictures kept at most from the first pass for the second, whatever the length.
_KEPT_BYTES = 256 * 2**20


class Options(BaseModel):
    """Options of DINOv2."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(default=32, ge=1, description="Directions of token space that the store keeps.")
    basis_every: int = Field(
        default=25, ge=1, description="The directions are estimated from every so-manieth frame."
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Of untrained weights: fields of Dinov2Config (hidden_size, num_hidden_layers, "
        "num_attention_heads, image_size ...); with num_register_tokens, the variant with registers.",
    )


class Backbone:
    """A DINOv2 network, with or without registers, and the two passes that make a token store."""

    def __init__(self, settings: ExtractorSettings, *, torch_threads: int = 1) -> None:
        self._options = Options.model_validate(settings.options)
        self._batch, self._half = settings.batch, settings.half
        self._device = choose_device(settings, torch_threads=torch_threads)
        self._model, found = _load(settings, self._options)
        self._model.to(self._device)
        self._patch_px = int(self._model.config.patch_size)
        self.dims = int(self._model.config.hidden_size)
        self.attributes = {**found, "precision": name_precision(self._device, half=settings.half)}

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write a token store: coordinates of shape (frames, patches, rank), and what goes with them.

        Two passes: the leading basis comes from a sample of the frames, then all tokens stream through it.
        The mean and scatter are over all tokens, exactly.
        """
        film = _Film(path, self._batch)
        picked = _pick_every(film.play(), self._options.basis_every)
        sampled = Moments(self.dims, self._device)
        for tokens in self._encode(_gather(picked, self._batch), path):
            sampled.add(tokens)
        origin, basis = sampled.mean, leading_basis(sampled.scatter, self._options.rank)
        whole = Moments(self.dims, self._device)
        turn, shift = basis.float(), origin.float()
        for tokens in self._encode(film.play(), path):
            whole.add(tokens)
            into.append(((tokens - shift) @ turn).cpu().numpy(), dtype=np.float16)
        _refuse_dead(whole, path)
        into.finish_tokens(
            origin=shift.double().cpu().numpy(), basis=basis.cpu().numpy(), mean=whole.mean.cpu().numpy(),
            scatter=whole.scatter.cpu().numpy(), count=whole.count,
        )

    def _encode(self, batches: Iterator[NDArray[np.uint8]], path: Path) -> Iterator[torch.Tensor]:
        """Patch tokens after the final norm, each of shape (n, patches, dims), float32, on the device."""
        import torch

        scale = 1 / (255 * torch.tensor(_DEVIATION, device=self._device))
        shift = -torch.tensor(_MEAN, device=self._device) / torch.tensor(_DEVIATION, device=self._device)
        for frames in batches:
            patches = self._count_patches(frames, path)
            with torch.inference_mode(), multiply_in(self._device, half=self._half):
                pixels = torch.from_numpy(frames).to(self._device) * scale + shift
                hidden = self._model(pixel_values=pixels.permute(0, 3, 1, 2)).last_hidden_state
            # Outside the contexts, which would else reach into the caller. Class token and registers come
            # first.
            yield hidden[:, -patches:].float()

    def _count_patches(self, frames: NDArray[np.uint8], path: Path) -> int:
        height, width = frames.shape[1:3]
        if height % self._patch_px or width % self._patch_px:
            raise DyadflowError(
                f"the view is {width} x {height} pixels, and DINOv2 takes multiples of {self._patch_px}",
                where=str(path),
                fix=f"set width_px and height_px of the view to multiples of {self._patch_px}, such as 224",
            )
        return (height // self._patch_px) * (width // self._patch_px)


class _Film:
    """A view that is played twice: decoded once if its pictures fit `_KEPT_BYTES`, else each time."""

    def __init__(self, path: Path, batch: int) -> None:
        self._path, self._batch = path, batch
        self._kept: list[NDArray[np.uint8]] | None = None

    def play(self) -> Iterator[NDArray[np.uint8]]:
        """All frames in order, in batches."""
        if self._kept:
            yield from self._kept
            return
        kept: list[NDArray[np.uint8]] | None = []
        size = 0
        for frames in read_frames(self._path, batch=self._batch):
            size += frames.nbytes
            kept = [*kept, frames] if kept is not None and size <= _KEPT_BYTES else None
            yield frames
        self._kept = kept


@dataclass
class Moments:
    """Count, mean and scatter of all tokens seen, in double precision, a batch at a time.

    Chan, Golub and LeVeque (1983): two groups' scatters about their own means add up, plus the outer product
    of the difference of the means. Sums of squares about zero would lose the small directions.
    """

    dims: int
    device: torch.device

    def __post_init__(self) -> None:
        import torch

        self.count = 0
        self.mean = torch.zeros(self.dims, dtype=torch.float64, device=self.device)
        self.scatter = torch.zeros(self.dims, self.dims, dtype=torch.float64, device=self.device)

    def add(self, tokens: torch.Tensor) -> None:
        """Take in tokens, shape (..., dims)."""
        rows = tokens.reshape(-1, self.dims).double()
        mean = rows.mean(dim=0)
        centred, away = rows - mean, mean - self.mean
        total = self.count + len(rows)
        self.scatter += centred.T @ centred + (self.count * len(rows) / total) * away.outer(away)
        self.mean += away * (len(rows) / total)
        self.count = total


def leading_basis(scatter: torch.Tensor, rank: int) -> torch.Tensor:
    """Leading eigenvectors of a scatter matrix as columns, shape (dims, min(rank, dims)), on its device.

    Each column's largest entry is positive, so that the same tokens give the same signs everywhere.
    """
    import torch

    scatter, device = scatter.cpu(), scatter.device
    _, vectors = torch.linalg.eigh(torch.nan_to_num((scatter + scatter.T) / 2, posinf=0.0, neginf=0.0))
    leading = vectors.flip(1)[:, :rank]
    largest = leading.gather(0, leading.abs().argmax(dim=0, keepdim=True))
    return (leading * torch.where(largest < 0, -1.0, 1.0)).to(device)


def _load(settings: ExtractorSettings, options: Options) -> tuple[Any, dict[str, str]]:
    """The network, and what to record about its weights."""
    if settings.weights == UNTRAINED:
        kind = "dinov2_with_registers" if "num_register_tokens" in options.config else "dinov2"
        config_class, model_class = _classes(kind)
        # All published DINOv2 have patches of 14 pixels; one of the two classes defaults to 16.
        config = {"patch_size": 14, **options.config}
        model = build_untrained(model_class, config_class, config, seed=settings.seed)
        return model, identify_weights(settings)
    folder, found = find_weights(settings)
    _, model_class = _classes(_read_kind(folder, str(settings.weights)))
    return load_model(model_class, folder, name=str(settings.weights)), found


def _read_kind(folder: Path, name: str) -> str:
    import json

    kind = json.loads((folder / "config.json").read_text()).get("model_type", "")
    if kind not in ("dinov2", "dinov2_with_registers"):
        raise DyadflowError(
            f"these are weights of {kind or 'an unnamed architecture'}, not of DINOv2",
            where=f"weights {name}", fix="name weights of DINOv2",
        )
    return kind


def _classes(kind: str) -> tuple[Any, Any]:
    """Configuration and model class, imported from their own modules: the package's front door is slower."""
    if kind == "dinov2_with_registers":
        from transformers.models.dinov2_with_registers.configuration_dinov2_with_registers import (
            Dinov2WithRegistersConfig,
        )
        from transformers.models.dinov2_with_registers.modeling_dinov2_with_registers import (
            Dinov2WithRegistersModel,
        )
        return Dinov2WithRegistersConfig, Dinov2WithRegistersModel
    from transformers.models.dinov2.configuration_dinov2 import Dinov2Config
    from transformers.models.dinov2.modeling_dinov2 import Dinov2Model
    return Dinov2Config, Dinov2Model


def _pick_every(batches: Iterator[NDArray[np.uint8]], every: int) -> Iterator[NDArray[np.uint8]]:
    """Frames 0, every, 2 every ... of all batches together."""
    seen = 0
    for frames in batches:
        yield frames[-seen % every::every]
        seen += len(frames)


def _gather(batches: Iterator[NDArray[np.uint8]], size: int) -> Iterator[NDArray[np.uint8]]:
    """Join small batches into ones of at least `size` frames, but for the last."""
    held: list[NDArray[np.uint8]] = []
    for frames in batches:
        if len(frames):
            held.append(frames)
        if sum(map(len, held)) >= size:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _refuse_dead(tokens: Moments, path: Path) -> None:
    """Stop if every patch of every picture gave the same token."""
    spread = float(tokens.scatter.trace()) / max(tokens.count, 1)
    if spread <= 1e-12 * float(tokens.mean @ tokens.mean):
        raise DyadflowError(
            "the backbone gave the same token for every patch of every picture, so no stream was written",
            where=str(path), fix="check the weights",
        )

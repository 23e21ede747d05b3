"""Vision transformers that see one picture at a time: what DINOv2, DINOv3 and their like have in common.

Their last hidden state holds a class token, perhaps registers, then one token a patch. A backbone of this family
loads its network and hands it to `VisionTransformer`, which makes the stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dyadflow.errors import DyadflowError
from dyadflow.features.device import multiply_in, name_precision
from dyadflow.features.feeding import Pieces, decoder_threads, feed, to_host
from dyadflow.features.pixels import IMAGENET, Colour, scale_and_shift
from dyadflow.features.stream import StreamWriter
from dyadflow.features.token_store import Moments, refuse_one_token, write_token_store
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import read_frames

if TYPE_CHECKING:
    import torch

    from dyadflow.features.settings import ExtractorSettings


class VisionOptions(BaseModel):
    """Options of every vision transformer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Literal["tokens", "class", "class+mean"] = Field(
        default="tokens",
        description="tokens: a store of all patch tokens, for a PCA that is fitted later; class: the class token, "
        "one row of numbers a frame; class+mean: the class token and the mean of the patch tokens beside it.",
    )
    rank: int = Field(default=32, ge=1, description="Directions of token space that a token store keeps.")
    basis_every: int = Field(
        default=25, ge=1, description="The directions are estimated from every so-manieth frame."
    )


class VisionTransformer:
    """A network that is a vision transformer, and the streams that it gives.

    Parameters
    ----------
    settings
        The extractor.
    options
        Its options, checked.
    model
        A transformers model with `config.hidden_size` and `config.patch_size` whose `last_hidden_state` is class
        token, registers, patches.
    device
        Where to compute.
    name
        What error sentences call the network.
    attributes
        What to record about the weights.
    mean, deviation
        Of the pictures that the network was trained on: red, green, blue, from 0 to 1.
    """

    def __init__(
        self,
        settings: ExtractorSettings,
        options: VisionOptions,
        model: Any,
        *,
        device: torch.device,
        name: str,
        attributes: dict[str, str],
        mean: Colour = IMAGENET[0],
        deviation: Colour = IMAGENET[1],
    ) -> None:
        self._settings, self._options, self._device, self._name = settings, options, device, name
        self._model, self._mean, self._deviation = model.to(device), mean, deviation
        self._patch_px = int(model.config.patch_size)
        self._pieces, self._turn = Pieces(settings.batch, settings.backbone), Lock()
        self.dims = int(model.config.hidden_size) * (2 if options.output == "class+mean" else 1)
        self.attributes = {**attributes, "precision": name_precision(device, half=settings.half)}
        #: While one session is encoded, the next is sampled and the last one is written.
        self.sessions_at_once = 2 if device.type == "cuda" else 1

    def extract(self, path: Path, grid: FrameGrid, into: StreamWriter) -> None:
        """Write a token store, or a dense stream of shape (frames, dims), as `output` asks.

        For a token store the view is decoded twice: the leading basis comes from a sample of the frames.
        """
        if self._options.output == "tokens":
            sample = self._encode(path, every=self._options.basis_every)
            write_token_store(
                into, path, rank=self._options.rank, turn=self._turn, sample=(patches for _, patches in sample),
                film=(patches for _, patches in self._encode(path)),
            )
            return
        seen = Moments()

        def join() -> Iterator[torch.Tensor]:
            for class_token, patches in self._encode(path):
                seen.add(patches)
                yield class_token if self._options.output == "class" else _beside(class_token, patches.mean(dim=1))

        with self._turn:
            for rows in to_host(join()):
                into.append(rows)
        if seen.count:
            refuse_one_token(seen, path)

    def _encode(self, path: Path, *, every: int = 1) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Class tokens (n, dims) and patch tokens (n, patches, dims) of each `every`-th frame, after the final norm.

        Single precision, on the device.
        """
        import torch

        scale, shift = scale_and_shift(self._mean, self._deviation, self._device)

        def see(frames: torch.Tensor) -> torch.Tensor:
            with torch.inference_mode(), multiply_in(self._device, half=self._settings.half):
                pixels = (frames * scale + shift).permute(0, 3, 1, 2)
                return self._model(pixel_values=pixels).last_hidden_state.float()

        threads = decoder_threads(self._device)
        frames = read_frames(path, batch=self._settings.batch, every=every, threads=threads)
        for batch in feed(frames, self._device):
            patches = self._count_patches(batch, path)
            for hidden in self._pieces.run(see, batch):
                yield hidden[:, 0], hidden[:, -patches:]

    def _count_patches(self, frames: torch.Tensor, path: Path) -> int:
        height, width = frames.shape[1:3]
        if height % self._patch_px or width % self._patch_px:
            raise DyadflowError(
                f"the view is {width} x {height} pixels, and {self._name} takes multiples of {self._patch_px}",
                where=str(path),
                fix=f"set width_px and height_px of the view to multiples of {self._patch_px}, such as "
                f"{16 * self._patch_px}",
            )
        return (height // self._patch_px) * (width // self._patch_px)


def _beside(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.cat([left, right], dim=1)

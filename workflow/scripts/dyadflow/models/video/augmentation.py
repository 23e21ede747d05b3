"""Altered snippets to train on, so that the few sessions there are do not look the same in every epoch.

Everything is drawn once a snippet and is the same in all its frames, the field of noise too, so that nothing
moves that did not move. In the paper's order (Section 3.3): rotation, crop, flip, brightness and contrast,
colour balance, blur, noise.

The frames of a snippet go through torchvision as the channels of one picture. The results are those of frame
by frame, and rotation and blur, which take most of the time, are several times faster.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as pictures

if TYPE_CHECKING:
    from dyadflow.models.video.settings import AugmentationSettings


@dataclass(frozen=True)
class Alteration:
    """What is done to every frame of one snippet; None: not done.

    Parameters
    ----------
    degrees
        Rotation about the middle of the picture, counter-clockwise.
    box
        Top, left, height and width of the crop, in pixels of the picture.
    flip
        Whether left and right change places.
    light
        Factors of brightness and of contrast.
    gains
        Factor of each colour channel, shape (3, 1, 1).
    blur
        Whether the crop is blurred.
    noise
        Added to the crop, shape (3, crop, crop).
    """

    degrees: float | None
    box: tuple[int, int, int, int]
    flip: bool
    light: tuple[float, float] | None
    gains: Tensor | None
    blur: bool
    noise: Tensor | None


@dataclass(frozen=True)
class Augmentation:
    """Draws alterations and carries them out.

    Parameters
    ----------
    settings
        Sizes, ranges and probabilities.
    """

    settings: "AugmentationSettings"

    def augment(self, clip: Tensor, *, seed: int, fill: Sequence[float]) -> Tensor:
        """Alter a clip.

        Parameters
        ----------
        clip
            Shape (frames, 3, height, width), float, 0 to 1.
        seed
            Decides all that is drawn. Torch's own random numbers are neither used nor moved on.
        fill
            Colour of the corners that a rotation leaves empty, 0 to 1, shape (3,).

        Returns
        -------
        Tensor, shape (frames, 3, crop, crop)
            Float, 0 to 1: what brightness, colour or noise took beyond is cut off.
        """
        height, width = clip.shape[-2:]
        return self.apply(clip, self.draw(height, width, seed=seed), fill=fill)

    def draw(self, height: int, width: int, *, seed: int) -> Alteration:
        """Draw one alteration of pictures of this size.

        The crop is drawn as by torchvision's `RandomResizedCrop` (area uniform, aspect ratio uniform on a
        logarithmic scale, place uniform), except that a scale of 1 is the area of the crop that comes out,
        not that of the whole picture, so that things look 1/sqrt(1.5) to 1/sqrt(0.6) times as large as in
        the central crop of an evaluation. A side that would be longer than the picture's is cut to it.
        """
        settings, generator = self.settings, torch.Generator().manual_seed(seed)
        # All numbers are drawn whether used or not: a changed probability leaves the other draws alone.
        numbers = iter(torch.rand(17, generator=generator, dtype=torch.float64).tolist())

        def between(low: float, high: float) -> float:
            return low + (high - low) * next(numbers)

        def happens(probability: float) -> bool:
            return next(numbers) < probability

        rotated, degrees = happens(settings.probability), between(-1, 1) * settings.rotation_degrees
        area = between(*settings.scale) * settings.crop_px**2
        ratio = math.exp(between(*(math.log(ratio) for ratio in settings.ratio)))
        tall = min(height, max(1, round(math.sqrt(area / ratio))))
        wide = min(width, max(1, round(math.sqrt(area * ratio))))
        box = int(between(0, height - tall + 1)), int(between(0, width - wide + 1)), tall, wide
        flip = happens(settings.flip)
        lit = happens(settings.probability)
        light = 1 + between(-1, 1) * settings.brightness, 1 + between(-1, 1) * settings.contrast
        coloured = happens(settings.probability)
        gains = torch.tensor([1 + between(-1, 1) * settings.colour for _ in range(3)])
        blur, noisy, sigma = (
            happens(settings.probability), happens(settings.probability), between(*settings.noise_sigma)
        )
        size = settings.crop_px
        return Alteration(
            degrees=degrees if rotated else None, box=box, flip=flip, light=light if lit else None,
            gains=gains.reshape(3, 1, 1) if coloured else None, blur=blur,
            noise=sigma * torch.randn(3, size, size, generator=generator) if noisy else None,
        )

    def apply(self, clip: Tensor, alteration: Alteration, *, fill: Sequence[float]) -> Tensor:
        """Carry out an alteration; shapes as in `augment`."""
        frames, size = len(clip), self.settings.crop_px
        part = _rotated_crop(clip, alteration.box, alteration.degrees, fill)
        part = pictures.resize(part, [size, size], antialias=True)
        if alteration.flip:
            part = pictures.horizontal_flip(part)
        if alteration.light is not None:
            # As one tall picture, because contrast is about a picture's mean, and that of all frames is meant.
            tall = part.reshape(3, frames * size, size)
            part = pictures.adjust_contrast(
                pictures.adjust_brightness(tall, alteration.light[0]), alteration.light[1]
            )
        part = part.reshape(3, frames, size, size)
        if alteration.gains is not None:
            part = part * alteration.gains[..., None]
        if alteration.blur:
            part = _blur(part.reshape(3 * frames, size, size), self.settings.blur_sigma).reshape(part.shape)
        if alteration.noise is not None:
            part = part + alteration.noise[:, None]
        return part.clamp(0, 1).transpose(0, 1)


def centre_crop(clip: Tensor, size: int, flip: bool = False) -> Tensor:
    """The middle of every frame, for evaluation.

    Parameters
    ----------
    clip
        Shape (frames, 3, height, width).
    size
        Side of the crop in pixels. A picture that is smaller is kept whole in that direction, not padded.
    flip
        Whether left and right change places.

    Returns
    -------
    Tensor, shape (frames, 3, min(size, height), min(size, width))
    """
    height, width = clip.shape[-2:]
    part = pictures.center_crop(clip, [min(size, height), min(size, width)])
    return pictures.horizontal_flip(part) if flip else part


def _rotated_crop(
    clip: Tensor, box: tuple[int, int, int, int], degrees: float | None, fill: Sequence[float]
) -> Tensor:
    """A crop of the rotated pictures, shape (3 x frames, height, width).

    Only that part of the pictures is rotated which the crop can come from.
    """
    top, left, tall, wide = box
    height, width = clip.shape[-2:]
    if degrees is None:
        return clip[..., top:top + tall, left:left + wide].transpose(0, 1).flatten(0, 1)
    rows, columns = _reach(top, tall, left, wide, height, width, math.radians(degrees))
    part = pictures.rotate(
        clip[..., rows, columns].transpose(0, 1).flatten(0, 1), degrees,
        interpolation=InterpolationMode.BILINEAR,
        center=[width / 2 - columns.start, height / 2 - rows.start],
        fill=[float(value) for value in fill for _ in range(len(clip))],
    )
    return pictures.crop(part, top - rows.start, left - columns.start, tall, wide)


def _reach(
    top: int, tall: int, left: int, wide: int, height: int, width: int, angle: float
) -> tuple[slice, slice]:
    """Rows and columns that hold the crop and all that a rotation about the middle can bring into it."""
    corners = [(y - height / 2, x - width / 2) for y in (top, top + tall) for x in (left, left + wide)]
    turned = [
        (y * math.cos(angle) + sign * x * math.sin(angle), x * math.cos(angle) - sign * y * math.sin(angle))
        for y, x in corners for sign in (-1, 1)
    ]
    ys, xs = zip(*corners, *turned, strict=True)
    # Two pixels more: one for interpolation between neighbours, one for rounding.
    rows, columns = (
        slice(max(0, math.floor(min(at) + side / 2) - 2), min(side, math.ceil(max(at) + side / 2) + 2))
        for at, side in ((ys, height), (xs, width))
    )
    return rows, columns


def _blur(planes: Tensor, sigma: float) -> Tensor:
    """Gaussian blur out to three deviations, along one axis and then along the other, which is the same."""
    length = 2 * min(math.ceil(3 * sigma), planes.shape[-1] - 1) + 1
    across = pictures.gaussian_blur(planes, [length, 1], [sigma, sigma])
    return pictures.gaussian_blur(across, [1, length], [sigma, sigma])

"""What a camera makes of a painted picture: light, wandering exposure, noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Fields of camera noise, drawn once and used in random order.
NOISE_FIELDS = 12
#: The lamp flickers and the camera's exposure wanders by about this share.
EXPOSURE_SPREAD = 0.012
EXPOSURE_LEVELS = tuple(level / 4 for level in range(-8, 9))


class Camera:
    """Takes painted pictures, one a frame.

    Parameters
    ----------
    rng
        Draws noise and exposure.
    light
        A factor for each pixel, shape (height, width, 3), float32.
    frames
        How many frames will be taken.
    noise
        Standard deviation in grey levels of 255.
    """

    def __init__(
        self, rng: np.random.Generator, light: NDArray[np.float32], frames: int, noise: float
    ) -> None:
        fields = rng.normal(0.0, noise, (NOISE_FIELDS, *light.shape[:2], 1)).astype(np.float32)
        self._noise = np.repeat(fields, 3, axis=3)
        self._order = rng.integers(NOISE_FIELDS, size=frames)
        wander = np.convolve(rng.normal(size=frames + 24), np.ones(25) / 5, mode="valid")
        self._exposure = np.searchsorted(EXPOSURE_LEVELS[1:], np.clip(wander, -2, 2)).tolist()
        # A few levels of exposure, prepared, rather than one more pass over every frame.
        self._lights = [light * np.float32(1 + EXPOSURE_SPREAD * level) for level in EXPOSURE_LEVELS]
        self._lit = np.empty_like(light)
        self._frame = np.empty(light.shape, dtype=np.uint8)

    def take(self, picture: NDArray[np.float32], number: int) -> NDArray[np.uint8]:
        """The picture as frame `number`, shape (height, width, 3): the same array each time, filled anew."""
        np.multiply(picture, self._lights[self._exposure[number]], out=self._lit)
        self._lit += self._noise[self._order[number]]
        np.clip(self._lit, 0, 255, out=self._lit)
        self._frame[...] = self._lit
        return self._frame


def draw_light(rng: np.random.Generator, height_px: int, width_px: int) -> NDArray[np.float32]:
    """Light on a picture: a factor for each pixel, from a lamp at one side; shape (height, width, 3)."""
    across = np.linspace(-1, 1, width_px, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height_px, dtype=np.float32)[:, None]
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0.01, 0.04)
    field = 1 + slope * (np.cos(angle) * across + np.sin(angle) * down)
    field -= 0.10 * (across**2 + down**2) / 2
    warmth = rng.normal(0.0, 0.01)
    return (rng.uniform(0.96, 1.03) * field[:, :, None] * np.array([1 + warmth, 1.0, 1 - warmth])).astype(
        np.float32
    )


def out_of_focus(picture: NDArray[np.float32], reach_px: int) -> NDArray[np.float32]:
    """The picture with every edge widened by `reach_px` pixels to either side."""
    wide: NDArray[Any] = picture
    for axis in (0, 1):
        shifted = [np.roll(wide, shift, axis) for shift in range(-reach_px, reach_px + 1)]
        wide = sum(shifted[1:], start=shifted[0]) / (2 * reach_px + 1)
    return wide.astype(np.float32)

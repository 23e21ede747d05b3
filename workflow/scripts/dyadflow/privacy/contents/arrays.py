"""Whether an array of numbers is pictures or sound."""

from collections.abc import Sequence

#: A side of a picture in which a person could be told; patches of a network are far fewer.
LEAST_SIDE_PX = 32
#: Numbers a second from which on a voice can be heard.
LEAST_RATE_HZ = 2000
#: Numbers in a row that could be sound: at 8 kHz a quarter of a minute.
LEAST_SAMPLES = 120_000


def pictures_in(shape: Sequence[int], dtype: str) -> str:
    """What pictures an array may be, in words; empty if none.

    Parameters
    ----------
    shape
        Of the array: (frames, height, width, 3), (frames, 3, height, width), (height, width, 3) and the like.
    dtype
        Of its numbers, as NumPy names it.
    """
    if len(shape) < 3 and not (len(shape) == 2 and dtype == "uint8"):
        return ""
    for channels in (1, 3, 4):
        for sides in ((shape[-3:-1], shape[-1]), (shape[-2:], shape[-3] if len(shape) > 2 else None)):
            if sides[1] == channels and len(sides[0]) == 2 and min(sides[0]) >= LEAST_SIDE_PX:
                return f"pictures of {sides[0][0]} by {sides[0][1]}"
    if dtype == "uint8" and min(shape[-2:]) >= LEAST_SIDE_PX:
        return f"pictures of {shape[-2]} by {shape[-1]}"
    return ""


def sound_in(shape: Sequence[int], dtype: str, rate_hz: float = 0.0) -> str:
    """What sound an array may be, in words; empty if none."""
    numeric = dtype.startswith(("float", "int"))
    if rate_hz >= LEAST_RATE_HZ and numeric:
        return f"sound at {rate_hz:g} Hz"
    row = len(shape) == 1 or (len(shape) == 2 and min(shape) <= 2)
    if dtype in ("int16", "float32", "float16") and row and max(shape, default=0) >= LEAST_SAMPLES:
        return "a row of numbers as long as sound"
    return ""

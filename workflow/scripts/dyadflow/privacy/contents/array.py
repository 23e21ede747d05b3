"""NumPy arrays: texts in them, and whether they are pictures or sound."""

import io
from collections.abc import Iterator

from dyadflow.privacy.contents.arrays import pictures_in, sound_in
from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """One array; one of Python objects is not unpacked, because that would run what is in it."""
    import numpy as np

    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise Unreadable(f"this array cannot be read ({error})") from None
    if array.dtype.kind in "SU":
        for text in array.ravel():
            yield Text(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text), "the array")
    for kind, what in (("picture", pictures_in(array.shape, array.dtype.name)),
                       ("sound", sound_in(array.shape, array.dtype.name))):
        if what:
            yield Shown(kind, what, "the array")

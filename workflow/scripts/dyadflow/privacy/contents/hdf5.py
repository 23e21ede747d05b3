"""HDF5: names, attributes and texts in it, and arrays that are pictures or sound."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from dyadflow.privacy.contents.arrays import pictures_in, sound_in
from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable, medium

#: Texts are read whole up to this many; more of them are no labels but data.
MOST_TEXTS = 1_000_000


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """As `look_open`, of a file within another one."""
    yield from look_open(io.BytesIO(data))


def look_open(file: BinaryIO) -> Iterator[Text | Shown]:
    """Every name, attribute and text; each array that may be pictures or sound."""
    import h5py

    found: list[Text | Shown] = []
    try:
        with h5py.File(file, "r") as opened:
            rate_hz = _number(opened.attrs.get("rate_hz"))
            found += _attributes(opened, "the file's")

            def visit(name: str, item: Any) -> None:
                found.append(Text(name, f"the name of {name}"))
                found.extend(_attributes(item, f"{name}'s"))
                if isinstance(item, h5py.Dataset):
                    found.extend(_dataset(name, item, rate_hz))

            opened.visititems(visit)
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"this HDF5 file cannot be read ({error})") from None
    yield from found


def _attributes(item: Any, whose: str) -> Iterator[Text]:
    for name, value in item.attrs.items():
        for text in _strings(value):
            yield Text(f"{name} {text}", f"{whose} attribute {name}")


def _dataset(name: str, item: Any, rate_hz: float) -> Iterator[Text | Shown]:
    import h5py

    where = f"dataset {name}"
    if h5py.check_string_dtype(item.dtype) is not None or item.dtype.kind in "SO" or item.dtype.names:
        if item.size > MOST_TEXTS:
            raise Unreadable(f"{where} holds {item.size} texts, too many to look at")
        for text in _strings(item[()]):
            yield Text(text, where)
        return
    if item.dtype.kind == "V" or (item.dtype.kind == "u" and item.ndim == 1 and item.size):
        shown = medium(item[:16].tobytes())
        if shown is not None:
            yield Shown(shown.kind, shown.what, where)
    rate_hz = _number(item.attrs.get("rate_hz")) or rate_hz
    kind_of_numbers = item.dtype.name
    for kind, what in (("picture", pictures_in(item.shape, kind_of_numbers)),
                       ("sound", sound_in(item.shape, kind_of_numbers, rate_hz))):
        if what:
            yield Shown(kind, what, where)


def _strings(value: Any) -> Iterator[str]:
    """Texts in a value, however it is nested."""
    import numpy as np

    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, np.void) and value.dtype.names:
        for field in value.dtype.names:
            yield from _strings(value[field])
    elif isinstance(value, np.ndarray) and (value.dtype.kind in "SUO" or value.dtype.names):
        for inner in value.ravel():
            yield from _strings(inner)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0

"""Trained models (safetensors): names and description of the numbers in them."""

import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from dyadflow.privacy.contents.kinds import Text, Unreadable

#: As the format itself limits it.
LONGEST_HEADER = 100_000_000


def look(data: bytes, file: str) -> Iterator[Text]:
    """As `look_open`, of a file within another one."""
    yield from look_open(io.BytesIO(data))


def look_open(file: BinaryIO) -> Iterator[Text]:
    """The header: names of tensors, and what the file says about itself."""
    length = int.from_bytes(file.read(8), "little")
    try:
        header = json.loads(file.read(min(length, LONGEST_HEADER)))
    except ValueError as error:
        raise Unreadable(f"the header of this model cannot be read ({error})") from None
    for key, value in header.items():
        yield Text(key, "the name of a tensor")
        if key == "__metadata__":
            for name, text in value.items():
                yield Text(str(text), f"the description, {name}")

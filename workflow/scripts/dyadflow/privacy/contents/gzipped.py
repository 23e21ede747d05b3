"""Files packed with gzip: what is in them."""

import gzip
import zlib
from collections.abc import Iterator

from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable, look_into


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """The unpacked content, and the name that the header gives it."""
    try:
        content = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"this packed file is damaged ({error})") from None
    if data[3] & 0x08:
        yield Text(data[10:data.index(b"\0", 10)].decode("latin-1"), "the name in its header")
    yield from look_into(content, file.removesuffix(".gz"))

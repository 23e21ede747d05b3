"""What a PNG says in words: its text chunks. Whether its picture may be shown is decided elsewhere."""

import zlib
from collections.abc import Iterator

from dyadflow.privacy.contents.kinds import Text, Unreadable

_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")


def texts_in(data: bytes) -> Iterator[Text]:
    """Each text chunk, unpacked."""
    position = 8
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position:position + 4], "big"), data[position + 4:position + 8]
        content = data[position + 8:position + 8 + length]
        if kind in _TEXTS:
            key, _, rest = content.partition(b"\0")
            packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
            try:
                text = zlib.decompress(rest[1:] if kind == b"zTXt" else rest.split(b"\0", 3)[-1]) if packed else content
            except zlib.error as error:
                raise Unreadable(f"the text {key.decode('latin-1')} in this picture is damaged ({error})") from None
            yield Text(text.decode("utf-8", "replace"), f"its text {key[:40].decode('latin-1')}")
        position += 12 + length

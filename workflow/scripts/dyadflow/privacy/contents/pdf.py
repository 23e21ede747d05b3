"""PDF: texts of its pages and of its description, and the pictures in it."""

import re
import zlib
from collections.abc import Iterator

from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable

_BEGINS = re.compile(rb"stream\r?\n")
_SPECIAL = re.compile(rb"[\[\](<]")
_IN_STRING = re.compile(rb"[()\\]")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """Strings in a document's objects and compressed streams; each picture in it."""
    if b"/Encrypt" in data:
        raise Unreadable("this PDF is encrypted")
    rest, position, number = [], 0, 0
    while begins := _BEGINS.search(data, position):
        number += 1
        rest.append(data[position:begins.start()])
        end = data.find(b"endstream", begins.end())
        end = end if end >= 0 else len(data)
        header = rest[-1][rest[-1].rfind(b" obj") + 1:]
        yield from _stream(header, data[begins.end():end], f"stream {number}")
        position = end + len(b"endstream")
    yield from _texts(b"\n".join([*rest, data[position:]]), "its description")


def _stream(header: bytes, content: bytes, where: str) -> Iterator[Text | Shown]:
    if re.search(rb"/Subtype\s*/Image\b", header):
        yield Shown("picture", "a picture within the document", where)
        return
    if re.search(rb"/(?:EmbeddedFile|RichMedia|Movie|Sound)\b", header):
        yield Shown("picture", "a file within the document", where)
        return
    filters = re.findall(rb"/(\w+Decode)\b", header)
    if filters == [b"FlateDecode"]:
        try:
            content = zlib.decompressobj().decompress(content)
        except zlib.error as error:
            raise Unreadable(f"{where} of this PDF is damaged ({error})") from None
    elif filters:
        raise Unreadable(f"{where} of this PDF is packed as {b' and '.join(filters).decode()}, which is not read")
    # Outlines of letters.
    if re.search(rb"/(?:Length1|Length2|FontFile\w*|Subtype\s*/(?:Type1C|OpenType|CIDFontType0C))\b", header):
        return
    if content.lstrip()[:1] == b"<" and content.lstrip()[:2] != b"<<":
        yield Text(content.decode("utf-8", "replace"), where)
        return
    if re.search(rb"(?:^|\s)BI\s[^\0]{0,400}?\sID\s", content):
        yield Shown("picture", "a picture within the page's commands", where)
    yield from _texts(content, where)


def _texts(content: bytes, where: str) -> Iterator[Text]:
    """Each string; those of one line of print, which kerning cuts in pieces, once more as one."""
    line: list[bytes] | None = None
    position = 0
    while found := _SPECIAL.search(content, position):
        position, sign = found.end(), found[0]
        if sign == b"[":
            line = []
        elif sign == b"]":
            if line is not None and len(line) > 1:
                yield Text(_decoded(b"".join(line)), where)
            line = None
        else:
            string, position = _string(content, position) if sign == b"(" else _hexadecimal(content, position)
            if line is not None:
                line.append(string)
            if string.strip():
                yield Text(_decoded(string), where)


def _decoded(string: bytes) -> str:
    return string[2:].decode("utf-16-be", "replace") if string.startswith(b"\xfe\xff") else string.decode("latin-1")


def _string(content: bytes, position: int) -> tuple[bytes, int]:
    """A string in brackets, which may hold brackets itself, and where it ends."""
    begins, depth = position, 1
    while depth and (found := _IN_STRING.search(content, position)):
        position = found.end() + (found[0] == b"\\")
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
    if depth:
        # Never closed: all that is left is read as one string, once.
        return _plain(content[begins:]), len(content)
    return _plain(content[begins:position - 1]), position


def _hexadecimal(content: bytes, position: int) -> tuple[bytes, int]:
    """A string in hexadecimal digits; of what begins with << (a dictionary) nothing."""
    if content[position:position + 1] == b"<":
        return b"", position + 1
    end = content.find(b">", position, position + 100_000)
    digits = re.sub(rb"\s", b"", content[position:end]) if end >= 0 else b""
    if not re.fullmatch(rb"[0-9A-Fa-f]+", digits):
        return b"", position
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()), end + 1


def _plain(string: bytes) -> bytes:
    def unescaped(found: re.Match[bytes]) -> bytes:
        if found[1].isdigit():
            return bytes([int(found[1], 8) % 256])
        return _ESCAPES.get(found[1], b"" if found[1] in (b"\n", b"\r\n") else found[1])

    return re.sub(rb"\\([0-7]{1,3}|\r?\n|.)", unescaped, string, flags=re.DOTALL)

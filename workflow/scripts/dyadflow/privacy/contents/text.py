"""Texts: tables, JSON, pages, drawings (SVG), ELAN files; in pages and drawings also what they embed."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from dyadflow.privacy.contents.kinds import Shown, Text, look_into, medium

_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.+-]+)*?)(;base64)?,([^\"'\s)>]*)", re.IGNORECASE)
#: What a page or a drawing shows from a file beside it, which is then looked at by itself if it is there.
_PLAYED = re.compile(r"<(?:video|audio|embed|object)\b", re.IGNORECASE)
_DRAWN = re.compile(r"<(?:\w+:)?image\b(?![^>]{0,1000}data:)", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:!doctype|html|svg|\?xml)\b|<svg\b", re.IGNORECASE)


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """The text, whole; of pages and drawings also what they embed, decoded."""
    text = data.decode("utf-8")
    if _MARKUP.search(text):
        for found in _DATA.finditer(text):
            yield from _embedded(found, file, line_of(text, found.start()))
        for pattern, kind in ((_PLAYED, "an element that plays or embeds a file"), (_DRAWN, "a picture (<image>)")):
            for found in pattern.finditer(text):
                yield Shown("picture", kind, line_of(text, found.start()))
    yield Text(outside_data(text, lambda part: part, "data:"))


def outside_data(text: str, change: Callable[[str], str], instead: str = "") -> str:
    """A text changed but for what it embeds (base64 is no text: by chance it holds what looks like a path).

    Parameters
    ----------
    text
        Any text.
    change
        What is done to the parts between embedded data.
    instead
        What to put in the data's place, with its line ends kept; left out, it stays.
    """
    parts, end = [], 0
    for found in _DATA.finditer(text):
        parts += [change(text[end:found.start()]), instead + "\n" * found[0].count("\n") if instead else found[0]]
        end = found.end()
    return "".join([*parts, change(text[end:])])


def line_of(text: str, position: int) -> str:
    """The line of a text in which a position is, in words."""
    return f"line {text.count(chr(10), 0, position) + 1}"


def _embedded(found: re.Match[str], file: str, where: str) -> Iterator[Text | Shown]:
    kind, _, packed, content = found.groups()
    try:
        data = base64.b64decode(content + "=" * (-len(content) % 4)) if packed else unquote_to_bytes(content)
    except (binascii.Error, ValueError):
        data = b""
    named = (kind or "").lower()
    shown = medium(data)
    if shown is not None:
        yield Shown(shown.kind, f"{shown.what} within the page", where)
    elif named.startswith(("image/", "video/", "audio/")) and "svg" not in named:
        yield Shown("sound" if named.startswith("audio") else "picture", f"embedded {named}", where)
    elif not named.startswith("font/"):
        for part in look_into(data, file):
            yield Text(part.text, where) if isinstance(part, Text) else Shown(part.kind, part.what, where)

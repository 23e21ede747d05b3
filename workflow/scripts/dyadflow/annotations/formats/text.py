"""Text files from other people's machines: encodings found out, numbers with a point or a comma."""

import re
from pathlib import Path

from dyadflow.annotations.formats.reading import CodingFileError

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def decode_text(head: bytes) -> str:
    """Decode bytes by their byte order mark, else as UTF-16 if they look so, else UTF-8, else cp1252.

    Parameters
    ----------
    head
        A whole file, or its beginning. A damaged character, and one cut in two at the end, shows as U+FFFD: it is
        seen in what is read, not left out.

    Raises
    ------
    UnicodeDecodeError
        If the bytes are text in none of these.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    if head.startswith(b"\xef\xbb\xbf"):
        return head.decode("utf-8-sig", errors="replace")
    sample = head[:2000]
    if len(sample) >= 4 and sample[1::2].count(0) > len(sample) // 4:
        return head.decode("utf-16-le", errors="replace")
    if len(sample) >= 4 and sample[0::2].count(0) > len(sample) // 4:
        return head.decode("utf-16-be", errors="replace")
    if 0 in sample:
        raise UnicodeDecodeError("text", head, sample.index(0), sample.index(0) + 1, "not text")
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end >= len(head) and error.reason == "unexpected end of data":
            return head.decode("utf-8", errors="replace")
        return head.decode("cp1252")


def read_text(path: Path) -> str:
    """The text of a file, whatever its encoding.

    Raises
    ------
    CodingFileError
        If the file is not text.
    """
    try:
        return decode_text(path.read_bytes())
    except UnicodeDecodeError:
        raise CodingFileError(
            "unreadable_file",
            "this is not a text file in UTF-8, UTF-16 or Windows-1252",
            where=path.name,
            fix="export it again as text",
        ) from None


def parse_number(cell: object) -> float | None:
    """A number written with a decimal point or comma; nothing if it is anything else.

    Thousands separators are not accepted: ``1,234`` is one and a bit.
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, (int, float)):
        return float(cell) if cell == cell and abs(cell) != float("inf") else None
    written = str(cell or "").strip().replace("\u2212", "-")
    return float(written.replace(",", ".")) if _NUMBER.fullmatch(written) else None

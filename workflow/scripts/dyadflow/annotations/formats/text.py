"""Text files from other people's machines: encodings found out; names, numbers and clock times however written."""

import datetime
import re
from pathlib import Path

from dyadflow.annotations.formats.reading import CodingFileError

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_CLOCK = re.compile(r"([+-]?)(\d{1,4}):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)")


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


def fold(name: object) -> str:
    """A name without capitals and punctuation: ``Relative Time (seconds)`` is ``relative_time_seconds``."""
    return re.sub(r"[\W_]+", "_", str(name or "").strip().casefold()).strip("_")


def parse_clock(value: object) -> float | None:
    """Seconds of ``hh:mm:ss`` with or without a fraction, or of a workbook's time; None if it is neither."""
    if isinstance(value, datetime.timedelta):
        return round(value.total_seconds(), 6)
    if isinstance(value, datetime.time):
        return round(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6, 6)
    match = _CLOCK.fullmatch(str(value).strip().replace("\u2212", "-"))
    if not match:
        return None
    sign, hours, minutes, seconds = match.groups()
    total_s = round(int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", ".")), 6)
    return -total_s if sign == "-" else total_s

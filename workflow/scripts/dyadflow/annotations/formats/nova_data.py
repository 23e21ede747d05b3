"""The data file of a NOVA annotation (``.annotation~``): labels as lines of text or as binary records."""

import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dyadflow.annotations.formats.nova_header import CONTINUOUS, DISCRETE, NovaHeader, is_missing, parse_figure
from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import read_text
from dyadflow.annotations.issues import Issue

_EXPORT_AGAIN = "open it in NOVA and save it again"
_BLANKS = " \t"
_DISCRETE_RECORD = np.dtype([("from", "<f8"), ("to", "<f8"), ("id", "<i4"), ("confidence", "<f4")])
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_CONTINUOUS_RECORD = np.dtype([("score", "<f4"), ("confidence", "<f4")])


@dataclass(frozen=True)
class Label:
    """One label of the data file.

    Parameters
    ----------
    where
        ``line 3`` of a text file, ``annotation 3`` of a binary one.
    value
        DISCRETE: the number of the class. FREE: the text. CONTINUOUS: the score as text; None if it is not scored.
    onset_s, offset_s
        In seconds.
    confidence
        Not a number if the file has none.
    meta
        What stands after the confidence.
    """

    where: str
    value: int | str | None
    onset_s: float
    offset_s: float
    confidence: float
    meta: str = ""


def read_labels(path: Path, header: NovaHeader) -> Iterator[Label | Issue]:
    """Every label of a data file in its order; an issue in the place of each that cannot be read.

    Parameters
    ----------
    path
        The data file.
    header
        What the XML file says of it.

    Raises
    ------
    CodingFileError
        If there is no such file, or it is binary where text should be, or the other way round.
    """
    if not path.is_file():
        raise CodingFileError(
            "missing_file", f"the data of this annotation are missing: there is no {path.name} beside it",
            where=path.name.removesuffix("~"), fix="copy both files, .annotation and .annotation~",
        )
    if not header.binary:
        return _read_lines(read_text(path), header)
    content = path.read_bytes()
    if content and 0 not in content and _is_text(content):
        raise CodingFileError(
            "unreadable_file", "the header says BINARY, and the data are text", where=path.name, fix=_EXPORT_AGAIN
        )
    if header.kind == DISCRETE:
        return _read_discrete(content)
    return _read_continuous(content, header.rate_hz) if header.kind == CONTINUOUS else _read_free(content)


def sample_span(number: int, rate_hz: float) -> tuple[float, float]:
    """Onset and offset of a score, counted from 0, in seconds to the microsecond."""
    return round(number / rate_hz, 6), round((number + 1) / rate_hz, 6)


def _is_text(content: bytes) -> bool:
    try:
        return b";" in content and _CONTROL.search(content.decode("cp1252")) is None
    except UnicodeDecodeError:
        return False


def _unreadable(where: str, what: str) -> Issue:
    return Issue("unreadable_row", what, fix="correct it in NOVA", where=where)


def _read_lines(text: str, header: NovaHeader) -> Iterator[Label | Issue]:
    lines = re.split(r"\r\n|\r|\n", text)
    while lines and not lines[-1].strip(_BLANKS):
        lines.pop()
    read = _score_of_line if header.kind == CONTINUOUS else _label_of_line
    for number, line in enumerate(lines, start=1):
        # A blank line among scores is a moment without one; among labels that have times it is nothing.
        if line.strip(_BLANKS) or header.kind == CONTINUOUS:
            yield read(line, f"line {number}", number, header)


def _label_of_line(line: str, where: str, number: int, header: NovaHeader) -> Label | Issue:
    cells = line.split(";", 4)
    onset_s, offset_s = (parse_figure(cell) for cell in [*cells, "", ""][:2])
    confidence = _parse_confidence(cells[3]) if len(cells) > 3 else None
    meta = cells[4].strip() if len(cells) > 4 else ""
    # Only a discrete label may be followed by anything: in a free one it is a semicolon within the text.
    whole = header.kind == DISCRETE or not meta or re.fullmatch(r"\w+=[^;]*", meta)
    if onset_s is None or offset_s is None or confidence is None or not whole:
        layout = "from;to;class;confidence" if header.kind == DISCRETE else "from;to;text;confidence"
        return _unreadable(where, f"this line is not {layout}: {line}")
    if header.kind != DISCRETE:
        return Label(where, cells[2], onset_s, offset_s, confidence, meta)
    number_of_class = cells[2].strip()
    if not re.fullmatch(r"-?[0-9]{1,9}", number_of_class):
        return _unreadable(where, f"{cells[2]!r} is not the number of a class: {line}")
    return Label(where, int(number_of_class), onset_s, offset_s, confidence, meta)


def _score_of_line(line: str, where: str, number: int, header: NovaHeader) -> Label | Issue:
    cells = line.split(";", 2)
    score = cells[0].strip().replace(",", ".")
    confidence = _parse_confidence(cells[1]) if len(cells) > 1 else None
    missing = is_missing(cells[0])
    if confidence is None or not (missing or parse_figure(score) is not None):
        return _unreadable(where, f"this line is not score;confidence: {line}")
    span = sample_span(number - 1, header.rate_hz)
    return Label(where, None if missing else score, *span, confidence, cells[2].strip() if len(cells) > 2 else "")


def _parse_confidence(written: str) -> float | None:
    return math.nan if is_missing(written) else parse_figure(written)


def _records(content: bytes, record: np.dtype, make: Callable[..., Any]) -> Iterator[Label | Issue]:
    whole = len(content) // record.itemsize
    records = np.frombuffer(content[: whole * record.itemsize], record)
    for number, values in enumerate(records, start=1):
        yield make(f"annotation {number}", number, values)
    if len(content) % record.itemsize:
        yield _unreadable(
            f"annotation {whole + 1}",
            f"the data end within this annotation: {len(content) % record.itemsize} of {record.itemsize} bytes",
        )


def _read_discrete(content: bytes) -> Iterator[Label | Issue]:
    def make(where: str, number: int, values: np.void) -> Label | Issue:
        times, confidence = (float(values["from"]), float(values["to"])), values["confidence"]
        return _timed(where, int(values["id"]), *times, confidence)

    return _records(content, _DISCRETE_RECORD, make)


def _read_continuous(content: bytes, rate_hz: float) -> Iterator[Label | Issue]:
    def make(where: str, number: int, values: np.void) -> Label | Issue:
        score, confidence = values["score"], values["confidence"]
        if np.isinf(score) or np.isinf(confidence):
            return _unreadable(where, f"score {score} with confidence {confidence} is no score")
        # The shortest text that is the same 32 bit number.
        code = None if np.isnan(score) else np.format_float_positional(score, trim="0")
        return Label(where, code, *sample_span(number - 1, rate_hz), _shortest(confidence))

    return _records(content, _CONTINUOUS_RECORD, make)


def _read_free(content: bytes) -> Iterator[Label | Issue]:
    """Records of times, length of the text, text and confidence, each as long as its text.

    SSI counts the text in bytes. NOVA counts it in characters and writes it in UTF-8, which is longer if a letter
    is not ASCII: that is taken to be so where the records then end with the file, and do not if counted in bytes.
    """
    by_bytes = list(_walk(content, lambda start, count: start + count))
    if isinstance(by_bytes[-1] if by_bytes else None, Issue):
        by_characters = list(_walk(content, lambda start, count: _end_of_characters(content, start, count)))
        if not any(isinstance(entry, Issue) for entry in by_characters):
            return iter(by_characters)
    return iter(by_bytes)


def _walk(content: bytes, find_end: Callable[[int, int], int]) -> Iterator[Label | Issue]:
    place, number = 0, 0
    while place < len(content):
        number += 1
        where = f"annotation {number}"
        head = content[place : place + 20]
        onset_s, offset_s, count = struct.unpack("<ddI", head) if len(head) == 20 else (0.0, 0.0, len(content))
        end = find_end(place + 20, count)
        if end + 4 > len(content):
            yield _unreadable(
                where, f"the data end within this annotation, or it is damaged; {len(content) - place} bytes are left"
            )
            return
        text, confidence = _decode_label(content[place + 20 : end]), np.frombuffer(content[end : end + 4], "<f4")[0]
        place = end + 4
        yield _unreadable(where, "its text is no text") if text is None else _timed(
            where, text, onset_s, offset_s, confidence
        )


def _decode_label(content: bytes) -> str | None:
    for encoding in ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(text) else text
    return None


def _end_of_characters(content: bytes, start: int, count: int) -> int:
    """Where so many characters of UTF-8 end, counted as NOVA does: one of four bytes is two."""
    end = start
    while count > 0 and end < len(content):
        lead = content[end]
        length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        end, count = end + length, count - (2 if length == 4 else 1)
    return end if count == 0 else len(content)


def _timed(where: str, value: int | str, onset_s: float, offset_s: float, confidence: np.float32) -> Label | Issue:
    if not (math.isfinite(onset_s) and math.isfinite(offset_s)) or np.isinf(confidence):
        return _unreadable(where, f"from {onset_s} to {offset_s} with confidence {confidence} is no annotation")
    # NOVA adds durations up, which leaves 12.299999999999999; nobody codes below a microsecond.
    return Label(where, value, round(onset_s, 6), round(offset_s, 6), _shortest(confidence))


def _shortest(number: np.float32) -> float:
    """The shortest decimal that is the same 32 bit number: 0.9, not 0.8999999761581421."""
    return float(str(number))

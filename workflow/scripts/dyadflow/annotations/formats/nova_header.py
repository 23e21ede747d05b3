"""What the XML file of a NOVA annotation says: who coded what, by which scheme, and how the data file is written."""

import math
import re
import xml.etree.ElementTree as etree
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import read_text
from dyadflow.annotations.issues import Issue, Issues

#: Kinds of schemes that hold codes or scores. NOVA's others (POINT, POLYGON, ...) hold places in the picture.
DISCRETE, FREE, CONTINUOUS = "DISCRETE", "FREE", "CONTINUOUS"
#: NOVA's and SSI's own class for what is not to be used; it is in no list of classes.
GARBAGE, GARBAGE_ID = "GARBAGE", -1

_NUMBER = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:\.\d{3})+,\d+)(?:[eE][+-]?\d{1,4})?"
)
_MISSING = re.compile(r"[+-]?nan(?:\(\w*\))?|n\. def\.|[+-]?1\.#\w+", re.IGNORECASE)


@dataclass(frozen=True)
class NovaHeader:
    """The XML file of a NOVA annotation.

    Parameters
    ----------
    kind
        `DISCRETE`, `FREE` or `CONTINUOUS`.
    binary
        Whether the data file is binary, not text.
    size
        How many labels there should be; None if that is not said.
    role, scheme, annotator
        Whose behaviour, the name of the scheme, and who coded it; empty if not said.
    classes
        DISCRETE: the name of each class by its number.
    rate_hz
        CONTINUOUS: scores a second.
    scores
        CONTINUOUS: the lowest and the highest score of the scheme, if both are given.
    issues
        What of it cannot be used.
    """

    kind: str
    binary: bool
    size: int | None = None
    role: str = ""
    scheme: str = ""
    annotator: str = ""
    classes: Mapping[int, str] = field(default_factory=dict)
    rate_hz: float = math.nan
    scores: tuple[float, float] | None = None
    issues: Issues = field(default_factory=Issues)

    @property
    def tier(self) -> str:
        """``role.scheme``, or what is given of the two."""
        return ".".join(filter(None, (self.role, self.scheme)))


def read_header(path: Path) -> NovaHeader:
    """Read the XML file.

    Raises
    ------
    CodingFileError
        If it is damaged, of another version, or of a scheme that holds neither codes nor scores.
    """

    def refuse(what: str, fix: str = "open it in NOVA and save it again") -> CodingFileError:
        return CodingFileError("unreadable_file", what, where=path.name, fix=fix)

    try:
        root = etree.fromstring(read_text(path))
    except (etree.ParseError, ValueError, LookupError) as error:
        raise refuse(f"this is not XML, or it is cut off ({error})") from None
    if root.tag != "annotation":
        raise refuse(f"this is not a NOVA annotation but XML of kind {root.tag!r}", "give an .annotation file")
    if root.get("ssi-v", "3").strip() != "3":
        raise refuse(f"this annotation is of version {root.get('ssi-v')!r}, and only version 3 is known")
    info, meta, scheme = (_first(root, tag) for tag in ("info", "meta", "scheme"))
    kind, written = scheme.get("type", "").strip().upper(), info.get("ftype", "").strip().upper()
    if kind not in (DISCRETE, FREE, CONTINUOUS):
        raise refuse(
            f"its scheme is of type {scheme.get('type', '')!r}, which holds neither codes nor scores",
            f"give an annotation of type {DISCRETE}, {FREE} or {CONTINUOUS}",
        )
    if written not in ("ASCII", "BINARY"):
        raise refuse(f"ftype is {info.get('ftype', '')!r}, and neither ASCII nor BINARY")
    rate_hz = parse_figure(scheme.get("sr", ""))
    if kind == CONTINUOUS and (rate_hz is None or not rate_hz > 0):
        raise refuse(f"the rate of the scores is {scheme.get('sr', '')!r}, and not a number of Hz")
    low, high = (parse_figure(scheme.get(edge, "")) for edge in ("min", "max"))
    classes, issues = _read_classes(scheme) if kind == DISCRETE else ({}, [])
    size = info.get("size", "").strip()
    return NovaHeader(
        kind, written == "BINARY", int(size) if re.fullmatch("[0-9]{1,9}", size) else None,
        meta.get("role", "").strip(), scheme.get("name", "").strip(), meta.get("annotator", "").strip(), classes,
        math.nan if rate_hz is None else rate_hz, None if low is None or high is None else (low, high),
        Issues.of([*issues, *_note_unread(meta)]),
    )


def parse_figure(written: str) -> float | None:
    """A number as NOVA and SSI write it; nothing if it is anything else.

    With a decimal point or comma, with an exponent, and with separators between the thousands if both kinds of
    signs are there (``1,234.50``): older NOVA writes times of 1000 s and more in that way.
    """
    written = written.strip()
    if not _NUMBER.fullmatch(written):
        return None
    if "," in written and "." in written:
        written = written.replace(min(",.", key=written.rindex), "")
    number = float(written.replace(",", "."))
    return number if math.isfinite(number) else None


def is_missing(written: str) -> bool:
    """Whether this is one of the ways in which Windows and C write that there is no number."""
    return _MISSING.fullmatch(written.strip()) is not None


def _first(root: etree.Element, tag: str) -> etree.Element:
    found = root.find(tag)
    return etree.Element(tag) if found is None else found


def _read_classes(scheme: etree.Element) -> tuple[dict[int, str], list[Issue]]:
    """Names by number, without those that are not clear, and a note for each of these."""
    items = [(item.get("id", "").strip(), item.get("name", "")) for item in scheme.iter("item")]
    whole = [(int(number), name) for number, name in items if re.fullmatch("[0-9]{1,9}", number) and name]
    names = Counter(number for number, _ in dict.fromkeys(whole))
    issues = [
        Issue(
            "unread_part",
            f"class {name!r} has no number, or class {number!r} no name; labels of it cannot be read",
            fix="give it both",
            where=f"scheme, class {place}",
        )
        for place, (number, name) in enumerate(items, start=1)
        if not (re.fullmatch("[0-9]{1,9}", number) and name)
    ]
    issues += [
        Issue(
            "unread_part",
            f"number {number} stands for {count} classes; labels of it cannot be read",
            fix="give each class its own number",
            where=f"scheme, number {number}",
        )
        for number, count in names.items()
        if count > 1
    ]
    return {number: name for number, name in whole if names[number] == 1}, issues


def _note_unread(meta: etree.Element) -> Iterator[Issue]:
    """A note on what else is said of the annotation as a whole."""
    said = [name for name, value in meta.attrib.items() if value.strip() and name not in ("role", "annotator")]
    said += list(dict.fromkeys(str(child.tag) for child in meta))
    if said:
        yield Issue("unread_part", f"{', '.join(said)} of the annotation: not read", where="meta")

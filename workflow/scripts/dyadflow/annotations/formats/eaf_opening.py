"""ELAN documents opened with pympi; what pympi would lose or fall over is set aside first, with an issue each."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.formats.reading import CodingFileError
from dyadflow.annotations.formats.text import parse_number
from dyadflow.annotations.issues import Issue, count_of

if TYPE_CHECKING:
    import xml.etree.ElementTree as etree

_RESAVE = "open it in ELAN and save it again"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
_REPAIR = "repair it in ELAN, or in a text editor"
#: A time that is no whole number: pympi reads some of them as another number.
_ODD_TIME = re.compile(rb'TIME_VALUE(?!="\d+")')
_ANNOTATIONS = {
    "ALIGNABLE_ANNOTATION": {"TIME_SLOT_REF1": "beginning", "TIME_SLOT_REF2": "end"},
    "REF_ANNOTATION": {"ANNOTATION_REF": "parent"},
}
#: Attributes that pympi wants and that nothing here depends on, so that they may be empty.
_WANTED = {
    "LICENSE": ("LICENSE_URL",), "PROPERTY": ("NAME",), "TIER": ("TIER_ID",),
    "LINGUISTIC_TYPE": ("LINGUISTIC_TYPE_ID",), "LOCALE": ("LANGUAGE_CODE",), "LANGUAGE": ("LANG_ID",),
    "CONSTRAINT": ("STEREOTYPE", "DESCRIPTION"), "CONTROLLED_VOCABULARY": ("CV_ID",), "DESCRIPTION": ("LANG_REF",),
    "CV_ENTRY_ML": ("CVE_ID",), "CVE_VALUE": ("LANG_REF",), "LEXICON_REF": ("LEX_REF_ID",),
    "EXTERNAL_REF": ("EXT_REF_ID", "TYPE", "VALUE"),
}


def open_document(path: Path) -> tuple[Any, dict[str, str], list[Issue]]:
    """Open an ELAN document.

    A document that pympi takes whole is parsed once. Any other is taken apart: annotations that lack something
    or have another's identifier, and time slots without a usable time, are set aside, and pympi reads the rest.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    document, names, issues
        A `pympi.Elan.Eaf`; for its tiers whose name is not that of the file, the file's; and an issue for
        everything that was set aside.

    Raises
    ------
    CodingFileError
        If this is no ELAN document, one that is cut off, or one whose times are not in milliseconds.
    """
    content = path.read_bytes()
    document = _parse(path)
    names: dict[str, str] = {}
    issues: list[Issue] = []
    if document is None or not _is_whole(document, content):
        document, issues = _open_repaired(path, content, names)
    units = document.header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise CodingFileError(
            "unreadable_file", f"times in this ELAN document are in {units}", where=path.name,
            fix="save it with times in milliseconds",
        )
    if b"<REF_LINK_SET" in content:
        issues.append(Issue("unread_part", "links between annotations (REF_LINK_SET) are not read", where="links"))
    return document, names, issues


def _parse(path: Path) -> Any:
    from pympi.Elan import Eaf

    try:
        return Eaf(str(path), suppress_version_warning=True)
    except Exception:  # pympi raises this very class, and lets through whatever else happens to it
        return None


def _is_whole(document: Any, content: bytes) -> bool:
    """Whether pympi holds as many of everything as the bytes do: it keeps the last of those with one identifier."""
    annotations = content.count(b"_ANNOTATION ")  # as both kinds begin
    held = sum(len(aligned) + len(references) for aligned, references, *_ in document.tiers.values())
    return (
        annotations == held == len(document.annotations)
        and len(document.tiers) == content.count(b"<TIER ")
        and len(document.timeslots) == content.count(b"<TIME_SLOT ")
        and not _ODD_TIME.search(content)
    )


def _open_repaired(path: Path, content: bytes, names: dict[str, str]) -> tuple[Any, list[Issue]]:
    import xml.etree.ElementTree as etree

    try:
        root = etree.fromstring(content)
    except (etree.ParseError, ValueError, LookupError) as error:
        raise CodingFileError(
            "unreadable_file", f"this is not XML, or it is cut off ({error})", where=path.name, fix=_RESAVE
        ) from None
    if root.tag != "ANNOTATION_DOCUMENT":
        raise CodingFileError(
            "unreadable_file", f"this is not an ELAN document but XML of kind {root.tag!r}", where=path.name,
            fix="give an .eaf file",
        )
    if root.find("TIME_ORDER") is None:
        raise CodingFileError(
            "unreadable_file", "this ELAN document lacks its TIME_ORDER", where=path.name, fix=_RESAVE
        )
    issues = [*_repair_slots(root), *_repair_tiers(root, names)]
    root.attrib.setdefault(_SCHEMA, "")
    for element in root.iter():
        for name in _WANTED.get(element.tag, ()):
            element.attrib.setdefault(name, "")
    with tempfile.TemporaryDirectory() as folder:
        repaired = Path(folder) / "repaired.eaf"
        etree.ElementTree(root).write(repaired, encoding="utf-8")
        document = _parse(repaired)
    if document is None:
        raise CodingFileError(
            "unreadable_file", "this ELAN document lacks something that cannot be done without", where=path.name,
            fix=_RESAVE,
        )
    return document, issues


def _repair_slots(root: "etree.Element") -> Iterator[Issue]:
    slots = [(order, slot) for order in root.findall("TIME_ORDER") for slot in order.findall("TIME_SLOT")]
    times: dict[str, set[str | None]] = {}
    for _, slot in slots:
        times.setdefault(slot.get("TIME_SLOT_ID", ""), set()).add(slot.get("TIME_VALUE"))
    rounded = []
    for order, slot in slots:
        name, time = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")
        number = parse_number(time)
        if not _has_number(name):
            wrong = f"time slot {name!r} has no name with a number in it"
        elif len(times[name]) > 1:
            wrong = f"time slot {name!r} has several times: {', '.join(sorted(map(str, times[name])))}"
        elif time is not None and number is None:
            wrong = f"the time of slot {name!r} is {time!r}"
        else:
            if time is not None and number is not None and not re.fullmatch("-?[0-9]+", time):
                slot.set("TIME_VALUE", str(round(number)))
                rounded.append(f"{name} ({time})")
            continue
        order.remove(slot)
        yield Issue("unread_part", f"{wrong}; it is not used", fix=_REPAIR, where=f"slot {name}", severity="warning")
    if rounded:
        yield Issue(
            "unread_part",
            f"{count_of(len(rounded), 'time')} in the file {'is' if len(rounded) == 1 else 'are'} not written as whole "
            "milliseconds, which ELAN cannot open; rounded here",
            fix=_REPAIR, where=f"slot {rounded[0]}", severity="warning",
        )


def _has_number(name: str) -> bool:
    """Whether pympi can read a number out of an identifier, as it wants to of each."""
    digits = "".join(filter(str.isdigit, name))
    return digits.isdecimal()


def _repair_tiers(root: "etree.Element", names: dict[str, str]) -> Iterator[Issue]:
    """Set annotations aside, and give tiers of one name names of their own, told in `names`."""
    tiers = root.findall("TIER")
    called = [tier.get("TIER_ID", "") for tier in tiers]
    for name in sorted({name for name in called if called.count(name) > 1 or not name}):
        said = f"{called.count(name)} tiers are called {name!r}; each is read"
        yield Issue("unread_part", said, fix=_REPAIR, where=f"tier {name!r}", severity="warning")
    taken: set[str] = set()
    visited: set[etree.Element] = set()
    for tier, name in zip(tiers, called, strict=True):
        unique = name
        while unique in names or (unique != name and unique in called):
            unique += "'"
        names[unique] = name
        tier.set("TIER_ID", unique)
        number = 0
        for holder in tier.findall("ANNOTATION"):
            for element in [element for element in holder if element.tag in _ANNOTATIONS]:
                number += 1
                visited.add(element)
                identifier = element.get("ANNOTATION_ID", "")
                wrong = _find_wrong(element, taken)
                if wrong:
                    known = identifier and identifier not in taken
                    holder.remove(element)
                    yield _unreadable(
                        wrong, f"annotation {identifier}" if known else f"tier {name!r}, annotation {number}"
                    )
                taken.add(identifier)
    yield from _find_strays(root, visited)


def _find_wrong(element: "etree.Element", taken: set[str]) -> str:
    """What pympi would fall over in an annotation, or lose it for; empty if nothing."""
    identifier = element.get("ANNOTATION_ID", "")
    value = element[0].text if len(element) and element[0].tag == "ANNOTATION_VALUE" else None
    said = f"annotation {identifier!r}" + (f" ({value})" if value else "")
    if not _has_number(identifier):
        return f"{said} has no identifier with a number in it"
    if identifier in taken:
        return f"{said} has the identifier of another annotation"
    lacking = [what for name, what in _ANNOTATIONS[element.tag].items() if name not in element.attrib]
    if not (len(element) and element[0].tag == "ANNOTATION_VALUE"):
        lacking.append("value")
    return f"{said} lacks its {' and its '.join(lacking)}" if lacking else ""


def _find_strays(root: "etree.Element", visited: set["etree.Element"]) -> Iterator[Issue]:
    strays = [element for tag in _ANNOTATIONS for element in root.iter(tag) if element not in visited]
    seen: set[str] = {element.get("ANNOTATION_ID", "") for element in visited}
    for number, element in enumerate(strays, start=1):
        identifier = element.get("ANNOTATION_ID", "")
        known = identifier and identifier not in seen
        seen.add(identifier)
        yield _unreadable(
            f"annotation {identifier!r} stands in no tier",
            f"annotation {identifier}" if known else f"outside of tiers, annotation {number}",
        )


def _unreadable(what: str, where: str) -> Issue:
    return Issue("unreadable_row", f"{what}; it is left out", fix=_REPAIR, where=where)

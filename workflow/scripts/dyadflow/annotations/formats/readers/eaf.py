"""ELAN documents (EAF 2.7 to 3.0) read with pympi, and what pympi leaves to its user."""

import math
from collections import Counter
from pathlib import Path

from dyadflow.annotations.formats.eaf_naming import NOTE_TYPE, TIER_TYPE
from dyadflow.annotations.formats.eaf_slots import fill_slots
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, parse_number
from dyadflow.annotations.issues import Issue, Issues

_RESAVE = "open it in ELAN and save it again"


def _is_eaf(head: bytes, path: Path) -> bool:
    try:
        return "<ANNOTATION_DOCUMENT" in decode_text(head)
    except UnicodeDecodeError:
        return False


@reads(
    name="eaf", title="ELAN", suffixes={".eaf"}, sniff=_is_eaf, vendor_files=True,
    tried="documents that ELAN wrote, of versions 2.7, 2.8 and 3.0",
)
def read_eaf(path: Path, options: ReadOptions) -> Reading:
    """Read every annotation of an ELAN document.

    Tiers are given by the name they have in the file, except tiers that `write_eaf` wrote: these by the name
    they had before. Reference annotations get the span of the annotation that they refer to in the end. Time
    slots without a time are spaced evenly within their chain of touching annotations, to the whole
    millisecond; a note says where.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Reading
        One row an annotation in the order of the file; whole milliseconds as seconds; ``origins_s`` from
        TIME_ORIGIN. An annotation whose time cannot be known is an issue.

    Raises
    ------
    CodingFileError
        If this is no ELAN document, or a damaged one.
    """
    duplicates = _find_duplicates(path)
    document = _open(path)
    times_ms, filled = fill_slots(document.timeslots, [tier[0] for tier in document.tiers.values()])
    spans, refers = _index(document, times_ms)
    notes = _collect_notes(document)
    rows, issues = [], list(duplicates)
    for name, (aligned, references, attributes, _) in document.tiers.items():
        kind = attributes.get("LINGUISTIC_TYPE_REF", "")
        if kind.startswith(NOTE_TYPE):
            continue
        if any(slot in filled for annotation in aligned.values() for slot in annotation[:2]):
            issues.append(_note_filled(name, aligned, filled))
        tier = kind.removeprefix(TIER_TYPE) if kind.startswith(TIER_TYPE) else name
        values = {key: value[2] for key, value in aligned.items()} | {
            key: value[1] for key, value in references.items()
        }
        for identifier, code in values.items():
            span = _resolve(identifier, spans, refers)
            if span is None:
                issues.append(
                    Issue(
                        "untimed_annotation",
                        f"annotation {code!r} of tier {name!r} has no time, and none of those "
                        "that it belongs to has one",
                        fix="give it a time in ELAN",
                        where=f"annotation {identifier}",
                    )
                )
                continue
            rows.append(
                {
                    "tier": tier,
                    "coder": attributes.get("ANNOTATOR", ""),
                    "code": code,
                    "onset_s": span[0] / 1000,
                    "offset_s": span[1] / 1000,
                    "where": f"annotation {identifier}",
                }
                | notes.get(identifier, {})
            )
    origins = {_medium(descriptor): _origin_s(descriptor) for descriptor in document.media_descriptors}
    return Reading(make_rows(rows), Issues.of(issues), tuple(origins), origins)


def _find_duplicates(path: Path) -> list[Issue]:
    """Annotations and tiers whose identifier occurs more than once: of these pympi keeps the last alone."""
    import xml.etree.ElementTree as etree

    try:
        root = etree.parse(path).getroot()
    except (etree.ParseError, ValueError, LookupError) as error:
        raise CodingFileError(
            "unreadable_file", f"this is not XML, or it is cut off ({error})", where=path.name, fix=_RESAVE
        ) from None
    if root.tag != "ANNOTATION_DOCUMENT":
        raise CodingFileError(
            "unreadable_file",
            f"this is not an ELAN document but XML of kind {root.tag!r}",
            where=path.name,
            fix="give an .eaf file",
        )
    issues = []
    for tag, attribute, what in (
        ("TIER", "TIER_ID", "tier"),
        ("ALIGNABLE_ANNOTATION", "ANNOTATION_ID", "annotation"),
        ("REF_ANNOTATION", "ANNOTATION_ID", "annotation"),
    ):
        for name, count in Counter(element.get(attribute) for element in root.iter(tag)).items():
            if count > 1:
                issues.append(
                    Issue(
                        "repeated_event",
                        f"{count} {what}s have the identifier {name!r}; the last is read",
                        fix="give each its own",
                        where=f"{what} {name}",
                        severity="error",
                    )
                )
    return issues


def _open(path: Path):
    from pympi.Elan import Eaf

    try:
        document = Eaf(str(path), suppress_version_warning=True)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise CodingFileError(
            "unreadable_file",
            f"this ELAN document lacks something or has a time that is not a whole millisecond "
            f"({type(error).__name__}: {error})",
            where=path.name,
            fix=_RESAVE,
        ) from None
    units = document.header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise CodingFileError(
            "unreadable_file",
            f"times in this ELAN document are in {units}",
            where=path.name,
            fix="save it with times in milliseconds",
        )
    return document


def _index(document, times_ms: dict) -> tuple[dict, dict]:
    """Spans in ms of aligned annotations with times; what each reference annotation refers to."""
    spans, refers = {}, {}
    for aligned, references, *_ in document.tiers.values():
        for identifier, (first, last, *_) in aligned.items():
            if times_ms.get(first) is not None and times_ms.get(last) is not None:
                spans[identifier] = (times_ms[first], times_ms[last])
        for identifier, (parent, *_) in references.items():
            refers[identifier] = parent
    return spans, refers


def _resolve(identifier: str, spans: dict, refers: dict) -> tuple[int, int] | None:
    seen = set()
    while identifier in refers and identifier not in seen:
        seen.add(identifier)
        identifier = refers[identifier]
    return spans.get(identifier)


def _collect_notes(document) -> dict[str, dict]:
    """Confidence and comment of annotations, from the dependent tiers that `write_eaf` makes."""
    found: dict[str, dict] = {}
    for _, references, attributes, _ in document.tiers.values():
        kind = attributes.get("LINGUISTIC_TYPE_REF", "")
        if kind.startswith(NOTE_TYPE):
            note = kind.removeprefix(NOTE_TYPE)
            for parent, value, *_ in references.values():
                number = parse_number(value)
                known = value if note == "comment" else math.nan if number is None else number
                found.setdefault(parent, {})[note] = known
    return found


def _note_filled(name: str, aligned: dict, filled: set) -> Issue:
    touched = [key for key, value in aligned.items() if value[0] in filled or value[1] in filled]
    return Issue(
        "untimed_slot",
        f"{len(touched)} annotations of tier {name!r} have edges without a time in the file; these "
        "were spaced evenly between their neighbours, as ELAN shows them",
        fix="set the times in ELAN if they matter",
        where=f"annotation {touched[0]}" + (f" to {touched[-1]}" if len(touched) > 1 else ""),
    )


def _medium(descriptor: dict) -> str:
    return descriptor.get("RELATIVE_MEDIA_URL") or descriptor.get("MEDIA_URL", "")


def _origin_s(descriptor: dict) -> float:
    return float(descriptor.get("TIME_ORIGIN") or 0) / 1000

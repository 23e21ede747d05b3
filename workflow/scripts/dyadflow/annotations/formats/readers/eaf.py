"""ELAN documents (EAF 2.7 to 3.0) read with pympi, and what pympi leaves to its user."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dyadflow.annotations.formats.eaf_naming import NOTE_TYPE, TIER_TYPE, unquote_media
from dyadflow.annotations.formats.eaf_opening import open_document
from dyadflow.annotations.formats.eaf_slots import fill_slots
from dyadflow.annotations.formats.eaf_vocabularies import read_vocabularies
from dyadflow.annotations.formats.reading import ROW_COLUMNS, TEXT_COLUMNS, Reading, ReadOptions, reads
from dyadflow.annotations.formats.text import decode_text, parse_number
from dyadflow.annotations.issues import Issue, Issues, count_of


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
    they had before. ANNOTATOR is the coder; PARTICIPANT and languages are not read. Reference annotations, at
    any depth and of any kind, get the whole span of the annotation that they refer to in the end: they have no
    time of their own, and the even shares that ELAN draws for a symbolic subdivision are a way to draw them.
    Time slots without a time are spaced evenly within their chain of touching annotations, to the whole
    millisecond; a note says where. An annotation with an empty value has an empty code.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Reading
        One row an annotation in the order of the file; whole milliseconds as seconds; ``origins_s`` from
        TIME_ORIGIN; ``vocabularies`` for tiers whose type is tied to a list of values in the document. An
        annotation that lacks something, and one whose time cannot be known, is an issue.

    Raises
    ------
    CodingFileError
        If this is no ELAN document, one that is cut off, or one whose times are not in milliseconds.
    """
    document, names, issues = open_document(path)
    times_ms, filled = fill_slots(document.timeslots, [tier[0] for tier in document.tiers.values()])
    spans_s = _find_spans(document, times_ms)
    notes = _collect_notes(document, spans_s, issues)
    columns: dict[str, Any] = {name: [] for name in ("tier", "coder", "code", "where")}
    found: list[tuple[float, float]] = []
    called: dict[str, str] = {}
    for name, (aligned, references, attributes, _) in document.tiers.items():
        kind = attributes.get("LINGUISTIC_TYPE_REF", "")
        if kind.startswith(NOTE_TYPE):
            continue
        called[name] = tier = kind.removeprefix(TIER_TYPE) if kind.startswith(TIER_TYPE) else names.get(name, name)
        if filled:
            issues.extend(_note_filled(tier, aligned, filled))
        codes = {key: value[2] for key, value in aligned.items()}
        codes |= {key: value[1] for key, value in references.items()}
        issues.extend(_untimed(key, codes.pop(key), tier) for key in [key for key in codes if key not in spans_s])
        found.extend(map(spans_s.__getitem__, codes))
        columns["tier"] += [tier] * len(codes)
        columns["coder"] += [attributes.get("ANNOTATOR", "")] * len(codes)
        columns["code"] += codes.values()
        columns["where"] += [f"annotation {key}" for key in codes]
    media = _collect_media(document, issues)
    vocabularies, unread = read_vocabularies(document, called)
    return Reading(
        _tabulate(columns, found, notes), Issues.of([*issues, *unread]), tuple(media), media, vocabularies=vocabularies
    )


def _find_spans(document: Any, times_ms: Mapping[str, int | None]) -> dict[str, tuple[float, float]]:
    """Onset and offset in seconds of each annotation that has them, or belongs in the end to one that has them."""
    spans: dict[str, tuple[float, float]] = {}
    parents: dict[str, str] = {}
    for aligned, references, *_ in document.tiers.values():
        for identifier, (first, last, *_) in aligned.items():
            onset_ms, offset_ms = times_ms.get(first), times_ms.get(last)
            if onset_ms is not None and offset_ms is not None:
                spans[identifier] = (onset_ms / 1000, offset_ms / 1000)
        for identifier, (parent, *_) in references.items():
            parents[identifier] = parent
    for identifier in parents:
        seen, root = set(), identifier
        while root in parents and root not in seen:
            seen.add(root)
            root = parents[root]
        if root in spans:
            spans[identifier] = spans[root]
    return spans


def _collect_notes(
    document: Any, spans_s: Mapping[str, tuple[float, float]], issues: list[Issue]
) -> dict[str, dict[str, Any]]:
    """Confidence, comment and their own identifiers, by annotation, from the dependent tiers that `write_eaf` makes."""
    found: dict[str, dict[str, Any]] = {}
    tiers = [(tier[2].get("LINGUISTIC_TYPE_REF", ""), tier) for tier in document.tiers.values()]
    tiers = [(kind, tier) for kind, tier in tiers if kind.startswith(NOTE_TYPE)]
    noted = {key for _, (aligned, references, *_) in tiers for key in (*aligned, *references)}
    for kind, (aligned, references, *_) in tiers:
        field = kind.removeprefix(NOTE_TYPE)
        texts = {key: ("", value[2]) for key, value in aligned.items()}
        texts |= {key: (value[0], value[1]) for key, value in references.items()}
        for identifier, (parent, text) in texts.items():
            note = found.get(parent, {})
            known = text if field == "comment" else parse_number(text)
            if parent not in spans_s or parent in noted or field in note or known is None:
                issues.append(
                    Issue(
                        "unreadable_row",
                        f"{text!r} is no {field} of an annotation with a time, or not its first; it is left out",
                        fix="correct it in ELAN",
                        where=f"annotation {identifier}",
                    )
                )
            else:
                found[parent] = note | {field: known, "keys": [*note.get("keys", []), identifier]}
    return found


def _tabulate(
    columns: dict[str, Any], found: list[tuple[float, float]], notes: Mapping[str, dict[str, Any]]
) -> pd.DataFrame:
    count = len(found)
    columns |= {"session": [""] * count, "comment": [""] * count}
    times = np.array(found, dtype=float).reshape(count, 2)
    confidence = np.full(count, np.nan)
    if notes:
        places = {where.removeprefix("annotation "): index for index, where in enumerate(columns["where"])}
        for identifier, note in notes.items():
            index = places[identifier]
            columns["comment"][index] = note.get("comment", "")
            confidence[index] = note.get("confidence", np.nan)
            keys = [identifier, *note["keys"]]
            columns["where"][index] = f"annotations {', '.join(keys[:-1])} and {keys[-1]}"
    columns |= {
        "onset_s": times[:, 0], "offset_s": times[:, 1], "latest_s": np.full(count, np.nan), "confidence": confidence
    }
    index = pd.RangeIndex(count)
    return pd.DataFrame(
        {
            name: pd.Series(columns[name], index, dtype=object if name in TEXT_COLUMNS else float)
            for name in ROW_COLUMNS
        },
        index,
    )


def _untimed(identifier: str, code: str, tier: str) -> Issue:
    return Issue(
        "untimed_annotation",
        f"annotation {code!r} of tier {tier!r} has no time, and none of those that it belongs to has one",
        fix="give it a time in ELAN",
        where=f"annotation {identifier}",
    )


def _note_filled(tier: str, aligned: Mapping[str, tuple[Any, ...]], filled: set[str]) -> Iterator[Issue]:
    touched = [key for key, value in aligned.items() if value[0] in filled or value[1] in filled]
    if touched:
        yield Issue(
            "untimed_slot",
            f"{count_of(len(touched), 'annotation')} of tier {tier!r} have edges without a time in the file; these "
            "were spaced evenly between their neighbours, as ELAN shows them",
            fix="set the times in ELAN if they matter",
            where=f"annotation {touched[0]}" if len(touched) == 1 else f"annotations {touched[0]} to {touched[-1]}",
        )


def _collect_media(document: Any, issues: list[Issue]) -> dict[str, float]:
    """For each recording, where in it the document's zero lies, in seconds."""
    origins: dict[str, float] = {}
    for descriptor in document.media_descriptors:
        name = unquote_media(descriptor.get("RELATIVE_MEDIA_URL") or descriptor.get("MEDIA_URL", ""))
        origin_ms = parse_number(descriptor.get("TIME_ORIGIN") or 0)
        if not name or origin_ms is None:
            said = f"{name!r} begins at {descriptor['TIME_ORIGIN']!r}" if name else "a linked recording has no name"
            what = f"{said}; it is not used"
            issues.append(Issue("media_origins", what, fix="link it again in ELAN", where="header"))
        else:
            origins[name] = origin_ms / 1000
    return origins

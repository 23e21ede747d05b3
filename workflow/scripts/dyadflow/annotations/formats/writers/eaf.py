"""Segments written as an ELAN document (EAF 3.0); `eaf_naming` says how its tiers are called."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from dyadflow.annotations.formats.eaf_naming import NOTE_TYPE, NOTES, TIER_TYPE, quote_media
from dyadflow.annotations.formats.eaf_offered import add_vocabulary, list_codes
from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.scheme import PHASE_TIER, Scheme
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

_MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
    ".wav": "audio/x-wav",
}
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


@writes(name="eaf", title="ELAN", suffixes={".eaf"})
def write_elan(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write an ELAN document; see `write_eaf`."""
    write_eaf(segments, path, scheme=options.scheme, media=options.media, vocabularies=options.vocabularies)
    return Writing((path,))


def write_eaf(
    segments: Segments,
    path: str | Path,
    *,
    scheme: Scheme | None = None,
    media: str | None = None,
    vocabularies: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write one session's segments so that ELAN opens them.

    Parameters
    ----------
    segments
        Segments of one session, any number of coders, which may overlap and touch: what comes back is equal to
        the millisecond, except for the session, which EAF has no place for. Times are rounded to whole
        milliseconds, confidence to six decimals.
    path
        Where to write.
    scheme
        If given, its codes and the merges of them become controlled vocabularies tied to the tiers, so that
        ELAN offers these only.
    media
        The recording as ELAN should find it: best relative to `path`. Written as given, but for characters
        that no address may have.
    vocabularies
        For tiers that `scheme` does not have: each code and what it means, tied to the tier in the same way. A
        tier of these without segments is written empty if there is no scheme.

    Raises
    ------
    DyadflowError
        If there is more than one session, or a segment that EAF cannot hold: of no length at a millisecond's
        precision, before zero, or with control characters (a vocabulary's codes among them).
    """
    import xml.etree.ElementTree as etree

    from pympi.Elan import Eaf, to_adocument

    document = Eaf(author="dyadflow")
    document.remove_tier("default")
    document.linguistic_types.clear()
    document.properties.clear()
    # A fixed date instead of the clock: the same segments are the same bytes.
    document.adocument |= {
        "DATE": "1970-01-01T00:00:00+00:00",
        "FORMAT": "3.0",
        "VERSION": "3.0",
        "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
    }
    document.header = {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    if media:
        _link_media(document, media)
    _add_tiers(document, _check(segments), scheme, vocabularies or {})
    document.add_property("lastUsedAnnotationId", document.maxaid)
    etree.ElementTree(to_adocument(document)).write(path, encoding="UTF-8", xml_declaration=True)


def _check(segments: Segments) -> list[dict[str, Any]]:
    """The segments as dictionaries with whole milliseconds, or a sentence on what EAF cannot hold."""
    table = segments.table
    if table.session.nunique() > 1:
        raise DyadflowError(
            "an ELAN file holds one session",
            where=", ".join(table.session.unique()),
            fix="write one file a session",
        )
    rows = []
    for row in table.to_dict("records"):
        row["onset_ms"], row["offset_ms"] = round(row["onset_s"] * 1000), round(row["offset_s"] * 1000)
        where = f"{row['code']!r} at {row['onset_s']:.3f} s, tier {row['tier']!r}, coder {row['coder']!r}"
        if row["onset_ms"] < 0:
            raise DyadflowError(
                "an ELAN file cannot hold a time before zero",
                where=where,
                fix="shift the segments or write .tsv",
            )
        if row["onset_ms"] == row["offset_ms"]:
            raise DyadflowError(
                "an ELAN file cannot hold a segment shorter than a millisecond",
                where=where,
                fix="give it a length or write .tsv",
            )
        if any(_FORBIDDEN.search(row[name]) for name in ("tier", "coder", "code", "comment")):
            raise DyadflowError("an ELAN file cannot hold control characters", where=where, fix="remove them")
        rows.append(row)
    return rows


def _link_media(document: Any, media: str) -> None:
    written = media.replace("\\", "/")
    name = PurePath(written)
    relative = not (name.is_absolute() or "://" in written or re.match(r"[A-Za-z]:/", written))
    if relative:
        url = written if written.startswith((".", "/")) else f"./{written}"
    else:
        url = written if "://" in written else f"file://{'' if written.startswith('/') else '/'}{written}"
    url = quote_media(url)
    document.add_linked_file(
        url,
        relpath=url if relative else None,
        mimetype=_MIME.get(name.suffix.lower(), "unknown"),
    )


def _add_tiers(
    document: Any, rows: list[dict[str, Any]], scheme: Scheme | None, vocabularies: Mapping[str, Mapping[str, str]]
) -> None:
    order = list(scheme.tiers) + [PHASE_TIER] * (scheme.phases is not None) if scheme else list(vocabularies)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (_rank(order, row["tier"]), row["tier"], row["coder"])):
        found.setdefault((row["tier"], row["coder"]), []).append(row)
    for tier in order:
        if not rows or (scheme is None and not any(tier == name for name, _ in found)):
            found[tier, ""] = []
    _add_types(document, found, scheme, vocabularies)
    planned = [
        (name, tier, coder, lane)
        for (tier, coder), mine in found.items()
        for name, lane in _name_lanes(tier, coder, _lanes(mine))
    ]
    _add_slots(document, [row for *_, lane in planned for row in lane])
    taken: set[str] = set()
    for name, tier, coder, lane in planned:
        _add_tier(document, _unique(name, taken), tier, coder, lane, taken)


def _rank(order: list[str], tier: str) -> int:
    return order.index(tier) if tier in order else len(order)


def _lanes(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Spread rows over as few lanes as needed so that none overlap within a lane."""
    lanes: list[list[dict[str, Any]]] = [[]]
    for row in sorted(rows, key=lambda row: (row["onset_ms"], row["offset_ms"])):
        for lane in lanes:
            if not lane or lane[-1]["offset_ms"] <= row["onset_ms"]:
                lane.append(row)
                break
        else:
            lanes.append([row])
    return lanes


def _name_lanes(tier: str, coder: str, lanes: list[list[dict[str, Any]]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    name = f"{tier}@{coder}" if coder else tier or "default"
    for number, lane in enumerate(lanes, start=1):
        yield (name if number == 1 else f"{name}#{number}"), lane


def _unique(name: str, taken: set[str]) -> str:
    """The name, with strokes added while it is taken (tier ``a@b``, and tier ``a`` of coder ``b``)."""
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _add_slots(document: Any, rows: list[dict[str, Any]]) -> None:
    """Two time slots a row, in order of time, ends first: neighbours touch, but share no slot."""
    edges = sorted(
        [(row["onset_ms"], 1, number, "slot_1") for number, row in enumerate(rows)]
        + [(row["offset_ms"], 0, number, "slot_2") for number, row in enumerate(rows)]
    )
    for slot, (time_ms, _, number, which) in enumerate(edges, start=1):
        document.timeslots[f"ts{slot}"] = time_ms
        rows[number][which] = f"ts{slot}"


def _add_types(
    document: Any,
    found: Mapping[tuple[str, str], list[dict[str, Any]]],
    scheme: Scheme | None,
    vocabularies: Mapping[str, Mapping[str, str]],
) -> None:
    for tier in dict.fromkeys(tier for tier, _ in found):
        parameters = {
            "LINGUISTIC_TYPE_ID": TIER_TYPE + tier,
            "TIME_ALIGNABLE": "true",
            "GRAPHIC_REFERENCES": "false",
        }
        entries = list_codes(scheme, tier)
        if scheme and entries:
            used = sorted({row["code"] for (name, _), rows in found.items() if name == tier for row in rows})
            entries |= {code: scheme.title_of(code) for code in used if code not in entries}
        else:
            entries = dict(vocabularies.get(tier, {}))
        if entries:
            if any(_FORBIDDEN.search(code) for code in entries):
                raise DyadflowError(
                    "an ELAN file cannot hold control characters", where=f"codes of tier {tier!r}", fix="remove them"
                )
            entries = {code: _FORBIDDEN.sub(" ", description) for code, description in entries.items()}
            called = tier or TIER_TYPE
            add_vocabulary(document, called, entries)
            parameters["CONTROLLED_VOCABULARY_REF"] = called
        document.add_linguistic_type(TIER_TYPE + tier, param_dict=parameters)
    for note in NOTES:
        document.add_linguistic_type(NOTE_TYPE + note, "Symbolic_Association", timealignable=False)


def _add_tier(document: Any, name: str, tier: str, coder: str, rows: list[dict[str, Any]], taken: set[str]) -> None:
    document.add_tier(name, TIER_TYPE + tier, ann=coder or None, part=None)
    for row in rows:
        row["id"] = document.generate_annotation_id()
        document.annotations[row["id"]] = name
        document.tiers[name][0][row["id"]] = (row["slot_1"], row["slot_2"], row["code"], None)
    for note in NOTES:
        noted = [(row["id"], _written(row[note])) for row in rows if _written(row[note])]
        if noted:
            child = _unique(f"{name} {note}", taken)
            document.add_tier(child, NOTE_TYPE + note, parent=name, ann=coder or None)
            for parent, value in noted:
                document.tiers[child][1][document.generate_annotation_id()] = (parent, value, None, None)


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return "" if value != value else f"{value:.6f}".rstrip("0").rstrip(".")

"""Segments written as NOVA annotations: an XML file with the scheme, and the labels beside it in ``.annotation~``."""

import re
import xml.etree.ElementTree as etree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.annotations.formats.nova_header import DISCRETE, FREE, GARBAGE, GARBAGE_ID
from dyadflow.annotations.formats.writing import WriteOptions, Writing, writes
from dyadflow.annotations.issues import Issue, Issues, count_of
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import pandas as pd

#: Without a closed list, a tier of more different codes than these is taken for running text.
MOST_CODES = 20

_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r'[\s<>:"/\\|?*\x00-\x1f]+')


@writes(name="nova", title="NOVA", suffixes={".annotation"})
def write_nova(segments: Segments, path: Path, options: WriteOptions) -> Writing:
    """Write each tier of each coder as a NOVA annotation: ``path`` and, with the labels as text, ``path~``.

    An annotation holds one tier of one coder. If there are several, each goes to
    ``<stem>.<tier>.<coder>.annotation`` beside `path`, as NOVA names such files within the folder of a session, and
    `path` itself is not written. A tier ``infant.engagement`` becomes scheme *engagement* of role *infant*; in one
    without a dot no role is named.

    A tier is DISCRETE if `options` has a closed list of its codes (classes in the order of the list, in its colours,
    then codes that are in no list) or if it has at most `MOST_CODES` different ones; else it is FREE. Code
    ``GARBAGE`` is class -1, as in NOVA. Times are written in seconds to the microsecond. A missing confidence is
    ``NaN``, which the code of NOVA, SSI and discover-utils reads as a number; it was not tried in NOVA itself. All
    is UTF-8: what NOVA takes the XML for, and, unless it is an old version, the labels too.

    Parameters
    ----------
    segments
        Of one session; for it NOVA has a folder, and no place in the file.
    path
        Where to write.
    options
        The scheme or the vocabularies that close the lists of codes. With a scheme and no segments an annotation
        without labels is written for each of its tiers, to be coded in NOVA.

    Returns
    -------
    Writing
        The files, each ``.annotation`` before its data, and an issue if comments were left out.

    Raises
    ------
    DyadflowError
        If there is more than one session, or nothing to write; or a segment that would come back as another one:
        before zero (NOVA moves it), shorter than a microsecond but not a point, of a name without letters or with
        control characters, blanks at its ends, or, in a FREE tier, with semicolons.

    Notes
    -----
    For every other table of segments `read_nova` gives back what was written, the session apart.
    """
    table = segments.table
    if table.session.nunique() > 1:
        raise DyadflowError(
            "a NOVA annotation holds one session", where=", ".join(table.session.unique()),
            fix="write one file a session",
        )
    parts = {key: part.to_dict("records") for key, part in table.groupby(["tier", "coder"], sort=True)}
    if not parts and options.scheme:
        parts = {(tier, ""): [] for tier in options.scheme.tiers}
    if not parts:
        raise DyadflowError("there is no segment, and a NOVA annotation is of one tier", where=path.name,
                            fix="give a file with segments, or a scheme")
    files: list[Path] = []
    for (tier, coder), place in _name_files(path, list(parts)).items():
        rows = parts[tier, coder]
        for row in rows:
            _check(row)
        header, lines = _compose(tier, coder, rows, options)
        data = place.with_name(f"{place.name}~")
        etree.indent(header, space="    ")
        etree.ElementTree(header).write(place, encoding="UTF-8", xml_declaration=True)
        data.write_bytes("".join(f"{line}\n" for line in lines).encode())
        files += [place, data]
    return Writing(tuple(files), Issues.of(_not_held(table)))


def _name_files(path: Path, parts: list[tuple[str, str]]) -> dict[tuple[str, str], Path]:
    if len(parts) == 1:
        return {parts[0]: path}
    named: dict[tuple[str, str], Path] = {}
    taken: Counter[str] = Counter()
    for tier, coder in parts:
        stem = ".".join(_NOT_IN_NAMES.sub("_", part) for part in (path.stem, tier, coder) if part)
        # Two names may differ in signs alone that no file may have, or in capitals, which Windows does not tell.
        taken[stem.casefold()] += 1
        number = taken[stem.casefold()]
        named[tier, coder] = path.with_name(f"{stem}{f'.{number}' if number > 1 else ''}.annotation")
    return named


def _check(row: dict[str, Any]) -> None:
    where = f"{row['code']!r} at {row['onset_s']:.3f} s, tier {row['tier']!r}, coder {row['coder']!r}"
    if round(row["onset_s"], 6) < 0:
        raise DyadflowError("NOVA has no time before zero", where=where, fix="shift the segments or write .tsv")
    if round(row["onset_s"], 6) == round(row["offset_s"], 6) and row["onset_s"] != row["offset_s"]:
        raise DyadflowError("a NOVA annotation cannot hold a segment shorter than a microsecond", where=where,
                            fix="give it a length or write .tsv")
    for name in ("tier", "coder", "code"):
        if _CONTROL.search(row[name]) or row[name] != row[name].strip() or not (row[name] or name == "coder"):
            raise DyadflowError(
                f"a NOVA annotation cannot hold the {name} {row[name]!r}", where=where,
                fix="give it a name of letters, without line breaks and without blanks at its ends",
            )


def _compose(
    tier: str, coder: str, rows: list[dict[str, Any]], options: WriteOptions
) -> tuple[etree.Element, list[str]]:
    """The XML and the lines of one annotation."""
    closed = _closed_list(tier, options)
    used = dict.fromkeys(sorted({row["code"] for row in rows} - {GARBAGE}))
    kind = DISCRETE if closed or len(used) <= MOST_CODES else FREE
    role, _, scheme = tier.partition(".")
    if not (role and scheme) or role != role.strip() or scheme != scheme.strip():
        role, scheme = "", tier
    root = etree.Element("annotation", {"ssi-v": "3"})
    etree.SubElement(root, "info", {"ftype": "ASCII", "size": str(len(rows))})
    etree.SubElement(root, "meta", {"annotator": coder, "role": role})
    element = etree.SubElement(root, "scheme", {"name": scheme, "type": kind})
    classes = {code: number for number, code in enumerate({**closed, **used})} | {GARBAGE: GARBAGE_ID}
    if kind == DISCRETE:
        for code, number in list(classes.items())[:-1]:
            colour = closed.get(code)
            painted = {"color": f"#FF{colour.lstrip('#').upper()}"} if colour else {}
            etree.SubElement(element, "item", {"name": code, "id": str(number)} | painted)
    lines = []
    for row in rows:
        if kind == FREE and ";" in row["code"]:
            raise DyadflowError(
                f"a FREE annotation of NOVA cannot hold a text with a semicolon: {row['code']!r}",
                where=f"tier {tier!r}, {row['onset_s']:.3f} s", fix="write a comma, or give a scheme with this code",
            )
        value = classes[row["code"]] if kind == DISCRETE else row["code"]
        confidence = "NaN" if row["confidence"] != row["confidence"] else _figure(row["confidence"])
        lines.append(f"{_figure(row['onset_s'])};{_figure(row['offset_s'])};{value};{confidence}")
    return root, lines


def _closed_list(tier: str, options: WriteOptions) -> dict[str, str]:
    """Codes of a tier that has a closed list, each with its colour or nothing."""
    scheme = options.scheme
    if scheme and tier == PHASE_TIER and scheme.phases:
        return {name: phase.colour for name, phase in scheme.phases.codes.items()}
    if scheme and tier in scheme.tiers:
        codes = [*scheme.tiers[tier].codes, *scheme.merges_of(tier)]
        return {code: scheme.colour_of(code) for code in codes if code != GARBAGE}
    return {code: "" for code in options.vocabularies.get(tier, ()) if code != GARBAGE}


def _figure(number: float) -> str:
    """To the microsecond, with a point and without needless zeros."""
    return f"{round(number, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def _not_held(table: "pd.DataFrame") -> Iterator[Issue]:
    comments = int((table.comment != "").sum())
    if comments:
        yield Issue(
            "not_held", f"NOVA has no place for the comment of {count_of(comments, 'segment')}",
            fix="write .eaf or .tsv to keep it",
        )

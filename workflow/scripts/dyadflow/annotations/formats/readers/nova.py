"""NOVA annotations: an XML file ``.annotation`` with the scheme, and its labels in ``.annotation~`` beside it.

Known, from the programs' own public code (SSI: FileAnnotationIn and FileAnnotationOut; NOVA: AnnoListFile;
discover-utils, before nova-utils: file_handler):

- text, a line a label, times in seconds: DISCRETE ``from;to;class;confidence``, FREE ``from;to;text;confidence``,
  to which NOVA adds ``;color=...`` if a label has its own colour, CONTINUOUS ``score;confidence``;
- binary: DISCRETE f64, f64, i32, f32; FREE f64, f64, u32 length, text, f32; CONTINUOUS f32, f32;
- class -1 is GARBAGE, in no list of classes; score n of a CONTINUOUS scheme covers [n/sr, (n+1)/sr);
- NOVA writes in the encoding, and some versions with the decimal sign, of the machine; it writes no XML escapes;
- NOVA's length of a binary FREE text counts characters, while it writes UTF-8 (see `nova_data`).

Assumed: that bytes are in little-endian order (both programs write in that of their machine, a PC); that a text
field after the confidence of a DISCRETE label is a remark; that a class below -1 is damage (NOVA shows it as
GARBAGE); that a score is missing in any of the ways in which Windows and C write "not a number".
"""

import re
from collections.abc import Iterator
from pathlib import Path

from dyadflow.annotations.formats.delimited import name_places
from dyadflow.annotations.formats.nova_data import Label, read_labels
from dyadflow.annotations.formats.nova_header import (
    CONTINUOUS,
    DISCRETE,
    GARBAGE,
    GARBAGE_ID,
    NovaHeader,
    read_header,
)
from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text
from dyadflow.annotations.issues import Issue, Issues, count_of


def _is_nova(head: bytes, path: Path) -> bool:
    if path.name.lower().endswith(".annotation~"):
        return True
    try:
        text = decode_text(head)
    except UnicodeDecodeError:
        return False
    # nova-utils calls the root of its streams annotation too.
    return re.search(r"<annotation\b[^>]*\bssi-v\s*=", text) is not None and "<chunk" not in text


@reads(
    name="nova",
    title="NOVA",
    suffixes={".annotation", ".annotation~"},
    sniff=_is_nova,
    vendor_files=False,
    tried="only files made to the description",
)
def read_nova(path: Path, options: ReadOptions) -> Reading:
    """Read the labels of a NOVA annotation.

    NOVA has a file for each person, scheme and annotator. The tier is ``role.scheme``, such as
    ``infant.engagement``, because a session has the same scheme for several persons; where the file names no role,
    it is the scheme alone. The annotator is the coder. A class's name, a free text, or a score as text is the code;
    what stands after the confidence is the comment.

    Parameters
    ----------
    path
        The ``.annotation`` file; its data are looked for beside it.

    Returns
    -------
    Reading
        One row a label, CONTINUOUS: one a score. Garbage (class -1) is the code ``GARBAGE``. Issues for labels that
        cannot be read or are of no class of the scheme, one note for all moments without a score, and an issue if
        there are more or fewer labels than the header says. ``vocabularies`` from the classes of a DISCRETE scheme.

    Raises
    ------
    CodingFileError
        If the data file was given, or is missing; if the XML is damaged; or if the scheme holds places in the
        picture and no codes.
    """
    if path.name.lower().endswith(".annotation~"):
        raise CodingFileError(
            "unreadable_file", "these are the data of a NOVA annotation, without its scheme", where=path.name,
            fix=f"give {path.name.removesuffix('~')}, which belongs beside it",
        )
    header = read_header(path)
    entries = [_named(entry, header) for entry in read_labels(path.with_name(f"{path.name}~"), header)]
    labels = [entry for entry in entries if isinstance(entry, Label)]
    issues = [*header.issues, *(entry for entry in entries if isinstance(entry, Issue))]
    issues += [*_note_unscored(labels), *_note_beyond(labels, header), *_check_size(len(entries), header)]
    rows = [
        {
            "coder": header.annotator,
            "tier": header.tier,
            "code": label.value,
            "onset_s": label.onset_s,
            "offset_s": label.offset_s,
            "confidence": label.confidence,
            "comment": label.meta,
            "where": label.where,
        }
        for label in labels
        if label.value is not None
    ]
    vocabulary = {name: "" for name in header.classes.values()}
    if any(row["code"] == GARBAGE for row in rows):
        vocabulary.setdefault(GARBAGE, "not to be used")
    known = {header.tier: vocabulary} if header.kind == DISCRETE else {}
    return Reading(make_rows(rows), Issues.of(issues), vocabularies=known)


def _named(entry: Label | Issue, header: NovaHeader) -> Label | Issue:
    """The label with its class's name instead of the number."""
    if isinstance(entry, Issue) or header.kind != DISCRETE:
        return entry
    number = entry.value if isinstance(entry.value, int) else None
    name = GARBAGE if number == GARBAGE_ID else header.classes.get(number) if number is not None else None
    if name is None:
        return Issue(
            "unreadable_row",
            f"the label from {entry.onset_s} to {entry.offset_s} s is of class {entry.value}, and the scheme has no "
            "such class, or not clearly",
            fix="open it in NOVA, give the label a class and save it again",
            where=entry.where,
        )
    return Label(entry.where, name, entry.onset_s, entry.offset_s, entry.confidence, entry.meta)


def _note_unscored(labels: list[Label]) -> Iterator[Issue]:
    missing = [label for label in labels if label.value is None]
    if missing:
        yield Issue(
            "unscored",
            f"{count_of(len(missing), 'moment')} of {len(labels)} {'has' if len(missing) == 1 else 'have'} no score",
            where=_places(missing),
        )


def _note_beyond(labels: list[Label], header: NovaHeader) -> Iterator[Issue]:
    if header.kind != CONTINUOUS or header.scores is None:
        return
    low, high = header.scores
    beyond = [label for label in labels if label.value is not None and not low <= float(label.value) <= high]
    if beyond:
        yield Issue(
            "outside_vocabulary",
            f"{count_of(len(beyond), 'score')}, the first {beyond[0].value}, outside the scheme's {low:g} to {high:g}",
            fix="score them again, or widen the scheme",
            where=_places(beyond),
        )


def _check_size(found: int, header: NovaHeader) -> Iterator[Issue]:
    if header.size != found:
        said = "does not say how many labels there are" if header.size is None else f"says {header.size} labels"
        yield Issue(
            "count_disagrees",
            f"the header {said}, and the data hold {found}",
            fix="look for the whole file, or open it in NOVA and save it again",
            where="info size",
        )


def _places(labels: list[Label]) -> str:
    """``lines 3 to 9 and 12``."""
    spans: list[list[int]] = []
    noun = labels[0].where.split()[0]
    for number in (int(label.where.split()[1]) for label in labels):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return name_places(noun, [(first, last) for first, last in spans])

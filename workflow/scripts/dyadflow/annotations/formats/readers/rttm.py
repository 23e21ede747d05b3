"""RTTM (NIST's Rich Transcription Time Marked): who speaks when, as programs for speaker diarisation write it."""

from pathlib import Path
from typing import Any

from dyadflow.annotations.formats.reading import Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, parse_number, read_text
from dyadflow.annotations.issues import Issue, Issues

#: Kinds of objects of which the description (NIST 2009, appendix A) gives a beginning and a duration.
_TIMED = frozenset(
    {"SPEAKER", "SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER", "EDIT", "SU",
     "IP", "CB", "A/P"}
)
_EMPTY = "<NA>"


def _is_rttm(head: bytes, path: Path) -> bool:
    try:
        lines = [line for line in decode_text(head[:8192]).splitlines() if line.strip() and not line.startswith(";;")]
    except UnicodeDecodeError:
        return False
    return any(not _find_wrong(line.split()) for line in lines[:5])


@reads(
    name="rttm", title="RTTM (speaker turns)", suffixes={".rttm"}, sniff=_is_rttm, vendor_files=True,
    tried="one machine-made file of speaker turns",
)
def read_rttm(path: Path, options: ReadOptions) -> Reading:
    """Read the objects of an RTTM file.

    The speaker's name is the tier, the kind of object (``SPEAKER`` for a turn) the code; spoken words and the
    subtype are kept in the comment, as is a channel other than 1. The recording that all lines name is
    ``media``; where they name several, each is the session of its lines.

    Parameters
    ----------
    path
        Text: kind, recording, channel, beginning and duration in seconds, words, subtype, speaker, confidence.

    Returns
    -------
    Reading
        One row a line with a beginning and a duration; a line without these is an issue. Lines that begin with
        ``;;`` are comments, told in a note.
    """
    rows: list[dict[str, Any]] = []
    issues: list[Issue] = []
    remarks: list[str] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        cells, where = line.split(), f"line {number}"
        if not cells:
            continue
        if cells[0].startswith(";;"):
            remarks.append(where)
            continue
        wrong = _find_wrong(cells)
        if wrong:
            issues.append(Issue("unreadable_row", f"{wrong}: {line.strip()}", fix="correct the line", where=where))
            continue
        kind, recording, channel, onset, duration, words, subtype, speaker, *more = cells
        onset_s, duration_s = parse_number(onset), parse_number(duration)
        assert onset_s is not None and duration_s is not None  # or something were wrong
        sure = parse_number(more[0]) if more and more[0] != _EMPTY else float("nan")
        said = [part for part in (words, subtype) if part != _EMPTY]
        rows.append({
            "session": recording,
            "tier": "" if speaker == _EMPTY else speaker,
            "code": kind,
            "onset_s": onset_s,
            "offset_s": round(onset_s + duration_s, 6),
            "confidence": sure,
            "comment": "; ".join([*said, *([] if channel in ("1", _EMPTY) else [f"channel {channel}"])]),
            "where": where,
        })
    issues += [Issue("unread_part", "a comment", fix="nothing", where=where) for where in remarks]
    recordings = list(dict.fromkeys(row["session"] for row in rows))
    if len(recordings) == 1:
        rows = [row | {"session": ""} for row in rows]
        return Reading(make_rows(rows), Issues.of(issues), media=tuple(recordings))
    return Reading(make_rows(rows), Issues.of(issues))


def _find_wrong(cells: list[str]) -> str:
    if cells[0] not in _TIMED:
        return f"{cells[0]!r} is no kind of object that has a time"
    if not 8 <= len(cells) <= 10:
        return f"there are {len(cells)} words, and 9 or 10 are wanted"
    if parse_number(cells[3]) is None or parse_number(cells[4]) is None:
        return "beginning and duration are no numbers"
    if len(cells) > 8 and cells[8] != _EMPTY and parse_number(cells[8]) is None:
        return "the confidence is no number"
    return ""

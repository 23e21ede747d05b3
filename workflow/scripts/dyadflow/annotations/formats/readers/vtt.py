"""WebVTT: transcripts and subtitles, a cue for each stretch of speech."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from dyadflow.annotations.formats.reading import CodingFileError, Reading, ReadOptions, make_rows, reads
from dyadflow.annotations.formats.text import decode_text, read_text
from dyadflow.annotations.issues import Issue, Issues

_CLOCK = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d\.\d{3})"
_TIMING = re.compile(rf"[ \t]*{_CLOCK}[ \t]+-->[ \t]+{_CLOCK}(?:[ \t].*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(r"<[^>]*>")
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")


def _is_vtt(head: bytes, path: Path) -> bool:
    try:
        return _SIGNATURE.fullmatch(re.split(r"\r\n|\r|\n", decode_text(head), maxsplit=1)[0]) is not None
    except UnicodeDecodeError:
        return False


@reads(
    name="vtt", title="WebVTT (transcript)", suffixes={".vtt"}, sniff=_is_vtt, vendor_files=True,
    tried="one machine-made transcript",
)
def read_vtt(path: Path, options: ReadOptions) -> Reading:
    """Read the cues of a WebVTT file.

    The speaker (``<v Anna>``) is the tier, empty where none is named; the text is the code, without tags and with
    line breaks as blanks. A cue with several speakers is a row for each, all over the whole cue.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Reading
        One row a cue and speaker, whole milliseconds as seconds; ``where`` is the cue's first line. A block of lines
        that is no cue is an issue; notes, styles, regions and what stands under WEBVTT are told in a note.

    Raises
    ------
    CodingFileError
        If the first line does not begin with WEBVTT.
    """
    text = read_text(path)
    if not _SIGNATURE.fullmatch(re.split(r"\r\n|\r|\n", text, maxsplit=1)[0]):
        raise CodingFileError(
            "unreadable_file", "the first line is not WEBVTT", where=path.name, fix="export it again as WebVTT"
        )
    rows, issues = [], []
    for first, lines in _blocks(text):
        if first == 1:
            first, lines = 2, lines[1:]
            if not any("-->" in line for line in lines):
                if lines:
                    issues.append(Issue("unread_part", "what stands under WEBVTT is not read", where="line 2"))
                continue
        where = f"line {first}"
        timed = [number for number, line in enumerate(lines) if "-->" in line]
        if not timed and re.fullmatch(r"(NOTE|STYLE|REGION)([ \t].*)?", lines[0]):
            issues.append(Issue("unread_part", f"{lines[0].split()[0].lower()} that is no cue", where=where))
            continue
        match = _TIMING.fullmatch(lines[timed[0]]) if len(timed) == 1 and timed[0] <= 1 else None
        if match is None:
            issues.append(Issue(
                "unreadable_row",
                f"these lines are no cue with one line of times (00:00:01.000 --> 00:00:02.500): {' | '.join(lines)}",
                fix="correct the times, and leave a line empty between cues",
                where=where,
            ))
            continue
        times = {"onset_s": _seconds(*match.groups()[:3]), "offset_s": _seconds(*match.groups()[3:]), "where": where}
        rows += [times | {"tier": tier, "code": code} for tier, code in _speeches(" ".join(lines[timed[0] + 1:]))]
    return Reading(make_rows(rows), Issues.of(issues))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are not empty, with the number of the first."""
    first = 1
    block: list[str] = []
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], start=1):
        if line.strip():
            first, block = (first, [*block, line]) if block else (number, [line])
        elif block:
            yield first, block
            block = []


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return round(int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds), 3)


def _speeches(payload: str) -> list[tuple[str, str]]:
    """Speaker and text of each part of a cue."""
    before, *voices = _VOICE.split(payload)
    parts = [("", before), *zip(voices[::2], voices[1::2], strict=True)]
    found = [(html.unescape(tier).strip(), html.unescape(_TAG.sub("", said)).strip()) for tier, said in parts]
    return [part for part in found if part[1]] or [("", "")]

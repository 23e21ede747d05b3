"""What a coding file says of itself: which recording it was coded on, and what it calls the session."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyadflow.annotations.issues import Issue
from dyadflow.annotations.origins import media_stem

if TYPE_CHECKING:
    from dyadflow.media.probe import Probe

#: Programs that code and programs that convert give lengths that differ by up to a second or so: sound and pictures
#: end at different moments, and some count key frames.
LENGTH_TOLERANCE_S = 1.0
#: A wrong frame rate (25 for 23.976) makes a difference of 4 %; rounding makes less than this share.
LENGTH_TOLERANCE_SHARE = 0.005


@dataclass(frozen=True)
class Header:
    """What a file's own words say about where it belongs.

    Parameters
    ----------
    media
        Names of the recordings that it names.
    lengths_s
        Their lengths in seconds where the file states them, None where not; as long as `media`.
    calls_session
        What the file calls its session; empty if it says nothing or holds several.
    here
        Whether that fits the session that the file is given for.
    elsewhere
        The session of the study that it fits instead, or empty.
    """

    media: tuple[str, ...] = ()
    lengths_s: tuple[float | None, ...] = ()
    calls_session: str = ""
    here: bool = False
    elsewhere: str = ""

    @property
    def words(self) -> str:
        """What it says, as the end of a sentence about the file."""
        if self.media:
            return f"it names the recording {self.media[0]}"
        return f"it calls the session {self.calls_session!r}" if self.calls_session else ""


def read_header(
    session: str,
    media: Sequence[str],
    lengths_s: Sequence[float | None],
    calls: Sequence[str],
    recordings: Mapping[str, str],
) -> Header:
    """Hold a file's words against the study's sessions and recordings.

    Parameters
    ----------
    session
        The one that the file is given for.
    media, lengths_s
        As in `Header`.
    calls
        Names of sessions in the file.
    recordings
        File name of the recording of every session.
    """
    called = calls[0] if len(calls) == 1 else ""
    mine = recordings.get(session, session)
    here, others = False, []
    if media:
        here = any(_same_recording(medium, session, mine) for medium in media)
        stems = {media_stem(medium) for medium in media}
        others = [other for other, name in recordings.items() if other != session and media_stem(name) in stems]
    elif called:
        here = _holds(session, called) or _holds(called, session)
        others = [other for other in recordings if other != session and other.casefold() == called.casefold()]
    return Header(tuple(media), tuple(lengths_s), called, here, "" if here or not others else others[0])


def _same_recording(medium: str, session: str, recording: str) -> bool:
    """Whether a recording's name is that of the session's, or says the session's name."""
    stem, mine = media_stem(medium), media_stem(recording)
    return stem == mine or _holds(stem, session) or _holds(stem, mine) or _holds(mine, stem)


def _holds(text: str, word: str) -> bool:
    """Whether a text holds a word, not as a part of a longer one: ``d1`` is in ``d1_left`` and not in ``d12``."""
    return bool(word) and re.search(
        rf"(?<![0-9a-z]){re.escape(word.casefold())}(?![0-9a-z])", text.casefold()
    ) is not None


def check_header(header: Header, probe: "Probe | None", **place: str) -> Iterator[Issue]:
    """Issues of a file that names another recording, or another length of it.

    Parameters
    ----------
    header
        The file's.
    probe
        What the session's recording is like.
    place
        Session, coder and file for the issues.
    """
    if not header.media or probe is None:
        return
    if not header.here:
        named = ", ".join(header.media)
        whose = f", that of session {header.elsewhere}," if header.elsewhere else ""
        yield Issue(
            "other_recording",
            f"the file names the recording {named}{whose} and the session's is {probe.file}",
            fix="check that it is the right file, and link the right recording in the coding program",
            **place,
        )
        return
    tolerance_s = max(LENGTH_TOLERANCE_S, LENGTH_TOLERANCE_SHARE * probe.duration_s)
    stated = [
        (medium, length_s) for medium, length_s in zip(header.media, header.lengths_s, strict=True) if length_s
    ]
    if probe.duration_s and stated and all(abs(length_s - probe.duration_s) > tolerance_s for _, length_s in stated):
        medium, length_s = stated[0]
        yield Issue(
            "recording_length",
            f"the file says that {medium} lasts {length_s:.3f} s, and {probe.file} lasts {probe.duration_s:.3f} s",
            fix="check that it was coded on this cut of the recording, at the recording's own rate",
            **place,
        )

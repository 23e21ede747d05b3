"""What a video cell is trained on: folds, coders' spans of one task, and clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dyadflow.annotations.segments import Segments
from dyadflow.annotations.spans import CodedSpan, Spans, coded_spans
from dyadflow.errors import DyadflowError
from dyadflow.folds.table import read_folds
from dyadflow.media.clips import Clips
from dyadflow.models.splits import Splits
from dyadflow.models.state import digest_of
from dyadflow.provenance.fingerprint import sha256_of


@dataclass(frozen=True)
class VideoData(Splits):
    """Everything that one video cell reads. No clip is opened before it is needed.

    Parameters
    ----------
    train_spans, score_spans
        Spans of the human coders who train and who score, by session and coder.
    clips
        Pictures by session.
    rate_hz
        Frames a second.
    """

    train_spans: Spans
    score_spans: Spans
    clips: Mapping[str, Clips]
    rate_hz: float

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {}

    def training(self, outer: int) -> list[str]:
        """Sessions that an outer fold does not hold out."""
        held = set(self.held_out(outer))
        return [session for session in self.folds.session if session not in held]

    def describe(self, session: str) -> list[Any]:
        """What a session is, for keys: its name, its coding, and the digest of its clips (worked out once)."""
        if session not in self._digests:
            self._digests[session] = sha256_of(self.clips[session].path)
        return [session, _plain(self.train_spans, session), _plain(self.score_spans, session), self._digests[session]]

    def check_clips(self, sessions: Sequence[str]) -> None:
        """Raise `DyadflowError` if clips of these sessions run at another rate than the study's."""
        for session in sessions:
            rate_hz = self.clips[session].rate_hz
            if rate_hz != self.rate_hz:
                raise DyadflowError(
                    f"the clips have {rate_hz:g} frames a second, the study {self.rate_hz:g}",
                    where=f"session {session}", fix="store the clips again",
                )


def read_video_data(
    *, folds: str | Path, segments: str | Path, clips: Mapping[str, str | Path], spec: Mapping[str, Any],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None, kinds: Mapping[tuple[str, str], str], rate_hz: float,
    train_coders: Sequence[str], score_coders: Sequence[str], frames: Mapping[str, int],
) -> VideoData:
    """Read folds and coding, and find the clips.

    Parameters
    ----------
    folds, segments
        Tables of folds, and of every coder's segments.
    clips
        Files of clips by session.
    spec
        The target, as `label_spec` has it: two classes, one phase.
    sheet_phases
        Phases of the sessions that have them in the study's sheet.
    kinds
        Kind of each (session, coder). Only ``human`` coding trains and scores.
    rate_hz
        Frames a second that the clips must have.
    train_coders, score_coders
        Whose coding trains, and whose scores.
    frames
        How many each session has, from its grid: coding may run on for a moment after the last picture, and a
        snippet may not.

    Raises
    ------
    DyadflowError
        If a session of the folds has no clips, or as `coded_spans` does.
    """
    table = read_folds(folds)
    without = [session for session in table.session if session not in clips]
    if without:
        raise DyadflowError(
            f"session {without[0]} is in the folds and has no clips", where=str(folds), fix="deal the folds again"
        )
    spans = coded_spans(Segments.read(segments), spec, sheet_phases=sheet_phases)

    def by(coders: Sequence[str]) -> dict[str, dict[str, CodedSpan]]:
        chosen = {
            session: {
                coder: span.until(frames[session] / rate_hz) for coder, span in spans.get(session, {}).items()
                if coder in coders and kinds.get((session, coder)) == "human"
            } for session in table.session
        }
        return {session: of_session for session, of_session in chosen.items() if of_session}

    opened = {session: Clips(clips[session]) for session in table.session}
    return VideoData(table, by(train_coders), by(score_coders), opened, float(rate_hz))


def _plain(spans: Spans, session: str) -> str:
    return digest_of([
        [coder, span.onset_s, span.offset_s, span.positive.tolist()]
        for coder, span in spans.get(session, {}).items()
    ])

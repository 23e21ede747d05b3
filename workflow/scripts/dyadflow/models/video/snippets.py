"""Which snippets a video network sees: drawn anew each epoch for training, tiled once for evaluation.

Frame n of a view begins at n / rate_hz, so the snippet that starts at frame n shows, and is labelled from, the
moment n / rate_hz on.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dyadflow.annotations.spans import CodedSpan, Spans, minimal_interval
from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid
from dyadflow.models.seeds import derive_seed

#: Part of a frame by which a span may fall short of its last frame's end: times in seconds are rounded.
_ROUNDING_FRAMES = 1e-6


@dataclass(frozen=True)
class SnippetSpec:
    """What a snippet is.

    Parameters
    ----------
    frames
        Pictures in a snippet.
    rate_hz
        Pictures a second of the view.
    strata
        Snippets drawn from a session in each epoch.
    label_s
        Seconds of coding, from the first picture on, that decide the label; None: exactly the pictures shown.
    """

    frames: int = 15
    rate_hz: float = 3.125
    strata: int = 10
    label_s: float | None = None

    @property
    def shown_s(self) -> float:
        """Seconds that the pictures last."""
        return self.frames / self.rate_hz

    @property
    def window_s(self) -> float:
        """Seconds of the label window."""
        return self.shown_s if self.label_s is None else self.label_s

    @property
    def needed_s(self) -> float:
        """Seconds that a span must hold after a snippet's start: its pictures and its label window."""
        return max(self.shown_s, self.window_s)


@dataclass(frozen=True)
class Snippet:
    """A run of frames with the label that one coder gave it.

    Parameters
    ----------
    session, coder
        Whose pictures, whose coding.
    start
        First frame.
    share
        Share of the label window that the coder marked positive, 0 to 1.
    label
        1 if that is more than half, else 0.
    """

    session: str
    coder: str
    start: int
    share: float
    label: int


def feasible_starts(onset_s: float, offset_s: float, spec: SnippetSpec) -> range:
    """Frames at which a snippet may start so that its pictures and label window lie within the span.

    Parameters
    ----------
    onset_s, offset_s
        The span in seconds.
    spec
        What a snippet is.

    Returns
    -------
    range
        Empty if the span is too short.
    """
    first = max(0, math.ceil(onset_s * spec.rate_hz - _ROUNDING_FRAMES))
    last = math.floor((offset_s - spec.needed_s) * spec.rate_hz + _ROUNDING_FRAMES)
    return range(first, max(first, last + 1))


def draw_epoch(
    spans: Spans, sessions: Sequence[str], *, spec: SnippetSpec, seed: int, epoch: int
) -> list[Snippet]:
    """Draw the training snippets of one epoch: `spec.strata` a session.

    For each snippet a coder is drawn, uniformly among those who marked the task in that session. The feasible
    starts of that coder's span are cut into equal strata, and the k-th snippet of a session starts in the
    k-th stratum, uniformly (paper, Section 3.3: "we sampled each available session 10 times, adjusting the
    offset range to minimize overlap"). No two coders' spans are merged, and each snippet has its own coder's
    label.

    Parameters
    ----------
    spans
        Session to coder to coded span.
    sessions
        Sessions to draw from. One in which no coder marked the task has nothing to draw.
    spec
        What a snippet is.
    seed, epoch
        What is drawn for a session depends on these and its name only, whatever other sessions there are.

    Returns
    -------
    list of Snippet
        In the order of `sessions`, and by stratum within each.

    Raises
    ------
    DyadflowError
        If the span of any coder is too short for a snippet, whether that coder was drawn or not.
    """
    return [
        snippet for session in sessions if spans.get(session)
        for snippet in _draw_session(spans[session], spec, derive_seed(seed, "epoch", epoch, session))
    ]


def tile(spans_of_session: Mapping[str, CodedSpan], *, spec: SnippetSpec) -> list[int]:
    """Starts of back-to-back snippets over the interval that all coders of a session share.

    Pictures do not overlap. Label windows do where they are longer than what is shown.

    Parameters
    ----------
    spans_of_session
        Coder to coded span, of one session.
    spec
        What a snippet is.

    Returns
    -------
    list of int
        First frames; empty where the coders share less than a snippet.
    """
    shared = minimal_interval(spans_of_session)
    return [] if shared is None else list(feasible_starts(*shared, spec)[::spec.frames])


def tile_labels(spans: Spans, sessions: Sequence[str], *, spec: SnippetSpec) -> list[Snippet]:
    """The fixed snippets of an evaluation: every tile of every session, once for each of its coders.

    Parameters
    ----------
    spans
        Session to coder to coded span.
    sessions
        Sessions to tile.
    spec
        What a snippet is.

    Returns
    -------
    list of Snippet
        By session, start and coder.
    """
    return [
        _label(span, start, spec) for session in sessions if spans.get(session)
        for start in tile(spans[session], spec=spec) for span in spans[session].values()
    ]


def cover(onset_s: float, offset_s: float, *, spec: SnippetSpec, frames: int) -> list[int]:
    """Starts of snippets that together show every frame of an interval.

    They lie back to back from the first frame on; what is left at the end is shown by one more that ends with
    the interval. An interval shorter than a snippet is shown by one that looks beyond it.

    Parameters
    ----------
    onset_s, offset_s
        The interval in seconds; its frames are those whose centre lies within.
    spec
        What a snippet is.
    frames
        Frames of the recording: no snippet leaves it.

    Returns
    -------
    list of int
        First frames, ascending; empty if the interval has no frame.

    Raises
    ------
    DyadflowError
        If the recording is shorter than a snippet.
    """
    covered = FrameGrid(spec.rate_hz, frames).frames_between(onset_s, offset_s)
    if covered.stop <= covered.start:
        return []
    if frames < spec.frames:
        raise DyadflowError(
            f"the recording has {frames} frames, fewer than the {spec.frames} of a snippet",
            fix="leave the session out, or give snippets fewer frames",
        )
    last = max(covered.stop - spec.frames, min(covered.start, frames - spec.frames))
    return sorted({*range(covered.start, last, spec.frames), last})


def _draw_session(spans: Mapping[str, CodedSpan], spec: SnippetSpec, seed: int) -> list[Snippet]:
    starts = {coder: _starts_of(span, spec) for coder, span in sorted(spans.items())}
    rng = np.random.default_rng(seed)
    coders = [list(starts)[place] for place in rng.integers(len(starts), size=spec.strata)]
    return [
        _label(spans[coder], _start_in(starts[coder], stratum, spec.strata, within), spec)
        for stratum, (coder, within) in enumerate(zip(coders, rng.random(spec.strata), strict=True))
    ]


def _start_in(starts: range, stratum: int, strata: int, within: float) -> int:
    """The start that lies `within` (0 to below 1) a stratum of the feasible starts, cut at real numbers."""
    place = int(len(starts) * (stratum + within) / strata)
    return starts[min(place, len(starts) - 1)]


def _starts_of(span: CodedSpan, spec: SnippetSpec) -> range:
    starts = feasible_starts(span.onset_s, span.offset_s, spec)
    if starts:
        return starts
    raise DyadflowError(
        f"coder {span.coder} marks the task from {span.onset_s:.3f} to {span.offset_s:.3f} s, which is "
        f"{span.offset_s - span.onset_s:.3f} s and too short for a snippet of {spec.needed_s:.3f} s that begins "
        f"with a frame (every {1 / spec.rate_hz:.3f} s)",
        where=f"session {span.session}",
        fix="correct the coding of the task, leave the coder out of this session, or give snippets fewer frames",
    )


def _label(span: CodedSpan, start: int, spec: SnippetSpec) -> Snippet:
    onset_s = start / spec.rate_hz
    # Times are sums of decimals: what is exactly half must not pass for more.
    share = round(float(span.positive_share(onset_s, onset_s + spec.window_s)), 9)
    return Snippet(span.session, span.coder, start, share, int(share > 0.5))

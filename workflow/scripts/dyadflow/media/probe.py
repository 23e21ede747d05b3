"""What a recording is, before any work is put into it, and what is wrong with it.

All packets are read, none but the first picture is decoded: a header can promise what the file no longer
holds, and only the packets' own time stamps tell a constant rate from a variable one.
"""

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from dyadflow.media.packets import PacketTimes, data_beyond_end, picture_track, read_packet_times

#: A gap this many times the usual distance between pictures is reported.
IRREGULAR_GAP = 2.5
#: Sound may start later, or end earlier, than the pictures by this much before it is reported.
SOUND_TOLERANCE_S = 0.1
#: A file may end this much earlier than its header says before it counts as cut off.
TRUNCATION_TOLERANCE_S = 0.5
#: Time stamps may be off a regular grid by this much (or one tick of the file's clock, if that is longer)
#: in a recording of constant rate: many programs round them to milliseconds.
CONSTANT_RATE_TOLERANCE_S = 0.001

_COPY_AGAIN = "copy the recording again from its source, or export it again"
_NAME_VIDEO = "name a video file"


@dataclass(frozen=True)
class Problem:
    """One thing wrong or odd about a recording.

    Parameters
    ----------
    rule
        A key of `dyadflow.annotations.issues.SEVERITIES`, which says how grave it is.
    what, fix
        What is wrong, and what to do about it; each a clause without a full stop.
    """

    rule: str
    what: str
    fix: str


@dataclass(frozen=True)
class AudioTrack:
    """One audio track, its times on the recording's clock.

    Parameters
    ----------
    codec
        Name of its coding, such as ``aac``.
    rate_hz, channels
        Samples a second, and channels.
    start_s, duration_s
        When its sound begins, and how long it lasts.
    """

    codec: str
    rate_hz: int
    channels: int
    start_s: float
    duration_s: float


@dataclass(frozen=True)
class Probe:
    """What a recording holds. Times are seconds after the earliest picture or sound in the file.

    Parameters
    ----------
    file
        Its name, without folders.
    duration_s
        When the last picture ends; without pictures, when the sound ends.
    codec
        Name of the pictures' coding, such as ``h264``; empty without pictures.
    width_px, height_px
        Size as stored, before turning upright and before making pixels square.
    pixel_aspect
        Width of a stored pixel over its height.
    rotation_deg
        Clockwise turn that a player applies to the stored picture: 0, 90, 180 or 270.
    interlaced
        Whether the first picture is marked as holding two moments on alternate lines.
    rate_hz
        Pictures a second; the mean where the rate varies.
    constant_rate
        Whether pictures come at equal distances, to within `CONSTANT_RATE_TOLERANCE_S`.
    frames
        Number of pictures shown.
    first_frame_s
        When the first picture begins.
    usual_gap_s, largest_gap_s
        Median and longest time from one picture to the next.
    audio
        Audio tracks; the first is the one that is used. None is not a problem here: whether sound is needed
        is for the study to say.
    problems
        What is wrong or odd.
    """

    file: str
    duration_s: float = 0.0
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    pixel_aspect: float = 1.0
    rotation_deg: int = 0
    interlaced: bool = False
    rate_hz: float = 0.0
    constant_rate: bool = False
    frames: int = 0
    first_frame_s: float = 0.0
    usual_gap_s: float = 0.0
    largest_gap_s: float = 0.0
    audio: tuple[AudioTrack, ...] = field(default_factory=tuple)
    problems: tuple[Problem, ...] = field(default_factory=tuple)

    @property
    def shown_size_px(self) -> tuple[int, int]:
        """Width and height as a player shows them: upright, with square pixels."""
        width, height = round(self.width_px * self.pixel_aspect), self.height_px
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)

    def write(self, path: str | Path) -> None:
        """Write as JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> "Probe":
        """Read what `write` wrote."""
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        content["audio"] = tuple(AudioTrack(**track) for track in content["audio"])
        content["problems"] = tuple(Problem(**problem) for problem in content["problems"])
        return cls(**content)


def probe_recording(path: str | Path) -> Probe:
    """Find out what a recording is, and what is wrong with it.

    Parameters
    ----------
    path
        The recording.

    Returns
    -------
    Probe
        Bad media raise nothing: whatever could be found is here, with what is wrong in `problems`.

    Notes
    -----
    Rules: ``missing_file``, ``empty_file``, ``unreadable_media``, ``no_picture`` (sound only, or fewer than
    two pictures), ``truncated``, ``interlaced``, ``variable_rate``, ``irregular_gap``, ``late_sound``,
    ``audio_shorter``.
    """
    path = Path(path)
    probe = Probe(path.name)
    try:
        if not path.exists():
            return _add(probe, "missing_file", "there is no such recording",
                        "check the name in the session sheet")
        if path.is_dir():
            return _add(probe, "unreadable_media", "this is a folder, not a recording", _NAME_VIDEO)
        if path.stat().st_size == 0:
            return _add(probe, "empty_file", "the recording is empty (0 bytes)", _COPY_AGAIN)
        return _probe_media(probe, path)
    except (av.FFmpegError, OSError) as error:
        return _explain(probe, path, error)


def _probe_media(probe: Probe, path: Path) -> Probe:
    """Describe a file that has content."""
    with av.open(str(path.resolve())) as container:
        if container.format.name == "tty":  # plain text passes for terminal art
            return _add(probe, "unreadable_media", "this is a text file, not a recording", _NAME_VIDEO)
        pictures, sounds = picture_track(container), list(container.streams.audio)
        tracks = [*([pictures] if pictures else []), *sounds]
        times = read_packet_times(container, tracks)
        probe = replace(
            probe,
            duration_s=round(max((track.end_s for track in times.values()), default=0.0), 6),
            audio=tuple(_describe_sound(track, times[track.index]) for track in sounds
                        if track.index in times),
        )
        if pictures:
            probe = _describe_pictures(probe, pictures, times.get(pictures.index))
        probe = _check_truncation(probe, times, any(data_beyond_end(track, path) for track in tracks))
        if not pictures:
            return _add(probe, "no_picture", "the recording has no picture" + ", only sound" * bool(sounds),
                        _NAME_VIDEO)
    if probe.frames < 2:
        found = "a single picture" if probe.frames else "no picture in its picture track"
        return _add(probe, "no_picture", f"the recording holds {found}", _COPY_AGAIN)
    first = _first_picture(path)
    if first is None:
        return _add(probe, "unreadable_media", f"the pictures ({probe.codec or 'of an unknown coding'}) "
                    "cannot be decoded", "play it in a video player, and export it again as H.264")
    probe = replace(probe, rotation_deg=round(-first.rotation / 90) * 90 % 360, interlaced=first.interlaced_frame)
    if probe.interlaced:
        probe = _add(probe, "interlaced", "each picture holds two moments, on alternate lines",
                     "nothing needs to be done: the first moment is shown, its missing lines filled in")
    return _check_timing(probe)


def _describe_sound(track: av.AudioStream, times: PacketTimes) -> AudioTrack:
    start_s = float(times.onsets_s[0])
    return AudioTrack(track.codec_context.name, track.rate or 0, track.channels,
                      round(start_s, 6), round(times.end_s - start_s, 6))


def _describe_pictures(probe: Probe, track: av.VideoStream, times: PacketTimes | None) -> Probe:
    aspect = track.sample_aspect_ratio
    probe = replace(probe, codec=track.codec_context.name, width_px=track.width, height_px=track.height,
                    pixel_aspect=float(aspect) if aspect else 1.0)
    if times is None:
        return probe
    onsets_s = times.onsets_s
    probe = replace(probe, frames=len(onsets_s), duration_s=round(times.end_s, 6),
                    first_frame_s=round(float(onsets_s[0]), 6))
    if onsets_s[-1] == onsets_s[0]:
        return probe
    constant = _is_regular(onsets_s, max(times.tick_s, CONSTANT_RATE_TOLERANCE_S))
    return replace(probe, rate_hz=round(_rate(track, onsets_s, times.tick_s), 6), constant_rate=constant,
                   usual_gap_s=round(float(np.median(np.diff(onsets_s))), 6),
                   largest_gap_s=round(float(np.diff(onsets_s).max()), 6))


def _rate(track: av.VideoStream, onsets_s: NDArray[np.float64], tick_s: float) -> float:
    """Pictures a second: the header's rate if the time stamps bear it out, or else what they say."""
    intervals, span_s = len(onsets_s) - 1, float(onsets_s[-1] - onsets_s[0])
    named = track.guessed_rate
    if named and abs(intervals / named - span_s) <= tick_s:
        return float(named)
    return intervals / span_s


def _is_regular(onsets_s: NDArray[np.float64], tolerance_s: float) -> bool:
    """Whether times lie on a line, with no one further off than the tolerance."""
    line = np.linspace(onsets_s[0], onsets_s[-1], len(onsets_s))
    # A little more than the tolerance, for what binary fractions add to a deviation of exactly one tick.
    return bool(np.abs(onsets_s - line).max() <= tolerance_s * 1.001)


def _first_picture(path: Path) -> av.VideoFrame | None:
    """The first picture that can be decoded; None if there is none.

    Packets that fail are passed over: a stream cut out of a longer one may begin between two key frames.
    """
    with av.open(str(path.resolve())) as container:
        for packet in container.demux(picture_track(container)):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            if frames and isinstance(frames[0], av.VideoFrame):
                return frames[0]
    return None


def _check_truncation(probe: Probe, times: dict[int, PacketTimes], beyond_end: bool) -> Probe:
    """Compare what the packets hold with what the header promises, track by track."""
    told = [track for track in times.values() if not math.isnan(track.promised_end_s)]
    if not told:
        return probe
    worst = max(told, key=lambda track: track.promised_end_s - track.end_s)
    if worst.promised_end_s - worst.end_s <= TRUNCATION_TOLERANCE_S and not beyond_end:
        return probe
    return _add(probe, "truncated",
                f"the file breaks off at {worst.end_s:.2f} of {worst.promised_end_s:.2f} s", _COPY_AGAIN)


def _check_timing(probe: Probe) -> Probe:
    """Look for a variable rate, gaps, and sound that does not cover the pictures."""
    if not probe.constant_rate:
        probe = _add(probe, "variable_rate",
                     f"pictures come at a variable rate, {probe.rate_hz:.2f} a second on average",
                     "nothing needs to be done: it is decoded to a constant rate by time")
    if probe.largest_gap_s > IRREGULAR_GAP * probe.usual_gap_s:
        probe = _add(probe, "irregular_gap", f"no picture for {probe.largest_gap_s:.2f} s where one every "
                     f"{probe.usual_gap_s:.3f} s is usual",
                     "look whether the recording was interrupted; the picture before the gap is repeated")
    if not probe.audio:
        return probe
    sound = probe.audio[0]
    if sound.start_s > SOUND_TOLERANCE_S:
        probe = _add(probe, "late_sound", f"the sound begins at {sound.start_s:.2f} s",
                     "nothing needs to be done: silence is put before it")
    end_s = sound.start_s + sound.duration_s
    if end_s < probe.duration_s - SOUND_TOLERANCE_S:
        probe = _add(probe, "audio_shorter", f"the sound ends at {end_s:.2f} s, the pictures at "
                     f"{probe.duration_s:.2f} s",
                     "look whether the sound was cut off; silence is put after it")
    return probe


def _explain(probe: Probe, path: Path, error: Exception) -> Probe:
    """Say why a file cannot be opened."""
    if isinstance(error, PermissionError):
        return _add(probe, "unreadable_media", "this file may not be read", "allow reading it")
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        # An mp4 whose table of contents stands at the end loses it first.
        return _add(probe, "truncated", "this mp4 breaks off before its table of contents, so nothing of it "
                    "can be read", _COPY_AGAIN)
    reason = getattr(error, "strerror", None) or str(error)
    return _add(probe, "unreadable_media", f"this is not a recording that can be read ({reason})",
                "name a video file, or export it again as mp4")


def _add(probe: Probe, rule: str, what: str, fix: str) -> Probe:
    return replace(probe, problems=(*probe.problems, Problem(rule, what, fix)))

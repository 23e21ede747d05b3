"""One pass over a recording: every view as constant-rate video, and the sound as 16 kHz mono.

Which source picture a frame shows
----------------------------------
Frame n of a view covers ``[n / rate, (n + 1) / rate)`` seconds of the recording and shows the picture that
was on display at the middle of that interval: the last one that began before ``(n + 0.5) / rate``. The label
of a frame is taken at the same moment, so a frame's picture and its label belong together.

- Source of the same constant rate: frame n shows picture n.
- Source of twice the rate: frame n shows picture 2n. (Picture 2n + 1 begins exactly at the middle, and only
  pictures that began before it count.) Of eight times the rate: picture 8n + 3.
- Source of variable rate: whatever picture was on display; over a gap, the last picture before it.
- Before the first picture, if it comes late: the first picture.
- Interlaced source: a picture holds two moments, half a picture apart, on alternate lines. Shown is the first,
  its missing lines filled in from their neighbours in time and space (bwdif), as a player does it. Pictures
  that are not marked as interlaced stay as they are.

The clock starts at zero with whatever comes first in the file, picture or sound, as in a player. The number
of frames is the time at which the last picture ends, times the rate, rounded to the nearest.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg

from dyadflow.errors import DyadflowError
from dyadflow.media.ffmpeg import ffmpeg_binary, last_meaningful_line
from dyadflow.media.grid import FrameGrid
from dyadflow.media.packets import picture_track
from dyadflow.media.read import count_frames
from dyadflow.media.settings import MediaSettings, View
from dyadflow.media.wav import AUDIO_RATE_HZ, samples_of, set_wav_length, write_empty_wav

#: Left to itself, aresample repairs a jump in the sound's time stamps only once it exceeds 0.1 s, which is
#: two and a half video frames. 20 ms is half a frame at 25 Hz and above the jitter of common containers.
_SOUND_JUMP_S = 0.02

#: A recording that decodes to this much less than its header promises is damaged, not just rounded.
_SHORTFALL_S = 1.0

#: What ffmpeg (7 and later) says when pictures or sound change their format.
_CHANGE = b"Reconfiguring filter graph"

#: Files of the same input must have the same bytes: no time stamps, no version strings.
_REPRODUCIBLE = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact", "flags": "+bitexact"}


def decode_session(
    recording: str | Path,
    *,
    views: Mapping[str, View],
    settings: MediaSettings,
    view_paths: Mapping[str, str | Path],
    audio_path: str | Path,
) -> FrameGrid:
    """Decode a recording once into all its views and its audio, on one frame grid.

    Pictures are turned upright, pixels made square, and every view cropped, scaled and written as H.264
    without B-frames. The sound of the first audio track is written as 16 kHz mono, 16 bit: shifted to where
    it belongs if it starts late, gaps filled with silence, and exactly as long as the pictures. A recording
    without sound gives silence.

    Parameters
    ----------
    recording
        Any file that ffmpeg reads.
    views
        The views by name, as this session places them.
    settings
        Rate, quality and encoder threads; its own views are not looked at.
    view_paths
        Where to write each view (mp4, whatever the suffix); the same names as in `views`.
    audio_path
        Where to write the audio (wave, whatever the suffix).

    Returns
    -------
    FrameGrid
        Rate and number of frames, the same for all views.

    Raises
    ------
    DyadflowError
        If the recording is missing, cannot be decoded, changes its size or its kind of sound on the way, decodes
        to more than a second less than its header promises, or gives views of unequal length.
    """
    recording = Path(recording)
    if set(views) != set(view_paths) or not views:
        raise ValueError(f"views {sorted(views)} and paths {sorted(view_paths)} must name the same views")
    promised_s, has_sound = _look_into(recording)
    _run(recording, views, settings, view_paths, audio_path if has_sound else None)
    grid = FrameGrid(settings.rate_hz, _common_length(recording, view_paths))
    if grid.duration_s < promised_s - _SHORTFALL_S:
        raise DyadflowError(
            f"only {grid.duration_s:.1f} of {promised_s:.1f} s of pictures could be decoded",
            where=str(recording), fix="copy the recording again from its source, or export it again",
        )
    if not has_sound:
        write_empty_wav(audio_path)
    set_wav_length(audio_path, samples_of(grid))
    return grid


def _look_into(recording: Path) -> tuple[float, bool]:
    """Seconds of picture that the header promises (0 where it says nothing), and whether there is sound."""
    if not recording.exists():
        raise DyadflowError("there is no such recording", where=str(recording),
                            fix="check the name in the session sheet")
    try:
        with av.open(str(recording.resolve())) as container:
            pictures = picture_track(container)
            if pictures is None:
                raise DyadflowError("this recording has no picture", where=str(recording),
                                    fix="name a video file")
            promised_s = float((pictures.duration or 0) * (pictures.time_base or 0))
            return promised_s, bool(container.streams.audio)
    except (av.FFmpegError, OSError) as error:
        raise DyadflowError(
            f"this recording cannot be opened ({error.strerror or error})", where=str(recording),
            fix="play it in a video player, and copy or export it again",
        ) from error


def _run(
    recording: Path,
    views: Mapping[str, View],
    settings: MediaSettings,
    view_paths: Mapping[str, str | Path],
    audio_path: str | Path | None,
) -> None:
    """Run the one ffmpeg process of a session."""
    source = ffmpeg.input(str(recording.resolve()))
    # V, not v: a cover picture is a video track too. fps rounds to the nearest frame, which is what makes a
    # frame show the picture on display at its middle.
    rate = Fraction(settings.rate_hz).limit_denominator(1001)
    whole = source["V:0"].filter("bwdif", mode="send_frame", deint="interlaced")
    regular = whole.filter("fps", fps=str(rate), start_time=0).split()
    outputs = [
        ffmpeg.output(
            _view_of(regular[place], view), str(Path(view_paths[name]).resolve()), format="mp4",
            vcodec="libx264", crf=settings.crf, preset="veryfast", pix_fmt="yuv420p",
            threads=settings.encoder_threads, bf=0, **_REPRODUCIBLE,
        )
        for place, (name, view) in enumerate(views.items())
    ]
    if audio_path is not None:
        sound = source["a:0"].filter(
            "aresample", AUDIO_RATE_HZ, **{"async": 1, "min_hard_comp": _SOUND_JUMP_S, "first_pts": 0},
        )
        outputs.append(ffmpeg.output(
            sound, str(Path(audio_path).resolve()), format="wav", acodec="pcm_s16le", ac=1, **_REPRODUCIBLE,
        ))
    command = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"
    )
    try:
        _, said = command.run(cmd=ffmpeg_binary(), capture_stdout=True, capture_stderr=True, overwrite_output=True)
    except ffmpeg.Error as error:
        raise DyadflowError(
            f"ffmpeg could not decode this recording ({last_meaningful_line(_errors(error.stderr))})",
            where=str(recording), fix="play it in a video player, and copy or export it again",
        ) from error
    # The filters begin again at a change, and what comes after it would stand at a wrong time.
    if _CHANGE in said:
        raise DyadflowError(
            "the size of the picture or the kind of sound changes on the way", where=str(recording),
            fix="export it again as one mp4, which brings it to one size and one kind of sound",
        )


def _errors(said: bytes) -> bytes:
    """Those of ffmpeg's lines that it marked as errors."""
    return b"\n".join(line for line in said.splitlines() if b"[error]" in line or b"[fatal]" in line)


def _view_of(pictures: ffmpeg.Stream, view: View) -> ffmpeg.Stream:
    """Crop a view out of upright pictures, make its pixels square, and bring it to its size."""
    x, y, width, height = view.fractions
    if (width, height) != (1, 1):  # crop keeps even numbers of pixels only where colour has half resolution
        pictures = pictures.filter("crop", f"iw*{width!r}", f"ih*{height!r}", f"iw*{x!r}", f"ih*{y!r}")
    size = (view.width_px, view.height_px)
    # One resampling for both square pixels and size: dar is the shape as shown. Even sizes, because colour
    # is stored at half resolution.
    fitted = {
        "squash": size,
        "letterbox": (f"max(2,2*round(min({size[0]},{size[1]}*dar)/2))",
                      f"max(2,2*round(min({size[1]},{size[0]}/dar)/2))"),
    }[view.fit]
    return (
        pictures
        # One colour matrix and range for all, so that the same colour is the same number in every view,
        # whatever the camera wrote.
        .filter("scale", *fitted, flags="bicubic+accurate_rnd+bitexact",
                out_color_matrix="bt601", out_range="tv")
        .filter("format", "yuv420p")
        .filter("pad", *size, "(ow-iw)/2", "(oh-ih)/2", "black")
        .filter("setsar", 1)
    )


def _common_length(recording: Path, view_paths: Mapping[str, str | Path]) -> int:
    """Frames of the views, which must be the same for all and more than none."""
    counts = {name: count_frames(path) for name, path in view_paths.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DyadflowError(f"the views came out with unequal numbers of frames ({listed})",
                            where=str(recording), fix="report this with the recording's probe.json")
    frames = next(iter(counts.values()))
    if not frames:
        raise DyadflowError("no picture of this recording could be decoded", where=str(recording),
                            fix="play it in a video player, and copy or export it again")
    return frames

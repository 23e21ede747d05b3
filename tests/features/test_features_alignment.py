"""A clap and a flash at the same moment land on the same row, whatever the recording's rates and whoever looks."""

import math
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from dyadflow.features.registry import BACKBONES, backbone_module, load_backbone
from dyadflow.features.stream import StreamWriter, open_stream
from dyadflow.media.decode import decode_session
from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.media.settings import MediaSettings, View

SIZE = 112  # a multiple of the patches of 14 and 16 pixels


@pytest.fixture
def record(tmp_path):
    """Record a dim room that is bright from one picture on, and noise with one clap.

    ``record(name, source_hz=, seconds=, flash=number of the picture, clap_s=, picture_s=, sound_s=, ...)``: the last
    two say when each begins; the clap is `clap_ms` long; `jitter` lets pictures come up to a third of their distance
    early or late.
    """
    def run(*arguments, stdin=None):
        subprocess.run([ffmpeg_binary(), "-v", "error", "-y", *map(str, arguments)], check=True, input=stdin)

    def write(name, *, source_hz, seconds, flash, clap_s, picture_s=0.0, sound_s=0.0, sound_hz=16_000, codec="copy",
              clap_ms=0.5, jitter=False):
        path, pcm = tmp_path / name, tmp_path / "sound.pcm"
        pictures = np.full((round(seconds * source_hz), SIZE, SIZE), 40, np.uint8)
        pictures[:, ::7] = 70
        if flash is not None:
            pictures[flash:] += 130
        sound = np.random.default_rng(3).integers(-2000, 2000, round((seconds - sound_s) * sound_hz)).astype("<i2")
        if clap_s is not None:
            clap, length = round((clap_s - sound_s - clap_ms / 2000) * sound_hz), round(clap_ms / 1000 * sound_hz)
            sound[clap : clap + length] = np.resize([16_000, 16_000, -16_000], length)
        pcm.write_bytes(sound.tobytes())
        times = ["-vf", f"settb=1/90000,setpts='(N+0.3*sin(2.3*N))*90000/{float(source_hz)}'", "-fps_mode",
                 "passthrough", "-enc_time_base", "1:90000"] if jitter else []
        run("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{SIZE}x{SIZE}", "-r", source_hz, "-i", "-", *times,
            "-c:v", "libx264", "-crf", 10, "-preset", "ultrafast", "-bf", 2, "-pix_fmt", "yuv420p",
            tmp_path / "v.mp4", stdin=pictures.tobytes())
        run("-itsoffset", picture_s, "-i", tmp_path / "v.mp4", "-itsoffset", sound_s, "-f", "s16le", "-ar", sound_hz,
            "-ac", 1, "-i", pcm, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", codec, path)
        return path
    return write


@pytest.fixture
def watch(tmp_path):
    """Decode a recording and extract streams: watch(recording, rate_hz, settings, ...) -> their streams."""
    def extract(recording, rate_hz, *extractors):
        files = {"scene": tmp_path / "scene.mp4", "audio": tmp_path / "audio.wav"}
        grid = decode_session(recording, views={"scene": View(width_px=SIZE, height_px=SIZE)},
                              settings=MediaSettings(rate_hz=rate_hz), view_paths={"scene": files["scene"]},
                              audio_path=files["audio"])
        streams = []
        for settings in extractors:
            with StreamWriter(tmp_path / "stream.h5", grid, {}) as into:
                load_backbone(settings).extract(files[settings.views[0]], grid, into)
            streams.append(open_stream(tmp_path / "stream.h5"))
            assert len(streams[-1].values) == len(streams[-1].valid) == grid.frames
        return streams
    return extract


def flash_and_clap(source_hz, rate_hz, at_s, picture_s=0.0, jitter=False):
    """The picture from which on it is bright, the row that first shows it, and the middle of that row in seconds."""
    picture = round((at_s - picture_s) * float(source_hz))
    late = Fraction(0.3 * math.sin(2.3 * picture)) if jitter else 0
    begins_s = picture_s + (picture + late) / Fraction(source_hz)
    rate = Fraction(rate_hz).limit_denominator(1001)
    row = int(begins_s * rate + Fraction(1, 2))  # the first whose middle comes after the picture has begun
    return picture, row, float((row + Fraction(1, 2)) / rate)


def first_jump(change):
    """The first row that changes by more than a tenth of what any does."""
    return int(np.argmax(change > change.max() / 10))


@pytest.mark.parametrize(("name", "source_hz", "rate_hz", "options"), [
    ("same.mov", 25, 25.0, {}),
    ("twice.mov", 50, 25.0, {}),
    ("thirty.mov", 30, 25.0, {}),
    ("ntsc.mov", Fraction(30000, 1001), 25.0, {}),
    ("ntsc-grid.mov", Fraction(30000, 1001), 29.97, {}),
    ("slow.mkv", 15, 25.0, {}),
    ("eighth.mov", 25, 25 / 8, {}),
    ("fast.mov", 25, 60.0, {}),
    ("film.mp4", Fraction(24000, 1001), 30.0, {"codec": "aac", "sound_hz": 48_000}),
    ("cd.mkv", 25, 12.5, {"codec": "flac", "sound_hz": 44_100}),
    ("late-sound.mov", 25, 25.0, {"sound_s": 0.73}),
    ("late-picture.mov", 30, 25.0, {"picture_s": 0.52}),
    ("variable.mov", 25, 25.0, {"jitter": True}),
    ("variable.mkv", 15, 30.0, {"jitter": True}),
    ("minute.mov", Fraction(30000, 1001), 25.0, {"seconds": 60}),  # no drift
])
def test_a_clap_and_a_flash_land_on_the_same_row(record, watch, small_settings, name, source_hz, rate_hz, options):
    seconds = options.pop("seconds", 6)
    flash, row, clap_s = flash_and_clap(source_hz, rate_hz, seconds - 2.4, Fraction(str(options.get("picture_s", 0))),
                                        options.get("jitter", False))
    recording = record(name, source_hz=source_hz, seconds=seconds, flash=flash, clap_s=clap_s, **options)
    seen, heard = watch(recording, rate_hz, small_settings("motion"), small_settings("logmel"))
    assert first_jump(seen.values.sum(axis=1)) == row
    assert int(heard.values.mean(axis=1).argmax()) == row


@pytest.mark.parametrize("rate_hz", [25.0, 12.5])
@pytest.mark.parametrize("backbone", sorted(set(BACKBONES) - {"landmarks"}))  # whose models cannot be had here
def test_every_backbone_puts_it_on_that_row(record, watch, small_settings, backbone, rate_hz):
    settings = small_settings(backbone)
    flash, row, clap_s = flash_and_clap(30, rate_hz, 1.7)
    made = {}
    for name, event in (("plain.mov", False), ("event.mov", True)):
        recording = record(name, source_hz=30, seconds=3.2, flash=flash if event else None,
                           clap_s=clap_s if event else None, clap_ms=10)
        [stream] = watch(recording, rate_hz, settings)
        values = stream.tokens() if stream.kind == "tokens" else stream.values
        made[event] = values.reshape(len(values), -1).astype(float)
    change = np.linalg.norm(made[True] - made[False], axis=1)
    found = int(change.argmax()) if backbone_module(backbone).TAKES == "sound" else first_jump(change)
    assert found == row

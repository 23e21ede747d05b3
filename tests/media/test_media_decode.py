"""Guards decoding: frame n of a view shows what the recording shows at its centre, whatever the recording is like."""

import re
import time

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from dyadflow.errors import DyadflowError
from dyadflow.media.decode import decode_session
from dyadflow.media.grid import FrameGrid
from dyadflow.media.probe import probe_recording
from dyadflow.media.read import count_frames, count_samples, read_frames, read_samples
from dyadflow.media.settings import MediaSettings, View
from dyadflow.media.wav import samples_of


@pytest.fixture
def decode(tmp_path):
    """Decode a recording: the grid, the frames of each view, and the sound, read back whole."""
    def run(recording, *, rate_hz=25.0, **views):
        views = views or {"scene": View(width_px=160, height_px=48, fit="squash")}
        paths = {name: tmp_path / f"out-{name}.part" for name in views}
        grid = decode_session(recording, views=views, settings=MediaSettings(rate_hz=rate_hz),
                              view_paths=paths, audio_path=tmp_path / "out-audio.part")
        frames = {name: np.concatenate(list(read_frames(path))) for name, path in paths.items()}
        return grid, frames, np.concatenate(list(read_samples(tmp_path / "out-audio.part")))
    return run


def shown_at_centres(times_s, grid: FrameGrid) -> list[int]:
    """The convention, written independently: the last picture that began before the frame's centre."""
    return [max(0, sum(t < centre - 1e-9 for t in times_s) - 1) for centre in grid.centres_s()]


def test_at_the_same_rate_frame_n_shows_picture_n(
        tmp_path, decode, write_pictures, picture_of_number, numbers_in):
    path = write_pictures(tmp_path / "in.mp4", [picture_of_number(n) for n in range(60)],
                          np.arange(60) / 25, last_s=0.04)
    grid, frames, _ = decode(path)
    assert grid == FrameGrid(25.0, 60)
    assert numbers_in(frames["scene"]) == list(range(60))


@pytest.mark.parametrize(("source_hz", "rate_hz", "first"), [
    (50, 25, [0, 2, 4, 6]),
    (25, 25 / 8, [3, 11, 19, 27]),
    (30, 25, [0, 1, 2, 4, 5, 6, 7, 8, 10]),
    (30000 / 1001, 25, [0, 1, 2, 4, 5]),
    (15, 25, [0, 0, 1, 2, 2]),
])
def test_at_another_rate_a_frame_shows_the_picture_on_display_at_its_centre(
        tmp_path, decode, write_pictures, picture_of_number, numbers_in, source_hz, rate_hz, first):
    times_s = np.arange(120) / source_hz
    path = write_pictures(tmp_path / "in.mp4", [picture_of_number(n) for n in range(120)], times_s,
                          last_s=1 / source_hz)
    grid, frames, _ = decode(path, rate_hz=rate_hz)
    numbers = numbers_in(frames["scene"])
    assert grid.frames == len(numbers) == int(120 / source_hz * rate_hz + 0.5)
    assert numbers[: len(first)] == first
    assert numbers == shown_at_centres(times_s, grid)


def test_a_variable_rate_with_a_gap_is_decoded_by_time(
        tmp_path, decode, write_pictures, picture_of_number, numbers_in):
    steps = np.where(np.arange(149) == 80, 0.4, 0.0694) + 0.012 * np.sin(np.arange(149))
    times_s = np.round(np.concatenate([[0], np.cumsum(steps)]), 4)
    path = write_pictures(tmp_path / "in.mp4", [picture_of_number(n) for n in range(150)], times_s,
                          last_s=0.0694)
    grid, frames, sound = decode(path)
    assert grid.duration_s == pytest.approx(times_s[-1] + 0.0694, abs=0.02)
    assert 10.5 < grid.duration_s < 10.9
    assert numbers_in(frames["scene"]) == shown_at_centres(times_s, grid)
    assert len(sound) == samples_of(grid)


def test_before_a_late_first_picture_the_first_picture_is_shown(
        tmp_path, decode, run_ffmpeg, write_pictures, picture_of_number, numbers_in):
    video = write_pictures(tmp_path / "v.mp4", [picture_of_number(n) for n in range(50)],
                           np.arange(50) / 25, last_s=0.04)
    run_ffmpeg("-itsoffset", 0.5, "-i", video, "-f", "lavfi", "-i", "sine=duration=3", "-c:v", "copy",
               "-c:a", "aac", tmp_path / "in.mp4")
    assert probe_recording(tmp_path / "in.mp4").first_frame_s == pytest.approx(0.5, abs=0.001)
    grid, frames, _ = decode(tmp_path / "in.mp4")
    numbers = numbers_in(frames["scene"])
    assert numbers[:13] == [0] * 13
    assert numbers == shown_at_centres(0.5 + np.arange(50) / 25, grid)


def loudest_s(sound) -> float:
    return int(np.abs(sound).argmax()) / 16_000


@pytest.mark.parametrize(("name", "options"), [
    ("plain.mp4", {}),
    ("thirty.mp4", {"rate": 30}),
    ("late.mp4", {"sound_start_s": 1.3}),
    ("cd.mkv", {"sound_rate": 44_100, "arguments": ["-c:a", "libopus", "-ar", "48000"]}),
    ("camcorder.ts", {"rate": 50, "arguments": ["-c:a", "ac3"]}),
    ("uncompressed.mov", {"arguments": ["-c:a", "pcm_s16le"]}),
])
def test_a_clap_and_a_flash_land_on_the_same_frame(tmp_path, decode, clap_and_flash, name, options):
    recording = clap_and_flash(tmp_path / name, event_s=2.0, **options)
    grid, frames, sound = decode(recording)
    flash = int(frames["scene"].mean(axis=(1, 2, 3)).argmax())
    half_a_frame = 0.5 / grid.rate_hz
    assert abs(flash / grid.rate_hz - loudest_s(sound)) < half_a_frame
    if name != "camcorder.ts":  # whose clock begins with the first sound, some milliseconds off
        assert flash == 50
    assert grid.frames in (100, 101)
    assert len(sound) == samples_of(grid)


def test_before_sound_that_starts_late_there_is_silence(tmp_path, decode, clap_and_flash):
    _, _, sound = decode(clap_and_flash(tmp_path / "late.mov", sound_start_s=1.3,
                                        arguments=["-c:a", "pcm_s16le"]))
    assert not sound[: int(1.29 * 16_000)].any()
    assert loudest_s(sound) == pytest.approx(2.0, abs=0.002)


def test_sound_after_a_short_dropout_stays_in_its_place(tmp_path, decode, clap_and_flash):
    # No B-frames, so that Matroska's packets can be copied as they come.
    whole = clap_and_flash(tmp_path / "whole.mkv", event_s=3.0, arguments=["-c:a", "aac", "-bf", 0])
    holed = tmp_path / "holed.mkv"
    dropped = 0
    with av.open(str(whole)) as source, av.open(str(holed), "w") as copy:
        tracks = [copy.add_stream_from_template(track) for track in source.streams]
        for packet in source.demux():
            if not packet.size:
                continue
            if packet.stream.type == "audio" and 1.0 <= packet.pts * packet.time_base < 1.06:
                dropped += 1
                continue
            packet.stream = tracks[packet.stream.index]
            copy.mux(packet)
    assert dropped == 3  # 64 ms
    _, _, sound = decode(holed)
    assert loudest_s(sound) == pytest.approx(loudest_s(decode(whole)[2]), abs=0.005)


def test_two_decodings_give_the_same_bytes(tmp_path, play_mp4):
    views = {"infant": View(region="left"), "caregiver": View(region="right")}

    def decode_into(folder):
        folder.mkdir()
        paths = {name: folder / f"{name}.mp4" for name in views}
        decode_session(play_mp4, views=views, settings=MediaSettings(), view_paths=paths,
                       audio_path=folder / "audio.wav")
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    first = decode_into(tmp_path / "first")
    time.sleep(1.1)  # a clock that got into a header would have moved on
    assert decode_into(tmp_path / "second") == first
    # Nor the version of a program: an update that changes nothing else should change no byte.
    assert not any(re.search(rb"Lav[fc]\d", content) for content in first.values())
    assert sorted(first) == ["audio.wav", "caregiver.mp4", "infant.mp4"]


def test_views_are_written_for_reading_in_order(tmp_path, play_mp4):
    decode_session(play_mp4, views={"scene": View()}, settings=MediaSettings(),
                   view_paths={"scene": tmp_path / "v.mp4"}, audio_path=tmp_path / "a.wav")
    with av.open(str(tmp_path / "v.mp4")) as container:
        [stream] = container.streams
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
    assert all(packet.pts == packet.dts for packet in packets)
    assert packets[0].pts == 0
    probe = probe_recording(tmp_path / "v.mp4")
    assert (probe.constant_rate, probe.rate_hz, probe.pixel_aspect, probe.problems) == (True, 25.0, 1.0, ())


def test_all_views_of_a_session_have_the_same_number_of_frames(tmp_path, peekaboo_mp4):
    views = {"scene": View(), "infant": View(region="left", width_px=98), "top": View(region="top")}
    paths = {name: tmp_path / f"{name}.mp4" for name in views}
    grid = decode_session(peekaboo_mp4, views=views, settings=MediaSettings(), view_paths=paths,
                          audio_path=tmp_path / "a.wav")
    assert {count_frames(path) for path in paths.values()} == {grid.frames} == {263}
    assert grid.frames == round(probe_recording(peekaboo_mp4).duration_s * 25)
    assert count_samples(tmp_path / "a.wav") == 263 * 640


def test_the_probe_foretells_the_length_of_a_trimmed_copy(tmp_path, decode, play_mp4, run_ffmpeg):
    # Such a copy holds pictures before the cut that are never shown.
    run_ffmpeg("-ss", 1.3, "-i", play_mp4, "-t", 1.7, "-c", "copy", tmp_path / "trimmed.mp4")
    grid, _, _ = decode(tmp_path / "trimmed.mp4")
    assert grid.duration_s == pytest.approx(probe_recording(tmp_path / "trimmed.mp4").duration_s, abs=0.02)


COLOURS = {"red": (200, 30, 30), "green": (30, 170, 40), "blue": (40, 50, 210), "yellow": (210, 200, 40)}


def quadrants(height, width):
    """Red above blue on the left, green above yellow on the right."""
    picture = np.empty((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    picture[:top, :left], picture[:top, left:] = COLOURS["red"], COLOURS["green"]
    picture[top:, :left], picture[top:, left:] = COLOURS["blue"], COLOURS["yellow"]
    return picture


def colour_at(frames, y, x) -> str:
    """Name of the colour at this relative place of the first frame."""
    _, height, width, _ = frames.shape
    pixel = frames[0, int(y * height), int(x * width)].astype(int)
    name = min(COLOURS, key=lambda name: np.abs(pixel - COLOURS[name]).max())
    assert np.abs(pixel - COLOURS[name]).max() <= 8
    return name


def write_still(run_ffmpeg, path, picture, *arguments):
    height, width = picture.shape[:2]
    run_ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", 25, "-i", "-",
               "-c:v", "libx264", "-crf", 4, *arguments, path, stdin=np.stack([picture] * 5).tobytes())
    return path


def test_left_and_right_of_a_split_screen_of_odd_size_are_cut_apart(tmp_path, decode, run_ffmpeg):
    path = write_still(run_ffmpeg, tmp_path / "odd.mp4", quadrants(241, 321), "-pix_fmt", "yuv444p")
    _, frames, _ = decode(path, infant=View(region="left", fit="squash"),
                          caregiver=View(region="right", fit="squash"),
                          # begins at pixel 167.9, 132.6
                          corner=View(region=(0.523, 0.55, 0.211, 0.3), width_px=30, height_px=98))
    assert [colour_at(frames["infant"], y, 0.9) for y in (0.1, 0.9)] == ["red", "blue"]
    assert [colour_at(frames["caregiver"], y, 0.1) for y in (0.1, 0.9)] == ["green", "yellow"]
    assert colour_at(frames["corner"], 0.5, 0.2) == "yellow"
    assert frames["corner"].shape == (5, 98, 30, 3)


def test_a_turned_picture_is_set_upright_before_it_is_cropped(tmp_path, decode, write_pictures):
    # Turned a quarter against the clock for display: what is stored on the right is shown on top.
    path = write_pictures(tmp_path / "turned.mp4", [quadrants(96, 160)] * 5, np.arange(5) / 25, last_s=0.04,
                          rotation=90)
    _, frames, _ = decode(path, scene=View(width_px=96, height_px=160), top=View(region="top"))
    scene = [colour_at(frames["scene"], y, x) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    assert scene == ["green", "yellow", "red", "blue"]
    assert [colour_at(frames["top"], 0.5, x) for x in (0.25, 0.75)] == ["green", "yellow"]


def bars(frames) -> tuple[int, int, int, int]:
    """Rows and columns of black above, below, left and right."""
    dark = frames[0].max(axis=2) < 20
    rows, columns = np.flatnonzero(~dark.all(axis=1)), np.flatnonzero(~dark.all(axis=0))
    height, width = dark.shape
    return (int(rows[0]), int(height - 1 - rows[-1]), int(columns[0]), int(width - 1 - columns[-1]))


def test_pixels_become_square_and_letterboxing_keeps_the_shape(tmp_path, decode, run_ffmpeg):
    # 144 x 108 stored with pixels 4/3 wide is shown as 192 x 108.
    path = write_still(run_ffmpeg, tmp_path / "wide.mp4", quadrants(108, 144), "-vf", "setsar=4/3",
                       "-pix_fmt", "yuv420p")
    _, frames, _ = decode(path, whole=View(width_px=192, height_px=192), left=View(region="left"),
                          exact=View(width_px=192, height_px=108), flat=View(fit="squash"))
    assert bars(frames["whole"]) == (42, 42, 0, 0)  # (192 - 108) / 2
    assert bars(frames["left"]) == (0, 0, 12, 12)  # 96 x 108 in 224 x 224: 200 wide, (224 - 199.1) / 2
    assert bars(frames["exact"]) == bars(frames["flat"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("arguments", [
    ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p", "-colorspace", "bt709"],
    ["-vf", "scale=out_color_matrix=bt601:out_range=pc", "-pix_fmt", "yuvj420p", "-colorspace", "smpte170m"],
    ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p10le", "-colorspace", "bt709"],
])
def test_colours_come_through_whatever_the_camera_wrote(tmp_path, decode, run_ffmpeg, arguments):
    path = write_still(run_ffmpeg, tmp_path / "colours.mp4", quadrants(96, 96), *arguments)
    _, frames, _ = decode(path, scene=View(width_px=96, height_px=96))
    shown = [colour_at(frames["scene"], y, x) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    assert shown == ["red", "green", "blue", "yellow"]
    with av.open(str(tmp_path / "out-scene.part")) as container:
        written = next(container.decode(video=0))
    assert (written.colorspace, written.color_range) == (Colorspace.SMPTE170M, ColorRange.MPEG)


def test_a_recording_without_sound_gives_silence_of_its_length(tmp_path, decode, play_mp4, run_ffmpeg):
    run_ffmpeg("-i", play_mp4, "-an", "-c", "copy", tmp_path / "silent.mp4")
    grid, _, sound = decode(tmp_path / "silent.mp4")
    assert len(sound) == samples_of(grid) == 64_000
    assert not sound.any()


@pytest.mark.parametrize(("seconds", "expected"), [(2.5, 2.5), (6, 4.0)])
def test_sound_shorter_or_longer_than_the_pictures_is_brought_to_their_length(
        tmp_path, decode, run_ffmpeg, seconds, expected):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=4", "-f", "lavfi", "-i",
               f"sine=duration={seconds}", "-c:v", "libx264", "-c:a", "aac", tmp_path / "in.mp4")
    grid, _, sound = decode(tmp_path / "in.mp4")
    assert (grid.frames, len(sound)) == (100, 64_000)
    assert np.flatnonzero(sound)[-1] / 16_000 == pytest.approx(expected, abs=0.05)


def test_a_cover_picture_is_not_taken_for_the_recording(tmp_path, decode, play_mp4, run_ffmpeg):
    run_ffmpeg("-i", play_mp4, "-frames:v", 1, tmp_path / "cover.png")
    run_ffmpeg("-i", tmp_path / "cover.png", "-i", play_mp4, "-map", "0", "-map", "1", "-c", "copy",
               "-disposition:v:0", "attached_pic", tmp_path / "covered.mp4")
    assert decode(tmp_path / "covered.mp4")[0].frames == 100


def write_bad(tmp_path, play_mp4, run_ffmpeg, kind):
    path = tmp_path / "session 1.mp4"
    if kind == "cut":
        path.write_bytes(play_mp4.read_bytes()[: play_mp4.stat().st_size * 6 // 10])
    elif kind == "sound":
        run_ffmpeg("-i", play_mp4, "-vn", "-c", "copy", path)
    elif kind == "text":
        path.write_text("this is no video\n" * 50)
    elif kind == "garbled":
        content = bytearray(play_mp4.read_bytes())
        start = content.index(b"mdat") + 4
        content[start:] = bytes(len(content) - start)
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(("kind", "says"), [
    ("missing", "there is no such recording"),
    ("cut", r"only \d\.\d of 4\.0 s of pictures could be decoded"),
    ("sound", "no picture"),
    ("text", "cannot be opened"),
    ("garbled", "could not decode|could be decoded"),
])
def test_a_recording_that_cannot_be_decoded_is_named_with_the_reason(
        tmp_path, decode, play_mp4, run_ffmpeg, kind, says):
    path = write_bad(tmp_path, play_mp4, run_ffmpeg, kind)
    with pytest.raises(DyadflowError, match=says) as caught:
        decode(path)
    assert str(path) in str(caught.value)
    assert caught.value.fix
    assert not re.search("0x[0-9a-f]{6}", str(caught.value))


def test_views_of_unequal_length_are_an_error(monkeypatch, decode, play_mp4):
    monkeypatch.setattr("dyadflow.media.decode.count_frames", lambda path: len(path.name))
    with pytest.raises(DyadflowError, match=r"unequal numbers of frames \(infant 15, caregiver 18\)"):
        decode(play_mp4, infant=View(region="left"), caregiver=View(region="right"))

"""Guards what is told of a recording before anything is decoded."""

import re

import av
import numpy as np
import pytest

from dyadflow.annotations.issues import SEVERITIES
from dyadflow.media.probe import Probe, probe_recording


def rules(probe: Probe) -> list[str]:
    return [problem.rule for problem in probe.problems]


def test_a_plain_recording_is_described_and_has_no_problem(play_mp4):
    probe = probe_recording(play_mp4)
    assert (probe.file, probe.codec, probe.width_px, probe.height_px) == ("play.mp4", "h264", 160, 120)
    assert (probe.rate_hz, probe.constant_rate, probe.frames) == (25.0, True, 100)
    assert (probe.duration_s, probe.first_frame_s, probe.largest_gap_s) == (4.0, 0.0, 0.04)
    assert (probe.pixel_aspect, probe.rotation_deg) == (1.0, 0)
    [sound] = probe.audio
    assert (sound.codec, sound.rate_hz, sound.channels) == ("aac", 48_000, 1)
    assert (sound.start_s, sound.duration_s) == (0.0, pytest.approx(4.0, abs=0.03))
    assert probe.problems == ()


def test_a_probe_is_the_same_after_writing_and_reading_and_written_the_same_twice(tmp_path, play_mp4):
    probe = probe_recording(play_mp4)
    probe.write(tmp_path / "one.json")
    probe_recording(play_mp4).write(tmp_path / "two.json")
    assert Probe.read(tmp_path / "one.json") == probe
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_real_clip_is_of_variable_rate(peekaboo_mp4):
    probe = probe_recording(peekaboo_mp4)
    assert (probe.codec, probe.width_px, probe.height_px, probe.frames) == ("hevc", 640, 480, 150)
    assert (probe.constant_rate, rules(probe)) == (False, ["variable_rate"])
    # 150 pictures a tick of 2629/37750 s apart, one of them twice as long.
    assert probe.duration_s == pytest.approx(151 * 2629 / 37750, abs=1e-3)
    assert probe.largest_gap_s == pytest.approx(2 * probe.usual_gap_s, abs=1e-5)


@pytest.mark.parametrize("rate", ["30000/1001", "25", "60"])
def test_time_stamps_rounded_to_milliseconds_are_still_a_constant_rate(tmp_path, run_ffmpeg, rate):
    run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=64x48:rate={rate}:duration=3", "-c:v", "libx264",
               tmp_path / "rounded.mkv")
    probe = probe_recording(tmp_path / "rounded.mkv")
    numerator, _, denominator = rate.partition("/")
    assert (probe.constant_rate, rules(probe)) == (True, [])
    assert probe.rate_hz == pytest.approx(int(numerator) / int(denominator or 1), abs=1e-6)


def test_one_dropped_picture_makes_the_rate_variable_and_a_long_gap_is_reported(
        tmp_path, write_pictures, picture_of_number):
    times = np.delete(np.arange(100) / 25, 50)
    pictures = [picture_of_number(n) for n in range(len(times))]
    dropped = probe_recording(write_pictures(tmp_path / "a.mp4", pictures, times, last_s=0.04))
    assert rules(dropped) == ["variable_rate"]
    assert dropped.largest_gap_s == pytest.approx(0.08, abs=1e-4)
    times[60:] += 0.5
    gap = probe_recording(write_pictures(tmp_path / "b.mp4", pictures, times, last_s=0.04))
    assert rules(gap) == ["variable_rate", "irregular_gap"]
    assert "0.54 s" in gap.problems[1].what


def test_rotation_is_the_clockwise_turn_that_a_player_makes(tmp_path, write_pictures, picture_of_number):
    # The display matrix counts against the clock.
    path = write_pictures(tmp_path / "turned.mp4", [picture_of_number(n) for n in range(5)],
                          np.arange(5) / 25, last_s=0.04, rotation=90)
    probe = probe_recording(path)
    assert probe.rotation_deg == 270
    assert (probe.width_px, probe.height_px) == (160, 48)
    assert probe.shown_size_px == (48, 160)


def test_pixels_that_are_not_square_are_noticed(tmp_path, run_ffmpeg):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=144x108:rate=25:duration=1", "-vf", "setsar=4/3",
               "-c:v", "libx264", tmp_path / "wide.mp4")
    probe = probe_recording(tmp_path / "wide.mp4")
    assert probe.pixel_aspect == pytest.approx(4 / 3)
    assert probe.shown_size_px == (192, 108)


def test_sound_that_starts_late_is_a_note_with_its_time(tmp_path, clap_and_flash):
    probe = probe_recording(clap_and_flash(tmp_path / "late.mp4", sound_start_s=1.5))
    assert probe.audio[0].start_s == pytest.approx(1.5, abs=0.03)
    assert rules(probe) == ["late_sound"]
    assert SEVERITIES["late_sound"] == "note"


def test_sound_that_ends_before_the_pictures_is_reported(tmp_path, run_ffmpeg):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=4", "-f", "lavfi", "-i",
               "sine=duration=2", "-c:v", "libx264", "-c:a", "aac", tmp_path / "short.mp4")
    assert rules(probe_recording(tmp_path / "short.mp4")) == ["audio_shorter"]


def test_a_recording_without_sound_has_no_track_and_no_problem(tmp_path, play_mp4, run_ffmpeg):
    run_ffmpeg("-i", play_mp4, "-an", "-c", "copy", tmp_path / "silent.mp4")
    probe = probe_recording(tmp_path / "silent.mp4")
    assert (probe.audio, probe.problems, probe.frames) == ((), (), 100)


def test_all_audio_tracks_are_listed_in_order(tmp_path, run_ffmpeg):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1", "-f", "lavfi", "-i",
               "sine=duration=1:sample_rate=44100", "-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264",
               "-c:a:0", "aac", "-c:a:1", "pcm_s16le", "-ac:a:1", "2", tmp_path / "two.mkv")
    tracks = probe_recording(tmp_path / "two.mkv").audio
    assert [(track.codec, track.channels) for track in tracks] == [("aac", 1), ("pcm_s16le", 2)]


@pytest.fixture
def bad_media(tmp_path, play_mp4, run_ffmpeg):
    """Make a recording that is bad in a named way."""
    path = tmp_path / "bad.mp4"

    def missing():
        pass

    def empty():
        path.write_bytes(b"")

    def text():
        path.write_text("onset\toffset\n" * 100)

    def folder():
        path.mkdir()

    def cut_at_the_front():  # the index stands at the front: what is lost is pictures and sound
        path.write_bytes(play_mp4.read_bytes()[: play_mp4.stat().st_size * 6 // 10])

    def cut_by_a_little():
        path.write_bytes(play_mp4.read_bytes()[:-50])

    def cut_at_the_end():  # the index stands at the end, and is lost
        run_ffmpeg("-i", play_mp4, "-c", "copy", path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])

    def cut_matroska():
        run_ffmpeg("-i", play_mp4, "-c", "copy", "-f", "matroska", path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])

    def sound_only():
        run_ffmpeg("-i", play_mp4, "-vn", "-c", "copy", path)

    def cover_and_sound():
        run_ffmpeg("-i", play_mp4, "-map", "0:a", "-map", "0:v", "-frames:v", 1, "-c:a", "copy",
                   "-c:v", "png", "-disposition:v", "attached_pic", path)

    def no_frames():
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            container.start_encoding()

    def one_frame():
        run_ffmpeg("-i", play_mp4, "-frames:v", 1, "-an", path)

    def picture():
        run_ffmpeg("-i", play_mp4, "-frames:v", 1, "-c:v", "png", "-f", "image2", path)

    def garbled():  # the index is whole, the pictures are not
        content = bytearray(play_mp4.read_bytes())
        start = content.index(b"mdat") + 4
        content[start:] = bytes(len(content) - start)
        path.write_bytes(content)

    makers = {name: maker for name, maker in locals().items() if callable(maker)}

    def make(name):
        makers[name]()
        return path
    return make


@pytest.mark.parametrize(("name", "rule", "says"), [
    ("missing", "missing_file", "no such recording"),
    ("empty", "empty_file", "empty"),
    ("text", "unreadable_media", "not a recording"),
    ("folder", "unreadable_media", "folder"),
    ("cut_at_the_front", "truncated", r"breaks off at [23]\.\d\d of 4\.\d\d s"),
    ("cut_by_a_little", "truncated", "breaks off"),
    ("cut_at_the_end", "truncated", "table of contents"),
    ("cut_matroska", "truncated", r"breaks off at [123]\.\d\d of 4\.\d\d s"),
    ("sound_only", "no_picture", "only sound"),
    ("cover_and_sound", "no_picture", "only sound"),
    ("no_frames", "no_picture", "no picture"),
    ("one_frame", "no_picture", "single picture"),
    ("picture", "no_picture", "single picture"),
    ("garbled", "unreadable_media", "cannot be decoded"),
])
def test_bad_media_raise_nothing_and_say_what_is_wrong_and_what_to_do(bad_media, tmp_path, name, rule, says):
    probe = probe_recording(bad_media(name))
    assert probe.file == "bad.mp4"
    problem = next(problem for problem in probe.problems if problem.rule == rule)
    assert re.search(says, problem.what)
    assert problem.fix
    assert not problem.what.endswith(".") and not problem.fix.endswith(".")
    assert set(rules(probe)) <= SEVERITIES.keys()
    probe.write(tmp_path / "probe.json")
    assert Probe.read(tmp_path / "probe.json") == probe


def test_a_trimmed_copy_is_not_taken_for_a_cut_off_one(tmp_path, play_mp4, run_ffmpeg):
    # Such a file keeps pictures that its edit list hides.
    run_ffmpeg("-ss", 1.3, "-i", play_mp4, "-t", 1.7, "-c", "copy", tmp_path / "trimmed.mp4")
    probe = probe_recording(tmp_path / "trimmed.mp4")
    assert "truncated" not in rules(probe)
    assert probe.duration_s == pytest.approx(1.7, abs=0.15)


@pytest.mark.parametrize("suffix", ["avi", "mkv", "mov", "ts", "webm"])
def test_other_containers_have_no_problem_either(tmp_path, play_mp4, run_ffmpeg, suffix):
    codecs = ["-c:v", "libvpx", "-c:a", "libopus"] if suffix == "webm" else ["-c:v", "libx264", "-c:a", "aac"]
    run_ffmpeg("-i", play_mp4, *codecs, tmp_path / f"play.{suffix}")
    probe = probe_recording(tmp_path / f"play.{suffix}")
    assert rules(probe) == []
    assert (probe.constant_rate, probe.rate_hz, probe.frames) == (True, 25.0, 100)
    assert probe.duration_s == pytest.approx(4.0, abs=0.1)

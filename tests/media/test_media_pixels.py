"""Silent wrong pixels: every frame of a lossless view against the pictures that plain ffmpeg decodes, by hash."""

import hashlib
import itertools
import subprocess

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.media.decode import decode_session
from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.media.probe import probe_recording
from dyadflow.media.read import read_frames, read_samples
from dyadflow.media.settings import MediaSettings, View

WIDTH, HEIGHT = 160, 120

#: How a view is scaled, for conversions that no independent code can repeat to the bit.
SCALE = "scale={}:{}:flags=bicubic+accurate_rnd+bitexact"


@pytest.fixture(scope="session")
def ffmpeg_says():
    """What ffmpeg writes to its output: ffmpeg_says("-i", path, ..., "-") -> bytes."""
    def run(*arguments):
        return subprocess.run([ffmpeg_binary(), "-v", "error", *map(str, arguments)], check=True,
                              capture_output=True).stdout
    return run


@pytest.fixture(scope="session")
def pictures_of(ffmpeg_says):
    """Every picture that ffmpeg shows of a file: its time in seconds and the MD5 of its yuv420p bytes."""
    def read(path, *filters):
        # With the sound, which may be what comes first and sets the clock.
        lines = ffmpeg_says(
            "-i", path, "-map", "0:V:0", "-map", "0:a?", *filters, "-fps_mode", "passthrough", "-enc_time_base:v",
            "1:90000", "-pix_fmt", "yuv420p", "-f", "framemd5", "-").decode().splitlines()
        assert "#tb 0: 1/90000" in lines
        found = [line.split(",") for line in lines if line.startswith("0,")]
        return [(int(row[2]) / 90_000, row[5].strip()) for row in found]
    return read


@pytest.fixture
def decode(tmp_path):
    """Decode into one view, without loss: decode(recording, rate_hz=, view=) -> grid, path of the view, samples."""
    def run(recording, *, rate_hz=25.0, crf=0, view=None):
        view = view or View(width_px=WIDTH, height_px=HEIGHT)
        grid = decode_session(recording, views={"scene": view}, settings=MediaSettings(rate_hz=rate_hz, crf=crf),
                              view_paths={"scene": tmp_path / "out.mp4"}, audio_path=tmp_path / "out.wav")
        samples = np.concatenate(list(read_samples(tmp_path / "out.wav"))) * 32768
        return grid, tmp_path / "out.mp4", samples.astype(int)
    return run


@pytest.fixture(scope="session")
def planes_of(ffmpeg_says):
    """Luma and both chroma planes of all pictures: planes_of(path, width, height) -> three (n, h, w)."""
    def read(path, width, height, *, before=()):
        raw = ffmpeg_says(*before, "-i", path, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
        half = ((height + 1) // 2, (width + 1) // 2)
        sizes = [height * width, half[0] * half[1], half[0] * half[1]]
        pictures = np.frombuffer(raw, np.uint8).reshape(-1, sum(sizes))
        parts = np.split(pictures, np.cumsum(sizes)[:-1], axis=1)
        return [part.reshape(-1, *shape)
                for part, shape in zip(parts, [(height, width), half, half], strict=True)]
    return read


def shown_at_centres(pictures, grid):
    """The hash of the last picture that began before each frame's centre."""
    times_s = [time_s for time_s, _ in pictures]
    return [pictures[max(0, sum(t < centre - 1e-6 for t in times_s) - 1)][1] for centre in grid.centres_s()]


def film(rate="25", seconds=3):
    return ["-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate={rate}:duration={seconds}"]


X264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast"]
JITTER = ["-vf", "settb=1/90000,setpts='(N+0.4*sin(2.3*N)+gt(N,30)*7)*90000/25'", "-fps_mode", "passthrough",
          "-enc_time_base", "1:90000"]
WRITTEN = {
    "b-frames.mp4": [*film(), *X264, "-bf", 3, "-x264opts", "b-pyramid=normal:open-gop=1:keyint=20"],
    "no-b-frames.mp4": [*film(), *X264, "-bf", 0],
    "thirty.mp4": [*film(30), *X264],
    "ntsc.mkv": [*film("30000/1001"), *X264],
    "fifty.mov": [*film(50), *X264],
    "variable.mp4": [*film(), *JITTER, *X264],
    "variable.mkv": [*film(), *JITTER, *X264, "-bf", 0],
    "stream.ts": [*film(), "-c:v", "mpeg2video", "-b:v", "3M", "-bf", 2, "-g", 12],
    "old.avi": [*film(), "-c:v", "mpeg4", "-q:v", 3, "-bf", 2],
    "stills.avi": [*film(15), "-c:v", "mjpeg", "-q:v", 3, "-pix_fmt", "yuvj420p"],
    "fragments.mp4": [*film(), *X264, "-movflags", "frag_keyframe+empty_moov", "-g", 20],
    "browser.webm": [*film(), "-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-cpu-used", 8],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_frame_is_the_picture_that_ffmpeg_shows_at_its_centre(
        tmp_path, run_ffmpeg, pictures_of, decode, name):
    run_ffmpeg(*WRITTEN[name], tmp_path / name)
    full_range = ["-vf", SCALE.format(WIDTH, HEIGHT) + ":out_range=tv"] if name == "stills.avi" else []
    pictures = pictures_of(tmp_path / name, *full_range)
    grid, view, _ = decode(tmp_path / name)
    expected = shown_at_centres(pictures, grid)
    assert len(set(expected)) >= 44 and grid.frames >= 74
    assert [md5 for _, md5 in pictures_of(view)] == expected


@pytest.mark.parametrize("rate_hz", [12.5, 29.97, 60.0])
def test_at_another_rate_than_the_sources_the_pictures_are_the_same(tmp_path, run_ffmpeg, pictures_of, decode, rate_hz):
    run_ffmpeg(*WRITTEN["variable.mp4"], tmp_path / "in.mp4")
    grid, view, _ = decode(tmp_path / "in.mp4", rate_hz=rate_hz)
    assert [md5 for _, md5 in pictures_of(view)] == shown_at_centres(pictures_of(tmp_path / "in.mp4"), grid)


@pytest.mark.parametrize(("before", "after"), [
    (["-ss", 1.12], []),  # hides what lies between the key frame and the cut
    (["-ss", 1.12], ["-t", 1.0]),
    (["-itsoffset", 0.5], []),  # an empty edit: the first picture comes late
])
def test_edit_lists_are_kept_to(tmp_path, run_ffmpeg, pictures_of, decode, before, after):
    sound = ["-f", "lavfi", "-i", "sine=sample_rate=16000:duration=3", "-c:a", "aac"]
    run_ffmpeg(*film(), *sound, *X264, "-bf", 3, "-g", 50, tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    if "-itsoffset" in before:
        run_ffmpeg(*before, "-i", tmp_path / "whole.mp4", "-i", tmp_path / "whole.mp4", "-map", "0:v", "-map", "1:a",
                   "-c", "copy", cut)
    else:
        run_ffmpeg(*before, "-i", tmp_path / "whole.mp4", *after, "-c", "copy", cut)
    whole, pictures = pictures_of(tmp_path / "whole.mp4"), pictures_of(cut)
    grid, view, _ = decode(cut)
    got = [md5 for _, md5 in pictures_of(view)]
    assert got == shown_at_centres(pictures, grid)
    # Against the uncut recording too: the edit list alone says where in it a frame lies.
    shift_s = before[1] if "-ss" in before else -before[1]
    assert got == shown_at_centres([(time_s - shift_s, md5) for time_s, md5 in whole], grid)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_recording_is_its_stored_pictures_turned(
        tmp_path, write_pictures, picture_of_number, planes_of, decode, turn):
    recording = write_pictures(tmp_path / "in.mp4", [picture_of_number(n) for n in (1, 40, 700)],
                               [0.0, 0.04, 0.08], last_s=0.04, rotation=turn)
    width, height = (160, 48) if turn == 180 else (48, 160)
    _, view, _ = decode(recording, view=View(width_px=width, height_px=height))
    stored = planes_of(recording, 160, 48, before=["-noautorotate"])
    for plane, shown in zip(stored, planes_of(view, width, height), strict=True):
        np.testing.assert_array_equal(shown, np.rot90(plane, turn // 90, axes=(1, 2)))


def test_the_last_row_and_column_of_odd_pictures_are_not_cut_off(tmp_path, run_ffmpeg, pictures_of, decode):
    pictures = np.random.default_rng(0).integers(16, 235, (5, 121 * 161 + 2 * 61 * 81), np.uint8)
    run_ffmpeg("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "161x121", "-r", 25, "-i", "-", "-c:v", "ffv1",
               tmp_path / "odd.mkv", stdin=pictures.tobytes())
    _, view, _ = decode(tmp_path / "odd.mkv", view=View(width_px=98, height_px=84, fit="squash"))
    assert pictures_of(view) == pictures_of(tmp_path / "odd.mkv", "-vf", SCALE.format(98, 84))


def test_ten_bits_are_rounded_to_eight(tmp_path, run_ffmpeg, pictures_of, planes_of, decode):
    recording = tmp_path / "ten.mkv"
    levels = np.arange(64, 941, dtype="<u2")
    shape = (HEIGHT * 3 // 2, WIDTH)
    ramp = np.broadcast_to(np.resize(levels, shape), (3, *shape))
    run_ffmpeg("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{WIDTH}x{HEIGHT}", "-r", 25, "-i", "-",
               "-c:v", "ffv1", recording, stdin=ramp.tobytes())
    _, view, _ = decode(recording)
    assert pictures_of(view) == pictures_of(recording, "-vf", SCALE.format(WIDTH, HEIGHT))
    luma = planes_of(view, WIDTH, HEIGHT)[0].astype(float)
    error = luma - ramp[:, :HEIGHT] / 4
    assert np.abs(error).max() < 1 and abs(error.mean()) < 0.05


@pytest.mark.parametrize(("aspect", "shown"), [("4/3", (160, 90)), ("16/15", (128, 90)), ("8/9", (160, 136))])
def test_pixels_that_are_not_square_are_made_square_in_one_step_without_a_bar(
        tmp_path, run_ffmpeg, pictures_of, decode, aspect, shown):
    run_ffmpeg(*film(seconds=1), "-vf", f"setsar={aspect}", *X264, tmp_path / "in.mp4")
    _, view, _ = decode(tmp_path / "in.mp4", view=View(width_px=shown[0], height_px=shown[1]))
    assert pictures_of(view) == pictures_of(tmp_path / "in.mp4", "-vf", SCALE.format(*shown))


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_an_interlaced_picture_shows_one_moment(tmp_path, run_ffmpeg, pictures_of, planes_of, decode, first):
    # A bar that moves a pixel a field: two moments woven together would be a comb.
    moments = np.full((80, HEIGHT, WIDTH), 50, np.uint8)
    for number, picture in enumerate(moments):
        picture[:, 10 + number : 40 + number] = 200
    weave = moments[::2].copy()
    late = 1 if first == "tff" else 0
    weave[:, late::2] = moments[1::2, late::2]
    chroma = np.full((40, HEIGHT // 2 * WIDTH), 128, np.uint8)
    raw = np.concatenate([weave.reshape(40, -1), chroma], axis=1).tobytes()
    recording = tmp_path / "in.mp4"
    run_ffmpeg("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", 25, "-i", "-", "-vf",
               f"setfield={first}", "-c:v", "libx264", "-qp", 0, "-flags", "+ildct+ilme", "-x264opts",
               f"{first}=1", recording, stdin=raw)
    probe = probe_recording(recording)
    assert probe.interlaced and [problem.rule for problem in probe.problems] == ["interlaced"]
    grid, view, _ = decode(recording)
    assert pictures_of(view) == pictures_of(recording, "-vf", "bwdif=mode=send_frame")
    assert grid.frames == 40
    luma = planes_of(view, WIDTH, HEIGHT)[0].astype(int)
    off = np.abs(luma - moments[::2]).mean(axis=(1, 2))
    woven = np.abs(weave.astype(int) - moments[::2]).mean()
    assert off.max() < 0.2 * woven


def test_a_progressive_recording_is_not_taken_for_an_interlaced_one(play_mp4):
    assert not probe_recording(play_mp4).interlaced


def join(tmp_path, run_ffmpeg, *parts):
    """Two recordings of two seconds, one after the other in one stream."""
    for number, arguments in enumerate(parts):
        run_ffmpeg(*arguments, tmp_path / f"{number}.ts")
    (tmp_path / "list.txt").write_text("file 0.ts\nfile 1.ts\n")
    run_ffmpeg("-f", "concat", "-i", tmp_path / "list.txt", "-c", "copy", tmp_path / "joined.ts")
    return tmp_path / "joined.ts"


def part(size=f"{WIDTH}x{HEIGHT}", rate=48_000, channels=2):
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=2", "-f", "lavfi", "-i",
            f"sine=sample_rate={rate}:duration=2", *X264, "-c:a", "aac", "-ac", channels]


@pytest.mark.parametrize("second", [{"size": "320x240"}, {"rate": 44_100}, {"channels": 1}])
def test_a_change_on_the_way_that_would_move_what_follows_is_refused(tmp_path, run_ffmpeg, decode, second):
    recording = join(tmp_path, run_ffmpeg, part(), part(**second))
    with pytest.raises(DyadflowError, match=r"changes on the way\. Export it again"):
        decode(recording)


def test_two_parts_of_one_kind_are_one_recording(tmp_path, run_ffmpeg, pictures_of, decode):
    recording = join(tmp_path, run_ffmpeg, part(), part())
    grid, view, samples = decode(recording)
    assert [md5 for _, md5 in pictures_of(view)] == shown_at_centres(pictures_of(recording), grid)
    assert np.abs(samples[48_000:56_000]).mean() > 1000


def test_what_is_read_is_what_ffmpeg_makes_rgb_of_the_view(tmp_path, run_ffmpeg, ffmpeg_says, decode):
    run_ffmpeg(*film(seconds=1), *X264, tmp_path / "in.mp4")
    _, view, _ = decode(tmp_path / "in.mp4")
    raw = ffmpeg_says("-i", view, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    read = b"".join(batch.tobytes() for batch in read_frames(view, batch=7))
    assert hashlib.md5(read).hexdigest() == hashlib.md5(raw).hexdigest()


def test_at_the_quality_as_shipped_a_view_is_within_a_level_of_the_picture(tmp_path, run_ffmpeg, planes_of, decode):
    run_ffmpeg(*film(seconds=2), *X264, tmp_path / "in.mp4")
    _, view, _ = decode(tmp_path / "in.mp4", crf=MediaSettings().crf)
    stored = planes_of(tmp_path / "in.mp4", WIDTH, HEIGHT)
    for plane, shown in zip(stored, planes_of(view, WIDTH, HEIGHT), strict=True):
        assert np.abs(plane.astype(int) - shown).mean() < 1


def write_sound(run_ffmpeg, path, samples, *, picture_s=0.0, sound_s=0.0, seconds=3):
    """A recording with uncompressed 16 kHz sound, picture and sound each beginning when it is told to."""
    pcm = path.with_suffix(".pcm")
    pcm.write_bytes(samples.astype("<i2").tobytes())
    run_ffmpeg(*film(seconds=seconds), *X264, "-bf", 0, path.with_suffix(".v.mov"))
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    run_ffmpeg("-itsoffset", picture_s, "-i", path.with_suffix(".v.mov"), "-itsoffset", sound_s, "-f", "s16le", "-ar",
               16_000, "-ac", channels, "-i", pcm, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    return path


@pytest.fixture(scope="module")
def noise():
    """Two seconds of noise at 16 kHz, loud throughout."""
    return np.random.default_rng(1).integers(-9000, 9000, 32_000)


@pytest.mark.parametrize(("suffix", "picture_s", "sound_s"), list(itertools.product(
    ["mov", "mkv"], [0.0, 0.4], [0.0, 0.5, 1.3])))
def test_sound_stands_where_it_belongs_to_the_sample(
        tmp_path, run_ffmpeg, decode, noise, suffix, picture_s, sound_s):
    recording = write_sound(run_ffmpeg, tmp_path / f"in.{suffix}", noise, picture_s=picture_s, sound_s=sound_s)
    grid, _, samples = decode(recording)
    zero_s = min(picture_s, sound_s)  # the clock starts with whatever comes first
    assert grid.frames == round((picture_s - zero_s + 3) * 25)
    expected = np.zeros(grid.frames * 640, int)
    start = round((sound_s - zero_s) * 16_000)
    expected[start:][:32_000] = noise[: len(expected) - start]
    np.testing.assert_array_equal(samples, expected)


def test_two_channels_become_their_mean(tmp_path, run_ffmpeg, decode, noise):
    both = np.stack([noise, noise[::-1]], axis=1)
    _, _, samples = decode(write_sound(run_ffmpeg, tmp_path / "in.mov", both))
    assert np.abs(samples[:32_000] - both.mean(axis=1)).max() <= 1
    assert not samples[32_000:].any()


def test_without_sound_there_is_silence_as_long_as_the_pictures(tmp_path, run_ffmpeg, decode):
    run_ffmpeg(*film(rate=15), *X264, tmp_path / "in.mp4")
    grid, _, samples = decode(tmp_path / "in.mp4")
    assert len(samples) == grid.frames * 640 and not samples.any()

"""Guards the clips that video networks read: the very pixels that were decoded, from any process."""

import multiprocessing
import os
import tracemalloc

import h5py
import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.media.clips import Clips, PixelMoments, write_clips
from dyadflow.media.read import read_frames

RATE_HZ = 3.125


@pytest.fixture(scope="module")
def numbered_view(tmp_path_factory, write_pictures, picture_of_number):
    """A view of 90 frames, each of which shows its number."""
    path = tmp_path_factory.mktemp("clips") / "view.mp4"
    return write_pictures(path, [picture_of_number(n) for n in range(90)], np.arange(90) / RATE_HZ, last_s=1 / RATE_HZ)


@pytest.fixture(scope="module")
def numbered_clips(numbered_view):
    path = numbered_view.with_name("clips.h5")
    write_clips(numbered_view, path, rate_hz=RATE_HZ)
    return Clips(path)


@pytest.mark.parametrize(("start", "length"), [(0, 90), (0, 1), (89, 1), (37, 15), (40, 5), (75, 15)])
def test_any_run_of_frames_comes_back_with_the_very_pixels_that_were_decoded(
    numbered_view, numbered_clips, numbers_in, start, length
):
    decoded = np.concatenate(list(read_frames(numbered_view)))

    read = numbered_clips.read(start, length)

    assert numbers_in(read) == list(range(start, start + length))
    np.testing.assert_array_equal(read, decoded[start:start + length])


def test_it_says_its_size_and_rate(numbered_clips):
    assert (numbered_clips.frames, numbered_clips.rate_hz) == (90, RATE_HZ)
    assert (numbered_clips.height_px, numbered_clips.width_px) == (48, 160)


@pytest.mark.parametrize(("start", "length"), [(-1, 5), (76, 15), (90, 1), (10, -3)])
def test_frames_that_are_not_there_are_an_error_and_not_fewer_frames(numbered_clips, start, length):
    with pytest.raises(DyadflowError, match=f"clips.h5: frames {start} to .* last is frame 89"):
        numbered_clips.read(start, length)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_the_same_after_this_one_has_opened_the_file(numbered_clips, method):
    here = numbered_clips.read(20, 15)

    with multiprocessing.get_context(method).Pool(2) as pool:
        there = pool.starmap(numbered_clips.read, [(20, 15)] * 4)

    assert all(np.array_equal(here, one) for one in there)
    np.testing.assert_array_equal(numbered_clips.read(20, 15), here)


def test_a_forked_process_opens_the_file_anew(numbered_clips, tmp_path, monkeypatch):
    opened = h5py.File

    def open_and_tell(*arguments):
        with (tmp_path / "opened").open("a") as log:
            log.write(f"{os.getpid()}\n")
        return opened(*arguments)

    monkeypatch.setattr(h5py, "File", open_and_tell)
    clips = Clips(numbered_clips.path)
    for _ in range(2):
        clips.read(0, 1)
    child = multiprocessing.get_context("fork").Process(target=clips.read, args=(0, 1))
    child.start()
    child.join()

    assert (tmp_path / "opened").read_text().split() == [str(os.getpid()), str(child.pid)]


def test_moments_are_those_of_all_pixels_and_add_up_over_sessions(tmp_path, numbered_view, play_mp4):
    views = {"a": numbered_view, "b": play_mp4}
    for name, view in views.items():
        write_clips(view, tmp_path / f"{name}.h5", rate_hz=25.0)
    pixels = {name: np.concatenate(list(read_frames(view))).reshape(-1, 3) / 255 for name, view in views.items()}

    moments = {name: Clips(tmp_path / f"{name}.h5").moments for name in views}

    both = moments["a"] + moments["b"], np.concatenate([*pixels.values()])
    for found, wanted in ((moments["a"], pixels["a"]), both):
        mean, deviation = found.mean_and_deviation()
        assert found.pixels == len(wanted)
        np.testing.assert_allclose(mean, wanted.mean(0), rtol=1e-9)
        np.testing.assert_allclose(deviation, wanted.std(0), rtol=1e-9)


def test_a_deviation_can_always_be_divided_by():
    mean, deviation = PixelMoments(4.0, np.full(3, 2.0), np.full(3, 1.0)).mean_and_deviation()

    np.testing.assert_array_equal(mean, 0.5)
    np.testing.assert_array_equal(deviation, 1 / 255)


def test_a_view_ten_times_as_long_takes_no_more_memory(tmp_path, run_ffmpeg):
    def peak(seconds):
        view = tmp_path / f"{seconds}.mp4"
        run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=104x80:rate=25:duration={seconds}", "-c:v", "libx264",
                   "-pix_fmt", "yuv420p", view)
        tracemalloc.start()
        write_clips(view, tmp_path / "clips.h5", rate_hz=25.0)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(4)  # imports
    short, long = peak(8), peak(80)

    assert Clips(tmp_path / "clips.h5").frames == 2000
    assert long < 1.1 * short
    assert long < 2000 * 104 * 80 * 3 / 4


def test_the_same_view_gives_the_same_bytes(tmp_path, numbered_view, numbered_clips):
    write_clips(numbered_view, tmp_path / "again.h5", rate_hz=RATE_HZ)

    assert (tmp_path / "again.h5").read_bytes() == numbered_clips.path.read_bytes()


def test_what_is_no_whole_file_of_clips_is_said_to_be_none(tmp_path):
    (tmp_path / "text.h5").write_text("not HDF5")
    with h5py.File(tmp_path / "killed.h5", "w") as file:
        file["frames"] = np.zeros((5, 4, 4, 3), np.uint8)

    for name, said in (("text.h5", "not a whole file"), ("killed.h5", "not a whole file"), ("no.h5", "no such file")):
        with pytest.raises(DyadflowError, match=f"{name}: .*{said}"):
            Clips(tmp_path / name).read(0, 1)

"""Guards reading views and sound: in order, whole, and in the memory of a batch."""

import tracemalloc
import wave

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.media.grid import FrameGrid
from dyadflow.media.read import count_frames, count_samples, read_frames, read_samples
from dyadflow.media.wav import samples_of, set_wav_length, write_empty_wav


@pytest.fixture
def ramp_wav(tmp_path):
    """A session's audio whose sample k has the value k."""
    with wave.open(str(tmp_path / "ramp.wav"), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.arange(-20_000, 20_000, dtype="<i2").tobytes())
    return tmp_path / "ramp.wav"


def test_frames_come_in_order_and_in_batches(tmp_path, write_pictures, picture_of_number, numbers_in):
    path = write_pictures(tmp_path / "v.mp4", [picture_of_number(n) for n in range(70)],
                          np.arange(70) / 25, last_s=0.04)
    batches = list(read_frames(path, batch=32))
    assert [batch.shape for batch in batches] == [(32, 48, 160, 3), (32, 48, 160, 3), (6, 48, 160, 3)]
    assert batches[0].dtype == np.uint8
    assert numbers_in(np.concatenate(batches)) == list(range(70))
    assert count_frames(path) == 70


def test_the_number_of_decoder_threads_does_not_change_the_pictures(play_mp4):
    one, two = (np.concatenate(list(read_frames(play_mp4, threads=threads))) for threads in (1, 2))
    assert np.array_equal(one, two)


def test_reading_a_long_view_takes_the_memory_of_a_batch(tmp_path, run_ffmpeg):
    run_ffmpeg("-f", "lavfi", "-i", "color=size=320x240:rate=25:duration=40", "-c:v", "libx264",
               "-preset", "ultrafast", tmp_path / "long.mp4")
    tracemalloc.start()
    frames = sum(len(batch) for batch in read_frames(tmp_path / "long.mp4", batch=8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    frame = 320 * 240 * 3
    assert frames == 1000
    assert peak < 30 * frame  # all of them are 1000


def test_a_view_that_was_cut_off_is_an_error_and_not_a_shorter_view(tmp_path, play_mp4):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(play_mp4.read_bytes()[: play_mp4.stat().st_size * 6 // 10])
    with pytest.raises(DyadflowError, match=r"cut\.mp4"):
        list(read_frames(cut))


@pytest.mark.parametrize("content", [b"", b"not a video"])
def test_a_file_that_is_no_view_is_named(tmp_path, content):
    (tmp_path / "bad.mp4").write_bytes(content)
    for read in (count_frames, lambda path: list(read_frames(path))):
        with pytest.raises(DyadflowError, match=r"bad\.mp4.*cannot be read"):
            read(tmp_path / "bad.mp4")


def test_samples_come_in_blocks_as_fractions_of_full_scale(ramp_wav):
    blocks = list(read_samples(ramp_wav, block_s=1.0))
    assert [len(block) for block in blocks] == [16_000, 16_000, 8_000]
    whole = np.concatenate(blocks)
    assert whole.dtype == np.float32
    assert whole[0] == np.float32(-20_000 / 32_768)
    assert np.array_equal(whole * 32_768, np.arange(-20_000, 20_000))
    assert count_samples(ramp_wav) == 40_000


@pytest.mark.parametrize("samples", [39_000, 40_000, 41_000])
def test_audio_is_cut_or_filled_with_silence_to_the_sample(ramp_wav, samples):
    set_wav_length(ramp_wav, samples)
    values = np.concatenate(list(read_samples(ramp_wav)))
    assert count_samples(ramp_wav) == len(values) == samples
    assert np.array_equal(values[:39_000] * 32_768, np.arange(-20_000, 19_000))
    assert not values[40_000:].any()


def test_silence_is_written_for_a_session_without_sound(tmp_path):
    write_empty_wav(tmp_path / "a.wav")
    set_wav_length(tmp_path / "a.wav", 1_234)
    assert np.array_equal(np.concatenate(list(read_samples(tmp_path / "a.wav"))), np.zeros(1_234))


def test_a_grid_lasts_a_whole_number_of_samples():
    assert samples_of(FrameGrid(25.0, 3)) == 1_920
    assert samples_of(FrameGrid(25 / 8, 31)) == 158_720
    assert samples_of(FrameGrid(30.0, 1)) == 533


def test_audio_in_another_format_or_cut_off_is_an_error(tmp_path, ramp_wav):
    with wave.open(str(tmp_path / "cd.wav"), "wb") as out:
        out.setparams((2, 2, 44_100, 0, "NONE", ""))
    with pytest.raises(DyadflowError, match="44100 Hz, 2 channels"):
        count_samples(tmp_path / "cd.wav")
    ramp_wav.write_bytes(ramp_wav.read_bytes()[:-4_000])
    with pytest.raises(DyadflowError, match="2000 samples early"):
        list(read_samples(ramp_wav))

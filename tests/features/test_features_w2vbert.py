"""Wav2Vec2-BERT: chunks that know their neighbours, and exactly one row a frame."""

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.backbones.w2vbert import cut_chunks
from dyadflow.media.read import read_samples


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small network saved as a folder of weights, and the network."""
    import torch
    from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel

    torch.manual_seed(3)
    model = Wav2Vec2BertModel(Wav2Vec2BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        conv_depthwise_kernel_size=7)).eval()
    folder = tmp_path_factory.mktemp("w2vbert")
    model.save_pretrained(folder)
    return folder, model


@pytest.mark.parametrize("block", [3, 10, 100])
@pytest.mark.parametrize(("kept", "margin"), [(10, 3), (7, 20), (100, 5), (1, 0)])
def test_what_chunks_keep_joins_to_the_whole(block, kept, margin):
    tokens = np.arange(53, dtype=np.float32)[:, None]
    blocks = iter([tokens[start:start + block] for start in range(0, 53, block)])
    chunks = list(cut_chunks(blocks, 53, kept=kept, margin=margin))
    np.testing.assert_array_equal(np.concatenate([chunk[own] for chunk, own in chunks]), tokens)
    for number, (chunk, _) in enumerate(chunks):
        first, stop = max(0, number * kept - margin), min(53, (number + 1) * kept + margin)
        np.testing.assert_array_equal(chunk[:, 0], np.arange(first, stop))


def test_a_recording_in_one_chunk_is_what_transformers_makes_of_it(
    saved, sound, w2vbert_settings, extract_one
):
    import torch
    from transformers import SeamlessM4TFeatureExtractor

    folder, model = saved
    path = sound(4.0)
    stream = extract_one(w2vbert_settings(weights=str(folder)), path, 50)
    given = SeamlessM4TFeatureExtractor()(
        np.concatenate(list(read_samples(path))), sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**given).last_hidden_state[0].numpy()
    # At 12.5 Hz a frame is four tokens of 20 ms, the first centred at 17.5 ms; the last frame has but three.
    assert len(hidden) == 199
    np.testing.assert_allclose(stream.values[0], hidden[0:4].mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(stream.values[:49], hidden[:196].reshape(49, 4, 32).mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(stream.values[49], hidden[196:].mean(axis=0), atol=1e-4)
    assert stream.valid.all() and stream.values.dtype == np.float32


def test_chunks_together_give_what_each_gives_alone(sound, w2vbert_settings, extract_one):
    one, many = (
        extract_one(w2vbert_settings(chunk_s=1.0, margin_s=0.5, chunks_per_batch=number), sound(7.3), 91)
        for number in (1, 4)
    )
    np.testing.assert_allclose(one.values, many.values, atol=1e-5)


def test_with_enough_margin_a_cut_is_hardly_heard(sound, w2vbert_settings, extract_one):
    """Most of what a network hears is near; a chunk's edge must not show where it is cut."""
    whole, cut, bare = (
        extract_one(w2vbert_settings(chunk_s=chunk_s, margin_s=margin_s), sound(9.0), 112).values
        for chunk_s, margin_s in ((20.0, 0.0), (3.0, 2.0), (3.0, 0.0))
    )
    seam = [36, 37, 38, 74, 75, 76]
    assert np.abs(cut - whole)[seam].mean() < 0.5 * np.abs(bare - whole)[seam].mean()


@pytest.mark.parametrize(("rate_hz", "frames"), [(25.0, 75), (3.125, 9), (60.0, 180)])
def test_there_is_exactly_one_row_a_frame_at_any_rate(sound, w2vbert_settings, extract_one, rate_hz, frames):
    stream = extract_one(w2vbert_settings(), sound(3.0), frames, rate_hz=rate_hz)
    assert stream.values.shape == (frames, 32)


def test_sound_of_no_length_is_refused(tmp_path, write_sound, w2vbert_settings, extract_one):
    with pytest.raises(DyadflowError, match="shorter than 35 ms"):
        extract_one(w2vbert_settings(), write_sound(tmp_path / "short.wav", np.zeros(500)), 1)


def test_a_network_with_an_adapter_is_refused(sound, w2vbert_settings, extract_one):
    config = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "add_adapter": True}
    with pytest.raises(DyadflowError, match="without an adapter"):
        extract_one(w2vbert_settings(config=config), sound(1.0), 12)


@pytest.mark.parametrize(("rate_hz", "frames"), [(25.0, 75), (12.5, 37), (29.97, 90)])
def test_a_window_is_what_transformers_makes_of_it_alone(
    saved, sound, w2vbert_settings, extract_one, rate_hz, frames
):
    import torch
    from transformers import SeamlessM4TFeatureExtractor

    folder, model = saved
    path = sound(3.0)
    stream = extract_one(w2vbert_settings(weights=str(folder), mode="windowed", windows_per_batch=16), path, frames,
                         rate_hz=rate_hz)
    samples = np.concatenate([np.zeros(8000, np.float32), *read_samples(path), np.zeros(8000, np.float32)])
    listen = SeamlessM4TFeatureExtractor()
    for frame in (0, 1, frames // 2, frames - 1):
        start = 8000 + round((frame + 0.5) / rate_hz * 16000 - 800)
        given = listen(samples[start:start + 1600], sampling_rate=16000, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**given).last_hidden_state[0].numpy()
        assert len(hidden) == 4
        np.testing.assert_allclose(stream.values[frame], hidden.mean(axis=0), atol=1e-4)


def test_windows_together_give_what_each_gives_alone(sound, w2vbert_settings, extract_one):
    one, many = (
        extract_one(w2vbert_settings(mode="windowed", left_s=0.1, windows_per_batch=number), sound(2.0), 25)
        for number in (1, 9)
    )
    np.testing.assert_allclose(one.values, many.values, atol=1e-5)


def test_a_window_without_a_token_is_refused(w2vbert_settings):
    with pytest.raises(ValueError, match="35 ms"):
        w2vbert_settings(mode="windowed", left_s=0.01, right_s=0.01)

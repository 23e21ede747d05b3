"""Networks that hear the wave: what chunks keep is what transformers makes of the whole."""

import json

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.waveform import cut_sound, measure_sound, receptive_field
from dyadflow.media.read import read_samples

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
    "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
}
FAMILIES = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small network of a family saved as a folder of weights, and the network: saved("hubert", normalise=True)."""
    import torch
    import transformers

    def make(family, normalise=False, **config):
        torch.manual_seed(5)
        given = getattr(transformers, FAMILIES[family] + "Config")(**SMALL, **config)
        model = getattr(transformers, FAMILIES[family] + "Model")(given).eval()
        folder = tmp_path_factory.mktemp(family)
        model.save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": normalise}))
        return folder, model

    return make


def settings(family, weights="untrained", **options):
    options |= {"config": SMALL} if weights == "untrained" else {}
    return ExtractorSettings(backbone=family, weights=str(weights), device="cpu", views=["audio"], options=options)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("normalise", [False, True])
def test_a_recording_in_one_chunk_is_what_transformers_makes_of_it(saved, sound, extract_one, family, normalise):
    import torch
    from transformers import Wav2Vec2FeatureExtractor

    folder, model = saved(family, normalise)
    path = sound(4.0)
    stream = extract_one(settings(family, folder), path, 50)
    given = Wav2Vec2FeatureExtractor(do_normalize=normalise)(
        np.concatenate(list(read_samples(path))), sampling_rate=16000, return_tensors="pt").input_values
    with torch.no_grad():
        hidden = model(given).last_hidden_state[0].numpy()
    # Tokens of 20 ms, the first centred at 12.5 ms: four to a frame of 80 ms, and 199 in all.
    assert len(hidden) == 199
    np.testing.assert_allclose(stream.values[:49], hidden[:196].reshape(49, 4, 32).mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(stream.values[49], hidden[196:].mean(axis=0), atol=1e-4)


def test_a_named_layer_is_that_layers_output(saved, sound, extract_one):
    import torch

    folder, model = saved("wavlm")
    stream = extract_one(settings("wavlm", folder, layer=1), sound(2.0), 25)
    with torch.no_grad():
        given = torch.from_numpy(np.concatenate(list(read_samples(sound(2.0)))))[None]
        hidden = model(given, output_hidden_states=True).hidden_states[1][0].numpy()
    np.testing.assert_allclose(stream.values[:24], hidden[:96].reshape(24, 4, 32).mean(axis=1), atol=1e-4)
    with pytest.raises(DyadflowError, match="this network has 2 layers"):
        extract_one(settings("wavlm", folder, layer=3), sound(2.0), 25)


@pytest.mark.parametrize("block", [97, 1000, 10000])
@pytest.mark.parametrize(("kept", "margin"), [(10, 3), (7, 20), (100, 5), (1, 0)])
def test_what_chunks_keep_joins_to_the_whole(block, kept, margin):
    samples = np.arange(5000, dtype=np.float32)
    length, hop = 400, 80
    count = 1 + (5000 - length) // hop
    blocks = iter([samples[start:start + block] for start in range(0, 5000, block)])
    starts, last = [], None
    for chunk, own in cut_sound(blocks, 5000, length=length, hop=hop, kept=kept, margin=margin):
        tokens = np.lib.stride_tricks.sliding_window_view(chunk, length)[::hop]
        starts.extend(tokens[own][:, 0])
        last = chunk[-1]
    np.testing.assert_array_equal(starts, hop * np.arange(count))
    assert last == 4999


def test_the_convolutions_of_wav2vec_hear_25_ms_every_20_ms():
    assert receptive_field((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)) == (400, 320)


def test_loudness_is_measured_in_blocks_as_of_the_whole(sound):
    path = sound(23.0)
    samples = np.concatenate(list(read_samples(path))).astype(np.float64)
    mean, deviation = measure_sound(path)
    assert mean == pytest.approx(samples.mean(), abs=1e-9)
    assert deviation == pytest.approx(np.sqrt(samples.var() + 1e-7), rel=1e-9)


def test_whisper_hears_its_window_as_transformers_does(sound, tmp_path, extract_one):
    import torch
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

    torch.manual_seed(2)
    model = WhisperModel(WhisperConfig(
        d_model=32, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=48, decoder_layers=1,
        decoder_attention_heads=2, decoder_ffn_dim=48, num_mel_bins=80, vocab_size=64, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)).eval()
    model.save_pretrained(tmp_path / "whisper")
    asked = ExtractorSettings(backbone="whisper", weights=str(tmp_path / "whisper"), device="cpu", views=["audio"])
    stream = extract_one(asked, sound(4.0), 50)
    heard = WhisperFeatureExtractor()(
        np.concatenate(list(read_samples(sound(4.0)))), sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        hidden = model.encoder(heard.input_features).last_hidden_state[0, :200].numpy()
    np.testing.assert_allclose(stream.values, hidden.reshape(50, 4, 32).mean(axis=1), atol=1e-4)


def test_windows_longer_than_whispers_are_refused():
    with pytest.raises(ValueError, match="30 s"):
        ExtractorSettings(backbone="whisper", weights="untrained", views=["audio"],
                          options={"chunk_s": 28, "margin_s": 2})

"""The filterbank of Wav2Vec2-BERT is transformers' own, in blocks."""

import numpy as np
import pytest

from dyadflow.features.fbank import Filterbank, count_tokens
from dyadflow.media.read import count_samples, read_samples


def whole(path):
    """The same tokens from transformers' extractor, given the whole recording at once."""
    from transformers import SeamlessM4TFeatureExtractor

    samples = np.concatenate(list(read_samples(path)))
    given = SeamlessM4TFeatureExtractor()(samples, sampling_rate=16000, return_tensors="np")
    return given["input_features"][0][given["attention_mask"][0] == 1]


@pytest.mark.parametrize("seconds", [0.4, 10.0, 23.017])
def test_blocks_give_the_same_numbers_as_the_whole_recording(sound, seconds):
    path = sound(seconds)
    tokens = np.concatenate(list(Filterbank().tokens(path)))
    assert len(tokens) == count_tokens(count_samples(path))
    np.testing.assert_allclose(tokens, whole(path), atol=1e-4)


def test_so_it_is_with_digital_silence_in_between(tmp_path, write_sound):
    samples = np.random.default_rng(3).standard_normal(16000 * 15) * 0.02
    samples[16000 * 4:16000 * 12] = 0
    path = write_sound(tmp_path / "gap.wav", samples)
    np.testing.assert_allclose(np.concatenate(list(Filterbank().tokens(path))), whole(path), atol=1e-4)


def test_silence_throughout_is_zero_and_not_a_division_by_zero(tmp_path, write_sound):
    path = write_sound(tmp_path / "silence.wav", np.zeros(16000 * 2))
    tokens = np.concatenate(list(Filterbank().tokens(path)))
    np.testing.assert_allclose(tokens, 0, atol=1e-6)

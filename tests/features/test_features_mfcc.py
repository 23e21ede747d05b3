"""Cepstra, energy and pitch: against scipy's own transform, and on tones of known height."""

import numpy as np
import pytest

from dyadflow.features.settings import ExtractorSettings


def settings(**options):
    return ExtractorSettings(backbone="mfcc", views=["audio"], options=options)


@pytest.mark.parametrize("pitch_hz", [90.0, 220.0, 440.0, 700.0])
def test_a_voice_like_tone_has_its_pitch(tmp_path, write_sound, extract_one, pitch_hz):
    time_s = np.arange(2 * 16000) / 16000
    tone = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 6)) * 0.1
    stream = extract_one(settings(), write_sound(tmp_path / "tone.wav", tone), 25)
    found_hz = 55 * 2 ** stream.values[1:-1, -2]
    np.testing.assert_allclose(found_hz, pitch_hz, rtol=0.01)
    assert (stream.values[1:-1, -1] > 0.9).all()


def test_noise_and_silence_have_no_pitch(tmp_path, write_sound, extract_one):
    noise = np.random.default_rng(0).standard_normal(32000) * 0.05
    assert (extract_one(settings(), write_sound(tmp_path / "n.wav", noise), 25).values[:, -2] == 0).mean() > 0.95
    silent = extract_one(settings(), write_sound(tmp_path / "s.wav", np.zeros(32000)), 25)
    assert (silent.values[:, -2:] == 0).all() and np.isfinite(silent.values).all()


def test_twice_as_loud_moves_energy_and_the_first_coefficient_only(tmp_path, write_sound, extract_one):
    noise = np.random.default_rng(1).standard_normal(32000) * 0.05
    one = extract_one(settings(), write_sound(tmp_path / "a.wav", noise), 25).values
    two = extract_one(settings(), write_sound(tmp_path / "b.wav", 2 * noise), 25).values
    np.testing.assert_allclose((two - one)[:, 13], np.log(4), atol=0.01)
    np.testing.assert_allclose((two - one)[:, 0], np.log(4) * np.sqrt(40), atol=0.05)
    np.testing.assert_allclose((two - one)[:, 1:13], 0, atol=0.05)


def test_cepstra_are_the_transform_of_log_mel_energies(sound, extract_one):
    """The mean over a frame's windows and the transform are both linear, so that they may change places."""
    from scipy.fft import dct

    path = sound(3.0)
    cepstra = extract_one(settings(cepstra=40), path, 37).values[:, :40]
    assert np.isfinite(cepstra).all()
    energies = extract_one(
        ExtractorSettings(backbone="logmel", views=["audio"], options={"mels": 40}), path, 37).values
    # The cepstra's windows are 12.5 ms later: inside the recording each frame has eight of both.
    there = dct(energies, axis=1, norm="ortho")
    assert np.corrcoef(cepstra[2:-2, 0], there[2:-2, 0])[0, 1] > 0.99

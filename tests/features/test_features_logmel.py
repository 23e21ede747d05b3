"""Log-mel energies: loud where it is loud, at the pitch that sounds, in the frame in which it sounds."""

import numpy as np
import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.backbones.logmel import mel_bands
from dyadflow.features.settings import ExtractorSettings

SETTINGS = ExtractorSettings(backbone="logmel", views=["audio"])


def test_a_tone_is_loudest_in_its_own_band(tmp_path, write_sound, extract_one):
    time_s = np.arange(32000) / 16000
    path = write_sound(tmp_path / "tone.wav", 0.3 * np.sin(2 * np.pi * 1000 * time_s))
    stream = extract_one(SETTINGS, path, 25)
    assert stream.values.shape == (25, 40)
    # 42 corners from 50 to 8000 Hz, equally far apart in mel; the band whose centre is nearest to 1 kHz.
    mel = np.linspace(*(2595 * np.log10(1 + np.array([50.0, 8000.0]) / 700)), 42)[1:-1]
    assert set(stream.values.argmax(axis=1)) == {int(np.abs(mel - 2595 * np.log10(1 + 1000 / 700)).argmin())}


def test_ten_times_the_amplitude_is_a_hundred_times_the_energy(tmp_path, write_sound, extract_one):
    noise = np.random.default_rng(0).standard_normal(16000) * 0.01
    quiet, loud = (
        extract_one(SETTINGS, write_sound(tmp_path / f"{gain}.wav", gain * noise), 12).values
        for gain in (1, 10)
    )
    np.testing.assert_allclose(loud - quiet, np.log(100), atol=0.05)


def test_a_clap_is_heard_in_its_own_frame(tmp_path, write_sound, extract_one):
    samples = np.zeros(48000)
    samples[16000 + 640:16000 + 660] = 0.9  # 1.04 s, the middle of frame 13 at 12.5 Hz
    stream = extract_one(SETTINGS, write_sound(tmp_path / "clap.wav", samples), 37)
    assert stream.values.mean(axis=1).argmax() == 13


def test_every_band_hears_something():
    bands = mel_bands(80, lowest_hz=20, highest_hz=8000)
    assert bands.shape == (80, 257) and (bands.sum(axis=1) > 0).all()


def test_a_recording_of_no_length_is_refused(tmp_path, write_sound, extract_one):
    with pytest.raises(DyadflowError, match="shorter than 25 ms"):
        extract_one(SETTINGS, write_sound(tmp_path / "short.wav", np.zeros(300)), 1)

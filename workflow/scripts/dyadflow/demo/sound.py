"""The sound of a session: two voices in one room, recorded by one microphone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.demo.behaviour import Session
from dyadflow.demo.settings import DemoSettings, draw_for
from dyadflow.demo.voices import MANNERS, Utterance, loudness_contour, plan_voice

#: Samples a second of the recording's sound, as camcorders have it.
SOUND_RATE_HZ = 48_000
#: Resonances (Hz) and their widths of two vowels, for an adult's vocal tract; an infant's is shorter.
VOWELS = (
    ((730, 120), (1090, 140), (2440, 220), (3400, 300)),
    ((300, 90), (2290, 180), (3010, 260), (3600, 320)),
)
TRACT_SCALE = {"caregiver": 1.0, "infant": 1.6}
HARMONICS = 24
#: Samples of one period in a wavetable; 24 harmonics are smooth at this length.
PERIOD = 1024


def synthesise_sound(session: Session, settings: DemoSettings) -> NDArray[np.int16]:
    """Make the whole sound track.

    Returns
    -------
    ndarray, shape (samples,)
        Mono, `SOUND_RATE_HZ`, exactly as long as the picture.
    """
    samples = round(session.duration_s * SOUND_RATE_HZ)
    rng = draw_for(session.name, "sound", seed=settings.seed)
    track = _room(rng, samples, settings.room_noise_db)
    for role in ("infant", "caregiver"):
        for utterance in plan_voice(session, role, settings):
            first = round(utterance.onset_s * SOUND_RATE_HZ)
            voice = _voice(utterance, role, rng)[: samples - first]
            track[first : first + len(voice)] += voice
    return np.round(np.clip(track, -0.98, 0.98) * 32767).astype(np.int16)


def _room(rng: np.random.Generator, samples: int, level_db: float) -> NDArray[np.float32]:
    """Steady noise, more of it in the low frequencies, in a loop of a few seconds."""
    loop = rng.standard_normal(4 * SOUND_RATE_HZ).astype(np.float32)
    spectrum = np.fft.rfft(loop)
    frequency_hz = np.fft.rfftfreq(len(loop), 1 / SOUND_RATE_HZ)
    muffled = np.fft.irfft(spectrum / (1 + frequency_hz / 300), n=len(loop))
    loop = (muffled / muffled.std() * 10 ** (level_db / 20)).astype(np.float32)
    return np.tile(loop, samples // len(loop) + 1)[:samples]


def _voice(utterance: Utterance, role: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """One utterance: a pitch contour through the resonances of the mouth, with some breath."""
    manner = MANNERS[utterance.code]
    local_s = (
        np.arange(round((utterance.offset_s - utterance.onset_s) * SOUND_RATE_HZ), dtype=np.float32)
        / SOUND_RATE_HZ
    )
    pitch_hz = _pitch(utterance, manner.swing, local_s, rng)
    phase = np.cumsum(pitch_hz / SOUND_RATE_HZ)
    place = ((phase % 1.0) * PERIOD).astype(np.intp)
    open_table, close_table = (_wavetable(utterance.pitch_hz, vowel, TRACT_SCALE[role]) for vowel in VOWELS)
    # The mouth wanders between the two vowels; a cry stays open.
    mix = (
        np.float32(0.0)
        if utterance.code == "Ipro"
        else (0.5 + 0.5 * np.sin(2 * np.pi * (1.7 * local_s + rng.random()))).astype(np.float32)
    )
    voiced = open_table[place] * (1 - mix) + close_table[place] * mix
    noise = rng.standard_normal(len(local_s)).astype(np.float32)
    sound = voiced * (1 - manner.breath) + 0.35 * manner.breath * noise
    return (utterance.loudness * loudness_contour(utterance, local_s) * sound).astype(np.float32)


def _pitch(
    utterance: Utterance,
    swing: float,
    local_s: NDArray[np.floating[Any]],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Fundamental frequency over the utterance in Hz: an arch, up-down or down-up, and a little vibrato."""
    progress = local_s / max(utterance.offset_s - utterance.onset_s, 1e-3)
    direction = 1.0 if utterance.code == "Ipro" or rng.random() < 0.7 else -1.0
    arch = direction * swing * (np.sin(np.pi * progress) - 0.4 - 0.4 * progress)
    vibrato = 0.012 * np.sin(2 * np.pi * (5.5 * local_s + rng.random()))
    return (utterance.pitch_hz * (1 + arch + vibrato)).astype(np.float32)


def _wavetable(
    pitch_hz: float, vowel: tuple[tuple[int, int], ...], tract_scale: float
) -> NDArray[np.float32]:
    """One period of a voice, shape (PERIOD,), peak 1: harmonics weighted by the mouth's resonances."""
    number = np.arange(1, HARMONICS + 1)
    frequency_hz = number * pitch_hz
    gain = np.zeros(HARMONICS)
    for centre_hz, width_hz in vowel:
        centre, width = centre_hz * tract_scale, 1.8 * width_hz * tract_scale
        gain += (1 / (centre / VOWELS[0][0][0])) / (1 + ((frequency_hz - centre) / width) ** 2)
    # The source falls by 6 dB an octave once the lips have radiated it.
    gain = (gain + 0.02) / number
    angle = 2 * np.pi * np.arange(PERIOD) / PERIOD
    # Schroeder phases keep the peak low, so that the voice is loud without clipping.
    wave = (
        gain[:, None] * np.cos(number[:, None] * angle - np.pi * (number * (number - 1) / HARMONICS)[:, None])
    ).sum(0)
    return (wave / np.abs(wave).max()).astype(np.float32)

"""Real media, small, and small networks with random numbers, for the tests of room features."""

import subprocess
import wave

import numpy as np
import pytest

from dyadflow.media.ffmpeg import ffmpeg_binary
from dyadflow.media.grid import FrameGrid

RATE_HZ = 12.5

#: Networks that are small enough to run in a blink.
SMALL_DINOV2 = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 42}
SMALL_W2VBERT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
    "conv_depthwise_kernel_size": 7,
}


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Make a video of moving shapes: film(frames=60, size="42x28", source="testsrc2") -> path."""
    folder = tmp_path_factory.mktemp("films")

    def make(frames=60, size="42x28", source="testsrc2"):
        path = folder / f"{source}_{size}_{frames}.mp4"
        if not path.exists():
            subprocess.run(
                [ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "lavfi", "-i",
                 f"{source}=size={size}:rate=25/2", "-frames:v", str(frames), "-c:v", "libx264", "-crf", "10",
                 "-pix_fmt", "yuv420p", "-threads", "1", str(path)], check=True,
            )
        return path

    return make


@pytest.fixture(scope="session")
def write_sound():
    """Write samples (-1 to 1) as 16 kHz mono 16 bit: write_sound(path, samples) -> path."""
    def write(path, samples):
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(np.round(np.asarray(samples) * 32767).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture(scope="session")
def sound(tmp_path_factory, write_sound):
    """Make noise and a hum that swell and fade: sound(seconds, seed=0) -> path."""
    folder = tmp_path_factory.mktemp("sounds")

    def make(seconds, seed=0):
        time_s = np.arange(round(seconds * 16000)) / 16000
        noise = np.random.default_rng(seed).standard_normal(len(time_s))
        hum = 0.1 * np.sin(2 * np.pi * 220 * time_s) * (1 + 0.5 * np.sin(7 * time_s))
        samples = 0.05 * noise * np.sin(time_s) ** 2 + hum
        return write_sound(folder / f"{seconds}_{seed}.wav", samples)

    return make


@pytest.fixture
def grid_file(tmp_path):
    """Write a frame grid: grid_file(frames) -> path."""
    def write(frames, rate_hz=RATE_HZ):
        path = tmp_path / f"grid_{frames}_{rate_hz}.json"
        FrameGrid(rate_hz, frames).write(path)
        return path

    return write


@pytest.fixture(scope="session")
def dinov2_settings():
    """Settings of a small untrained DINOv2, changed by keyword: dinov2_settings(batch=1, rank=4)."""
    from dyadflow.features.settings import ExtractorSettings

    def make(*, rank=8, basis_every=5, config=None, output="tokens", weights="untrained", **changes):
        options = {"rank": rank, "basis_every": basis_every, "output": output, "config": config or SMALL_DINOV2}
        return ExtractorSettings(backbone="dinov2", weights=weights, device="cpu", options=options,
                                 **{"views": ["scene"], **changes})

    return make


@pytest.fixture(scope="session")
def w2vbert_settings():
    """Settings of a small untrained Wav2Vec2-BERT: w2vbert_settings(chunk_s=1.0, chunks_per_batch=3)."""
    from dyadflow.features.settings import ExtractorSettings

    def make(*, weights="untrained", config=None, seed=0, **options):
        return ExtractorSettings(
            backbone="w2vbert", weights=weights, device="cpu", views=["audio"], seed=seed,
            options={"config": config or SMALL_W2VBERT, **options},
        )

    return make


@pytest.fixture
def extract_one(tmp_path):
    """Extract one stream and read it: extract_one(settings, source, frames) -> Stream."""
    from dyadflow.features.registry import load_backbone
    from dyadflow.features.stream import StreamWriter, open_stream

    def extract(settings, source, frames, rate_hz=RATE_HZ):
        path, grid = tmp_path / "stream.h5", FrameGrid(rate_hz, frames)
        with StreamWriter(path, grid, {"view": settings.views[0]}, source=str(source)) as into:
            load_backbone(settings).extract(source, grid, into)
        return open_stream(path)

    return extract


#: Options under which each backbone is small enough to run in a blink; a new backbone adds its own.
SMALL_WAVEFORM = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
                  "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
                  "feat_extract_norm": "layer"}
SMALL_WHISPER = {"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 48,
                 "decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 48, "vocab_size": 64,
                 "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
SMALL_OPTIONS = {
    "dinov2": {"rank": 8, "basis_every": 5, "config": SMALL_DINOV2},
    "dinov3": {"rank": 8, "basis_every": 5, "config": {
        "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}},
    "vjepa2": {"look": "causal", "clip_frames": 4, "pictures_per_s": 50, "stride": 1, "config": {
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "crop_size": 112, "frames_per_clip": 4,
        "pred_hidden_size": 24, "pred_num_hidden_layers": 1, "pred_num_attention_heads": 2}},
    "w2vbert": {"config": SMALL_W2VBERT},
    "wav2vec2": {"config": SMALL_WAVEFORM},
    "hubert": {"config": SMALL_WAVEFORM},
    "wavlm": {"config": SMALL_WAVEFORM},
    "whisper": {"config": SMALL_WHISPER},
    "motion": {},
    "logmel": {},
    "mfcc": {},
}


@pytest.fixture(scope="session")
def small_settings():
    """Settings of any backbone, small and untrained: small_settings("hubert", layer=1)."""
    from dyadflow.features.registry import backbone_module
    from dyadflow.features.settings import ExtractorSettings

    def make(backbone, **options):
        module = backbone_module(backbone)
        return ExtractorSettings(
            backbone=backbone, views=["audio" if module.TAKES == "sound" else "scene"], device="cpu",
            weights="untrained" if module.NEEDS_WEIGHTS else None, options={**SMALL_OPTIONS[backbone], **options},
        )

    return make

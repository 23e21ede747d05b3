"""How many video frames a second the extractors take, against plainer ways and against the limit.

Pictures, all through the same untrained DINOv2 at 224 px, from the same nearly lossless views:

- `released`: the loop that the authors of A released: one frame a forward pass, single precision, each frame resized
  to 256 and cropped to 224 by a picture library. (Their PCA of every frame is left out.)
- `plain`: transformers in batches, decoding and computing in turn, all tokens brought back; `plain half` the same in
  bfloat16.
- `extractor`: `dyadflow.features.extract.extract_batch` over several sessions, from the files of the views to token
  stores and their index. Getting ready (torch, the network) is told beside and not counted.
- `bare`: the forward pass alone, on pictures that are ready on the device: the limit.

Sound, all through the same untrained Wav2Vec2-BERT: `windows alone` (an excerpt a frame, each encoded alone, as
published), `windows` (the same in batches), `contextual` (long chunks, the default).

Memory: the most that a process held, and on a GPU the most of its memory, for a short and a ten times longer view.

Each row runs in a process of its own. Weights are random numbers: speed does not depend on them, and nothing here
says how good a stream is.

    python bench/features.py           # full size, for a GPU: DINOv2-L, 8 sessions of 6 minutes
    python bench/features.py --small   # for a CPU: narrow networks, seconds
    python bench/features.py --small --memory 6 60   # memory alone, of views and sound of so many minutes
"""

import argparse
import multiprocessing
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RATE_HZ = 25
SIZE_PX = 224


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    dinov2: dict[str, Any] = field(default_factory=dict)
    w2vbert: dict[str, Any] = field(default_factory=dict)
    sessions: int = 8
    frames: int = 9000
    released_frames: int = 300
    plain_frames: int = 2000
    alone_frames: int = 500
    memory_frames: tuple[int, int] = (9000, 90000)
    batch: int = 64


#: DINOv2-L and W2V-BERT 2.0 as published, sessions of six minutes; six minutes and an hour for memory.
FULL = Scale(dinov2={"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 518})
SMALL = Scale(
    dinov2={"hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "image_size": 224},
    w2vbert={"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128},
    sessions=2, frames=200, released_frames=60, plain_frames=200, alone_frames=50, memory_frames=(150, 1500), batch=16,
)


@dataclass(frozen=True)
class Place:
    """What a row is measured with."""

    scale: Scale
    folder: Path
    device: str
    threads: int


def released(place: Place) -> float:
    """One frame a forward pass."""
    import av
    import numpy as np
    import torch
    from PIL import Image

    model, _ = _network(place, half=False)
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    with av.open(str(_film(place))) as container, torch.no_grad():
        began, frames = _now(place), 0
        for frame in container.decode(video=0):
            picture = Image.fromarray(frame.to_ndarray(format="rgb24")).resize((256, 256), Image.Resampling.BICUBIC)
            edge = (256 - SIZE_PX) // 2
            picture = picture.crop((edge, edge, edge + SIZE_PX, edge + SIZE_PX))
            pixels = ((np.asarray(picture) / 255 - mean) / deviation).astype(np.float32).transpose(2, 0, 1)
            model(torch.from_numpy(pixels)[None].to(place.device)).last_hidden_state[:, 1:].cpu().numpy()
            frames += 1
            if frames == place.scale.released_frames:
                break
        return frames / (_now(place) - began)


def plain(place: Place, half: bool = False) -> float:
    """Batches, one after the other."""
    import torch

    from dyadflow.features.device import multiply_in
    from dyadflow.media.read import read_frames

    model, _ = _network(place, half=half)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    began, frames = _now(place), 0
    with torch.inference_mode(), multiply_in(torch.device(place.device), half=half):
        for batch in read_frames(_film(place), batch=place.scale.batch):
            pixels = ((torch.from_numpy(batch) / 255 - mean) / deviation).permute(0, 3, 1, 2)
            model(pixels.to(place.device)).last_hidden_state[:, 1:].float().cpu().numpy()
            frames += len(batch)
            if frames >= place.scale.plain_frames:
                break
    return frames / (_now(place) - began)


def plain_half(place: Place) -> float:
    """Batches in bfloat16."""
    return plain(place, half=True)


def bare(place: Place) -> float:
    """Forward passes alone."""
    import torch

    from dyadflow.features.device import multiply_in

    model, half = _network(place)
    pixels = torch.randn(place.scale.batch, 3, SIZE_PX, SIZE_PX, device=place.device)
    rounds = max(1, place.scale.plain_frames // place.scale.batch)
    with torch.inference_mode(), multiply_in(torch.device(place.device), half=half):
        model(pixels)
        began = _now(place)
        for _ in range(rounds):
            model(pixels)
        return rounds * place.scale.batch / (_now(place) - began)


def extractor(place: Place) -> tuple[float, float]:
    """Frames a second from files to files, and the seconds of getting ready."""
    return _extract(place, "dinov2", "scene", _film(place), {"config": place.scale.dinov2}, place.scale.frames)


def contextual(place: Place) -> float:
    """Sound in long chunks."""
    return _extract(place, "w2vbert", "audio", _sound(place), {"config": place.scale.w2vbert}, place.scale.frames)[0]


def windows(place: Place) -> float:
    """Sound in excerpts, in batches."""
    options = {"mode": "windowed", "config": place.scale.w2vbert}
    return _extract(place, "w2vbert", "audio", _sound(place), options, place.scale.frames)[0]


def windows_alone(place: Place) -> float:
    """Sound in excerpts, one by one."""
    frames = place.scale.alone_frames
    options = {"mode": "windowed", "windows_per_batch": 1, "config": place.scale.w2vbert}
    return _extract(place, "w2vbert", "audio", _sound(place, frames), options, frames)[0]


def memory(place: Place, frames: int, what: str) -> tuple[float, float]:
    """Peak MiB of the process, and of the GPU, for a view or for sound."""
    import torch

    if what == "pictures":
        shallow = {**place.scale.dinov2, "num_hidden_layers": 1}  # as much memory as deeper, and sooner done
        _extract(place, "dinov2", "scene", _film(place, frames), {"config": shallow}, frames, sessions=1)
    else:
        _extract(place, "w2vbert", "audio", _sound(place, frames), {"config": place.scale.w2vbert}, frames, sessions=1)
    on_gpu = torch.cuda.max_memory_allocated() / 2**20 if place.device == "cuda" else float("nan")
    # Of this process alone: ru_maxrss begins at what the parent held.
    peak_kib = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    return peak_kib / 1024, on_gpu


def _settings(place: Place, backbone: str, view: str, options: dict[str, Any], *, half: bool | None = None) -> Any:
    from dyadflow.features.settings import ExtractorSettings

    return ExtractorSettings(
        backbone=backbone, views=[view], weights="untrained", device=place.device, batch=place.scale.batch,
        half=place.device == "cuda" if half is None else half, options=options,
    )


def _network(place: Place, *, half: bool | None = None) -> tuple[Any, bool]:
    """The network that the extractor builds, and whether it multiplies in bfloat16."""
    from dyadflow.features.registry import load_backbone

    settings = _settings(place, "dinov2", "scene", {"config": place.scale.dinov2}, half=half)
    return load_backbone(settings, torch_threads=place.threads)._model, settings.half


def _extract(
    place: Place, backbone: str, view: str, source: Path, options: dict[str, Any], frames: int,
    sessions: int | None = None,
) -> tuple[float, float]:
    from dyadflow.features import extract
    from dyadflow.media.grid import FrameGrid

    ready_s, load = [], extract.load_backbone

    def timed_load(*arguments: Any, **keywords: Any) -> Any:
        began = time.perf_counter()
        loaded = load(*arguments, **keywords)
        ready_s.append(time.perf_counter() - began)
        return loaded

    extract.load_backbone = timed_load
    sessions = sessions or place.scale.sessions
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        grid = Path(folder) / "grid.json"
        FrameGrid(RATE_HZ, frames).write(grid)
        batch = [{"session": f"s{n}", "grid": grid, "views": {view: source}} for n in range(sessions)]
        began = time.perf_counter()
        extract.extract_batch(
            batch, _settings(place, backbone, view, options), code="bench", folder=folder,
            index=Path(folder) / "index.tsv", torch_threads=place.threads, say=lambda line: None,
        )
        took_s = time.perf_counter() - began - ready_s[0]
    return sessions * frames / took_s, ready_s[0]


def _film(place: Place, frames: int | None = None) -> Path:
    """A view as the workflow writes it, of moving shapes with a camera's noise."""
    from dyadflow.media.ffmpeg import ffmpeg_binary

    frames = frames or place.scale.frames
    path = place.folder / f"film_{frames}.mp4"
    if not path.exists():
        subprocess.run([
            ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "lavfi", "-i",
            f"testsrc2=size={SIZE_PX}x{SIZE_PX}:rate={RATE_HZ},noise=alls=6:allf=t", "-frames:v", str(frames),
            "-c:v", "libx264", "-crf", "10", "-preset", "veryfast", "-bf", "0", "-pix_fmt", "yuv420p", str(path),
        ], check=True)
    return path


def _sound(place: Place, frames: int | None = None) -> Path:
    """Noise, 16 kHz mono."""
    import numpy as np

    from dyadflow.media.ffmpeg import ffmpeg_binary

    frames = frames or place.scale.frames
    path = place.folder / f"sound_{frames}.wav"
    if not path.exists():
        samples = np.random.default_rng(0).integers(-3000, 3000, frames * 16000 // RATE_HZ, dtype="<i2")
        subprocess.run([ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "s16le", "-ar", "16000", "-ac", "1",
                        "-i", "-", str(path)], input=samples.tobytes(), check=True)
    return path


def _now(place: Place) -> float:
    import torch

    if place.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _machine(place: Place) -> str:
    import torch
    import transformers

    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    gpu = torch.cuda.get_device_name() if place.device == "cuda" else "no GPU"
    name = model[1] if model else platform.machine()
    return (f"{name}, {os.cpu_count()} cores, {gpu}, {place.threads} torch threads, "
            f"torch {torch.__version__}, transformers {transformers.__version__}")


def _find_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="narrow networks and few frames, for a CPU")
    parser.add_argument("--memory", type=float, nargs=2, metavar="MINUTES", help="only memory, of these two lengths")
    parser.add_argument("--threads", type=int, default=1, help="threads inside torch")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench_features_"))
    # Spawned, because CUDA allows no fork; a process each, so that the peak of one is not that of another.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        def run(measure: Callable, *arguments: Any) -> Any:
            return pool.apply(measure, (place, *arguments))

        try:
            place = Place(SMALL if options.small else FULL, folder, pool.apply(_find_device), options.threads)
            if place.device == "cpu" and not options.small:
                parser.error("there is no GPU here; --small is for a CPU")
            print(f"{run(_machine)}\npython {' '.join(sys.argv)}")
            if options.memory:
                _print_memory(run, place, [round(minutes * 60 * RATE_HZ) for minutes in options.memory])
            else:
                _print_all(run, place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _print_all(run: Callable, place: Place) -> None:
    for length in {place.scale.frames, *place.scale.memory_frames}:
        _film(place, length)
    speeds = {"released": run(released), "plain": run(plain)}
    if place.device == "cuda":
        speeds["plain half"] = run(plain_half)
    speeds["extractor"], ready_s = run(extractor)
    speeds["bare"] = run(bare)
    print("\npictures\tframes_s\ttimes_released\tshare_of_bare")
    for name, speed in speeds.items():
        print(f"{name}\t{speed:.1f}\t{speed / speeds['released']:.2f}\t{speed / speeds['bare']:.2f}")
    print(f"getting ready took {ready_s:.1f} s")
    heard = {"windows alone": run(windows_alone), "windows": run(windows), "contextual": run(contextual)}
    print("\nsound\tframes_s\ttimes_windows\ttimes_windows_alone")
    for name, speed in heard.items():
        print(f"{name}\t{speed:.1f}\t{speed / heard['windows']:.2f}\t{speed / heard['windows alone']:.2f}")
    _print_memory(run, place, place.scale.memory_frames)


def _print_memory(run: Callable, place: Place, lengths: Sequence[int]) -> None:
    print("\nwhat\tminutes\tpeak_mib\tgpu_peak_mib")
    for what in ("pictures", "sound"):
        for frames in lengths:
            # Written by this process: what encodes them is no part of what is measured.
            _film(place, frames) if what == "pictures" else _sound(place, frames)
            peak, on_gpu = run(memory, frames, what)
            print(f"{what}\t{frames / RATE_HZ / 60:.2g}\t{peak:.0f}\t{on_gpu:.0f}", flush=True)


if __name__ == "__main__":
    main()

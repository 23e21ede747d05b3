"""Training snippets a second from stored clips, and from a loader that decodes the videos again each epoch.

Views of 208 x 160 at 3.125 Hz are made on the spot, as long as a session and encoded as the workflow encodes
them. Both loaders then load the same snippets, in one process, a batch at a time: `clips` through
`SnippetDataset`; `videos` opens the view for each snippet, seeks the key frame before it and decodes from there,
which is the least that a loader of videos can do. Each is measured with the training augmentation and with the
central crop of an evaluation, in a fresh process that reports its peak memory (and how much of that came after
the libraries were loaded), and in turns with the other, so that what else the machine does falls on both. Beside
that: what storing the clips takes, for a view and one ten times as long, and what other layouts would take.

    python bench/snippet_loading.py [--sessions 2] [--minutes 10] [--seconds 1] [--view VIEW.mp4]
"""

import argparse
import functools
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dyadflow.media.clips import Clips, write_clips
from dyadflow.media.ffmpeg import ffmpeg_binary

RATE_HZ = 3.125
ROUNDS = 3
LOADERS = ("clips", "videos")
TRANSFORMS = ("training", "evaluation")

#: Other ways to lay out the pictures: frames in a chunk, and what compresses them.
LAYOUTS = ((1, None), (5, None), (15, None), (1, "lzf"), (5, "lzf"))


class VideoReader:
    """Reads like `Clips`, but from the view, opened and decoded again at every read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, start: int, length: int) -> np.ndarray:
        """Frames in a row, shape (length, height, width, 3), uint8."""
        import av

        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            first_s = start / RATE_HZ
            container.seek(int(first_s / stream.time_base), stream=stream, backward=True)
            rows = []
            for frame in container.decode(stream):
                if frame.time > first_s - 0.5 / RATE_HZ:
                    rows.append(frame.to_ndarray(format="rgb24"))
                if len(rows) == length:
                    return np.stack(rows)
        raise ValueError(f"{self.path} ends before frame {start + length}")


def make_view(path: Path, *, minutes: float, seed: int) -> None:
    """A moving, noisy test picture, encoded as the workflow encodes a view."""
    picture = f"testsrc2=size=208x160:rate=25/8:duration={60 * minutes},noise=alls=8:allf=t:all_seed={seed}"
    subprocess.run(
        [ffmpeg_binary(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-crf", "10",
         "-preset", "veryfast", "-bf", "0", "-pix_fmt", "yuv420p", str(path)], check=True,
    )


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What a function returns in a new process, and that process's peak memory in MiB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_with_peak, (function, arguments))


def peak_mib() -> float:
    """Most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure_loader(loader: str, files: Sequence[Path], seconds: float) -> dict[str, float]:
    """Snippets a second with each transform, over at least `seconds` each, and `libraries`: MiB before that."""
    import av  # noqa: F401 (loaded here, so that it counts among the libraries)
    import h5py  # noqa: F401
    import torch
    from torch.utils.data import DataLoader

    import dyadflow.models.video.augmentation
    import dyadflow.models.video.settings  # noqa: F401
    from dyadflow.annotations.spans import CodedSpan
    from dyadflow.models.video.dataset import SnippetDataset
    from dyadflow.models.video.snippets import SnippetSpec, draw_epoch

    torch.set_num_threads(1)
    clips = {file.stem: Clips(file.with_suffix(".h5")) for file in files}
    sources = clips if loader == "clips" else {file.stem: VideoReader(file.with_suffix(".mp4")) for file in files}
    spec, nothing = SnippetSpec(rate_hz=RATE_HZ), np.zeros((0, 2))
    spans = {
        name: {"coder": CodedSpan(name, "coder", 0.0, one.frames / RATE_HZ, nothing)} for name, one in clips.items()
    }
    found = {"libraries": peak_mib()}
    for transform in TRANSFORMS:
        loaded, epoch, began = 0, 0, time.perf_counter()
        while (took_s := time.perf_counter() - began) < seconds:
            snippets = draw_epoch(spans, list(spans), spec=spec, seed=0, epoch=epoch)
            dataset = SnippetDataset(
                snippets, sources, frames=spec.frames, transform=functools.partial(_TRANSFORMS[transform], epoch=epoch),
                mean=[0.5] * 3, deviation=[0.25] * 3,
            )
            loaded += sum(len(labels) for _, labels in DataLoader(dataset, batch_size=10))
            epoch += 1
        found[transform] = loaded / took_s
    return found


def measure_layout(pictures: Path, chunk: int, compression: str | None, folder: Path) -> tuple[float, float, float]:
    """Share of the pixels' size on disk, seconds to write, and milliseconds to read a snippet."""
    import h5py

    with h5py.File(pictures) as file:
        frames = file["frames"][:]
    path, starts = folder / "layout.h5", np.random.default_rng(0).integers(0, len(frames) - 15, 100)
    began = time.perf_counter()
    with h5py.File(path, "w") as file:
        file.create_dataset("frames", data=frames, chunks=(chunk, *frames.shape[1:]), compression=compression)
    wrote_s = time.perf_counter() - began
    with h5py.File(path) as file:
        stored, took_s = file["frames"], []
        for start in starts:
            began = time.perf_counter()
            stored[start:start + 15]
            took_s.append(time.perf_counter() - began)
    return path.stat().st_size / frames.nbytes, wrote_s, 1000 * statistics.median(took_s)


def _with_peak(function: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, float]:
    result = function(*arguments)
    return result, peak_mib()


def _augmented(clip: Any, place: int, *, epoch: int) -> Any:
    from dyadflow.models.seeds import derive_seed
    from dyadflow.models.video.augmentation import Augmentation
    from dyadflow.models.video.settings import AugmentationSettings

    seed = derive_seed(0, "augment", epoch, place)
    return Augmentation(AugmentationSettings()).augment(clip, seed=seed, fill=[0.5] * 3)


def _central(clip: Any, place: int, *, epoch: int) -> Any:
    from dyadflow.models.video.augmentation import centre_crop

    return centre_crop(clip, 160)


_TRANSFORMS = {"training": _augmented, "evaluation": _central}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10, help="length of each session")
    parser.add_argument("--seconds", type=float, default=1, help="time given to each measurement")
    parser.add_argument("--view", type=Path, help="compare the layouts on this view's pictures")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        _print_tables(Path(name), given)


def _print_tables(folder: Path, given: argparse.Namespace) -> None:
    files = [folder / f"s{number}.mp4" for number in range(given.sessions)]
    for number, file in enumerate(files):
        make_view(file, minutes=given.minutes, seed=number)
    short = folder / "short.mp4"
    make_view(short, minutes=given.minutes / 10, seed=0)

    print("storing clips\tframes\tseconds\tpeak_MiB")
    for file in (short, *files):
        began = time.perf_counter()
        _, peak = in_fresh_process(functools.partial(write_clips, rate_hz=RATE_HZ), file, file.with_suffix(".h5"))
        took_s = time.perf_counter() - began
        if file in (short, files[0]):
            print(f"{file.stem}\t{Clips(file.with_suffix('.h5')).frames}\t{took_s:.1f}\t{peak:.0f}")

    rounds = [
        {loader: in_fresh_process(measure_loader, loader, files, given.seconds) for loader in LOADERS}
        for _ in range(ROUNDS)
    ]
    print("\nsnippets a second\tclips\tvideos\tratio\tratio in each round")
    for transform in TRANSFORMS:
        speeds = {loader: [one[loader][0][transform] for one in rounds] for loader in LOADERS}
        ratios = [a / b for a, b in zip(*speeds.values(), strict=True)]
        middle = [statistics.median(speeds[loader]) for loader in LOADERS]
        listed = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        print(f"{transform}\t{middle[0]:.0f}\t{middle[1]:.0f}\t{statistics.median(ratios):.1f}\t{listed}")
    print("\npeak memory, MiB\tclips\tvideos")
    whole = [statistics.median(one[loader][1] for one in rounds) for loader in LOADERS]
    above = [statistics.median(one[loader][1] - one[loader][0]["libraries"] for one in rounds) for loader in LOADERS]
    print(f"in all\t{whole[0]:.0f}\t{whole[1]:.0f}")
    print(f"above the libraries\t{above[0]:.0f}\t{above[1]:.0f}")

    pictures = files[0].with_suffix(".h5")
    if given.view:
        pictures = folder / "given.h5"
        write_clips(given.view, pictures, rate_hz=RATE_HZ)
    print("\nlayout of clips\tsize\twrite_s\tms_a_snippet")
    for chunk, compression in LAYOUTS:
        size, wrote_s, took_ms = measure_layout(pictures, chunk, compression, folder)
        print(f"{chunk} frames, {compression or 'as they are'}\t{size:.2f}\t{wrote_s:.2f}\t{took_ms:.2f}")


if __name__ == "__main__":
    main()

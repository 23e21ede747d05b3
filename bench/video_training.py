"""How fast a video network trains and predicts, and the memory that it takes, without any loading.

Two networks: torchvision's mc3_18 at the size of the paper (15 frames, trained on crops of 112 x 112, predicting
from 160 x 160), and the narrow one of the demo (40 x 40). Each runs in a process of its own, through the library's
own training loop. On a CUDA GPU there is one more row with products in bfloat16, and the largest difference of its
logits from those in single precision.

    python bench/video_training.py [--steps 2] [--threads 1]
"""

import argparse
import multiprocessing
import resource
import time

#: Name: widths, crop in training and prediction, snippets a step on a CPU and on a GPU.
NETWORKS = {
    "mc3_18": ((64, 128, 256, 512), 112, 160, 2, 16),
    "narrow": ((8, 16, 32, 64), 40, 40, 16, 64),
}
FRAMES = 15
COLUMNS = (
    "network", "device", "precision", "batch", "train_snippets_s", "predict_snippets_s", "peak_mib", "logit_diff",
)


def measure(name: str, device_name: str, half: bool, steps: int, threads: int) -> tuple:
    """One row of the table."""
    import numpy as np
    import torch

    from dyadflow.features.device import multiply_in
    from dyadflow.models.video.fine_tuning import fine_tune
    from dyadflow.models.video.loading import place_clips, place_network
    from dyadflow.models.video.predict import probability_of_yes
    from dyadflow.models.video.settings import HandValues, VideoTraining
    from dyadflow.models.video.weights import start_network

    torch.set_num_threads(threads)
    device = torch.device(device_name)
    widths, crop_px, test_crop_px, on_cpu, on_gpu = NETWORKS[name]
    batch = on_gpu if device.type == "cuda" else on_cpu
    rng = torch.Generator().manual_seed(0)
    network = place_network(
        start_network(VideoTraining(weights="untrained", options={"widths": widths}), seed=0), device
    )
    clips = place_clips(torch.randn(batch, 3, FRAMES, crop_px, crop_px, generator=rng), device)
    seen = place_clips(torch.randn(batch, 3, FRAMES, test_crop_px, test_crop_px, generator=rng), device)
    labels = torch.arange(batch, device=device) % 2

    difference = float("nan")
    if half:
        with torch.inference_mode():
            with multiply_in(device, half=True):
                rough = network(clips).float()
            difference = float((rough - network(clips)).abs().max())

    def seconds_of(work) -> float:
        work(1)
        _wait(device)
        started = time.perf_counter()
        work(steps)
        _wait(device)
        return time.perf_counter() - started

    def train(repeats: int) -> None:
        fine_tune(
            network, lambda epoch: ((clips, labels) for _ in range(repeats)), lambda network: np.zeros(batch),
            np.zeros(batch), HandValues(learning_rate=1e-4), before=0.0, class_weights=None, max_epochs=1, smoothing=0,
            device=device, half=half,
        )

    training = seconds_of(train)
    predicting = seconds_of(lambda repeats: probability_of_yes(network, [seen] * repeats, half=half))
    peak = (
        torch.cuda.max_memory_allocated() / 2**20 if device.type == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    )
    precision = "bfloat16" if half else "float32"
    told = torch.cuda.get_device_name() if device.type == "cuda" else f"cpu, {threads} threads"
    return name, told, precision, batch, steps * batch / training, steps * batch / predicting, peak, difference


def _wait(device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2, help="steps measured, after one that is not")
    parser.add_argument("--threads", type=int, default=1, help="threads inside torch")
    options = parser.parse_args()
    # A process each, so that the peak of one is not that of another; spawned, because CUDA allows no fork.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        device = pool.apply(_find_device)
        print("\t".join(COLUMNS))
        for name in NETWORKS:
            for half in (False, True) if device == "cuda" else (False,):
                row = pool.apply(measure, (name, device, half, options.steps, options.threads))
                print("\t".join(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row), flush=True)


def _find_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    main()

"""Many small trainings: one at a time by torch's own layers, against several at once as one batched network.

Both ways do the same trainings (`dyadflow.models.training.fit_networks`, ``at_once=1`` and more) on the same made-up
sessions: folds of a cell, with learning rates of their own. Told are seconds, epochs a second (of all trainings
together), how many times faster, and the greatest difference of a weight and of a score between both ways.

Last, what a search costs as the number of sessions grows: seconds a training, one at a time and at once.

    python bench/grouped_training.py [--threads 1] [--rounds 2] [--at-once 16]
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FRAMES = 750
CLASSES = 4


@dataclass(frozen=True)
class Case:
    """A set of trainings of one size."""

    name: str
    network: str
    dims: int
    hyperparameters: dict[str, Any]
    fits: int = 16
    sessions: int = 8
    epochs: int = 2


def lstm(hidden: int, window: int, batch: int) -> dict[str, Any]:
    """Hyperparameters of a bi-LSTM."""
    return {"hidden": hidden, "window": window, "stride": window, "batch": batch, "optimiser": "adam"}


CPU_CASES = (
    Case("bi-LSTM, 16 dims, 32 units", "bilstm", 16, lstm(32, 25, 32)),
    Case("bi-LSTM, 100 dims, 32 units", "bilstm", 100, lstm(32, 25, 32)),
    Case("bi-LSTM, 164 dims, 64 units", "bilstm", 164, lstm(64, 50, 64)),
    Case("bi-LSTM, 1024 dims, 128 units", "bilstm", 1024, lstm(128, 50, 64), fits=8, epochs=1),
    Case("linear, 164 dims", "linear", 164, {"layers": [512, 256, 128], "batch": 512, "optimiser": "adam"}),
)
#: As in Algorithm 1, on both streams; 92 sessions of six minutes would be 9,000 frames each.
GPU_CASES = (
    Case("bi-LSTM, 2048 dims, 128 units", "bilstm", 2048, lstm(128, 50, 64), fits=50, sessions=16),
    Case("bi-LSTM, 2048 dims, 512 units", "bilstm", 2048, lstm(512, 25, 128), fits=50, sessions=16),
    Case("linear, 2048 dims", "linear", 2048, {"layers": [512, 256, 128], "batch": 512, "optimiser": "adam"}, fits=50),
)


def make_requests(case: Case, device: str, sessions: int | None = None) -> list[Any]:
    """Trainings on sessions of noise with a class that part of it tells."""
    import numpy as np

    from dyadflow.models.blocks import stack_sessions
    from dyadflow.models.training import FitRequest

    rng = np.random.default_rng(0)

    def block(count: int) -> Any:
        values = [rng.normal(size=(FRAMES, case.dims)).astype(np.float32) for _ in range(count)]
        codes = [each[:, :CLASSES].argmax(axis=1).astype(np.int8) for each in values]
        return stack_sessions(values, codes, device)

    sessions = sessions or case.sessions
    blocks = [(block(sessions), block(max(1, sessions // 4))) for _ in range(2)]
    return [
        FitRequest(
            *blocks[number % 2],
            case.hyperparameters | {
                "learning_rate": [1e-3, 3e-4][number % 2], "weight_decay": 0.0, "dropout": 0.3, "focal_gamma": 0.0},
            np.ones(CLASSES, np.float32), seed=number,
        )
        for number in range(case.fits)
    ]


def train(case: Case, requests: Sequence[Any], at_once: int) -> tuple[float, list[Any]]:
    """Seconds, and what came out."""
    import torch

    from dyadflow.models.registry import load_network
    from dyadflow.models.training import fit_networks

    began = time.perf_counter()
    fits = fit_networks(
        load_network(case.network), requests, classes=CLASSES, max_epochs=case.epochs, patience=case.epochs,
        at_once=at_once)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began, fits


def compare(case: Case, device: str, at_once: int, rounds: int) -> None:
    """Print a line a round."""
    requests = make_requests(case, device)
    train(case, requests[:2], 1)
    train(case, requests[:2], 2)
    for number in range(1, rounds + 1):
        alone_s, alone = train(case, requests, 1)
        together_s, together = train(case, requests, at_once)
        epochs = sum(len(fit.history) for fit in alone)
        apart = max(
            float((one.weights[name] - other.weights[name]).abs().max())
            for one, other in zip(alone, together, strict=True) for name in one.weights)
        scores = max(abs(one.score - other.score) for one, other in zip(alone, together, strict=True))
        print(f"{case.name}\t{number}\t{case.fits}\t{alone_s:.1f}\t{together_s:.1f}\t{epochs / alone_s:.1f}\t"
              f"{epochs / together_s:.1f}\t{alone_s / together_s:.2f}\t{apart:.0e}\t{scores:.4f}", flush=True)


def main() -> None:
    """Print the tables."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads inside torch")
    parser.add_argument("--rounds", type=int, default=2, help="how often each way is measured, in turn")
    parser.add_argument("--at-once", type=int, default=None, help="trainings at once; 16, on a GPU 50")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    cases, at_once = (GPU_CASES, 50) if device == "cuda" else (CPU_CASES, 16)
    at_once = options.at_once or at_once
    print(f"{torch.cuda.get_device_name() if device == 'cuda' else 'no GPU'}, torch {torch.__version__}, "
          f"{options.threads} threads, {at_once} at once")
    print("trainings\tround\tfits\talone_s\tat_once_s\talone_epochs_s\tat_once_epochs_s\ttimes\tweights_apart\t"
          "scores_apart")
    for case in cases:
        compare(case, device, at_once, options.rounds)
    print("\nsessions\talone_s_a_fit\tat_once_s_a_fit")
    case = cases[0]
    for sessions in (6, 12, 24, 48):
        requests = make_requests(case, device, sessions)
        alone_s, together_s = (train(case, requests, how)[0] for how in (1, at_once))
        print(f"{sessions}\t{alone_s / case.fits:.3f}\t{together_s / case.fits:.3f}", flush=True)


if __name__ == "__main__":
    main()

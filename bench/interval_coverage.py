"""How often the dyad-level interval covers the true value, at 12, 30 and 92 dyads.

A population of dyads is simulated frame by frame: each has its own length, its own liking for each class and
its own skill of the coder-to-be-scored, and both what happens and whether it is seen come in runs of a second
or two. Studies are then drawn from that population, and the share of their intervals that contain the
population's own value is counted. Beside it stands what treating frames as independent would have covered.

Two populations: in `ordinary` every class is there in most dyads; in `rare` one class takes about 5 % of the
time, is absent from most dyads, and dyads differ widely in how well they are read.

    python bench/interval_coverage.py [--studies 2000]
"""

import argparse

import numpy as np

from dyadflow.agreement.intervals import interval_from_left_out, leave_one_out
from dyadflow.evaluation.metrics import BOUNDS, metrics_of

CLASSES = 4

#: For each population, how even the dyads' liking for each class is, and the spread of the skill.
POPULATIONS = {
    "ordinary": ((1.2, 2.5, 1.5, 0.6), (5.0, 2.2)),
    "rare": ((0.15, 1.0, 0.4, 0.08), (1.6, 0.8)),
}


def simulate_population(kind: str, *, dyads: int, frames: int, seed: int) -> np.ndarray:
    """Confusions of unlike dyads with autocorrelated frames, shape (dyads, classes, classes)."""
    rng = np.random.default_rng(seed)
    evenness, spread = POPULATIONS[kind]
    liking = rng.dirichlet(evenness, dyads).cumsum(1)
    skill = rng.beta(*spread, (dyads, 1)) * np.array([0.9, 1.0, 0.95, 0.8])
    length = rng.integers(frames // 3, frames + 1, dyads)
    confusion = np.zeros((dyads, CLASSES, CLASSES), dtype=np.int64)
    who = np.arange(dyads)

    def draw_class() -> np.ndarray:
        return np.minimum((rng.random((dyads, 1)) > liking).sum(1), CLASSES - 1)

    truth, guess = draw_class(), draw_class()
    seen = rng.random(dyads) < skill[who, truth]
    for frame in range(frames):
        truth = np.where(rng.random(dyads) < 1 / 40, draw_class(), truth)
        again = rng.random(dyads) < 1 / 25
        seen = np.where(again, rng.random(dyads) < skill[who, truth], seen)
        guess = np.where(again, draw_class(), guess)
        here = frame < length
        np.add.at(confusion, (who[here], truth[here], np.where(seen, truth, guess)[here]), 1)
    return confusion


def measure_coverage(
    population: np.ndarray, *, dyads: int, studies: int, seed: int, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """For each metric, the share of studies whose interval covers the true value, and its mean width."""
    rng = np.random.default_rng(seed)
    true = metrics_of(population.sum(0))
    covered = {name: 0 for name in true}
    width = {name: 0.0 for name in true}
    for _ in range(studies):
        counts = population[rng.integers(0, len(population), dyads)]
        estimates, left_out = metrics_of(counts.sum(0)), metrics_of(leave_one_out(counts))
        for name, value in true.items():
            low, high = interval_from_left_out(
                float(estimates[name]), left_out[name], bounds=BOUNDS[name], level=level)
            covered[name] += bool(low <= value <= high)
            width[name] += high - low
    return {name: (covered[name] / studies, width[name] / studies) for name in true}


def measure_naive_coverage(population: np.ndarray, *, dyads: int, studies: int, seed: int) -> float:
    """What the textbook interval of a proportion covers for accuracy, if frames are taken as independent."""
    rng = np.random.default_rng(seed)
    true = metrics_of(population.sum(0))["accuracy"]
    covered = 0
    for _ in range(studies):
        total = population[rng.integers(0, len(population), dyads)].sum(0)
        accuracy, frames = metrics_of(total)["accuracy"], total.sum()
        covered += bool(abs(accuracy - true) <= 1.96 * np.sqrt(accuracy * (1 - accuracy) / frames))
    return covered / studies


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000, help="studies drawn at each size")
    studies = parser.parse_args().studies
    print("population\tdyads\tmetric\tcoverage_percent\tmean_width")
    for kind in POPULATIONS:
        population = simulate_population(kind, dyads=4000, frames=1500, seed=1)
        for dyads in (12, 30, 92):
            found = measure_coverage(population, dyads=dyads, studies=studies, seed=2)
            for name, (share, width) in found.items():
                print(f"{kind}\t{dyads}\t{name}\t{100 * share:.1f}\t{width:.3f}")
            naive = measure_naive_coverage(population, dyads=dyads, studies=studies, seed=2)
            print(f"{kind}\t{dyads}\taccuracy, frames as if independent\t{100 * naive:.1f}\t")


if __name__ == "__main__":
    main()

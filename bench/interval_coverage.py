"""How often the dyad-level interval covers the true value, at 12, 30 and 92 dyads.

A population of dyads is simulated frame by frame: each has its own length, its own liking for each class and
its own skill of the coder-to-be-scored, and both what happens and whether it is seen come in runs of a second
or two. Each dyad also has probabilities, of which some say more than they know. Studies are then drawn from that
population, and the share of their intervals that contain the population's own value is counted. Beside it stands what
treating frames as independent would have covered.

Three populations: in `ordinary` every class is there in most dyads; in `rare` one class takes about 5 % of the
time, is absent from most dyads, and dyads differ widely in how well they are read; in `seldom` one class takes between
1 and 2 % of the time, and about one dyad in thirteen shows it.

Where a study shows too little for an interval (a class that fewer than three dyads show, for its own metrics and for
unweighted means), there is none; `given` is the share of studies that have one, and the coverage is theirs. Rows that
begin with `rarest class` are of the class that the fewest dyads show; those that begin with `bin`, of the accuracy
among frames of about one confidence.

    python bench/interval_coverage.py [--studies 2000]
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dyadflow.agreement.intervals import NO_INTERVAL, interval_from_left_out, leave_one_out
from dyadflow.evaluation.bout_scores import bout_statistics, count_bouts
from dyadflow.evaluation.classes import score_class
from dyadflow.evaluation.metrics import metrics_of
from dyadflow.evaluation.reliability import BINS, add_up_frames, calibration_statistics
from dyadflow.evaluation.scores import score_dyads
from dyadflow.models.bout_matching import find_bouts

CLASSES = 4
RATE_HZ = 25.0
#: Levels of a score; the project has more, which changes nothing but memory.
LEVELS = 128

#: Of the probability bins, some: few, most and nearly certain frames.
SOME_BINS = (5, 9, 13)
#: The class that the fewest dyads show is the last.
RAREST = CLASSES - 1

#: For each population, how even the dyads' liking for each class is, and the spread of the skill.
POPULATIONS = {
    "ordinary": ((1.2, 2.5, 1.5, 0.6), (5.0, 2.2)),
    "rare": ((0.15, 1.0, 0.4, 0.08), (1.6, 0.8)),
    "seldom": ((0.5, 1.0, 0.6, 0.03), (1.6, 0.8)),
}


@dataclass(frozen=True)
class Population:
    """What each dyad adds up; dyads first.

    Parameters
    ----------
    confusion
        Shape (dyads, classes, classes).
    histogram
        Of the scores of the rarest class, shape (dyads, 2, levels).
    calibration
        Shape (dyads, 3 * bins + 2).
    bouts
        Shape (dyads, 16).
    """

    confusion: np.ndarray
    histogram: np.ndarray
    calibration: np.ndarray
    bouts: np.ndarray

    def of(self, drawn: np.ndarray) -> "Population":
        """Some of its dyads, by number; one may come twice."""
        return Population(self.confusion[drawn], self.histogram[drawn], self.calibration[drawn], self.bouts[drawn])


def simulate_frames(kind: str, *, dyads: int, frames: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """True and said class of every frame of unlike dyads, both in runs; arrays of shape (frames of the dyad,)."""
    rng = np.random.default_rng(seed)
    evenness, spread = POPULATIONS[kind]
    liking = rng.dirichlet(evenness, dyads).cumsum(1)
    skill = rng.beta(*spread, (dyads, 1)) * np.array([0.9, 1.0, 0.95, 0.8])
    length = rng.integers(frames // 3, frames + 1, dyads)
    who = np.arange(dyads)

    def draw_class() -> np.ndarray:
        return np.minimum((rng.random((dyads, 1)) > liking).sum(1), CLASSES - 1)

    truth, guess = draw_class(), draw_class()
    seen = rng.random(dyads) < skill[who, truth]
    every = np.zeros((2, frames, dyads), dtype=np.int8)
    for frame in range(frames):
        truth = np.where(rng.random(dyads) < 1 / 40, draw_class(), truth)
        again = rng.random(dyads) < 1 / 25
        seen = np.where(again, rng.random(dyads) < skill[who, truth], seen)
        guess = np.where(again, draw_class(), guess)
        every[:, frame] = truth, np.where(seen, truth, guess)
    for dyad in range(dyads):
        yield every[0, : length[dyad], dyad], every[1, : length[dyad], dyad]


def simulate_population(kind: str, *, dyads: int, frames: int, seed: int) -> Population:
    """A population of dyads, with probabilities that lean to what is said, of every dyad as sure as it is."""
    rng, parts = np.random.default_rng(seed + 1), []
    for truth, said in simulate_frames(kind, dyads=dyads, frames=frames, seed=seed):
        odds = rng.normal(0, 0.5, (len(truth), CLASSES)) + np.eye(CLASSES)[said] * rng.normal(2.0, 0.5)
        shares = np.exp(odds)
        shares /= shares.sum(1, keepdims=True)
        confusion = np.bincount(truth.astype(int) * CLASSES + said, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
        levels = np.rint(shares[:, RAREST] * (LEVELS - 1)).astype(int)
        histogram = np.bincount((truth == RAREST) * LEVELS + levels, minlength=2 * LEVELS).reshape(2, LEVELS)
        by_bin, sums = add_up_frames(shares, truth)
        known = np.ones(len(truth), bool)
        bouts = count_bouts(find_bouts(truth.astype(int), known), find_bouts(said.astype(int), known), RATE_HZ)
        parts.append((confusion, histogram, np.concatenate([by_bin.ravel(), sums]), bouts))
    return Population(*(np.stack(each) for each in zip(*parts, strict=True)))


def measure_coverage(
    population: Population, *, dyads: int, studies: int, seed: int, level: float = 0.95
) -> dict[str, tuple[float, float, float]]:
    """For each metric: the share of intervals that cover the true value, their mean width, and in how many studies
    there is one."""
    rng = np.random.default_rng(seed)
    true = {name: row["value"] for name, row in score_study(population, level).items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in true}
    for _ in range(studies):
        drawn = rng.integers(0, len(population.confusion), dyads)
        rows = score_study(population.of(drawn), level)
        for name, intervals in found.items():
            row = rows.get(name)
            intervals.append((row["low"], row["high"]) if row else NO_INTERVAL)
    summed = {}
    for name, intervals in found.items():
        low, high = np.array(intervals).T
        given = np.isfinite(low)
        covered = (low[given] <= true[name]) & (true[name] <= high[given])
        summed[name] = (
            float(covered.mean()) if given.any() else float("nan"),
            float((high - low)[given].mean()) if given.any() else float("nan"), float(given.mean()))
    return summed


def score_study(population: Population, level: float) -> dict[str, dict]:
    """Value and interval of every metric over some dyads, as the tables of results have them."""
    rows = {row["metric"]: row for row in score_dyads(population.confusion, level)}
    of_class = score_class(population.confusion, population.histogram, RAREST, level)
    rows |= {f"rarest class {row['metric']}": row for row in of_class}
    statistics: dict[str, tuple[np.ndarray, Callable, tuple[float, float]]] = {
        **{name: (population.calibration, *calibration_statistics()[name])
           for name in ("ece", "brier", "nll", "confidence")},
        **{f"bouts {name}": (population.bouts, *each) for name, each in bout_statistics().items()},
    }
    for place in SOME_BINS:
        # As in the table, dyads without a frame in the bin are left aside.
        own = population.calibration[population.calibration[:, place] > 0][:, [place, BINS + place]]
        statistics[f"bin {place + 1} of {BINS}"] = (own, lambda sums: sums[..., 1] / sums[..., 0], (0.0, 1.0))
    for name, (table, statistic, bounds) in statistics.items():
        if len(table) > 1:
            value = float(statistic(table.sum(0)))
            low, high = interval_from_left_out(value, statistic(leave_one_out(table)), bounds=bounds, level=level)
            rows[name] = {"value": value, "low": low, "high": high}
    return rows


def measure_naive_coverage(population: Population, *, dyads: int, studies: int, seed: int) -> float:
    """What the textbook interval of a proportion covers for accuracy, if frames are taken as independent."""
    rng = np.random.default_rng(seed)
    true = float(metrics_of(population.confusion.sum(0))["accuracy"])
    covered = 0
    for _ in range(studies):
        total = population.confusion[rng.integers(0, len(population.confusion), dyads)].sum(0)
        accuracy, frames = float(metrics_of(total)["accuracy"]), total.sum()
        covered += bool(abs(accuracy - true) <= 1.96 * np.sqrt(accuracy * (1 - accuracy) / frames))
    return covered / studies


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000, help="studies drawn at each size")
    studies = parser.parse_args().studies
    print("population\tdyads\tmetric\tcoverage_percent\tmean_width\tgiven_percent")
    for kind in POPULATIONS:
        population = simulate_population(kind, dyads=4000, frames=1500, seed=1)
        for dyads in (12, 30, 92):
            for name, (share, width, given) in measure_coverage(
                population, dyads=dyads, studies=studies, seed=2
            ).items():
                print(f"{kind}\t{dyads}\t{name}\t{100 * share:.1f}\t{width:.3f}\t{100 * given:.1f}", flush=True)
            naive = measure_naive_coverage(population, dyads=dyads, studies=studies, seed=2)
            print(f"{kind}\t{dyads}\taccuracy, frames as if independent\t{100 * naive:.1f}\t\t")


if __name__ == "__main__":
    main()

"""Fold search against a plain loop: the same number of random partitions, the same objective, the same data.

23 sessions with shares of engagement like those of Fraile et al. (2022), Table 2, are put in five folds. The plain
loop does what a straightforward script would do: it shuffles the sessions, cuts them into five, adds up the frames of
each fold with numpy, works out the objective of the paper, and keeps the best.

    python bench/fold_search.py [--candidates 100000] [--studies 1]
"""

import argparse
import time

import numpy as np
import pandas as pd

from dyadflow.folds.balance import imbalance
from dyadflow.folds.search import search_folds

SESSIONS, OUTER = 23, 5

#: P(yes) over the whole data set, as the paper has it.
SHARES = {
    "dolls-task_engagement": 0.60, "dolls-social_engagement": 0.72,
    "shaker-task_engagement": 0.41, "shaker-social_engagement": 0.56,
    "drum-task_engagement": 0.53, "drum-social_engagement": 0.70,
}


def make_counts(seed: int) -> pd.DataFrame:
    """Frames of every class and session: tasks of one to six minutes, coded by two people, children who differ."""
    rng = np.random.default_rng(seed)
    names = [f"s{number:02d}" for number in range(SESSIONS)]
    table = {"session": names, "dyad": names}
    frames = {task: rng.integers(2 * 60, 2 * 360, SESSIONS) * 3 for task in ("dolls", "shaker", "drum")}
    for target, share in SHARES.items():
        coded = frames[target.split("-")[0]]
        yes = (coded * rng.beta(4 * share, 4 * (1 - share), SESSIONS)).astype(int)
        table |= {f"{target}:no": coded - yes, f"{target}:yes": yes}
    return pd.DataFrame(table)


def search_plainly(counts: pd.DataFrame, candidates: int, seed: int) -> pd.DataFrame:
    """The loop that a person would write."""
    rng = np.random.default_rng(seed)
    yes = np.stack([counts[f"{target}:yes"] for target in SHARES], axis=1)
    coded = np.stack([counts[f"{target}:yes"] + counts[f"{target}:no"] for target in SHARES], axis=1)
    whole = yes.sum(axis=0) / coded.sum(axis=0)
    expected = len(counts) / OUTER
    best_score, best = np.inf, []
    for _ in range(candidates):
        folds = np.array_split(rng.permutation(len(counts)), OUTER)
        score = 0.0
        for fold in folds:
            share = yes[fold].sum(axis=0) / coded[fold].sum(axis=0)
            score += 2 * (((share - whole) / whole) ** 2).sum() + ((len(fold) - expected) / expected) ** 2
        if score < best_score:
            best_score, best = score, folds
    outer = np.empty(len(counts), dtype=int)
    for number, fold in enumerate(best):
        outer[fold] = number
    return counts[["session", "dyad"]].assign(outer=outer)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100_000, help="random partitions that both score")
    parser.add_argument("--studies", type=int, default=1, help="synthetic studies to repeat this with")
    asked = parser.parse_args()
    print("study\tcandidates\tplain_s\tours_s\ttimes_faster\tplain_objective\tour_objective")
    for study in range(asked.studies):
        counts = make_counts(study)
        started = time.perf_counter()
        plain = search_plainly(counts, asked.candidates, seed=study)
        between = time.perf_counter()
        ours = search_folds(counts, outer=OUTER, candidates=asked.candidates, seed=study)
        plain_s, ours_s = between - started, time.perf_counter() - between
        print(f"{study}\t{asked.candidates}\t{plain_s:.2f}\t{ours_s:.2f}\t{plain_s / ours_s:.1f}\t"
              f"{imbalance(counts, plain):.5f}\t{imbalance(counts, ours):.5f}")


if __name__ == "__main__":
    main()

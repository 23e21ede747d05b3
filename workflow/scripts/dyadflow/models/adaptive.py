"""Search in which each combination follows from what the earlier ones gave: Optuna's, held to a seed.

Akiba et al. (2019), "Optuna: A next-generation hyperparameter optimization framework". The sampler is a
tree-structured Parzen estimator; a combination is given up after an inner fold in which its mean so far is below the
median of the others there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dyadflow.errors import DyadflowError
from dyadflow.models.fitting import Fitter, Score, Split, Task, inner_splits
from dyadflow.models.seeds import derive_seed
from dyadflow.models.space import list_grid, space_of
from dyadflow.models.trial import Trial

#: Combinations drawn at random before the sampler begins to learn, and that are never given up.
_WARMING_UP = 5


def search_adaptively(fitter: Fitter, outer: int) -> list[Trial]:
    """Try combinations in one outer fold's inner folds, one after the other.

    Returns
    -------
    list of Trial
        Each combination once, in the order in which they were tried; at most `NetworkSettings.candidates`, and no more
        than the grid has.

    Notes
    -----
    Every finished fit is remembered, and the sampler's draws follow from the seed and the scores alone: a search that
    was killed asks for the same combinations again, finds what it had, and goes on.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    cell, splits = fitter.cell, inner_splits(fitter.cell.data, outer)
    space = space_of(cell.network, cell.protocol).model_dump()
    combinations = len(list_grid(space_of(cell.network, cell.protocol)))
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(
            seed=derive_seed(cell.seed, "optuna", outer) % 2**32, n_startup_trials=_WARMING_UP),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_WARMING_UP),
    )
    found: dict[str, Trial] = {}
    # The sampler may ask for what it has, or for a stride beyond the window; that costs nothing, but not for ever.
    for _ in range(50 * cell.network.candidates):
        if len(found) == min(cell.network.candidates, combinations):
            return list(found.values())
        asked = study.ask()
        # Places in the lists, because their order means something and the values may be lists themselves.
        hyperparameters = {
            name: values[asked.suggest_int(name, 0, len(values) - 1)] for name, values in space.items()
        }
        if hyperparameters.get("stride", 1) > hyperparameters.get("window", 1):
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            continue
        before = found.get(repr(hyperparameters))
        if before is not None:
            study.tell(asked, before.f1)
            continue
        scores, pruned = _score_until_pruned(fitter, splits, len(found), hyperparameters, asked)
        tasks = [Task(split, len(found), hyperparameters) for split in splits[: len(scores)]]
        trial = Trial(len(found), hyperparameters, scores, pruned, [[task] for task in tasks])
        found[repr(hyperparameters)] = trial
        study.tell(asked, None if pruned else trial.f1,
                   state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE)
    if not any(not trial.pruned for trial in found.values()):
        raise DyadflowError(
            "no combination of the space could be tried", where="space", fix="give a stride no longer than the window")
    return list(found.values())


def _score_until_pruned(
    fitter: Fitter, splits: Sequence[Split], number: int, hyperparameters: Mapping[str, Any], asked: Any
) -> tuple[list[Score], bool]:
    """Score a combination in one inner fold after the other, until it is hopeless."""
    scores: list[Score] = []
    for step, split in enumerate(splits):
        scores += fitter.score([Task(split, number, hyperparameters)])
        asked.report(sum(score.score for score in scores) / len(scores), step)
        if step + 1 < len(splits) and asked.should_prune():
            return scores, True
    return scores, False

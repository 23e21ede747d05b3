"""Search a cell: score candidates in inner folds, pick one for each outer fold, train it again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.models.adaptive import search_adaptively
from dyadflow.models.calibration import fit_temperature
from dyadflow.models.checkpoint import Checkpoint
from dyadflow.models.data import first_codes
from dyadflow.models.fitting import Cell, Fitter, Score, Split, Task, inner_splits, weigh_classes
from dyadflow.models.smoothing import tune_smoothing
from dyadflow.models.space import draw_candidates, space_of
from dyadflow.models.training import Fit
from dyadflow.models.trial import Trial

Item = TypeVar("Item")


@dataclass(frozen=True)
class Found:
    """What the search of one outer fold ends in.

    Parameters
    ----------
    outer
        The fold.
    checkpoint
        The chosen candidate, trained again.
    rows
        One a candidate, as ``search.tsv`` has them.
    history
        One an epoch of the refit, as ``history.tsv`` has them.
    """

    outer: int
    checkpoint: Checkpoint
    rows: list[dict[str, Any]]
    history: list[dict[str, Any]]


def search_cell(cell: Cell, outer_folds: Sequence[int], say: Callable[[str], None] = print) -> Iterator[Found]:
    """Search each outer fold's training dyads, and train the best candidate again.

    Parameters
    ----------
    cell
        What is fitted to what.
    outer_folds
        Which.
    say
        Called with lines of progress.

    Yields
    ------
    Found
        In the order of `outer_folds`. Chosen is the candidate with the best mean inner score; of equals, the first.

    Raises
    ------
    DyadflowError
        If the chosen candidate's training ends in numbers that are not finite.

    Notes
    -----
    Fits are trained together within one outer fold only: what another fold trains on are this one's held-out dyads, and
    nothing that is fitted here may hang on them, not even by a last bit.
    """
    fitter = Fitter(cell)
    for outer in outer_folds:
        trials = search_adaptively(fitter, outer) if cell.network.search == "optuna" else _search_all(fitter, outer)
        chosen = max((trial for trial in trials if not trial.pruned), key=lambda trial: (trial.f1, -trial.number))
        given_up = sum(trial.pruned for trial in trials)
        say(f"outer fold {outer}: {len(trials)} candidates, {given_up} of them given up early")
        checkpoint = _refit(fitter, outer, chosen)
        for trial in trials:
            for together in trial.together if trial is not chosen else ():
                if not any(task in own for own in chosen.together for task in together):
                    fitter.forget_aside(together)
        yield Found(outer, checkpoint, _rows(outer, trials, chosen, checkpoint), checkpoint.config["history"])


def _search_all(fitter: Fitter, outer: int) -> list[Trial]:
    """Every candidate in every inner fold; candidates of one size are trained together."""
    cell = fitter.cell
    count = None if cell.network.search == "grid" else cell.network.candidates
    candidates = draw_candidates(space_of(cell.network, cell.protocol), count, seed=cell.seed)
    splits = inner_splits(cell.data, outer)
    scores: dict[Task, Score] = {}
    together: dict[Task, Sequence[Task]] = {}
    for few in _batches(splits, fitter.splits_at_once()):
        for numbers in _alike(candidates, max(1, cell.at_once // len(few))):
            tasks = [Task(split, number, candidates[number]) for number in numbers for split in few]
            scores |= dict(zip(tasks, fitter.score(tasks), strict=True))
            together |= dict.fromkeys(tasks, tasks)
    trials = []
    for number, hyperparameters in enumerate(candidates):
        own = [Task(split, number, hyperparameters) for split in splits]
        trials.append(Trial(
            number, hyperparameters, [scores[task] for task in own], False, [together[task] for task in own]))
    return trials


#: Hyperparameters in which fits that are trained together may differ.
_OF_EACH = ("learning_rate", "weight_decay", "dropout", "focal_gamma")


def _alike(candidates: Sequence[Mapping[str, Any]], most: int) -> Iterator[list[int]]:
    """Numbers of candidates of one size, at most so many at once."""
    sizes: dict[str, list[int]] = {}
    for number, hyperparameters in enumerate(candidates):
        size = repr({name: value for name, value in hyperparameters.items() if name not in _OF_EACH})
        sizes.setdefault(size, []).append(number)
    for numbers in sizes.values():
        yield from _batches(numbers, most)


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _refit(fitter: Fitter, outer: int, chosen: Trial) -> Checkpoint:
    """Train the chosen candidate on the outer training dyads, stopping early on dyads set aside inside them.

    Projection, scaler and class weights are fitted without those too, so that they stand for dyads that nothing has
    seen.
    """
    cell = fitter.cell
    split = Split(outer, "refit", *cell.data.stopping_parts(outer, cell.protocol.stopping))
    task = Task(split, chosen.number, chosen.hyperparameters)
    key = fitter.key_of_refit(task)
    entry = cell.state.recall(key)
    if entry is None:
        preparation, fit = fitter.refit(task)
        if fit.weights is None:
            raise DyadflowError(
                f"training of {cell.network.network} for {cell.target} ended in numbers that are not finite",
                where=f"outer fold {outer}", fix="lower the learning rates in the space",
            )
        config = _describe(cell, split, chosen, fit) | _tune_after(fitter, outer, chosen)
        entry = Checkpoint(config, preparation, fit.weights).to_bytes()
        cell.state.remember(key, entry)
    return Checkpoint.from_bytes(entry)


def _tune_after(fitter: Fitter, outer: int, trial: Trial) -> dict[str, Any]:
    """What is fitted on the chosen candidate's probabilities of inner folds that it had not seen: how sure it may
    claim to be, and how its codes are smoothed."""
    cell = fitter.cell
    probabilities, codes, weights = [], [], []
    for split, together in zip(inner_splits(cell.data, outer), trial.together, strict=True):
        found = fitter.take_aside(Task(split, trial.number, trial.hyperparameters), together)
        if found is None:
            continue
        own, ends = weigh_classes(cell, split.training), np.cumsum([
            part.shape[1] for part in split.aside.codes.values()])
        probabilities += np.split(found, ends[:-1])
        codes += [first_codes(part) for part in split.aside.codes.values()]
        weights += [np.ones(len(cell.data.classes)) if own is None else own] * len(ends)
    smoothing_frames, minimum_bout_frames = tune_smoothing(probabilities, codes, rate_hz=cell.data.rate_hz)
    return {
        "temperature": fit_temperature(probabilities, codes, weights),
        "smoothing_frames": smoothing_frames, "minimum_bout_frames": minimum_bout_frames,
    }


def _describe(cell: Cell, split: Split, trial: Trial, fit: Fit) -> dict[str, Any]:
    """What a checkpoint says of itself; nothing in it comes from the dyads held out."""
    streams = cell.data.shelf.take(split.training.sessions[0], cell.recipe)
    weights: NDArray[Any] | None = weigh_classes(cell, split.training)
    return {
        "network": cell.network.network, "hyperparameters": dict(trial.hyperparameters),
        "target": cell.target,
        "classes": list(cell.data.classes), "protocol": cell.protocol.model_dump(), "seed": cell.seed,
        "outer_fold": split.outer, "epochs": fit.epochs, "validation_f1": fit.score,
        "training_dyads": cell.data.dyads_of(split.training.sessions),
        "set_aside_dyads": cell.data.dyads_of(split.aside.sessions),
        "class_weights": [1.0] * len(cell.data.classes) if weights is None else [float(each) for each in weights],
        "history": [
            {"outer": split.outer, "epoch": epoch, "loss": float(loss), "validation_f1": float(score)}
            for epoch, (loss, score) in enumerate(fit.history, start=1)
        ],
        "untrained": [name for name in cell.recipe if streams[name].attributes.get("weights") == "untrained"],
    }


def _rows(outer: int, trials: Sequence[Trial], chosen: Trial, checkpoint: Checkpoint) -> list[dict[str, Any]]:
    return [
        {
            "outer": outer, "candidate": trial.number, **_as_text(trial.hyperparameters), "inner_f1": trial.f1,
            "inner_epochs": float(np.mean([score.epochs for score in trial.scores])),
            "pruned": "yes" if trial.pruned else "no", "chosen": "yes" if trial is chosen else "no",
            "epochs": checkpoint.config["epochs"] if trial is chosen else None,
        }
        for trial in trials
    ]


def _as_text(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: "-".join(str(part) for part in value) if isinstance(value, list) else value
        for name, value in hyperparameters.items()
    }

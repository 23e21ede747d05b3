"""Search one outer fold: score candidates in inner folds, pick one, train it again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.models.checkpoint import Checkpoint
from dyadflow.models.data import CellData
from dyadflow.models.preparation import Preparation, fit_preparation
from dyadflow.models.registry import load_network
from dyadflow.models.scoring import balanced_weights
from dyadflow.models.seeds import derive_seed
from dyadflow.models.settings import NetworkSettings, ProtocolSettings
from dyadflow.models.state import State, digest_of
from dyadflow.models.training import Block, Fit, fit_network, stack_sessions


@dataclass(frozen=True)
class Cell:
    """One cell of the result table, as far as fitting it goes.

    Parameters
    ----------
    data
        Folds, labels and streams.
    recipe
        Streams to fuse, as ``<view>.<extractor>``.
    target
        What is predicted.
    network
        The network, its space and how long to train.
    protocol
        Coders, projection, scaling, class weights.
    candidates
        Hyperparameters to compare.
    seed
        The study's.
    code
        Digest of the code that trains; part of every key of `state`.
    device
        ``cpu`` or ``cuda``.
    threads
        Threads inside torch.
    state
        Where finished fits are kept.
    """

    data: CellData
    recipe: tuple[str, ...]
    target: str
    network: NetworkSettings
    protocol: ProtocolSettings
    candidates: Sequence[Mapping[str, Any]]
    seed: int
    code: str
    device: str
    threads: int
    state: State

    def seed_of(self, *place: object) -> int:
        """The seed of one fit, from the study's seed, what the cell is, and the fit's place in the search."""
        return derive_seed(self.seed, self.target, *self.recipe, self.network.network, *place)

    def key_of(self, kind: str, candidate: int, split: tuple[list[str], list[str]], seed: int) -> str:
        """Digest of everything that decides a fit."""
        return digest_of({
            "kind": kind, "code": self.code, "device": self.device, "threads": self.threads, "seed": seed,
            "target": self.target, "classes": self.data.classes, "recipe": self.recipe,
            "network": [self.network.network, self.network.max_epochs, self.network.patience],
            "hyperparameters": self.candidates[candidate],
            "protocol": self.protocol.model_dump(exclude={"score_coders"}), "rate_hz": self.data.rate_hz,
            "sessions": [
                [[name, self.data.digests[name], self.data.shelf.digests(name, self.recipe)] for name in part]
                for part in split
            ],
            # Components of all sessions hang on the held-out ones too.
            "projected_on": [
                self.data.shelf.digests(name, self.recipe) for name in self.data.folds.session
                if self.protocol.projection == "all_sessions"
            ],
        })


@dataclass(frozen=True)
class Prepared:
    """The sessions of a split as a network takes them, with what was fitted to get there."""

    preparation: Preparation
    training: Block
    validation: Block
    class_weights: np.ndarray | None


def prepare_split(cell: Cell, training: Sequence[str], validation: Sequence[str], where: str) -> Prepared:
    """Fit projection, scaler and class weights on the training sessions, and apply them to both sides.

    Raises
    ------
    DyadflowError
        If either side has no labelled frame.
    """
    for sessions, side in ((training, "learn from"), (validation, "stop on")):
        if not any((cell.data.codes[name] >= 0).any() for name in sessions):
            raise DyadflowError(
                f"there is no labelled frame of {cell.target} to {side}", where=where,
                fix="ask for fewer inner folds, or code more of these sessions",
            )
    preparation = fit_preparation(cell.data, training, cell.recipe, cell.protocol)
    blocks = [
        stack_sessions(
            [
                preparation.apply(
                    cell.data.shelf.take(name, cell.recipe), frames=cell.data.grids[name].frames,
                    where=f"session {name}",
                )
                for name in sessions
            ],
            [cell.data.codes[name] for name in sessions], cell.device,
        )
        for sessions in (training, validation)
    ]
    codes = np.concatenate([cell.data.codes[name] for name in training])
    balanced = cell.protocol.class_weights == "balanced"
    weights = balanced_weights(codes, len(cell.data.classes)) if balanced else None
    return Prepared(preparation, *blocks, weights)


def search_fold(cell: Cell, outer: int) -> tuple[Checkpoint, list[dict[str, Any]]]:
    """Search an outer fold's training dyads, and train the best candidate again.

    Returns
    -------
    Checkpoint
        Of the candidate with the best mean inner score; of equals, the one drawn first.
    list of dict
        One row a candidate, as `search.tsv` has them.

    Raises
    ------
    DyadflowError
        If the chosen candidate's training ends in numbers that are not finite.
    """
    inner_folds = cell.data.inner_folds(outer)
    fits = [score_candidates(cell, outer, inner) for inner in inner_folds]
    scores = np.array([[fit["score"] for fit in row] for row in fits])
    chosen = int(scores.mean(axis=0).argmax())
    checkpoint = refit(cell, outer, chosen)
    rows = [
        {
            "outer": outer, "candidate": number, **_as_text(hyperparameters),
            "inner_f1": float(scores[:, number].mean()),
            "inner_epochs": float(np.mean([row[number]["epochs"] for row in fits])),
            "chosen": "yes" if number == chosen else "no",
            "epochs": checkpoint.config["epochs"] if number == chosen else None,
        }
        for number, hyperparameters in enumerate(cell.candidates)
    ]
    return checkpoint, rows


def score_candidates(cell: Cell, outer: int, inner: int) -> list[dict[str, Any]]:
    """Train every candidate without one inner fold, and score it there.

    Returns
    -------
    list of dict
        For each candidate, score (macro F1 of its best epoch) and epochs (which that was). A candidate whose
        training diverged before its first epoch ended has score 0.
    """
    split = cell.data.split(outer, inner)
    prepared: Prepared | None = None
    rows = []
    for candidate in range(len(cell.candidates)):
        seed = cell.seed_of(outer, candidate, inner)
        key = cell.key_of("score", candidate, split, seed)
        remembered = cell.state.recall(key)
        if remembered is None:
            prepared = prepared or prepare_split(cell, *split, f"outer fold {outer}, inner fold {inner}")
            fit = _fit(cell, prepared, candidate, seed)
            remembered = json.dumps({"score": fit.score, "epochs": fit.epochs}).encode()
            cell.state.remember(key, remembered)
        rows.append(json.loads(remembered))
    return rows


def refit(cell: Cell, outer: int, candidate: int) -> Checkpoint:
    """Train a candidate on the outer training dyads, stopping early on dyads set aside inside them.

    Set aside is the inner fold with the fewest dyads (of equals, the first); projection, scaler and class
    weights are fitted without it too, so that it stands for dyads that nothing has seen.

    Raises
    ------
    DyadflowError
        If training diverges.
    """
    aside = min(cell.data.inner_folds(outer), key=lambda inner: (cell.data.dyads_in(outer, inner), inner))
    split = cell.data.split(outer, aside)
    seed = cell.seed_of(outer, candidate, "refit")
    key = cell.key_of("refit", candidate, split, seed)
    remembered = cell.state.recall(key)
    if remembered is None:
        where = f"outer fold {outer}"
        prepared = prepare_split(cell, *split, where)
        fit = _fit(cell, prepared, candidate, seed)
        if fit.weights is None:
            raise DyadflowError(
                f"training of {cell.network.network} for {cell.target} ended in numbers that are not finite",
                where=where, fix="lower the learning rates in the space",
            )
        config = _describe(cell, outer, candidate, split, fit)
        remembered = Checkpoint(config, prepared.preparation, fit.weights).to_bytes()
        cell.state.remember(key, remembered)
    return Checkpoint.from_bytes(remembered)


def _fit(cell: Cell, prepared: Prepared, candidate: int, seed: int) -> Fit:
    module, hyperparameters = load_network(cell.network.network), cell.candidates[candidate]
    classes = len(cell.data.classes)
    return fit_network(
        lambda: module.build(prepared.preparation.dims, classes, hyperparameters),
        prepared.training, prepared.validation, hyperparameters,
        windowing=module.windowing(hyperparameters), classes=classes, class_weights=prepared.class_weights,
        max_epochs=cell.network.max_epochs, patience=cell.network.patience, seed=seed,
    )


def _describe(
    cell: Cell, outer: int, candidate: int, split: tuple[list[str], list[str]], fit: Fit
) -> dict[str, Any]:
    """What a checkpoint says of itself; nothing in it comes from the dyads held out."""
    training, aside = (cell.data.dyads_of(part) for part in split)
    streams = cell.data.shelf.take(split[0][0], cell.recipe)
    return {
        "network": cell.network.network, "hyperparameters": dict(cell.candidates[candidate]),
        "target": cell.target,
        "classes": list(cell.data.classes), "protocol": cell.protocol.model_dump(), "seed": cell.seed,
        "outer_fold": outer, "epochs": fit.epochs, "validation_f1": fit.score, "training_dyads": training,
        "set_aside_dyads": aside,
        "untrained": [name for name in cell.recipe if streams[name].attributes.get("weights") == "untrained"],
    }


def _as_text(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: "-".join(str(part) for part in value) if isinstance(value, list) else value
        for name, value in hyperparameters.items()
    }

"""Fits of a cell: prepared once, trained together where they have one shape, and remembered when they are done."""

import io
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.models.blocks import Block, stack_sessions
from dyadflow.models.data import CellData, Part
from dyadflow.models.fusion import describe_stream
from dyadflow.models.learning import fit_all
from dyadflow.models.preparation import Preparation, fit_preparation
from dyadflow.models.scoring import balanced_weights
from dyadflow.models.seeds import derive_seed
from dyadflow.models.settings import NetworkSettings, ProtocolSettings
from dyadflow.models.state import State, digest_of
from dyadflow.models.training import FitRequest

if TYPE_CHECKING:
    from dyadflow.models.training import Fit

#: What of a protocol decides no fit: who scores, and what names folds, cells or streams, which are told by themselves.
_NO_PART_OF_A_FIT = {"score_coders", "streams", "networks", "extractors", "space", "outer", "inner", "deal"}


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
        Coders, split, projection, scaling, class weights.
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
    at_once
        How many fits of one shape are trained together.
    room_bytes
        What prepared sessions may take.
    """

    data: CellData
    recipe: tuple[str, ...]
    target: str
    network: NetworkSettings
    protocol: ProtocolSettings
    seed: int
    code: str
    device: str
    threads: int
    state: State
    at_once: int = 16
    room_bytes: int = 8 * 2**30

    def seed_of(self, *place: object) -> int:
        """The seed of one fit, from the study's seed, what the cell is, and the fit's place in the search."""
        return derive_seed(self.seed, self.target, *self.recipe, self.network.network, *place)

    def width(self) -> int:
        """Columns of the network's input, known before anything is prepared."""
        streams = self.data.shelf.take(next(iter(self.data.codes)), self.recipe)
        return sum(
            width[0] * (self.protocol.components if len(width) > 1 else 1)
            for width in (describe_stream(name, streams[name])["width"] for name in self.recipe)
        )


@dataclass(frozen=True)
class Split:
    """Where a fit stands: what it learns from and what it stops on.

    Parameters
    ----------
    outer
        The outer fold whose sessions it never sees.
    place
        ``inner0``, ``inner1`` ... for the search, ``refit`` for what is kept.
    training, aside
        Both sides.
    """

    outer: int
    place: str
    training: Part
    aside: Part

    @property
    def where(self) -> str:
        """For errors."""
        return f"outer fold {self.outer}, {self.place.replace('inner', 'inner fold ')}"


@dataclass(frozen=True)
class Task:
    """One candidate on one split.

    Parameters
    ----------
    split
        Where.
    number
        Of the candidate; part of the seed.
    hyperparameters
        The candidate.
    """

    split: Split
    number: int
    hyperparameters: Mapping[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self._place == other._place

    def __hash__(self) -> int:
        return hash(self._place)

    @property
    def _place(self) -> tuple[int, str, int]:
        return self.split.outer, self.split.place, self.number


@dataclass(frozen=True)
class Prepared:
    """The sessions of a split as a network takes them, with what was fitted to get there."""

    preparation: Preparation
    training: Block
    validation: Block
    class_weights: NDArray[np.float32] | None


@dataclass(frozen=True)
class Score:
    """What is kept of a fit of the search: macro F1 on the sessions set aside, and the epoch in which it was best."""

    score: float
    epochs: int


def inner_splits(data: CellData, outer: int) -> list[Split]:
    """The splits by which an outer fold's candidates are compared."""
    return [Split(outer, f"inner{inner}", *data.parts(outer, inner)) for inner in data.inner_folds(outer)]


def weigh_classes(cell: Cell, part: Part) -> NDArray[np.float32] | None:
    """Weights of the classes by a part's counts, every training coder's; None where the protocol wants none."""
    if cell.protocol.class_weights == "none":
        return None
    codes = np.concatenate([codes.ravel() for codes in part.codes.values()])
    return balanced_weights(codes, len(cell.data.classes))


def prepare_split(cell: Cell, split: Split) -> Prepared:
    """Fit projection, scaler and class weights on the training sessions, and apply them to both sides.

    Raises
    ------
    DyadflowError
        If either side has no labelled frame.
    """
    for part, side in ((split.training, "learn from"), (split.aside, "stop on")):
        if not part.labelled():
            raise DyadflowError(
                f"there is no labelled frame of {cell.target} to {side}", where=split.where,
                fix="ask for fewer inner folds, or code more of these sessions",
            )
    preparation = fit_preparation(cell.data, split.training.sessions, cell.recipe, cell.protocol)
    training, aside = (
        stack_sessions(
            [
                preparation.apply(
                    cell.data.shelf.take(name, cell.recipe), frames=cell.data.grids[name].frames,
                    where=f"session {name}",
                )
                for name in part.sessions
            ],
            list(part.codes.values()), cell.device,
        )
        for part in (split.training, split.aside)
    )
    return Prepared(preparation, training, aside, weigh_classes(cell, split.training))


class Fitter:
    """Trains what a search asks for, and remembers it.

    Parameters
    ----------
    cell
        Whose fits.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._ready: OrderedDict[tuple[int, str], Prepared] = OrderedDict()
        self._told: dict[tuple[int, str], str] = {}

    def splits_at_once(self) -> int:
        """How many splits of the whole cell fit into the room that prepared sessions may take."""
        frames = sum(grid.frames for grid in self.cell.data.grids.values())
        return max(1, int(self.cell.room_bytes // max(1, 4 * frames * self.cell.width())))

    def score(self, tasks: Sequence[Task]) -> list[Score]:
        """Train candidates on splits of one outer fold, together, and score each on what its split sets aside.

        Parameters
        ----------
        tasks
            What is trained together belongs together: if one of these fits is missing from `Cell.state`, all are
            trained again, so that a search that was killed ends as one that was not, to the last bit.

        Returns
        -------
        list of Score
            In the order of `tasks`. A fit that diverged before its first epoch ended has score 0.
        """
        keys = self._keys("score", tasks)
        found = [self.cell.state.recall(key) for key in keys]
        if any(entry is None for entry in found):
            for key, fit in zip(keys, self._train(tasks), strict=True):
                self._remember_aside(key, fit)
                entry = json.dumps({"score": fit.score, "epochs": fit.epochs})
                self.cell.state.remember(key, entry.encode())
            found = [self.cell.state.recall(key) for key in keys]
        return [Score(**json.loads(entry or b"{}")) for entry in found]

    def take_aside(self, task: Task, together: Sequence[Task]) -> NDArray[np.float32] | None:
        """Probabilities of what a task set aside, (rows, classes); None if it diverged.

        Parameters
        ----------
        task
            Which.
        together
            All that were scored with it.
        """
        keys = self._keys("score", together)
        key = keys[list(together).index(task)]
        entry = self.cell.state.recall(f"{key}.aside")
        if entry is None:
            for each, fit in zip(keys, self._train(together), strict=True):
                self._remember_aside(each, fit)
            entry = self.cell.state.recall(f"{key}.aside")
        return np.load(io.BytesIO(entry)).astype(np.float32) if entry else None

    def forget_aside(self, tasks: Sequence[Task]) -> None:
        """Drop the probabilities of tasks that were scored together; their scores stay."""
        for key in self._keys("score", tasks):
            self.cell.state.forget(f"{key}.aside")

    def refit(self, task: Task) -> "tuple[Preparation, Fit]":
        """Train what is kept; nothing of it is remembered here."""
        [fit] = self._train([task])
        return self._prepare(task.split).preparation, fit

    def key_of_refit(self, task: Task) -> str:
        """Under which key a finished refit is remembered."""
        return self._keys("refit", [task])[0]

    def _remember_aside(self, key: str, fit: "Fit") -> None:
        buffer = io.BytesIO()
        if fit.probabilities is not None:
            # Half precision: they only decide a temperature and how far to smooth.
            np.save(buffer, fit.probabilities.astype(np.float16))
        self.cell.state.remember(f"{key}.aside", buffer.getvalue())

    def _seed(self, task: Task) -> int:
        return self.cell.seed_of(task.split.outer, task.number, task.split.place)

    def _train(self, tasks: Sequence[Task]) -> "list[Fit]":
        requests = []
        for task in tasks:
            ready = self._prepare(task.split)
            requests.append(FitRequest(
                ready.training, ready.validation, task.hyperparameters, ready.class_weights, self._seed(task)))
        return fit_all(
            self.cell.network.network, requests, classes=len(self.cell.data.classes),
            max_epochs=self.cell.network.max_epochs, patience=self.cell.network.patience,
            labels=self.cell.protocol.labels, at_once=self.cell.at_once,
        )

    def _prepare(self, split: Split) -> Prepared:
        place = (split.outer, split.place)
        if place not in self._ready:
            self._ready[place] = prepare_split(self.cell, split)
            while len(self._ready) > self.splits_at_once():
                self._ready.popitem(last=False)
        self._ready.move_to_end(place)
        return self._ready[place]

    def _keys(self, kind: str, tasks: Sequence[Task]) -> list[str]:
        """Digest, for each fit, of everything that decides it; of all that are trained with it, too."""
        cell, parts = self.cell, [self._facts(task) for task in tasks]
        common = {
            "kind": kind, "code": cell.code, "device": cell.device, "threads": cell.threads,
            "at_once": cell.at_once, "target": cell.target, "classes": cell.data.classes, "recipe": cell.recipe,
            "network": [cell.network.network, cell.network.max_epochs, cell.network.patience],
            "protocol": cell.protocol.model_dump(exclude=_NO_PART_OF_A_FIT), "rate_hz": cell.data.rate_hz,
            # Components of all sessions hang on the held-out ones too.
            "projected_on": [
                cell.data.shelf.digests(name, cell.recipe) for name in cell.data.folds.session
                if cell.protocol.projection == "all_sessions"
            ],
        }
        together = digest_of({"common": common, "fits": parts})
        return [digest_of({"together": together, "fit": part}) for part in parts]

    def _facts(self, task: Task) -> dict[str, Any]:
        return {
            "seed": self._seed(task), "hyperparameters": dict(task.hyperparameters),
            "sessions": self._sessions(task.split),
        }

    def _sessions(self, split: Split) -> str:
        """Digest of what a split's sessions hold: streams, labels, and which frames of them."""
        place = (split.outer, split.place)
        if place not in self._told:
            data, recipe = self.cell.data, self.cell.recipe
            self._told[place] = digest_of([
                [[name, data.digests[name], data.shelf.digests(name, recipe), _frames(codes)]
                 for name, codes in part.codes.items()]
                for part in (split.training, split.aside)
            ])
        return self._told[place]


def _frames(codes: NDArray[np.int8]) -> str:
    """Digest of a part's own codes: a split by frame leaves out some of a session's."""
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()

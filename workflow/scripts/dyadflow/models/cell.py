"""Train one cell: every outer fold searched, trained again, and its held-out sessions predicted."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.errors import DyadflowError
from dyadflow.models.checkpoint import Checkpoint
from dyadflow.models.data import CellData, read_cell_data
from dyadflow.models.failure import clear_failure, record_failure
from dyadflow.models.fitting import Cell
from dyadflow.models.frame_split import split_by_frame
from dyadflow.models.predict import predict_session
from dyadflow.models.search import Found, search_cell
from dyadflow.models.settings import NetworkSettings, ProtocolSettings
from dyadflow.models.state import State
from dyadflow.tables import write_table

HISTORY_COLUMNS = ("outer", "epoch", "loss", "validation_f1")
#: The fold of a session whose frames were held out one by one, in different folds.
BY_FRAME = -1


def train_cell(
    *, folds: str | Path, labels: str | Path, features: Sequence[str | Path], recipe: Sequence[str],
    target: str,
    network: Mapping[str, Any], protocol: Mapping[str, Any], seed: int, state: str | Path, models: str | Path,
    probabilities: str | Path, search: str | Path, history: str | Path, tested: str = "every",
    torch_threads: int = 1, fits_at_once: int = 16, room_gib: float = 8.0, code: str = "",
) -> None:
    """Search, train and apply one network to one target from one set of streams, nested in dyads.

    For every outer fold: candidates are each trained afresh without one inner fold at a
    time and scored on it (macro F1 of the best epoch); the best mean is trained again on the outer training
    dyads, stopping early on dyads set aside inside them; and the held-out sessions are predicted from the
    checkpoint. Projection, scaler and class weights are fitted anew on the training sessions of every one
    of these fits; temperature and smoothing on what the chosen candidate said of the inner folds it had not seen.

    A cell that cannot be trained is a result too: the study goes on, and every table and page says what is missing.

    Parameters
    ----------
    folds
        Table of folds: session, dyad, outer, inner_of_0 ...
    labels
        Index of frame labels: session, file, sha256.
    features
        Indexes of streams, one a batch: session, view, file, sha256.
    recipe
        Streams to fuse, as ``<view>.<extractor>``, resolved for the target's role.
    target
        What is predicted.
    network, protocol
        Plain values of `NetworkSettings` and `ProtocolSettings`.
    seed
        The study's.
    state
        Folder of finished fits, so that a killed job goes on where it stopped; only a cache.
    models
        Folder to write fold0.safetensors, fold1.safetensors ... into; made if it is not there. If the cell cannot be
        trained, it holds a note that says why.
    probabilities
        HDF5 to write: for each session a dataset (frames, classes) float32, predicted by the model that
        never saw its dyad, with attributes fold (-1 where frames were held out one by one), adjusted_streams (how many
        streams were one frame longer or shorter than the labels), class_weights, temperature, smoothing_frames,
        minimum_bout_frames; attributes of the file: classes (JSON), target, rate_hz; or failed, a sentence.
    search
        TSV to write: outer, candidate, the hyperparameters, inner_f1, inner_epochs, pruned, chosen, epochs.
    history
        TSV to write: outer, epoch, loss, validation_f1, of the refits.
    tested
        ``every``: each outer fold is held out in turn; ``last``: only the last one, a single split; ``frames``: every
        frame by itself.
    torch_threads
        Threads inside torch: part of the result's last bits, whatever cores the job has.
    fits_at_once, room_gib
        How many fits are trained together, and what prepared sessions may take; part of the last bits, too.
    code
        Digest of the code that trains; finished fits of other code are not used.
    """
    import torch

    torch.set_num_threads(torch_threads)
    rules = ProtocolSettings.model_validate(protocol)
    rows: list[dict[str, Any]] = []
    past: list[dict[str, Any]] = []
    Path(models).mkdir(parents=True, exist_ok=True)
    clear_failure(models)
    try:
        data = _read(folds, labels, features, recipe, target, rules, seed, by_frame=tested == "frames")
        settings = NetworkSettings.model_validate(network)
        cell = Cell(
            data=data, recipe=tuple(recipe), target=target, network=settings, protocol=rules, seed=seed, code=code,
            device=_pick_device(settings.device), threads=torch_threads, state=State(Path(state)), at_once=fits_at_once,
            room_bytes=round(room_gib * 2**30),
        )
        tested_folds = data.outer_folds[-1:] if tested == "last" else data.outer_folds
        held_out = _HeldOut(cell)
        began = time.perf_counter()

        def say(line: str) -> None:
            print(f"{time.perf_counter() - began:.1f} s: {line}", flush=True)

        for found in search_cell(cell, tested_folds, say):
            (Path(models) / f"fold{found.outer}.safetensors").write_bytes(found.checkpoint.to_bytes())
            held_out.predict(found)
            rows += found.rows
            past += found.history
            best = max(row["inner_f1"] for row in found.rows)
            say(f"outer fold {found.outer}: {len(found.rows)} candidates, best inner F1 {best:.3f}")
        held_out.write(probabilities)
    except DyadflowError as error:
        record_failure(error, models=models, probabilities=probabilities)
        rows, past = [], []
    write_table(_tabulate(rows), search)
    write_table(pd.DataFrame(past, columns=list(HISTORY_COLUMNS)), history)


class _HeldOut:
    """What each outer fold's model says of the frames that it never saw, session by session."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._values: dict[str, NDArray[np.float32]] = {}
        self._folds: dict[str, list[int]] = {}
        self._adjusted: dict[str, int] = {}
        self._models: dict[int, Checkpoint] = {}

    def predict(self, found: Found) -> None:
        """Take in what one outer fold's model says."""
        cell, self._models[found.outer] = self._cell, found.checkpoint
        for session, mine in cell.data.predicted(found.outer).items():
            streams, frames = cell.data.shelf.take(session, cell.recipe), cell.data.grids[session].frames
            values = predict_session(
                found.checkpoint, streams, frames=frames, device=cell.device, where=f"session {session}"
            )
            whole = self._values.setdefault(session, np.full_like(values, np.nan))
            whole[mine] = values[mine]
            self._folds.setdefault(session, []).append(found.outer)
            self._adjusted[session] = sum(len(stream.values) != frames for stream in streams.values())

    def write(self, path: str | Path) -> None:
        """Write the HDF5 file."""
        data = self._cell.data
        with h5py.File(path, "w") as file:
            file.attrs.update({
                "classes": json.dumps(data.classes), "target": self._cell.target, "rate_hz": data.rate_hz})
            for session, values in self._values.items():
                file[session] = values
                file[session].attrs.update(self._attributes(session))

    def _attributes(self, session: str) -> dict[str, Any]:
        """Of frames that several models predicted, the middle of what these have."""
        folds = self._folds[session]
        models = [self._models[outer].config for outer in folds]

        def middle(name: str) -> int:
            return sorted(int(model[name]) for model in models)[(len(models) - 1) // 2]

        return {
            "fold": folds[0] if len(folds) == 1 else BY_FRAME, "adjusted_streams": self._adjusted[session],
            "class_weights": np.exp(np.mean(np.log([model["class_weights"] for model in models]), axis=0)),
            "temperature": float(np.exp(np.mean(np.log([model["temperature"] for model in models])))),
            "smoothing_frames": middle("smoothing_frames"), "minimum_bout_frames": middle("minimum_bout_frames"),
        }


def _read(
    folds: str | Path, labels: str | Path, features: Sequence[str | Path], recipe: Sequence[str], target: str,
    rules: ProtocolSettings, seed: int, *, by_frame: bool,
) -> CellData:
    data = read_cell_data(
        folds=folds, labels=labels, features=features, recipe=recipe, target=target, coders=rules.train_coders,
        every_coder=rules.labels != "first",
    )
    if not by_frame:
        return data
    outer = len(data.outer_folds)
    return split_by_frame(data, outer=outer, inner=len(data.inner_folds(data.outer_folds[0])), seed=seed)


def _tabulate(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame(columns=["outer", "candidate", "inner_f1", "inner_epochs", "pruned", "chosen", "epochs"])
    return pd.DataFrame(rows).astype({"epochs": "Int64"})


def _pick_device(wanted: str) -> str:
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted

"""Train one cell: every outer fold searched, trained again, and its held-out sessions predicted."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from dyadflow.models.checkpoint import Checkpoint
from dyadflow.models.data import read_cell_data
from dyadflow.models.predict import predict_session
from dyadflow.models.registry import load_network
from dyadflow.models.search import Cell, search_fold
from dyadflow.models.settings import NetworkSettings, ProtocolSettings
from dyadflow.models.space import draw_candidates
from dyadflow.models.state import State
from dyadflow.tables import write_table


def train_cell(
    *, folds: str | Path, labels: str | Path, features: Sequence[str | Path], recipe: Sequence[str],
    target: str,
    network: Mapping[str, Any], protocol: Mapping[str, Any], seed: int, state: str | Path, models: str | Path,
    probabilities: str | Path, search: str | Path, torch_threads: int = 1, code: str = "",
) -> None:
    """Search, train and apply one network to one target from one set of streams, nested in dyads.

    For every outer fold: candidates drawn beforehand are each trained afresh without one inner fold at a
    time and scored on it (macro F1 of the best epoch); the best mean is trained again on the outer training
    dyads, stopping early on one inner fold's dyads; and the held-out sessions are predicted from the
    checkpoint. Projection, scaler and class weights are fitted anew on the training sessions of every one
    of these fits.

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
        Folder to write fold0.safetensors, fold1.safetensors ... into; made if it is not there.
    probabilities
        HDF5 to write: for each session a dataset (frames, classes) float32, predicted by the model that
        never saw its dyad, with attributes fold and adjusted_streams (how many streams were one frame longer
        or shorter than the labels); attributes of the file: classes (JSON), target, rate_hz.
    search
        TSV to write: outer, candidate, the hyperparameters, inner_f1, inner_epochs, chosen, epochs.
    torch_threads
        Threads inside torch: part of the result's last bits, whatever cores the job has.
    code
        Digest of the code that trains; finished fits of other code are not used.

    Raises
    ------
    DyadflowError
        If folds, labels and streams do not fit together, a token store keeps too little of a component, or
        training diverges.
    """
    import torch

    torch.set_num_threads(torch_threads)
    settings, rules = NetworkSettings.model_validate(network), ProtocolSettings.model_validate(protocol)
    data = read_cell_data(
        folds=folds, labels=labels, features=features, recipe=recipe, target=target, coders=rules.train_coders
    )
    space = load_network(settings.network).Space.model_validate(settings.space)
    cell = Cell(
        data=data, recipe=tuple(recipe), target=target, network=settings, protocol=rules,
        candidates=draw_candidates(space, settings.candidates, seed=seed), seed=seed, code=code,
        device=_pick_device(settings.device), threads=torch_threads, state=State(Path(state)),
    )
    rows: list[dict[str, Any]] = []
    Path(models).mkdir(parents=True, exist_ok=True)
    with h5py.File(probabilities, "w") as file:
        file.attrs.update({"classes": json.dumps(data.classes), "target": target, "rate_hz": data.rate_hz})
        for outer in data.outer_folds:
            started = time.perf_counter()
            checkpoint, found = search_fold(cell, outer)
            rows += found
            (Path(models) / f"fold{outer}.safetensors").write_bytes(checkpoint.to_bytes())
            for session in data.held_out(outer):
                _write_held_out(file, cell, checkpoint, session, outer)
            print(
                f"outer fold {outer + 1} of {len(data.outer_folds)}: {len(found)} candidates, best inner F1 "
                f"{max(row['inner_f1'] for row in found):.3f}, {time.perf_counter() - started:.1f} s",
                flush=True,
            )
    write_table(pd.DataFrame(rows).astype({"epochs": "Int64"}), search)


def _write_held_out(file: h5py.File, cell: Cell, checkpoint: Checkpoint, session: str, outer: int) -> None:
    streams, frames = cell.data.shelf.take(session, cell.recipe), cell.data.grids[session].frames
    file[session] = predict_session(
        checkpoint, streams, frames=frames, device=cell.device, where=f"session {session}"
    )
    file[session].attrs["fold"] = outer
    adjusted = sum(len(stream.values) != frames for stream in streams.values())
    file[session].attrs["adjusted_streams"] = adjusted


def _pick_device(wanted: str) -> str:
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted

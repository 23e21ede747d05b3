"""Train one cell of a video network: every tested outer fold searched, trained, and its held-out sessions predicted."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd

from dyadflow.errors import DyadflowError
from dyadflow.models.settings import ProtocolSettings
from dyadflow.models.state import State
from dyadflow.models.video.checkpoint import VideoCheckpoint
from dyadflow.models.video.data import read_video_data
from dyadflow.models.video.fold import OuterFold, VideoCell
from dyadflow.models.video.settings import VideoTraining
from dyadflow.models.video.testing import SNIPPET_COLUMNS, FoldScorer
from dyadflow.models.video.training import train_fold
from dyadflow.tables import write_table

if TYPE_CHECKING:
    import torch


def train_video_cell(
    *, folds: str | Path, segments: str | Path, clips: Mapping[str, str | Path], target: str,
    spec: Mapping[str, Any], sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None, rate_hz: float,
    video: Mapping[str, Any],
    protocol: Mapping[str, Any], kinds: Mapping[tuple[str, str], str], seed: int, state: str | Path,
    frames: Mapping[str, int], models: str | Path, probabilities: str | Path, snippets: str | Path, search: str | Path,
    torch_threads: int = 1, code: str = "",
) -> None:
    """Search, train and apply one video network to one target on the clips of one view, nested in dyads.

    For every tested outer fold, within its training dyads: embeddings of augmented snippets by the frozen
    encoder are cached; values for the head, then for fine-tuning, are drawn and scored on every inner fold (F1
    of yes); the chosen ones train the network several times, with the last inner fold to pick the epoch and the
    run. Only then are the held-out sessions' clips opened, once, and predicted (paper, Section 3.3).

    Parameters
    ----------
    folds
        Table of folds: session, dyad, outer, inner_of_0 ...
    segments
        Table of every coder's segments.
    clips
        Files of clips by session.
    target, spec
        What is predicted: its name, and what `label_spec` says of it (two classes, one phase).
    sheet_phases
        Phases of the sessions that have them in the study's sheet.
    rate_hz
        Frames a second of the clips.
    video
        Plain values of `VideoSettings`.
    protocol
        Plain values of `ProtocolSettings`: preset, train_coders, score_coders. For each training snippet a coder
        is drawn among all the human training coders of the session; each human scoring coder's label is scored.
    kinds
        Kind of each (session, coder).
    seed
        The study's.
    frames
        How many each session has.
    state
        Folder of finished pieces, so that a killed job goes on where it stopped; only a cache.
    models
        Folder to write a fold{k}.safetensors into for each tested outer fold k; made if it is not there.
    probabilities
        HDF5 to write: for each held-out session a dataset (frames, classes) float32, predicted by the network
        that never saw its dyad, NaN where no scoring coder's task goes on, with attributes fold and
        adjusted_streams (always 0); attributes of the file: classes (JSON), target, rate_hz.
    snippets
        TSV to write, a row a snippet and scoring coder: set (validation or test), units (tiled or drawn), outer,
        session, dyad, start (frame), onset_s, offset_s (of what is shown), coder, share (of the label window
        that is yes), label (0 or 1), probability (of yes), predicted (0 or 1).
    search
        TSV to write: outer, phase (head or fine_tuning), candidate, the hyperparameters, f1 (mean over inner
        folds and repeats; empty where the values were given by hand), chosen, epochs (of the network kept).
    torch_threads
        Threads inside torch: part of the result's last bits, whatever cores the job has.
    code
        Digest of the code that trains; finished pieces of other code are not used.

    Raises
    ------
    DyadflowError
        If folds, coding and clips do not fit together, weights cannot be had, a GPU is asked for that is not
        there, or training diverges.
    """
    import torch

    torch.set_num_threads(torch_threads)
    torch.backends.cudnn.deterministic = True
    settings = VideoTraining.model_validate({name: value for name, value in video.items() if name != "views"})
    rules = ProtocolSettings.model_validate(protocol)
    cell = VideoCell(
        data=read_video_data(
            folds=folds, segments=segments, clips=clips, spec=spec, sheet_phases=sheet_phases, kinds=kinds,
            rate_hz=rate_hz, train_coders=rules.train_coders, score_coders=rules.score_coders,
            frames=frames,
        ),
        target=target, classes=tuple(spec["classes"]), phase=spec["phases"][0], settings=settings, protocol=rules,
        seed=seed, code=code, device=_pick_device(settings.device), threads=torch_threads, state=State(Path(state)),
    )
    tested = cell.data.outer_folds if cell.preset.tested == "every" else cell.data.outer_folds[-1:]
    searched: list[dict[str, Any]] = []
    scored: list[dict[str, Any]] = []
    Path(models).mkdir(parents=True, exist_ok=True)
    with h5py.File(probabilities, "w") as file:
        file.attrs.update({"classes": json.dumps(cell.classes), "target": target, "rate_hz": cell.data.rate_hz})
        for outer in tested:
            started = time.perf_counter()
            fold = OuterFold(cell, outer)
            checkpoint, found = train_fold(fold)
            (Path(models) / f"fold{outer}.safetensors").write_bytes(checkpoint.to_bytes())
            searched += found
            scorer = FoldScorer(fold, checkpoint)
            scored += scorer.score_validation()
            # Only now are the held-out sessions' clips opened.
            cell.data.check_clips(cell.data.held_out(outer))
            for session in cell.data.held_out(outer):
                file[session] = scorer.predict_frames(session)
                file[session].attrs.update({"fold": outer, "adjusted_streams": 0})
            scored += scorer.score_test()
            _tell(fold, checkpoint, found, time.perf_counter() - started)
    write_table(pd.DataFrame(searched).astype({"epochs": "Int64"}), search)
    write_table(pd.DataFrame(scored, columns=list(SNIPPET_COLUMNS)), snippets)


def _tell(
    fold: OuterFold, checkpoint: VideoCheckpoint, searched: list[dict[str, Any]], seconds: float
) -> None:
    """One line of progress."""
    data, loaded = fold.cell.data, fold.loader.loaded
    coded = sum(session in data.train_spans for session in fold.sessions)
    best = {
        name: max(row["f1"] for row in searched if row["phase"] == name) for name in ("head", "fine_tuning")
    }
    told = ", ".join(
        f"{name.replace('_', '-')} " + (f"F1 {f1:.3f}" if np.isfinite(f1) else "by hand") for name, f1 in best.items()
    )
    print(
        f"outer fold {fold.outer + 1} of {len(data.outer_folds)}: {coded} of {len(fold.sessions)} training sessions "
        f"coded, {len(data.held_out(fold.outer))} held out; {told}, validation F1 "
        f"{checkpoint.config['validation_f1']:.3f} in epoch {checkpoint.config['epochs']}; {seconds:.1f} s, "
        f"{loaded} snippets loaded ({loaded / seconds:.0f}/s)",
        flush=True,
    )


def _pick_device(wanted: str) -> "torch.device":
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise DyadflowError(
            "device is cuda, but torch finds no GPU here", where="models.video",
            fix="set device to auto or cpu, or run where there is a GPU",
        )
    return torch.device("cuda" if there and wanted != "cpu" else "cpu")

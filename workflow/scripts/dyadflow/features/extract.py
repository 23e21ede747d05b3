"""Extract the streams of a batch of sessions, and only those that are not there yet."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import DTypeLike, NDArray

from dyadflow.errors import DyadflowError
from dyadflow.features.dead import refuse_dead
from dyadflow.features.registry import Backbone, backbone_module, load_backbone
from dyadflow.features.settings import ExtractorSettings
from dyadflow.features.stream import StreamWriter, read_key
from dyadflow.features.weights import UNTRAINED, identify_weights
from dyadflow.media.grid import FrameGrid
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.provenance.kept import note_kept
from dyadflow.provenance.whole import whole
from dyadflow.tables import write_table

#: Columns of an index; `file` is relative to the folder that the index lies in.
INDEX_COLUMNS = ("session", "view", "file", "kind", "frames", "dims", "key", "sha256", "untrained")

#: Files whose digests are taken at once.
_DIGESTS_AT_ONCE = 4

#: A session that takes longer says how far it is this often.
_TELL_EVERY_S = 30.0


@dataclass(frozen=True)
class _Task:
    """One stream to have: of one view of one session."""

    session: str
    view: str
    source: Path
    grid: FrameGrid
    has_sound: bool
    path: Path
    key: str


def extract_batch(
    sessions: Sequence[Mapping[str, Any]],
    settings: ExtractorSettings | Mapping[str, Any],
    *,
    code: str,
    folder: str | Path,
    index: str | Path,
    torch_threads: int = 1,
    say: Callable[[str], None] = print,
) -> None:
    """Have every stream of one extractor for a batch of sessions, computing what is missing.

    The streams are a content-addressed store: each carries a key of the view's content, the frame grid, the
    backbone, its weights, options and seed, and the code. One that has the right key is left alone, and the
    model is loaded only if one is missing. Batch size, device and threads are no part of the key: they change
    last bits, and making room on a smaller GPU should not cost all streams again.

    Parameters
    ----------
    sessions
        For each: ``session`` (name), ``grid`` (path of its frame grid), ``views`` (view name -> path of the
        video, or ``audio`` -> path of the sound), ``has_sound`` (whether the recording has any).
    settings
        The extractor, or its plain values.
    code
        Digest of the code that decides the numbers.
    folder
        Streams are written to ``folder/{view}/{session}.h5``, each whole or not at all.
    index
        Table to write: one row a stream, columns `INDEX_COLUMNS`.
    torch_threads
        CPU threads.
    say
        Called with lines of progress.

    Raises
    ------
    DyadflowError
        If a view is not there, weights cannot be had, or a stream has a wrong length or a value that is not
        a number. Streams finished before that stay; the index is not written.
    """
    if not isinstance(settings, ExtractorSettings):
        settings = ExtractorSettings.model_validate(dict(settings))
    weights = identify_weights(settings)

    def plan(wanted: tuple[Mapping[str, Any], str]) -> _Task:
        return _plan(*wanted, settings, weights=weights, code=code, folder=Path(folder))

    with ThreadPoolExecutor(_DIGESTS_AT_ONCE) as pool:
        tasks = list(pool.map(plan, [(session, view) for session in sessions for view in settings.views]))
    missing = [task for task in tasks if read_key(task.path) != task.key]
    say(f"{settings.backbone}: {len(missing)} of {len(tasks)} streams to compute")
    for task in tasks:
        if task not in missing:
            note_kept("streams", task.path)
    if missing:
        began = time.perf_counter()
        backbone = load_backbone(settings, torch_threads=torch_threads)
        ready = time.perf_counter()
        for number, line in enumerate(_extract_each(missing, settings, backbone, say), start=1):
            say(f"{number} of {len(missing)}: {line}")
        frames = sum(task.grid.frames for task in missing)
        say(f"all {_speed(frames, time.perf_counter() - ready)}, after {ready - began:.1f} s to get ready")
    write_table(_tabulate(tasks, settings, Path(index).parent), index)


def _plan(
    session: Mapping[str, Any], view: str, settings: ExtractorSettings, *, weights: Mapping[str, str],
    code: str, folder: Path,
) -> _Task:
    """What one stream is made of, and the key that says so."""
    name = str(session["session"])
    if view not in session["views"]:
        raise DyadflowError(
            f"the session has no view {view!r}, only {', '.join(sorted(session['views']))}",
            where=f"session {name}", fix="check the views of the extractor",
        )
    source, grid = Path(session["views"][view]), FrameGrid.read(session["grid"])
    if not source.exists():
        raise DyadflowError("there is no such file", where=str(source), fix="decode the session first")
    has_sound = bool(session.get("has_sound", True))
    made_of = {
        "content": sha256_of(source), "rate_hz": grid.rate_hz, "frames": grid.frames, "code": code,
        "has_sound": has_sound if view == "audio" else True, "backbone": settings.backbone,
        "options": _all_options(settings), "seed": settings.seed, "half": settings.half, **weights,
    }
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return _Task(name, view, source, grid, has_sound, folder / view / f"{name}.h5", key)


def _all_options(settings: ExtractorSettings) -> dict[str, Any]:
    """The backbone's options with its defaults written out: leaving one out is the same as saying it."""
    return backbone_module(settings.backbone).Options.model_validate(settings.options).model_dump(mode="json")


def _extract_each(
    tasks: Sequence[_Task], settings: ExtractorSettings, backbone: Backbone, say: Callable[[str], None]
) -> Iterator[str]:
    """Extract in order, as many sessions at once as the backbone gains by; a line for each that is done."""
    def extract(task: _Task) -> str:
        return _extract(task, settings, backbone, say)

    at_once = getattr(backbone, "sessions_at_once", 1)
    if at_once == 1:
        yield from map(extract, tasks)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="session") as pool:
        yield from pool.map(extract, tasks)


def _extract(task: _Task, settings: ExtractorSettings, backbone: Backbone, say: Callable[[str], None]) -> str:
    """Write one stream beside its place and rename it; say how fast that was."""
    began = time.perf_counter()
    attributes = {
        "session": task.session, "view": task.view, "backbone": settings.backbone, "seed": settings.seed,
        "options": json.dumps(_all_options(settings), sort_keys=True), "key": task.key, **backbone.attributes,
    }
    with whole(task.path) as beside, _TellingWriter(beside, task, attributes, say) as into:
        if task.view == "audio" and not task.has_sound:
            into.append(np.zeros((task.grid.frames, backbone.dims)), np.zeros(task.grid.frames, bool))
        else:
            backbone.extract(task.source, task.grid, into)
            if settings.weights:
                refuse_dead(into, task.source, sound=task.view == "audio")
    return f"{task.session} {task.view}, {_speed(task.grid.frames, time.perf_counter() - began)}"


class _TellingWriter(StreamWriter):
    """A writer that now and then says how far it is."""

    def __init__(self, path: Path, task: _Task, attributes: Mapping[str, Any], say: Callable[[str], None]) -> None:
        super().__init__(path, task.grid, attributes, source=str(task.source))
        self._name, self._say = f"{task.session} {task.view}", say
        self._told_s, self._told_rows = time.perf_counter(), 0

    def append(
        self, values: NDArray[Any], valid: NDArray[np.bool_] | None = None, *, dtype: DTypeLike = np.float32
    ) -> None:
        super().append(values, valid, dtype=dtype)
        since_s = time.perf_counter() - self._told_s
        if since_s >= _TELL_EVERY_S:
            speed = (self.rows - self._told_rows) / since_s
            self._say(f"{self._name}: {self.rows} of {self.grid.frames} frames, {speed:.1f} frames/s")
            self._told_s, self._told_rows = time.perf_counter(), self.rows


def _speed(frames: int, took_s: float) -> str:
    return f"{frames} frames in {took_s:.1f} s ({frames / took_s:.1f} frames/s)"


def _tabulate(tasks: Sequence[_Task], settings: ExtractorSettings, beside: Path) -> pd.DataFrame:
    """The index: one row a stream, in the order of the sessions."""
    untrained = "yes" if settings.weights == UNTRAINED else "no"
    with ThreadPoolExecutor(_DIGESTS_AT_ONCE) as pool:
        digests = list(pool.map(lambda task: sha256_of(task.path), tasks))
    rows = []
    for task, digest in zip(tasks, digests, strict=True):
        with h5py.File(task.path, "r") as file:
            kind, shape = str(file.attrs["kind"]), file["values"].shape
            dims = len(file["mean"]) if kind == "tokens" else shape[1]
        relative = Path(os.path.relpath(task.path, beside)).as_posix()
        rows.append((task.session, task.view, relative, kind, shape[0], dims, task.key, digest, untrained))
    return pd.DataFrame(rows, columns=list(INDEX_COLUMNS))

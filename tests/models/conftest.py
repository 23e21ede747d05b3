"""Small studies on disk: streams or clips, coding and folds in the layouts that the workflow writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.scheme import PHASE_TIER
from dyadflow.annotations.segments import Segments
from dyadflow.features.stream import StreamWriter
from dyadflow.folds.assign import assign_folds
from dyadflow.folds.counting import count_labels
from dyadflow.media.clips import Clips
from dyadflow.media.grid import FrameGrid
from dyadflow.models.cell import train_cell
from dyadflow.models.video.cell import train_video_cell
from dyadflow.provenance.fingerprint import sha256_of
from dyadflow.tables import write_table

RATE_HZ = 25.0
CLASSES = ("Ineg", "Inon", "Ipos")
NETWORKS = {
    "linear": {
        "network": "linear", "candidates": 2, "max_epochs": 3, "patience": 2, "device": "cpu",
        "space": {"layers": [[16, 8]], "batch": [64], "learning_rate": [1e-2, 1e-3], "dropout": [0.1]},
    },
    "bilstm": {
        "network": "bilstm", "candidates": 2, "max_epochs": 3, "patience": 2, "device": "cpu",
        "space": {
            "hidden": [8], "batch": [8], "window": [20], "stride": [10], "learning_rate": [1e-2, 1e-3],
            "optimiser": ["adam"], "dropout": [0.2],
        },
    },
}
NETWORKS |= {
    "tcn": {
        "network": "tcn", "candidates": 1, "max_epochs": 3, "patience": 2, "device": "cpu",
        "space": {"hidden": [12], "layers": [3], "window": [60], "stride": [30], "batch": [4], "learning_rate": [1e-2],
                  "dropout": [0.1]},
    },
    "logreg": {"network": "logreg", "candidates": 2, "space": {"C": [1.0, 0.01], "window": [5], "stride": [2]}},
    "trees": {"network": "trees", "candidates": 1, "space": {"max_iter": [15], "window": [5], "stride": [2]}},
}
PROTOCOL = {
    "preset": "corrected", "train_coders": ["A", "B"], "score_coders": ["B"], "components": 3,
    "minimum_kept": 0.9,
}


def write_dense(path: Path, values: np.ndarray, valid: np.ndarray | None = None, **attributes) -> None:
    """A dense stream file."""
    recorded = {"view": path.parent.name, "backbone": "logmel", "weights": "", "revision": "", **attributes}
    with StreamWriter(path, FrameGrid(RATE_HZ, len(values)), recorded) as into:
        into.append(values, valid)


def write_tokens(path: Path, tokens: np.ndarray, *, rank: int) -> None:
    """A token store of raw tokens (frames, patches, dims), compressed to the leading `rank` directions."""
    recorded = {"view": path.parent.name, "backbone": "dinov2", "weights": "untrained", "revision": ""}
    flat = tokens.reshape(-1, tokens.shape[-1])
    mean = flat.mean(axis=0)
    basis = np.linalg.svd(flat - mean, full_matrices=False)[2][:rank].T
    with StreamWriter(path, FrameGrid(RATE_HZ, len(tokens)), recorded) as into:
        into.append((tokens - mean) @ basis, dtype=np.float16)
        into.finish_tokens(
            origin=mean, basis=basis, mean=mean, scatter=(flat - mean).T @ (flat - mean), count=len(flat)
        )


@dataclass
class World:
    """A study's files under one folder; sessions s0, s1 ... of dyads d0, d1 ..., one each."""

    folder: Path
    raw: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    classes: tuple[str, ...] = CLASSES

    @property
    def folds(self) -> Path:
        return self.folder / "folds.tsv"

    @property
    def labels(self) -> Path:
        return self.folder / "labels" / "index.tsv"

    def stream_path(self, session: str, name: str) -> Path:
        view, extractor = name.split(".")
        return self.folder / "features" / extractor / view / f"{session}.h5"

    def write_labels(self, session: str, codes: np.ndarray, **others: np.ndarray) -> None:
        """Codes of coder A, and of other coders by name."""
        grid, nothing = FrameGrid(RATE_HZ, len(codes)), np.full(len(codes), -1, dtype=np.int8)
        coded = {"infant": {name: each.astype(np.int8) for name, each in {"A": codes, **others}.items()}}
        path = self.labels.parent / f"{session}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        SessionLabels(grid, (), nothing, {"infant": self.classes}, coded).write(path)

    def write_indexes(self) -> list[Path]:
        """Index tables as the jobs before leave them, with digests of what is there now."""
        sessions = list(self.codes)
        files = {session: self.labels.parent / f"{session}.h5" for session in sessions}
        write_label_index(files, self.labels, place=self.labels.parent)
        indexes = []
        for folder in sorted((self.folder / "features").iterdir()):
            rows = [
                {"session": name, "view": view.name, "file": f"{view.name}/{name}.h5",
                 "sha256": sha256_of(view / f"{name}.h5")}
                for view in sorted(path for path in folder.iterdir() if path.is_dir()) for name in sessions
            ]
            indexes.append(folder / "batch0.tsv")
            write_table(pd.DataFrame(rows), indexes[-1])
        return indexes

    def deal_folds(self, outer: int, inner: int) -> None:
        dyads = {session: session.replace("s", "d") for session in self.codes}
        counts = count_labels(self.labels, dyads, targets=["infant"], coders=["A"])
        write_table(assign_folds(counts, outer=outer, inner=inner), self.folds)

    def write_dense(self, session: str, name: str, values: np.ndarray, valid=None, **attributes) -> None:
        write_dense(self.stream_path(session, name), values, valid, **attributes)

    def write_tokens(self, session: str, name: str, tokens: np.ndarray, *, rank: int = 8) -> None:
        write_tokens(self.stream_path(session, name), tokens, rank=rank)

    def train(
        self, into: str, recipe: list[str], network: str, *, state: str | None = None, code: str = "",
        protocol: Mapping | None = None, tested: str = "every", **settings,
    ) -> Path:
        """Train a cell; returns the folder that holds models/, probabilities.h5, search.tsv and history.tsv."""
        out = self.folder / into
        out.mkdir(exist_ok=True)
        train_cell(
            folds=self.folds, labels=self.labels, features=self.write_indexes(), recipe=recipe,
            target="infant", network=NETWORKS[network] | settings, protocol=PROTOCOL | dict(protocol or {}),
            seed=7, state=self.folder / (state or f"{into}-state"), models=out / "models",
            probabilities=out / "probabilities.h5", search=out / "search.tsv", history=out / "history.tsv",
            tested=tested, code=code,
        )
        return out


def draw_bouts(rng: np.random.Generator, frames: int, classes: int, mean_frames: float = 25) -> np.ndarray:
    """Codes in bouts, some of them uncoded (-1) or excluded (-2)."""
    codes = np.empty(frames, dtype=np.int8)
    at = 0
    while at < frames:
        length = 5 + int(rng.exponential(mean_frames))
        codes[at:at + length] = rng.choice([*range(classes), *range(classes), *range(classes), -1, -2])
        at += length
    return codes


@pytest.fixture
def make_world(tmp_path) -> Callable[..., World]:
    """Writes a study whose streams, tokens ``infant.dinov2`` and dense ``audio.logmel``, tell the class."""

    def make(
        *, dyads: int = 6, frames: int = 120, outer: int = 3, inner: int = 2, signal: float = 2.0
    ) -> World:
        rng = np.random.default_rng(0)
        world = World(tmp_path / "study")
        world.folder.mkdir()
        looks, sounds = rng.normal(size=(4, 12)) * [[4], [3], [2], [1]], rng.normal(size=(3, 5))
        for number in range(dyads):
            session, codes = f"s{number}", draw_bouts(rng, frames, 3)
            shown = np.eye(3)[np.maximum(codes, 0)] * (codes >= 0)[:, None] * signal
            weights = np.concatenate([shown, np.zeros((frames, 1))], axis=1)
            tokens = (weights[:, None] + rng.normal(size=(frames, 4, 4))) @ looks
            tokens = tokens + 0.05 * rng.normal(size=(frames, 4, 12)) + rng.normal(size=12)
            sound = shown @ sounds + rng.normal(size=(frames, 5)) * 2 + 10
            world.raw[session], world.codes[session] = {"tokens": tokens, "sound": sound}, codes
            write_tokens(world.stream_path(session, "infant.dinov2"), tokens, rank=8)
            write_dense(world.stream_path(session, "audio.logmel"), sound)
            world.write_labels(session, codes)
        world.write_indexes()
        world.deal_folds(outer, inner)
        return world

    return make


PLAY_RATE_HZ = 3.125
PLAY_TARGET = "dolls-task_engagement"
PLAY_SPEC = {
    "tier": "task_engagement", "classes": ["no", "yes"], "codes": {"no": 0, "yes": 1}, "otherwise": 0,
    "phases": ["dolls"],
}
PLAY_VIDEO = {
    "network": "mc3_18", "weights": "untrained", "options": {"widths": [2, 2, 4, 4]}, "views": ["scene"],
    "frames": 6, "strata": 3, "passes": 2, "batch": 4, "device": "cpu", "runs": 2, "smoothing": 1,
    "augmentation": {"crop_px": 20, "test_crop_px": 20, "blur_sigma": 1.0},
    "head": {"candidates": 2, "repeats": 2, "max_epochs": 3},
    "fine_tuning": {"candidates": 2, "repeats": 1, "max_epochs": 2},
}


def write_pictures(path: Path, frames: np.ndarray) -> None:
    """A file of clips as `write_clips` leaves it, of frames (n, height, width, 3) uint8."""
    values = frames.reshape(-1, 3) / 255
    with h5py.File(path, "w") as file:
        file["frames"] = frames
        file.attrs.update({
            "rate_hz": PLAY_RATE_HZ, "pixels": float(len(values)), "sum": values.sum(0),
            "sum_of_squares": (values**2).sum(0),
        })


@dataclass
class PlayWorld:
    """A study of guided play under one folder: sessions p0, p1 ... of dyads d0, d1 ..., coded by ann and bea."""

    folder: Path
    outer: int
    frames: dict[str, np.ndarray] = field(default_factory=dict)
    yes: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    task: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    @property
    def sessions(self) -> list[str]:
        return sorted(self.frames)

    def held_out(self, outer: int) -> list[str]:
        return [session for number, session in enumerate(self.sessions) if number % self.outer == outer]

    def clips(self, session: str) -> Path:
        return self.folder / f"{session}.h5"

    def write(self) -> None:
        """Clips, segments and folds, in which a session's inner fold is its own outer fold's number."""
        for session, frames in self.frames.items():
            write_pictures(self.clips(session), frames)
        rows = [
            {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset, "offset_s": offset}
            for (session, coder), span in self.task.items()
            for tier, code, (onset, offset) in [
                (PHASE_TIER, "dolls", span), *(("task_engagement", "yes", part) for part in self.yes[session, coder])
            ]
        ]
        Segments.from_rows(rows).write(self.folder / "segments.tsv")
        table = pd.DataFrame([
            {"session": session, "dyad": session.replace("p", "d"), "outer": number % self.outer} | {
                f"inner_of_{fold}": None if number % self.outer == fold else number % self.outer
                for fold in range(self.outer)
            } for number, session in enumerate(self.sessions)
        ])
        numbers = [name for name in table.columns if name not in ("session", "dyad")]
        write_table(table.astype(dict.fromkeys(numbers, "Int64")), self.folder / "folds.tsv")

    def train(
        self, into: str, *, preset: str = "corrected", state: str | None = None, code: str = "",
        coders: tuple[list[str], list[str]] = (["ann", "bea"], ["ann", "bea"]), kinds: Mapping | None = None, **video,
    ) -> Path:
        """Train the cell; returns the folder that holds models/, probabilities.h5, snippets.tsv and search.tsv."""
        out = self.folder / into
        out.mkdir(exist_ok=True)
        train_video_cell(
            folds=self.folder / "folds.tsv", segments=self.folder / "segments.tsv",
            clips={session: self.clips(session) for session in self.sessions}, target=PLAY_TARGET, spec=PLAY_SPEC,
            sheet_phases=None, rate_hz=PLAY_RATE_HZ, video=PLAY_VIDEO | video,
            protocol={"preset": preset, "train_coders": coders[0], "score_coders": coders[1]},
            kinds=dict.fromkeys(self.task, "human") | dict(kinds or {}), seed=7,
            frames={session: len(frames) for session, frames in self.frames.items()},
            state=self.folder / (state or f"{into}-state"), models=out / "models",
            probabilities=out / "probabilities.h5", snippets=out / "snippets.tsv", search=out / "search.tsv",
            code=code,
        )
        return out


@pytest.fixture
def make_play_world(tmp_path) -> Callable[..., PlayWorld]:
    """Writes a study in which a block moves while the infant is engaged, and rests while it is not."""

    def make(*, dyads: int = 6, outer: int = 3, frames: int = 70, bout: int = 7) -> PlayWorld:
        rng = np.random.default_rng(3)
        world = PlayWorld(tmp_path / "play", outer)
        world.folder.mkdir()
        for number in range(dyads):
            session, colours = f"p{number}", [rng.integers(0, 90, 3), rng.integers(160, 256, 3)]
            moving = np.repeat(rng.permutation(np.arange(frames // bout + 1) % 2), bout)[:frames].astype(bool)
            pictures, at = np.empty((frames, 20, 24, 3), dtype=np.uint8), 4
            for frame in range(frames):
                at = int(rng.integers(1, 17)) if moving[frame] else at
                pictures[frame] = colours[0]
                pictures[frame, 6:13, at:at + 6] = colours[1]
            world.frames[session] = np.clip(pictures + rng.normal(0, 4, pictures.shape), 0, 255).astype(np.uint8)
            edges = np.flatnonzero(np.diff(moving.astype(int), prepend=0, append=0)).reshape(-1, 2) / PLAY_RATE_HZ
            for coder in ("ann", "bea"):
                ends = rng.uniform(0, 1), frames / PLAY_RATE_HZ - rng.uniform(0.1, 1)
                world.task[session, coder] = ends
                world.yes[session, coder] = [(max(on, ends[0]), min(off, ends[1])) for on, off in edges]
        world.write()
        return world

    return make


@pytest.fixture
def make_clips(tmp_path) -> Callable[[str, np.ndarray], Clips]:
    """Writes pictures (frames, height, width, 3) uint8 as a session's clips."""

    def make(name: str, frames: np.ndarray) -> Clips:
        write_pictures(tmp_path / f"{name}.h5", frames)
        return Clips(tmp_path / f"{name}.h5")

    return make

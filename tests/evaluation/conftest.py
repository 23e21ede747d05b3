"""Studies on disk whose cells give probabilities frame by frame."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from dyadflow.annotations.labels import SessionLabels
from dyadflow.evaluation.scored import Request
from dyadflow.media.grid import FrameGrid

RATE_HZ = 10.0


@dataclass
class Ward:
    """Sessions with codes by coder and phase, cells with probabilities; the key of every cell is made short."""

    folder: Path
    classes: tuple[str, ...] = ("neg", "neu", "pos")
    phases: tuple[str, ...] = ("play", "still-face")
    rows: list[dict] = field(default_factory=list)
    coders: dict[str, list[str]] = field(default_factory=dict)
    cells: list[dict] = field(default_factory=list)
    tested: dict[str, str] = field(default_factory=dict)

    def add(self, session, codes, *, fold=0, dyad=None, phase=None):
        """A session; `codes` by coder, or of coder A alone."""
        codes = codes if isinstance(codes, dict) else {"A": codes}
        frames = len(next(iter(codes.values())))
        phase = np.zeros(frames, np.int8) if phase is None else np.asarray(phase, np.int8)
        (self.folder / "labels").mkdir(exist_ok=True)
        self.rows.append({"session": session, "dyad": dyad or session, "outer": fold})
        self.coders[session] = list(codes)
        SessionLabels(
            grid=FrameGrid(RATE_HZ, frames), phases=self.phases, phase=phase, classes={"infant": self.classes},
            codes={"infant": {name: np.asarray(each, np.int8) for name, each in codes.items()}},
        ).write(self.folder / "labels" / f"{session}.h5")

    def cell(self, probabilities, *, protocol="corrected", stream="s", model="m", by_frame=False, **attributes):
        """A cell from each session's probabilities, or from its codes, which then have probability 0.6."""
        path = self.folder / f"{protocol}-{stream}-{model}.h5"
        fold = {row["session"]: -1 if by_frame else row["outer"] for row in self.rows}
        with h5py.File(path, "w") as file:
            file.attrs["classes"] = json.dumps(self.classes)
            for session, values in probabilities.items():
                values = np.asarray(values)
                if values.ndim == 1:
                    size = len(self.classes)
                    values = np.where(np.arange(size) == values[:, None], 0.6, 0.4 / (size - 1))
                file.create_dataset(session, data=values.astype(np.float32)).attrs.update(
                    {"fold": fold[session], **attributes})
        if by_frame:
            self.tested[protocol] = "frames"
        self.cells.append({
            "protocol": protocol, "target": "infant", "stream": stream, "model": model, "probabilities": path})

    def request(self, coders=("A",)):
        """What every table is made from."""
        folds = self.folder / "folds.tsv"
        pd.DataFrame(self.rows).to_csv(folds, sep="\t", index=False)
        index = self.folder / "labels" / "index.tsv"
        pd.DataFrame([{"session": row["session"], "file": f"{row['session']}.h5", "sha256": "0"} for row in self.rows]
                     ).to_csv(index, sep="\t", index=False)
        kinds = {(session, coder): "human" for session, names in self.coders.items() for coder in names}
        protocols = {cell["protocol"] for cell in self.cells}
        return Request(
            self.cells, index, folds, kinds, {name: list(coders) for name in protocols}, self.tested)


def draw_runs(rng, frames, classes, mean_frames=20, weights=None):
    """Codes in runs, each of another class than the one before."""
    codes = np.empty(frames, np.int64)
    at, last = 0, -1
    while at < frames:
        length = 1 + int(rng.exponential(mean_frames))
        share = np.ones(classes) if weights is None else np.asarray(weights, float)
        share = np.where(np.arange(classes) == last, 0, share)
        last = int(rng.choice(classes, p=share / share.sum()))
        codes[at:at + length] = last
        at += length
    return codes


@pytest.fixture
def ward(tmp_path):
    return Ward(tmp_path)

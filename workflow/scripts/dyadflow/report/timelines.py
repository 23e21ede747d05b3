"""One timeline a session: phases, what each coder said, what the model said unseen, and how sure it was."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from dyadflow.annotations.labels import SessionLabels
from dyadflow.annotations.scheme import PHASE_TIER, Scheme
from dyadflow.annotations.segments import Segments
from dyadflow.report.data import Session
from dyadflow.report.palette import Palette
from dyadflow.report.strip_rows import Band, Block, Curve, Row
from dyadflow.report.strips import draw_timeline
from dyadflow.report.task_targets import only_phase
from dyadflow.report.wording import cell_title

#: A prediction is drawn in at most this many steps a session: finer than a screen can show, and it keeps a
#: page with 92 sessions of six minutes small.
_STEPS = 1200
#: Steps of the confidence line: at most one every half second, and at most this many.
_CURVE_STEPS = 480


@dataclass(frozen=True)
class HeldOut:
    """A model's probabilities for one session that it was not trained on.

    Parameters
    ----------
    target
        What was predicted.
    classes
        Names of the classes.
    values
        Probabilities, shape (frames, classes).
    rate_hz
        Frames a second.
    fold
        The outer fold whose models never saw this session.
    """

    target: str
    classes: tuple[str, ...]
    values: NDArray[np.floating]
    rate_hz: float
    fold: str


@dataclass(frozen=True)
class Timeline:
    """A session's figure, and how often the model and each coder agree in it."""

    session: Session
    figure: Markup
    fold: str
    matches: list[tuple[str, list[tuple[str, str]]]]
    predicted: bool


class ProbabilityFiles:
    """Held-out probabilities of the cell that is shown, one file a target, opened while they are read.

    Parameters
    ----------
    files
        HDF5 file of each target: a dataset a session, with the attribute `fold`; attributes `classes`
        (JSON) and `rate_hz` at the root.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def read(self, session: str) -> list[HeldOut]:
        """What was predicted for one session, target by target; nothing where it is in no file."""
        import json

        import h5py

        found = []
        for target, path in self._files.items():
            with h5py.File(path, "r") as file:
                if session not in file:
                    continue
                data = file[session]
                classes = file.attrs["classes"]
                found.append(
                    HeldOut(
                        target,
                        tuple(json.loads(classes)),
                        data[:],
                        float(file.attrs["rate_hz"]),
                        str(data.attrs.get("fold", "")),
                    )
                )
        return found


def shown_cell(
    probabilities: Sequence[Mapping[str, Any]],
    headline: Mapping[str, str] | None,
    videos: Collection[str] = (),
) -> tuple[str, ProbabilityFiles]:
    """The cell whose predictions the timelines show: the headline's, else for each target the first listed.

    Parameters
    ----------
    probabilities
        Cells, each with the `path` of its file.
    headline
        The cell named beforehand.
    videos
        Names of networks that watch video: theirs go before the name of the view.

    Returns
    -------
    str
        Its name in words; empty where there are no probabilities.
    ProbabilityFiles
        Its files.
    """
    names = ("protocol", "stream", "model")
    chosen: dict[str, Mapping[str, Any]] = {}
    for entry in probabilities:
        if headline is None or all(entry[name] == headline[name] for name in names):
            chosen.setdefault(entry["target"], entry)
    cells = dict.fromkeys(
        f"network {entry['model']} on view {entry['stream']}"
        if entry["model"] in videos
        else cell_title(entry["stream"], entry["model"])
        for entry in chosen.values()
    )
    return " and ".join(cells), ProbabilityFiles(
        {target: Path(entry["path"]) for target, entry in chosen.items()}
    )


def find_runs(values: NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """Runs of equal values: (value, first index, index after the last)."""
    if not len(values):
        return []
    edges = np.flatnonzero(np.diff(values)) + 1
    starts, stops = np.r_[0, edges], np.r_[edges, len(values)]
    return [(int(values[start]), int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def what_is_left(
    span: tuple[float, float], taken: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The stretches of a span that none of the taken ones covers, in their order."""
    rest, now = [], span[0]
    for onset_s, offset_s in sorted(taken):
        if offset_s <= now or onset_s >= span[1]:
            continue
        if onset_s > now:
            rest.append((now, onset_s))
        now = max(now, offset_s)
    return [*rest, (now, span[1])] if now < span[1] else rest


def average_steps(values: NDArray[np.floating], frames: int) -> NDArray[np.float64]:
    """Means over `frames` successive rows, NaN rows left out; shape (ceil(rows / frames), columns)."""
    starts = np.arange(0, len(values), frames)
    known = np.isfinite(values).all(axis=1)
    sums = np.add.reduceat(np.where(known[:, None], values, 0).astype(np.float64), starts, axis=0)
    counts = np.add.reduceat(known.astype(np.int64), starts)
    return np.divide(sums, counts[:, None], out=np.full(sums.shape, np.nan), where=counts[:, None] > 0)


def draw_timelines(
    sessions: Sequence[Session],
    segments: Segments,
    labels: Mapping[str, SessionLabels],
    probabilities: ProbabilityFiles,
    predictions: Sequence[Path],
    scheme: Scheme,
    palette: Palette,
) -> list[Timeline]:
    """A timeline for every session of the sheet, in its order, whether it is coded or not.

    Parameters
    ----------
    sessions
        The sheet.
    segments
        All coding, raw codes.
    labels
        Frame labels of coded sessions: they hold the phases, wherever these came from.
    probabilities
        Held-out predictions to show.
    predictions
        Segment tables of sessions that nobody coded.
    scheme, palette
        Names and colours.
    """
    coded = dict(tuple(segments.table.groupby("session", sort=False)))
    new = Segments.concat([Segments.read(path) for path in predictions]).table
    predicted = dict(tuple(new.groupby("session", sort=False)))
    empty = new.iloc[:0]
    return [
        _Sketch(session, coded.get(session.name, empty), labels.get(session.name), scheme, palette).draw(
            probabilities.read(session.name), predicted.get(session.name, empty)
        )
        for session in sessions
    ]


@dataclass(frozen=True)
class _Sketch:
    """What is known of one session, on the way to its figure."""

    session: Session
    coding: pd.DataFrame
    labels: SessionLabels | None
    scheme: Scheme
    palette: Palette

    def draw(self, held_out: Sequence[HeldOut], predicted: pd.DataFrame) -> Timeline:
        groups: list[list[Row]] = [[*self._phases()]]
        for tier in self.scheme.tiers:
            rows: list[Row] = self._coders(tier)
            rows += self._models(tier, [own for own in held_out if self._tier_of(own.target) == tier])
            rows += self._predicted(tier, predicted[predicted.tier == tier])
            groups.append(rows)
        groups = [group for group in groups if group]
        duration_s = self._duration_s(held_out, predicted)
        title = f"Session {self.session.name}: codes and predictions over {duration_s:.0f} seconds"
        return Timeline(
            self.session,
            draw_timeline(groups, duration_s, title) if groups else Markup(""),
            next((own.fold for own in held_out), ""),
            self._matches(held_out),
            bool(held_out) or len(predicted) > 0,
        )

    def _duration_s(self, held_out: Sequence[HeldOut], predicted: pd.DataFrame) -> float:
        if self.session.duration_s:
            return self.session.duration_s
        if self.labels is not None:
            return self.labels.grid.duration_s
        ends = [len(own.values) / own.rate_hz for own in held_out]
        ends += [float(table.offset_s.max()) for table in (self.coding, predicted) if len(table)]
        return max(ends, default=1.0)

    def _block(self, code: str, onset_s: float, offset_s: float) -> Block:
        return Block(self.palette.style(code), code, onset_s, offset_s)

    def _phases(self) -> list[Band]:
        if self.labels is not None and len(self.labels.phases):
            rate_hz = self.labels.grid.rate_hz
            blocks = [
                self._block(self.labels.phases[value], start / rate_hz, stop / rate_hz)
                for value, start, stop in find_runs(self.labels.phase)
                if value >= 0
            ]
        else:
            rows = self.coding[self.coding.tier == PHASE_TIER]
            first = rows[rows.coder == rows.coder.iloc[0]] if len(rows) else rows
            blocks = [self._block(row.code, row.onset_s, row.offset_s) for row in first.itertuples()]
        return [Band("phase", blocks, "phase")] if blocks else []

    def _tier_of(self, target: str) -> str:
        return self.scheme.targets[target].tier if target in self.scheme.targets else ""

    def _coders(self, tier: str) -> list[Row]:
        rows = self.coding[self.coding.tier == tier]
        marked = {
            coder: [(row.code, row.onset_s, row.offset_s) for row in own.itertuples()]
            for coder, own in rows.groupby("coder")
        }
        counted = self._counted_spans(tier)
        drawn: list[Row] = []
        for coder in sorted(marked.keys() | counted.keys()):
            blocks = [self._block(*segment) for segment in marked.get(coder, [])]
            taken = [(onset_s, offset_s) for _, onset_s, offset_s in marked.get(coder, [])]
            blocks += [
                self._block(self.scheme.tiers[tier].otherwise, *rest)
                for span in counted.get(coder, [])
                for rest in what_is_left(span, taken)
            ]
            drawn.append(Band(f"{tier} \N{MIDDLE DOT} {coder}", blocks))
        return drawn

    def _counted_spans(self, tier: str) -> dict[str, list[tuple[float, float]]]:
        """Of a tier coded by presence: where each coder's coding counts, marked or not, in seconds."""
        if not self.scheme.tiers[tier].otherwise or self.labels is None:
            return {}
        rate_hz = self.labels.grid.rate_hz
        found: dict[str, list[tuple[float, float]]] = {}
        for target, by_coder in self.labels.codes.items():
            for coder, codes in by_coder.items() if self._tier_of(target) == tier else ():
                runs = [run for run in find_runs((codes >= 0).astype(np.int8)) if run[0]]
                if runs:
                    found.setdefault(coder, []).extend((start / rate_hz, stop / rate_hz) for _, start, stop in runs)
        return found

    def _models(self, tier: str, held_out: Sequence[HeldOut]) -> list[Row]:
        """A band and a curve a target; those of targets with a phase each, which never overlap, in one row."""
        if not held_out or not all(only_phase(self.scheme, own.target) for own in held_out):
            return [row for own in held_out for row in self._model(own.target, [own])]
        return self._model(tier, held_out)

    def _model(self, name: str, held_out: Sequence[HeldOut]) -> list[Row]:
        blocks: list[Block] = []
        points: list[tuple[float, float] | None] = []
        for own in held_out:
            frames = max(1, -(-len(own.values) // _STEPS))
            steps = average_steps(own.values, frames)
            best = np.where(np.isfinite(steps).all(axis=1), np.nan_to_num(steps).argmax(axis=1), -1)
            seconds, end = frames / own.rate_hz, len(own.values) / own.rate_hz
            blocks += [
                self._block(own.classes[value], start * seconds, min(stop * seconds, end))
                for value, start, stop in find_runs(best)
                if value >= 0
            ]
            points += [None, *_confidence(own)]
        classes = held_out[0].classes
        curve = f"probability of {classes[1]}" if len(classes) == 2 else "confidence"
        return [Band(f"{name} \N{MIDDLE DOT} model", blocks, "model"), Curve(curve, points)]

    def _predicted(self, tier: str, rows: pd.DataFrame) -> list[Row]:
        drawn: list[Row] = []
        for coder, own in rows.groupby("coder", sort=True):
            drawn.append(
                Band(
                    f"{tier} \N{MIDDLE DOT} {coder or 'model'}",
                    [self._block(row.code, row.onset_s, row.offset_s) for row in own.itertuples()],
                    "model",
                )
            )
            sure = own[own.confidence.notna()]
            points: list[tuple[float, float] | None] = []
            for row in sure.itertuples():
                points += [(row.onset_s, row.confidence), (row.offset_s, row.confidence)]
            if points:
                drawn.append(Curve("confidence", points))
        return drawn

    def _matches(self, held_out: Sequence[HeldOut]) -> list[tuple[str, list[tuple[str, str]]]]:
        """Per target and coder, on how many of a hundred frames with a class the model gives the same.

        Targets with a phase each are counted together under the title of their tier.
        """
        counts: dict[str, dict[str, NDArray[np.int64]]] = {}
        for own in held_out:
            codes = self.labels.codes.get(own.target, {}) if self.labels is not None else {}
            said = np.where(np.isfinite(own.values).all(axis=1), np.nan_to_num(own.values).argmax(axis=1), -1)
            tier = self._tier_of(own.target)
            shared = tier and only_phase(self.scheme, own.target)
            mine = counts.setdefault(self.scheme.tiers[tier].title.lower() if shared else own.target, {})
            for coder in sorted(codes):
                if len(codes[coder]) == len(said):
                    counted = (codes[coder] >= 0) & (said >= 0)
                    same = counted & (codes[coder] == said)
                    mine[coder] = mine.get(coder, 0) + np.array([same.sum(), counted.sum()])
        found = [
            (name, [(coder, f"{100 * same / seen:.0f}") for coder, (same, seen) in sorted(mine.items()) if seen])
            for name, mine in counts.items()
        ]
        return [entry for entry in found if entry[1]]


def _confidence(own: HeldOut) -> list[tuple[float, float] | None]:
    """The highest probability, averaged over half a second or more, at the middle of each step.

    Of two classes, the probability of the second: the highest would only repeat it, folded at a half.
    """
    frames = max(math.ceil(own.rate_hz / 2), -(-len(own.values) // _CURVE_STEPS), 1)
    drawn = own.values[:, 1:] if len(own.classes) == 2 else own.values.max(axis=1, keepdims=True)
    means = average_steps(drawn, frames)[:, 0]
    middles = (np.arange(len(means)) + 0.5) * frames / own.rate_hz
    end = len(own.values) / own.rate_hz
    return [
        (min(float(middle), end), float(mean)) if np.isfinite(mean) else None
        for middle, mean in zip(middles, means, strict=True)
    ]

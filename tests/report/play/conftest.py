"""A made-up study of guided play, in the shape that the other rooms leave on disk: three tasks, three coders."""

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.labels import EXCLUDED, SessionLabels
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.media.grid import FrameGrid
from dyadflow.tables import read_table, write_table

RATE_HZ = 3.125
TASKS = ("dolls", "shaker", "drum")
VARIABLES = ("task_engagement", "social_engagement")
TARGETS = tuple(f"{task}-{variable}" for task in TASKS for variable in VARIABLES)
CODERS = ("A", "B", "C")
PAIRS = tuple(combinations(CODERS, 2))
#: Each block of sessions was coded by two; the first by all three.
BLOCKS = (CODERS, ("A", "B"), ("B", "C"), ("A", "C"))
CELL = {"protocol": "corrected", "stream": "scene", "model": "mc3"}
#: Of each target: share of yes, test accuracy, its interval, the bound, p after Holm.
TRUTH = {
    "dolls-task_engagement": (0.60, 0.71, (0.55, 0.83), 0.62, 0.21),
    "dolls-social_engagement": (0.72, 0.66, (0.52, 0.78), 0.74, 0.84),
    "shaker-task_engagement": (0.41, 0.78, (0.70, 0.85), 0.57, 0.0117),
    "shaker-social_engagement": (0.56, 0.74, (0.66, 0.81), 0.58, 0.0234),
    "drum-task_engagement": (0.53, 0.88, (0.79, 0.94), 0.55, 0.0009),
    "drum-social_engagement": (0.70, 0.69, (0.55, 0.80), 0.71, 0.84),
}


@dataclass
class Material:
    """What `build_report` is given, and the folder that it lies in."""

    folder: Path
    inputs: dict


def play_scheme() -> dict:
    """The scheme that the study of guided play is shipped with."""
    path = Path(__file__).parents[3] / "config/schemes/guided-play.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def draw_stretches(rng, start_s: float, stop_s: float, share: float) -> list[tuple[float, float]]:
    """Stretches of yes inside a task, of some five seconds each."""
    found, now = [], start_s + rng.uniform(0, 3)
    while now < stop_s - 1:
        end = min(now + rng.uniform(2, 14) * share, stop_s)
        found.append((round(now, 2), round(end, 2)))
        now = end + rng.uniform(1, 10) * (1 - share)
    return found


def make_play(folder: Path, *, dyads: int = 12, protocols: tuple[str, ...] = ("corrected", "as_published")) -> Material:
    """Write a study's tables."""
    rng = np.random.default_rng(11)
    scheme = play_scheme()
    names = [f"P{number + 1:02d}" for number in range(dyads)]
    rows, labels, spans = [], {}, []
    for number, name in enumerate(names):
        coders = BLOCKS[number % len(BLOCKS)]
        grid = FrameGrid(RATE_HZ, 375)
        centres_s = (np.arange(grid.frames) + 0.5) / RATE_HZ
        codes = {target: {} for target in TARGETS}
        phase = np.full(grid.frames, -1, dtype=np.int8)
        for place, task in enumerate(TASKS):
            true = (4.0 + 39 * place, 38.0 + 39 * place)
            own = {
                coder: (true[0] + rng.uniform(-0.8, 0.8), true[1] + rng.uniform(-0.8, 0.8)) for coder in coders
            }
            minimal = (max(on for on, _ in own.values()), min(off for _, off in own.values()))
            maximal = (min(on for on, _ in own.values()), max(off for _, off in own.values()))
            phase[(centres_s >= minimal[0]) & (centres_s < minimal[1])] = place
            spans.append(_span_row(name, task, len(coders), minimal, maximal))
            for coder, (onset_s, offset_s) in own.items():
                rows.append(_segment(name, coder, "phase", task, onset_s, offset_s))
            for variable in VARIABLES:
                target = f"{task}-{variable}"
                behaviour = draw_stretches(rng, *minimal, TRUTH[target][0])
                for coder, (onset_s, offset_s) in own.items():
                    values = np.where((centres_s >= onset_s) & (centres_s < offset_s), 0, EXCLUDED).astype(np.int8)
                    for start, stop in behaviour:
                        if rng.random() < 0.1:
                            continue
                        start, stop = start + rng.uniform(0, 0.6), stop - rng.uniform(0, 0.6)
                        if stop <= start:
                            continue
                        rows.append(_segment(name, coder, variable, "yes", start, stop))
                        values[(centres_s >= start) & (centres_s < stop) & (values == 0)] = 1
                    codes[target][coder] = values
        labels[name] = SessionLabels(grid, TASKS, phase, dict.fromkeys(TARGETS, ("no", "yes")), codes)
    Segments.from_rows(rows).write(folder / "annotations/segments.tsv")
    _write_labels(folder / "annotations/labels", labels)
    Issues.of(
        [Issue("nothing_marked", "nothing is marked here, so that all counts as no", "see whether it should",
               "P03", "B", "P03_B_20200101.eaf", "tier attending")]
    ).write(folder / "annotations/issues.tsv")
    write_table(pd.DataFrame(spans), folder / "agreement/spans.tsv")
    write_table(_durations(spans), folder / "agreement/durations.tsv")
    write_table(_clock(rng), folder / "agreement/clock.tsv")
    agreement, confusion = _frame_agreement(rng)
    write_table(agreement, folder / "agreement/agreement.tsv")
    write_table(confusion, folder / "agreement/confusion.tsv")
    folds = pd.DataFrame({"session": names, "dyad": names, "outer": [number % 4 for number in range(dyads)]})
    write_table(folds, folder / "folds/folds.tsv")
    write_table(_balance(rng), folder / "folds/balance.tsv")
    _write_evaluation(folder / "evaluation", rng, protocols, dyads)
    probabilities = _write_probabilities(folder / "models", rng, labels, folds, protocols)
    inputs = {
        "study": {
            "name": "demo-play",
            "title": "Synthetic guided play",
            "protocols": {name: {"preset": name, "train_coders": list(CODERS)} for name in protocols},
            "networks": {"video:mc3": {"network": "mc3_18", "weights": "untrained"}},
        },
        "scheme": scheme,
        "segments": folder / "annotations/segments.tsv",
        "issues": folder / "annotations/issues.tsv",
        "sessions": [
            {"session": name, "dyad": name, "coded": "yes", "duration_s": 120.0,
             "covariates": {"infant_sex": "fm"[number % 2]}}
            for number, name in enumerate(names)
        ],
        "agreement": folder / "agreement/agreement.tsv",
        "agreement_confusion": folder / "agreement/confusion.tsv",
        "folds": folder / "folds/folds.tsv",
        "balance": folder / "folds/balance.tsv",
        "task_spans": folder / "agreement/spans.tsv",
        "durations": folder / "agreement/durations.tsv",
        "clock": folder / "agreement/clock.tsv",
        "snippet_scores": folder / "evaluation/snippet_scores.tsv",
        "snippet_raters": folder / "evaluation/snippet_raters.tsv",
        "snippet_kappas": folder / "evaluation/snippet_kappas.tsv",
        **{
            name: folder / f"evaluation/{name}.tsv"
            for name in ("cells", "groups", "confusion", "fold_scores", "comparisons")
        },
        "features": [],
        "labels": folder / "annotations/labels/index.tsv",
        "probabilities": probabilities,
        "headline": CELL,
        "predictions": [],
        "page": folder / "index.html",
    }
    return Material(folder, inputs)


def _segment(session: str, coder: str, tier: str, code: str, onset_s: float, offset_s: float) -> dict:
    return {"session": session, "coder": coder, "tier": tier, "code": code, "onset_s": onset_s, "offset_s": offset_s}


def _span_row(session: str, task: str, coders: int, minimal: tuple, maximal: tuple) -> dict:
    lengths = [span[1] - span[0] for span in (minimal, maximal)]
    return {
        "session": session, "phase": task, "coders": coders, "minimal_onset_s": minimal[0],
        "minimal_offset_s": minimal[1], "maximal_onset_s": maximal[0], "maximal_offset_s": maximal[1],
        "minimal_s": lengths[0], "maximal_s": lengths[1], "ratio": lengths[0] / lengths[1],
    }  # fmt: skip


def _durations(spans: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(spans)
    return pd.DataFrame([
        {
            "phase": phase, "coded_mean_s": own.maximal_s.mean() - 0.5, "coded_sd_s": own.maximal_s.std(),
            "ratio_mean": own.ratio.mean(), "minimal_total_s": own.minimal_s.sum(),
            "sessions": own.session.nunique(), "codings": int(own.coders.sum()),
        }
        for phase, own in [*((task, table[table.phase == task]) for task in TASKS), ("all", table)]
    ])  # fmt: skip


def _clock(rng) -> pd.DataFrame:
    rows = []
    for phase in ("all", *TASKS):
        for tier in ("all", *VARIABLES):
            for a, b in PAIRS:
                kappa, percent = rng.uniform(0.5, 0.75), rng.uniform(76, 88)
                rows.append({
                    "phase": phase, "tier": tier, "coder_a": a, "coder_b": b, "percent": percent,
                    "percent_low": percent - 5, "percent_high": percent + 4, "kappa": kappa,
                    "kappa_low": kappa - 0.13, "kappa_high": kappa + 0.1, "sessions": 6, "dyads": 6,
                    "moments": 12034,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _frame_agreement(rng) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, counts = [], []
    for target in TARGETS:
        for a, b in PAIRS:
            kappa, percent = rng.uniform(0.5, 0.75), rng.uniform(76, 88)
            for phase in ("all", target.partition("-")[0]):
                rows.append({
                    "target": target, "phase": phase, "code": "all", "coder_a": a, "coder_b": b, "percent": percent,
                    "percent_low": percent - 5, "percent_high": percent + 4, "kappa": kappa,
                    "kappa_low": kappa - 0.13, "kappa_high": kappa + 0.1, "sessions": 6, "dyads": 6, "frames": 640,
                })  # fmt: skip
            counts += [
                {"target": target, "coder_a": a, "coder_b": b, "code_a": one, "code_b": other,
                 "frames": int(rng.integers(180, 300) if one == other else rng.integers(20, 90))}
                for one in ("no", "yes")
                for other in ("no", "yes")
            ]  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(counts)


def _balance(rng) -> pd.DataFrame:
    rows = []
    for fold in range(4):
        for target in TARGETS:
            yes = TRUTH[target][0]
            share = float(np.clip(yes + rng.normal(0, 0.03), 0, 1))
            for label, part, whole in (("no", 1 - share, 1 - yes), ("yes", share, yes)):
                rows.append({
                    "fold": fold, "target": target, "class": label, "share": part, "whole_share": whole,
                    "relative_deviation": part / whole - 1, "sessions": 3, "dyads": 3,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _write_evaluation(folder: Path, rng, protocols: tuple[str, ...], dyads: int) -> None:
    scores, raters, kappas, cells, confusion, groups, folds = [], [], [], [], [], [], []
    for protocol in protocols:
        key = {**CELL, "protocol": protocol}
        tested = dyads if protocol == "corrected" else dyads // 4
        for target in TARGETS:
            yes, accuracy, (low, high), bound, p_holm = TRUTH[target]
            own = {**key, "target": target}
            bounds = (bound, 0.75) if protocol == "corrected" else (max(yes, 1 - yes), 2 * yes / (1 + yes))
            p_holm = p_holm if protocol == "corrected" else 1.0
            scores.append({
                **own, "empirical_probability": yes, "scored_probability": yes + 0.02,
                "validation_accuracy": accuracy + 0.05, "validation_f1": accuracy + 0.07, "test_accuracy": accuracy,
                "test_accuracy_low": low, "test_accuracy_high": high, "test_f1": accuracy + 0.02,
                "test_f1_low": low - 0.01, "test_f1_high": min(high + 0.04, 1), "bound_accuracy": bounds[0],
                "bound_f1": bounds[1], "difference": accuracy - bounds[0], "difference_low": low - bounds[0],
                "difference_high": high - bounds[0], "wins": tested - 1 if accuracy > bounds[0] else tested // 3,
                "dyads": tested, "snippets": 96 if protocol == "corrected" else 24, "p": p_holm / 4, "p_holm": p_holm,
            })  # fmt: skip
            human, machine = rng.uniform(0.4, 0.8), (rng.uniform(0.2, 0.4) if accuracy > bound else -0.03)
            kappas.append({**own, "human": human, "machine": machine, "pairs_human": 3, "pairs_machine": 3})
            cells += _cell_rows(own, rng, accuracy, tested)
            confusion += [
                {**own, "phase": "all", "truth": one, "predicted": other,
                 "frames": int(rng.integers(300, 600) if one == other else rng.integers(60, 200))}
                for one in ("no", "yes")
                for other in ("no", "yes")
            ]  # fmt: skip
            metrics = {row["metric"]: row["value"] for row in cells[-12:] if row["phase"] == "all"}
            groups += [
                {**own, "covariate": "infant_sex", "level": level, "metric": metric, "value": value,
                 "low": value - 0.1, "high": value + 0.1, "dyads": tested // 2, "frames": 900}
                for level in "fm"
                for metric, value in metrics.items()
            ]  # fmt: skip
            folds += [
                {**own, "fold": fold, "metric": metric, "value": value}
                for fold in (range(4) if protocol == "corrected" else [3])
                for metric, value in metrics.items()
            ]
        for target in ("all", *TARGETS):
            for a, b in [*PAIRS, *((coder, "network") for coder in CODERS)]:
                kappa = rng.uniform(0.2, 0.35) if b == "network" else rng.uniform(0.5, 0.72)
                raters.append({
                    **key, "target": target, "rater_a": a, "rater_b": b, "percent": 50 + 45 * kappa, "kappa": kappa,
                    "kappa_low": kappa - 0.14, "kappa_high": kappa + 0.12, "snippets": 144, "dyads": 6,
                })  # fmt: skip
    comparisons = pd.DataFrame(columns=[
        "protocol", "target", "stream", "model", "against_stream", "against_model", "metric", "difference", "low",
        "high", "dyads", "wins", "p", "p_holm",
    ])  # fmt: skip
    for name, rows in {
        "snippet_scores": scores, "snippet_raters": raters, "snippet_kappas": kappas, "cells": cells,
        "confusion": confusion, "groups": groups, "fold_scores": folds, "comparisons": comparisons,
    }.items():  # fmt: skip
        write_table(pd.DataFrame(rows), folder / f"{name}.tsv")


def _cell_rows(own: dict, rng, accuracy: float, dyads: int) -> list[dict]:
    rows = []
    for stream, model in (("none", "majority"), ("none", "phase"), ("scene", "mc3")):
        for phase in ("all", own["target"].partition("-")[0]):
            for metric in ("accuracy", "precision_weighted", "recall_weighted", "f1_macro", "f1_weighted", "kappa"):
                value = accuracy - 0.03 if stream == "scene" else 0.55
                if metric in ("f1_macro", "f1_weighted"):
                    value -= 0.02 if stream == "scene" else 0.2
                if metric == "kappa":
                    value = 2 * value - 1 if stream == "scene" else 0.0
                rows.append({
                    **own, "stream": stream, "model": model, "phase": phase, "metric": metric, "value": value,
                    "low": value - 0.1, "high": value + 0.08, "fold_mean": value - 0.01,
                    "fold_sd": rng.uniform(0.02, 0.1), "dyads": dyads, "frames": 1800,
                })  # fmt: skip
    return rows


def _write_probabilities(folder: Path, rng, labels: dict, folds: pd.DataFrame, protocols: tuple[str, ...]) -> list:
    outer = dict(zip(folds.session, folds.outer, strict=True))
    found = []
    for protocol in protocols:
        for target in TARGETS:
            path = folder / protocol / f"{target}.h5"
            path.parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(path, "w") as file:
                file.attrs["classes"] = json.dumps(["no", "yes"])
                file.attrs["target"], file.attrs["rate_hz"] = target, RATE_HZ
                for name, own in labels.items():
                    if protocol == "as_published" and outer[name] != 3:
                        continue
                    codes = np.stack(list(own.codes[target].values()))
                    task = (codes >= 0).any(axis=0)
                    steps = np.repeat(rng.normal(0, 0.18, len(task) // 15 + 1), 15)[: len(task)]
                    lean = np.where(codes.max(axis=0) == 1, 0.66, 0.36) + steps
                    yes = np.where(task, np.clip(lean, 0.02, 0.98), np.nan).astype(np.float32)
                    file.create_dataset(name, data=np.stack([1 - yes, yes], axis=1)).attrs["fold"] = int(outer[name])
            found.append({**CELL, "protocol": protocol, "target": target, "path": path})
    return found


def _write_labels(folder: Path, labels: dict[str, SessionLabels]) -> None:
    folder.mkdir(parents=True)
    for name, own in labels.items():
        own.write(folder / f"{name}.h5")
    write_table(
        pd.DataFrame([{"session": name, "file": f"{name}.h5", "sha256": "0"} for name in labels]),
        folder / "index.tsv",
    )


@pytest.fixture(scope="session")
def play(tmp_path_factory) -> Material:
    """The study, written once; tests that change it copy `inputs`."""
    return make_play(tmp_path_factory.mktemp("play"))


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Material:
    """Four dyads and one protocol: for tests that build page after page."""
    return make_play(tmp_path_factory.mktemp("small"), dyads=4, protocols=("corrected",))


@pytest.fixture(scope="session")
def plan(play):
    """Its scheme, validated."""
    return read_scheme(play.inputs["scheme"])


@pytest.fixture(scope="session")
def table(play):
    """One of its tables, by the name of the input."""
    return lambda name: read_table(play.inputs[name], text=["target", "phase", "tier", "fold"])

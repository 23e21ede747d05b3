"""A made-up study in the shape that the other rooms leave on disk: twelve dyads, five streams, two models."""

import json
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from dyadflow.agreement.events import event_table
from dyadflow.agreement.reliability import reliability_table
from dyadflow.agreement.settings import AgreementSettings
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.annotations.labels import SessionLabels, label_spec
from dyadflow.annotations.scheme import read_scheme
from dyadflow.annotations.segments import Segments
from dyadflow.behaviour.summarise import summarise_behaviour
from dyadflow.media.grid import FrameGrid
from dyadflow.tables import write_table

STREAMS = ("multimodal", "dinov2", "w2vbert", "logmel", "motion")
MODELS = ("linear", "bilstm")
METRICS = (
    "accuracy",
    "precision_weighted",
    "recall_weighted",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "f1_weighted",
    "kappa",
    "mcc",
)
SKILL = {
    "multimodal": 1.9,
    "dinov2": 1.6,
    "w2vbert": 1.2,
    "logmel": 0.9,
    "motion": 0.7,
    "linear": -0.2,
    "bilstm": 0.2,
}
HEADLINE = {"protocol": "corrected", "stream": "multimodal", "model": "bilstm"}


def make_scheme() -> dict:
    """A small ICEP-R: two roles, merges, a still-face phase."""

    def codes(**named):
        return {
            name: {"title": title, "colour": colour, "meaning": meaning, "status": status}
            for name, (title, colour, meaning, status) in named.items()
        }

    return {
        "name": "icep-r",
        "title": "ICEP-R",
        "source": "Reck et al. (2009)",
        "tiers": {
            "infant": {
                "title": "Infant engagement",
                "role": "infant",
                "codes": codes(
                    Ipro=("Protest", "#b2182b", "cries or fusses, turns away", "scorable"),
                    Iwit=("Withdrawn", "#d6604d", "turned inward, little movement", "scorable"),
                    Inon=("Object or environment", "#e69f00", "looks at things", "scorable"),
                    Ineu=("Social monitor", "#56b4e9", "looks at the caregiver", "scorable"),
                    Ipos=("Positive engagement", "#009e73", "smiles, laughs", "scorable"),
                    Iusc=("Unscorable", "#8b8f94", "", "unscorable"),
                ),
            },
            "caregiver": {
                "title": "Caregiver engagement",
                "role": "caregiver",
                "codes": codes(
                    Cwit=("Withdrawn", "#b2182b", "", "scorable"),
                    Cint=("Intrusive", "#d6604d", "", "scorable"),
                    Cneu=("Social monitor", "#56b4e9", "watches the infant", "scorable"),
                    Cpvc=("Positive vocalising", "#f0e442", "speaks to the infant", "scorable"),
                    Cpos=("Positive engagement", "#009e73", "", "scorable"),
                    Cusc=("Unscorable", "#8b8f94", "", "unscorable"),
                ),
            },
        },
        "phases": {
            "codes": {
                "play": {"title": "Play", "colour": "#c7e0c9"},
                "turn-away": {"title": "Turn-away", "colour": "#d9d9d9", "excluded": True},
                "still-face": {"title": "Still-face", "colour": "#b8c6dd", "instructed": True},
                "reunion": {"title": "Reunion", "colour": "#ecd9b5"},
            }
        },
        "merges": {
            "Ineg": {"title": "Negative", "colour": "#b2182b", "codes": ["Ipro", "Iwit"]},
            "Cneg": {"title": "Negative", "colour": "#b2182b", "codes": ["Cwit", "Cint"]},
        },
        "dyadic": {
            "tiers": ["infant", "caregiver"],
            "states": {
                "negative": {
                    "title": "Both negative",
                    "colour": "#d55e00",
                    "codes": {"infant": ["Ipro", "Iwit"], "caregiver": ["Cwit", "Cint"]},
                },
                "positive": {
                    "title": "Both positive",
                    "colour": "#009e73",
                    "codes": {"infant": ["Ipos"], "caregiver": ["Cpos", "Cpvc"]},
                },
            },
            "levels": {"Ipro": -2, "Iwit": -1, "Inon": 0, "Ineu": 1, "Ipos": 2, "Cwit": -1, "Cneu": 1, "Cpos": 2},
        },
        "targets": {
            "infant": {
                "title": "Infant engagement",
                "tier": "infant",
                "classes": ["Ineg", "Inon", "Ineu", "Ipos"],
            },
            "caregiver": {
                "title": "Caregiver engagement",
                "tier": "caregiver",
                "classes": ["Cneg", "Cneu", "Cpvc", "Cpos"],
            },
        },
    }


@dataclass
class Material:
    """What `build_report` is given, and the folder that it lies in."""

    folder: Path
    inputs: dict
    cells: pd.DataFrame


def score(confusion: np.ndarray) -> dict[str, float]:
    """The metrics of a confusion (truth in rows), by their textbook definitions."""
    total, hits = max(confusion.sum(), 1), np.diag(confusion)
    truth, said = confusion.sum(1), confusion.sum(0)
    precision = hits / np.maximum(said, 1)
    recall = hits / np.maximum(truth, 1)
    f1 = 2 * hits / np.maximum(truth + said, 1)
    chance = (truth * said).sum() / total**2
    accuracy = hits.sum() / total
    spread = spread_of(truth, total) * spread_of(said, total)
    return {
        "accuracy": accuracy,
        "precision_weighted": (precision * truth).sum() / total,
        "recall_weighted": accuracy,
        "precision_macro": precision.mean(),
        "recall_macro": recall.mean(),
        "f1_macro": f1.mean(),
        "f1_weighted": (f1 * truth).sum() / total,
        "kappa": (accuracy - chance) / (1 - chance) if chance < 1 else np.nan,
        "mcc": (hits.sum() * total - truth @ said) / spread if spread else 0.0,
    }


def spread_of(counts: np.ndarray, total: int) -> float:
    """Square root of the number of pairs of frames whose classes differ."""
    return float(np.sqrt(float(total) ** 2 - float(counts @ counts)))


def confuse(truth: np.ndarray, said: np.ndarray, classes: int) -> np.ndarray:
    """Counts of frames on which both are classes."""
    both = (truth >= 0) & (said >= 0)
    return np.bincount(truth[both] * classes + said[both], minlength=classes**2).reshape(classes, classes)


def draw_behaviour(rng, scheme: dict, phase: np.ndarray, rate_hz: float) -> dict[str, np.ndarray]:
    """Raw codes per tier and frame: stretches of exponential length, calmer faces in the still-face."""
    drawn = {}
    for tier, spec in scheme["tiers"].items():
        names = np.array(list(spec["codes"]))
        usual = np.array(
            [0.07, 0.04, 0.2, 0.38, 0.27, 0.04] if tier == "infant" else [0.03, 0.05, 0.2, 0.4, 0.28, 0.04]
        )
        still = np.array(
            [0.25, 0.15, 0.3, 0.22, 0.04, 0.04] if tier == "infant" else [0.01, 0.01, 0.9, 0.02, 0.02, 0.04]
        )
        codes, frame = np.empty(len(phase), dtype=object), 0
        while frame < len(phase):
            length = max(int(rng.exponential(4.0) * rate_hz), 3)
            codes[frame : frame + length] = rng.choice(names, p=still if phase[frame] == 2 else usual)
            frame += length
        drawn[tier] = codes
    return drawn


def misjudge(rng, codes: np.ndarray, names: list[str]) -> np.ndarray:
    """A second opinion: edges shifted by up to a second, some stretches called something else."""
    edges = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    shifted = np.clip(edges + rng.integers(-6, 7, len(edges)), 0, len(codes) - 1)
    shifted[0] = 0
    told = np.empty_like(codes)
    for start, stop, code in zip(shifted, [*shifted[1:], len(codes)], codes[edges], strict=True):
        told[start : max(stop, start)] = rng.choice(names) if rng.random() < 0.12 else code
    told[told == None] = codes[told == None]  # noqa: E711
    return told


def segment_rows(session: str, coder: str, tier: str, codes: np.ndarray, rate_hz: float) -> list[dict]:
    """Stretches of equal codes as rows of the segment table; None is no code."""
    edges = [*np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]), len(codes)]
    return [
        {
            "session": session,
            "coder": coder,
            "tier": tier,
            "code": codes[start],
            "onset_s": start / rate_hz,
            "offset_s": stop / rate_hz,
        }
        for start, stop in pairwise(edges)
        if codes[start] is not None
    ]


def make_material(
    folder: Path,
    *,
    dyads: int = 12,
    seconds: float = 60.0,
    rate_hz: float = 25.0,
    untrained: bool = True,
    streams: tuple[str, ...] = STREAMS,
) -> Material:
    """Write a study's tables: `dyads` coded sessions and one that nobody coded."""
    rng = np.random.default_rng(7)
    scheme = make_scheme()
    plan = read_scheme(scheme)
    frames = int(seconds * rate_hz)
    names = [f"D{number + 1:02d}" for number in range(dyads)]
    phase = np.repeat(
        [0, 1, 2, 3], np.diff([0, int(frames * 0.33), int(frames * 0.38), int(frames * 0.68), frames])
    )
    phases = ("play", "turn-away", "still-face", "reunion")
    rows, labels, truth = [], {}, {}
    for name in names:
        behaviour = draw_behaviour(rng, scheme, phase, rate_hz)
        coders = {
            "anna": behaviour,
            "ben": {
                tier: misjudge(rng, codes, list(scheme["tiers"][tier]["codes"]))
                for tier, codes in behaviour.items()
            },
        }
        rows += segment_rows(name, "anna", "phase", np.array(phases, dtype=object)[phase], rate_hz)
        codes: dict[str, dict] = {target: {} for target in plan.targets}
        for coder, tiers in coders.items():
            for tier, told in tiers.items():
                rows += segment_rows(name, coder, tier, told, rate_hz)
                known = plan.class_of_code(tier)
                values = np.array([known.get(code, -3) for code in told], dtype=np.int8)
                values[phase == 1] = -2
                codes[tier][coder] = values
        codes["infant"]["ben"][: int(2 * rate_hz)] = -1
        labels[name] = SessionLabels(
            FrameGrid(rate_hz, frames),
            phases,
            phase.astype(np.int8),
            {target: tuple(spec.classes) for target, spec in plan.targets.items()},
            codes,
        )
        truth[name] = {target: codes[target]["anna"] for target in plan.targets}
    Segments.from_rows(rows).write(folder / "annotations/segments.tsv")
    _write_labels(folder / "annotations/labels", labels)
    _write_issues(folder / "annotations/issues.tsv")
    _write_agreement(folder / "agreement", labels, plan)
    details = _write_details(folder, Segments.from_rows(rows), labels, scheme)
    folds = pd.DataFrame({"session": names, "dyad": names, "outer": [number % 4 for number in range(dyads)]})
    for fold in range(4):
        folds[f"inner_of_{fold}"] = ["" if n % 4 == fold else str(n % 2) for n in range(dyads)]
    write_table(folds, folder / "folds/folds.tsv")
    cells = _write_evaluation(folder, rng, plan, labels, truth, folds, streams)
    features = _write_features(folder / "features", names, untrained)
    prediction = _write_prediction(folder / "prediction/new.tsv", rng)
    sessions = [
        {
            "session": name,
            "dyad": name,
            "coded": "yes",
            "duration_s": seconds,
            "covariates": {"group": "clinical" if number % 3 == 0 else "control", "sex": "fm"[number % 2]},
        }
        for number, name in enumerate(names)
    ]
    sessions.append(
        {
            "session": "new",
            "dyad": "N01",
            "coded": "no",
            "duration_s": 45.0,
            "covariates": {"group": "control", "sex": "f"},
        }
    )
    evaluation = folder / "evaluation"
    inputs = {
        "study": {"name": "demo", "title": "Twelve made-up dyads"},
        "scheme": scheme,
        "segments": folder / "annotations/segments.tsv",
        "issues": folder / "annotations/issues.tsv",
        "sessions": sessions,
        "agreement": folder / "agreement/agreement.tsv",
        "agreement_confusion": folder / "agreement/confusion.tsv",
        "folds": folder / "folds/folds.tsv",
        "cells": evaluation / "cells.tsv",
        "groups": evaluation / "groups.tsv",
        "confusion": evaluation / "confusion.tsv",
        "fold_scores": evaluation / "fold_scores.tsv",
        "comparisons": evaluation / "comparisons.tsv",
        "features": features,
        "labels": folder / "annotations/labels/index.tsv",
        "probabilities": [
            {**HEADLINE, "target": target, "path": folder / f"models/{target}.h5"} for target in plan.targets
        ],
        "headline": HEADLINE,
        "predictions": [prediction],
        "page": folder / "index.html",
        **details,
    }
    return Material(folder, inputs, cells)


def without_training(inputs: dict) -> dict:
    """The same study where nothing was trained."""
    nothing = dict.fromkeys(
        ["folds", "cells", "groups", "confusion", "fold_scores", "comparisons", "headline"]
    )
    return {**inputs, **nothing, "features": [], "probabilities": [], "predictions": []}


def _write_labels(folder: Path, labels: dict[str, SessionLabels]) -> None:
    folder.mkdir(parents=True)
    for name, own in labels.items():
        own.write(folder / f"{name}.h5")
    write_table(
        pd.DataFrame([{"session": name, "file": f"{name}.h5", "sha256": "0"} for name in labels]),
        folder / "index.tsv",
    )


def _write_issues(path: Path) -> None:
    Issues.of(
        [
            Issue(
                "variable_rate",
                "frames come at a variable rate; the grid has 25 a second",
                "nothing",
                "D03",
                file="D03.mp4",
            ),
            Issue(
                "gap",
                "0.84 s of the infant tier are not coded",
                "code them or leave them",
                "D05",
                "ben",
                "D05.txt",
                "line 41",
            ),
            Issue(
                "zero_length",
                "the segment has no length",
                "correct it in the coding file",
                "D05",
                "ben",
                "D05.txt",
                "line 58",
            ),
        ]
    ).write(path)


def _write_agreement(folder: Path, labels: dict[str, SessionLabels], plan) -> None:
    rows, counts = [], []
    for target, spec in plan.targets.items():
        size = len(spec.classes)
        for number, phase in [(None, "all"), (0, "play"), (2, "still-face"), (3, "reunion")]:
            table = np.zeros((size, size), dtype=int)
            for own in labels.values():
                keep = np.ones(own.grid.frames, bool) if number is None else own.phase == number
                table += confuse(
                    own.codes[target]["anna"][keep].astype(int),
                    own.codes[target]["ben"][keep].astype(int),
                    size,
                )
            rows += [
                {
                    "target": target,
                    "phase": phase,
                    "code": code,
                    "coder_a": "anna",
                    "coder_b": "ben",
                    "percent": 100 * found["accuracy"],
                    "percent_low": 100 * found["accuracy"] - 4,
                    "percent_high": 100 * found["accuracy"] + 3,
                    "kappa": found["kappa"],
                    "kappa_low": found["kappa"] - 0.06,
                    "kappa_high": found["kappa"] + 0.05,
                    "sessions": len(labels),
                    "dyads": len(labels),
                    "frames": int(table.sum()),
                }
                for code, found in [
                    ("all", score(table)),
                    *((name, score(against_rest(table, place))) for place, name in enumerate(spec.classes)),
                ]
            ]
            if number is None:
                counts += [
                    {
                        "target": target,
                        "coder_a": "anna",
                        "coder_b": "ben",
                        "code_a": a,
                        "code_b": b,
                        "frames": int(table[i, j]),
                    }
                    for i, a in enumerate(spec.classes)
                    for j, b in enumerate(spec.classes)
                ]
    write_table(pd.DataFrame(rows), folder / "agreement.tsv")
    write_table(pd.DataFrame(counts), folder / "confusion.tsv")


def against_rest(table: np.ndarray, place: int) -> np.ndarray:
    """The confusion of one class with all others together."""
    both, row, column = table[place, place], table[place].sum(), table[:, place].sum()
    return np.array([[table.sum() - row - column + both, column - both], [row - both, both]])


def _write_details(folder: Path, segments: Segments, labels: dict[str, SessionLabels], scheme: dict) -> dict[str, Path]:
    """Tables that the page shows in more detail, by the rooms that make them."""
    plan, dyads = read_scheme(scheme), {name: name for name in labels}
    kinds = {(name, coder): "human" for name in labels for coder in ("anna", "ben")}
    reliability, events = folder / "agreement/reliability.tsv", folder / "agreement/events.tsv"
    write_table(reliability_table(labels, dyads, kinds), reliability)
    write_table(event_table(segments, labels, label_spec(plan), dyads, kinds, AgreementSettings()), events)
    tables = {
        name: folder / f"behaviour/{name}.tsv"
        for name in (
            "measures", "wide", "transitions", "lags", "dyadic", "regulation", "phases", "icc", "codebook",
        )
    }  # fmt: skip
    summarise_behaviour(
        segments=folder / "annotations/segments.tsv",
        scheme=scheme,
        sessions={name: {"dyad": name, "covariates": {}} for name in labels},
        kinds=kinds,
        sheet_phases={},
        lengths_s={name: own.grid.duration_s for name, own in labels.items()},
        settings={},
        **tables,
    )
    shown = {name: tables[name] for name in ("measures", "transitions", "dyadic", "regulation", "icc")}
    return {"reliability": reliability, "events": events, **shown}


def _predict(rng, truth: np.ndarray, size: int, skill: float, rate_hz: float) -> np.ndarray:
    """Probabilities that lean towards the truth, with noise that lasts a second or so."""
    knots = rng.normal(0, 1, (len(truth) // int(1.5 * rate_hz) + 2, size))
    noise = np.repeat(knots, int(1.5 * rate_hz), axis=0)[: len(truth)] + rng.normal(
        0, 0.15, (len(truth), size)
    )
    lean = np.eye(size)[np.where(truth >= 0, truth, 0)] * skill
    powers = np.exp(1.3 * (lean + noise))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def _write_evaluation(folder: Path, rng, plan, labels, truth, folds, streams) -> pd.DataFrame:
    outer = dict(zip(folds.session, folds.outer, strict=True))
    cells, counts, groups, scores = [], [], [], []
    (folder / "models").mkdir()
    for target, spec in plan.targets.items():
        size = len(spec.classes)
        for stream, model in [
            *((s, m) for s in streams for m in MODELS),
            ("none", "majority"),
            ("none", "phase"),
        ]:
            said = {}
            for name, own in labels.items():
                true = truth[name][target].astype(int)
                if stream == "none":
                    best = np.full(len(true), 2)
                    said[name] = np.where(own.phase == 2, 1, best) if model == "phase" else best
                    continue
                values = _predict(rng, true, size, SKILL[stream] + SKILL[model], own.grid.rate_hz)
                said[name] = values.argmax(1)
                if (stream, model) == ("multimodal", "bilstm"):
                    with h5py.File(folder / f"models/{target}.h5", "a") as file:
                        file.attrs["classes"] = json.dumps(list(spec.classes))
                        file.attrs["target"], file.attrs["rate_hz"] = target, own.grid.rate_hz
                        file.create_dataset(name, data=values).attrs["fold"] = int(outer[name])
            key = {"protocol": "corrected", "target": target, "stream": stream, "model": model}
            parts = {
                "all": (0, 1, 2, 3),
                "play": (0,),
                "still-face": (2,),
                "reunion": (3,),
                "without still-face": (0, 3),
            }
            for phase, numbers in parts.items():
                by_dyad = np.array(
                    [
                        confuse(
                            np.where(np.isin(labels[name].phase, numbers), truth[name][target], -1).astype(
                                int
                            ),
                            said[name],
                            size,
                        )
                        for name in labels
                    ]
                )
                table = by_dyad.sum(0)
                each = pd.DataFrame(
                    [score(by_dyad[[outer[name] == fold for name in labels]].sum(0)) for fold in range(4)]
                )
                for metric, value in score(table).items():
                    spread = 0.0 if stream == "none" and metric == "kappa" else 0.035
                    cells.append(
                        {
                            **key,
                            "phase": phase,
                            "metric": metric,
                            "value": value,
                            "low": value - spread,
                            "high": value + 0.9 * spread,
                            "fold_mean": each[metric].mean(),
                            "fold_sd": each[metric].std(),
                            "dyads": len(labels),
                            "frames": int(table.sum()),
                        }
                    )
                if phase == "all":
                    scores += [
                        {**key, "fold": fold, "metric": metric, "value": each.loc[fold, metric]}
                        for fold in range(4)
                        for metric in METRICS
                    ]
                counts += [
                    {**key, "phase": phase, "truth": a, "predicted": b, "frames": int(table[i, j])}
                    for i, a in enumerate(spec.classes)
                    for j, b in enumerate(spec.classes)
                ]
            groups += [
                {
                    **key,
                    "covariate": covariate,
                    "level": level,
                    "metric": metric,
                    "value": value,
                    "low": value - 0.08,
                    "high": value + 0.07,
                    "dyads": dyads,
                    "frames": dyads * 1400,
                }
                for covariate, level, dyads in [
                    ("group", "clinical", 4),
                    ("group", "control", 8),
                    ("sex", "f", 6),
                    ("sex", "m", 6),
                ]
                for metric, value in score(table).items()
            ]
    comparisons = [
        {
            "protocol": "corrected",
            "target": target,
            "stream": "multimodal",
            "model": "bilstm",
            "against_stream": against[0],
            "against_model": against[1],
            "metric": metric,
            "difference": difference,
            "low": difference - 0.06,
            "high": difference + 0.05,
            "dyads": 12,
            "wins": wins,
            "p": p,
            "p_holm": holm,
        }
        for target in plan.targets
        for against, metric, difference, wins, p, holm in [
            (("none", "phase"), "f1_macro", 0.312, 12, 0.000488, 0.00195),
            (("multimodal", "linear"), "kappa", 0.021, 7, 0.31, 0.62),
        ]
    ]
    for name, rows in [
        ("cells", cells),
        ("confusion", counts),
        ("groups", groups),
        ("fold_scores", scores),
        ("comparisons", comparisons),
    ]:
        write_table(pd.DataFrame(rows), folder / f"evaluation/{name}.tsv")
    return pd.DataFrame(cells)


def _write_features(folder: Path, names: list[str], untrained: bool) -> list[Path]:
    paths = []
    for extractor, views, kind, dims in [
        ("dinov2", ("infant", "caregiver"), "tokens", 256),
        ("w2vbert", ("audio",), "dense", 64),
        ("logmel", ("audio",), "dense", 64),
        ("motion", ("infant", "caregiver"), "dense", 16),
    ]:
        network = extractor in ("dinov2", "w2vbert")
        rows = [
            {
                "session": name,
                "view": view,
                "file": f"{view}/{name}.h5",
                "kind": kind,
                "frames": 1500,
                "dims": dims,
                "key": "k",
                "sha256": "s",
                "untrained": "yes" if network and untrained else "no",
            }
            for name in names
            for view in views
        ]
        paths.append(folder / extractor / "batch0.tsv")
        write_table(pd.DataFrame(rows), paths[-1])
    return paths


def _write_prediction(path: Path, rng) -> Path:
    rows = [
        {
            "session": "new",
            "coder": "model",
            "tier": tier,
            "code": str(rng.choice(codes)),
            "onset_s": 3.0 * step,
            "offset_s": 3.0 * step + 3.0,
            "confidence": float(rng.uniform(0.35, 0.95)),
            "comment": "",
        }
        for tier, codes in [
            ("infant", ["Ineg", "Inon", "Ineu", "Ipos"]),
            ("caregiver", ["Cneu", "Cpvc", "Cpos"]),
        ]
        for step in range(15)
    ]
    Segments.from_rows(rows).write(path)
    return path


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> Material:
    """The study, written once; tests that change it copy `inputs`."""
    return make_material(tmp_path_factory.mktemp("study"), rate_hz=12.5, seconds=40.0)


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Material:
    """Four dyads and one stream: for tests that build page after page."""
    folder = tmp_path_factory.mktemp("small")
    return make_material(folder, dyads=4, rate_hz=5.0, seconds=16.0, streams=("multimodal",))


@pytest.fixture(scope="session")
def untrained_inputs(small) -> dict:
    """What `build_report` is given of a study that trains nothing."""
    return without_training(small.inputs)


@pytest.fixture(scope="session")
def word_boxes():
    """A function: every word of a figure with the place that it takes, in inches."""
    return _word_boxes


@pytest.fixture(scope="session")
def assert_readable():
    """A function: no word lies over another or outside of the figure, and the figure fits a journal's page."""
    return _assert_readable


def _word_boxes(figure) -> list[tuple[str, object]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = [
        (text.get_text(), text.get_window_extent(canvas.get_renderer()).transformed(figure.dpi_scale_trans.inverted()))
        for text in figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
        if text.get_text().strip()
    ]
    return [(word, box) for word, box in found if box.width > 0]


def _assert_readable(figure, *, highest_mm: float = 260.0, widest_mm: float = 170.1) -> None:
    width_mm, height_mm = (inches * 25.4 for inches in figure.get_size_inches())
    assert 84.9 <= width_mm <= widest_mm and height_mm <= highest_mm + 0.01
    # Journals want at least 6 pt.
    letters = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_text().strip())
    assert min(text.get_fontsize() for text in letters) >= 6.0
    # Letters are measured to a pixel; words that touch by less are apart to the eye.
    slack = 0.015
    found = _word_boxes(figure)
    assert len(found) > 1
    for word, box in found:
        assert box.x0 >= -slack and box.y0 >= -slack, word
        assert box.x1 <= width_mm / 25.4 + slack and box.y1 <= height_mm / 25.4 + slack, word
    for (one, first), (other, second) in combinations(found, 2):
        apart = (
            first.x1 <= second.x0 + slack or second.x1 <= first.x0 + slack
            or first.y1 <= second.y0 + slack or second.y1 <= first.y0 + slack
        )  # fmt: skip
        assert apart, (one, other)

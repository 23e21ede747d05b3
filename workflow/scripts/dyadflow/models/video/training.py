"""Search one outer fold's head and fine-tuning, and train the network that the fold is tested with."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dyadflow.errors import DyadflowError
from dyadflow.models.video.checkpoint import KIND, VideoCheckpoint
from dyadflow.models.video.fold import OuterFold
from dyadflow.models.video.scoring import Kept
from dyadflow.models.video.search import draw_candidates, pick_best
from dyadflow.models.video.settings import UNTRAINED, HandValues, SearchPhase
from dyadflow.models.video.statistics import pixel_statistics


def train_fold(fold: OuterFold) -> tuple[VideoCheckpoint, list[dict[str, Any]]]:
    """Search an outer fold's training dyads, and train the chosen values again.

    Returns
    -------
    VideoCheckpoint
        Of the run with the best validation F1; of equals, the first.
    list of dict
        Rows of `search.tsv`.

    Raises
    ------
    DyadflowError
        If training with the chosen values ends in numbers that are not finite.
    """
    head, head_rows = search_head(fold)
    fine_tuning, fine_tuning_rows = search_fine_tuning(fold, head)
    runs = [train_run(fold, head, fine_tuning, run) for run in range(fold.cell.settings.runs)]
    best = runs[int(np.argmax([run.config["validation_f1"] for run in runs]))]
    for rows, epochs in ((head_rows, "head_epochs"), (fine_tuning_rows, "epochs")):
        for row in rows:
            row["epochs"] = best.config[epochs] if row["chosen"] == "yes" else None
    return best, head_rows + fine_tuning_rows


def search_head(fold: OuterFold) -> tuple[HandValues, list[dict[str, Any]]]:
    """Score every candidate for the head on every inner fold, as often as asked; or take the values given by hand.

    Returns
    -------
    HandValues
        Those with the best mean F1.
    list of dict
        A row a candidate.
    """
    phase, smoothing = fold.cell.settings.head, fold.cell.settings.smoothing

    def scores_of(values: HandValues) -> list[float]:
        key = fold.key_of(
            "head scores", values=values.model_dump(), splits=fold.splits, repeats=phase.repeats,
            max_epochs=phase.max_epochs, smoothing=smoothing, passes=fold.cell.settings.passes,
        )
        return _recall(fold, key, lambda: [
            fold.train_head(values, *split, seed=fold.cell.seed_of("head", fold.outer, inner, repeat)).score
            for inner, split in fold.splits.items() for repeat in range(phase.repeats)
        ])

    return _search(fold, "head", phase, scores_of)


def search_fine_tuning(fold: OuterFold, head: HandValues) -> tuple[HandValues, list[dict[str, Any]]]:
    """The same for fine-tuning, each from the head that the chosen values give in that split.

    All candidates of one split and repeat begin with the same head and see the same snippets, so that they
    differ in nothing but their values.
    """
    phase, settings = fold.cell.settings.fine_tuning, fold.cell.settings
    heads: dict[tuple[int, int], Kept] = {}

    def score(values: HandValues, inner: int, repeat: int) -> float:
        if (inner, repeat) not in heads:
            heads[inner, repeat] = _train_chosen_head(
                fold, head, fold.splits[inner], fold.cell.seed_of("head", fold.outer, inner, repeat)
            )
        seed = fold.cell.seed_of("fine_tuning", fold.outer, inner, repeat)
        return fold.fine_tune(heads[inner, repeat], values, *fold.splits[inner], seed=seed).score

    def scores_of(values: HandValues) -> list[float]:
        return [
            _recall(
                fold, fold.key_of(
                    "fine-tuning score", values=values.model_dump(), head=head.model_dump(), inner=inner,
                    split=fold.splits[inner], repeat=repeat, smoothing=settings.smoothing, passes=settings.passes,
                    max_epochs=[settings.head.max_epochs, phase.max_epochs],
                ),
                partial(score, values, inner, repeat),
            )
            for inner in fold.splits for repeat in range(phase.repeats)
        ]

    return _search(fold, "fine_tuning", phase, scores_of)


def train_run(fold: OuterFold, head: HandValues, fine_tuning: HandValues, run: int) -> VideoCheckpoint:
    """One final training: the last inner fold validates, the others train.

    Raises
    ------
    DyadflowError
        If training the head ends in numbers that are not finite.
    """
    settings = fold.cell.settings
    key = fold.key_of(
        "run", run=run, head=head.model_dump(), fine_tuning=fine_tuning.model_dump(), split=fold.final_split,
        smoothing=settings.smoothing, passes=settings.passes,
        max_epochs=[settings.head.max_epochs, settings.fine_tuning.max_epochs], weights=settings.weights,
    )
    remembered = fold.cell.state.recall(key)
    if remembered is None:
        layer = _train_chosen_head(fold, head, fold.final_split, fold.cell.seed_of("final head", fold.outer, run))
        kept = fold.fine_tune(
            layer, fine_tuning, *fold.final_split, seed=fold.cell.seed_of("final fine_tuning", fold.outer, run)
        )
        remembered = _describe(fold, head, fine_tuning, layer, kept).to_bytes()
        fold.cell.state.remember(key, remembered)
    return VideoCheckpoint.from_bytes(remembered)


def _search(
    fold: OuterFold, name: str, phase: SearchPhase, scores_of: Callable[[HandValues], list[float]]
) -> tuple[HandValues, list[dict[str, Any]]]:
    by_hand = fold.cell.settings.by_hand.get(fold.cell.target)
    given = getattr(by_hand, name) if by_hand else None
    if given is not None:
        return given, [_row(fold, name, 0, given, float("nan"), chosen=True)]
    candidates = draw_candidates(phase, name=name, seed=fold.cell.seed)
    scores = [scores_of(values) for values in candidates]
    best = pick_best(scores)
    return candidates[best], [
        _row(fold, name, number, values, float(np.mean(scores[number])), chosen=number == best)
        for number, values in enumerate(candidates)
    ]


def _row(
    fold: OuterFold, name: str, candidate: int, values: HandValues, f1: float, *, chosen: bool
) -> dict[str, Any]:
    """As text, because tables keep six decimals and a learning rate may have its first digit behind them."""
    plain = {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in values.model_dump().items()}
    return {
        "outer": fold.outer, "phase": name, "candidate": candidate, **plain, "f1": f1,
        "chosen": "yes" if chosen else "no",
    }


def _train_chosen_head(
    fold: OuterFold, values: HandValues, split: tuple[list[str], list[str]], seed: int
) -> Kept:
    head = fold.train_head(values, *split, seed=seed)
    if head.weights is None:
        raise DyadflowError(
            f"training of the head for {fold.cell.target} ended in numbers that are not finite",
            where=f"outer fold {fold.outer}", fix="lower the head's learning rates",
        )
    return head


def _recall(fold: OuterFold, key: str, work_out: Callable[[], Any]) -> Any:
    """Plain values from the state folder, or worked out and remembered there."""
    remembered = fold.cell.state.recall(key)
    if remembered is None:
        remembered = json.dumps(work_out()).encode()
        fold.cell.state.remember(key, remembered)
    return json.loads(remembered)


def _describe(
    fold: OuterFold, head: HandValues, fine_tuning: HandValues, layer: Kept, kept: Kept
) -> VideoCheckpoint:
    """The checkpoint of a run; nothing in it comes from the dyads held out."""
    cell, settings = fold.cell, fold.cell.settings
    training, validation = fold.final_split
    statistics = pixel_statistics(cell.data.clips, fold.sessions)
    config = {
        "kind": KIND, "network": settings.network, "options": settings.options, "weights": settings.weights,
        "untrained": settings.weights == UNTRAINED, "target": cell.target, "classes": list(cell.classes),
        "phase": cell.phase, "frames": settings.frames, "rate_hz": cell.data.rate_hz,
        "test_crop_px": settings.augmentation.test_crop_px, "mean": list(statistics.mean),
        "deviation": list(statistics.deviation), "head": head.model_dump(), "fine_tuning": fine_tuning.model_dump(),
        "head_epochs": layer.epoch, "epochs": kept.epoch, "validation_f1": kept.score,
        "protocol": cell.protocol.model_dump(include={"preset", "train_coders", "score_coders"}), "seed": cell.seed,
        "outer_fold": fold.outer, "training_dyads": cell.data.dyads_of(training),
        "validation_dyads": cell.data.dyads_of(validation),
    }
    assert kept.weights is not None  # it is at worst the head that fine-tuning started from
    return VideoCheckpoint(config, kept.weights)

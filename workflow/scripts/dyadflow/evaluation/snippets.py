"""What the paper of guided play reports of its video networks: snippets, beside chance and beside coders."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dyadflow.agreement.intervals import jackknife_interval
from dyadflow.annotations.segments import Segments
from dyadflow.annotations.spans import coded_spans
from dyadflow.errors import DyadflowError
from dyadflow.evaluation.differences import sum_up_differences
from dyadflow.evaluation.random_bound import best_random_accuracy, best_random_f1, gain_over_constant
from dyadflow.evaluation.raters import average_kappas, compare_raters
from dyadflow.evaluation.signflip import correct_by_holm
from dyadflow.evaluation.snippet_rows import choose, confusion_by_dyad, read_snippets
from dyadflow.models.video.preset import PRESETS
from dyadflow.tables import write_table

KEY = ("protocol", "target", "stream", "model")
SCORE_COLUMNS = (
    *KEY, "empirical_probability", "scored_probability", "validation_accuracy", "validation_f1",
    "test_accuracy", "test_accuracy_low", "test_accuracy_high", "test_f1", "test_f1_low", "test_f1_high",
    "bound_accuracy", "bound_f1", "difference", "difference_low", "difference_high", "wins", "dyads", "snippets",
    "codings", "p", "p_holm",
)
RATER_COLUMNS = (
    "protocol", "stream", "model", "target", "rater_a", "rater_b", "percent", "kappa", "kappa_low", "kappa_high",
    "snippets", "dyads",
)
KAPPA_COLUMNS = ("protocol", "stream", "model", "target", "human", "machine", "pairs_human", "pairs_machine")


def evaluate_snippets(
    *,
    cells: Sequence[Mapping[str, str]],
    segments: str | Path,
    specs: Mapping[str, Mapping[str, Any]],
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None,
    kinds: Mapping[tuple[str, str], str],
    score_coders: Mapping[str, Sequence[str]],
    presets: Mapping[str, str],
    level: float,
    seed: int,
    scores: str | Path,
    raters: str | Path,
    kappas: str | Path,
) -> None:
    """Score video networks on snippets against every coder, test them against chance, and rank them among raters.

    Parameters
    ----------
    cells
        Each with protocol, target, stream, model and snippets (path of the table that training wrote).
    segments
        All segments of the study.
    specs
        The targets of `label_spec`, by name.
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.
    kinds
        Kind of each (session, coder). Only ``human`` coding counts.
    score_coders
        For each protocol, whose coding scores: every one of these.
    presets
        For each protocol, its preset: it says whether the scored snippets are tiled or drawn, and which q the
        random bound takes.
    level
        Nominal coverage of the intervals.
    seed
        Of the random sign flips.
    scores
        TSV to write, one row a cell: protocol, target, stream, model; empirical_probability (positive time over
        coded time, all human coding of the data set); scored_probability (positive share of what is scored);
        validation_accuracy, validation_f1; test_accuracy and test_f1, each with _low and _high; bound_accuracy,
        bound_f1 (the best that a random classifier can do); difference (mean over dyads of the accuracy in the
        dyad minus that of the constant classifier behind the bound), difference_low, difference_high, wins (dyads
        in which it is above 0), dyads; snippets, codings; p (sign-flip over dyads), p_holm (over all rows).
    raters
        TSV to write: protocol, stream, model, then what `compare_raters` gives.
    kappas
        TSV to write, one row a cell: protocol, stream, model, target, then what `average_kappas` gives.

    Raises
    ------
    DyadflowError
        If a table of snippets lacks a column or a snippet is there twice, or if a cell has no test snippet that a
        scoring coder coded.

    Notes
    -----
    What is scored are codings, (snippet, coder) pairs: where two coders disagree about a snippet, the network is
    right by one and wrong by the other, and neither is dropped. F1 is that of the positive class; it is missing
    where neither the coders nor the network ever say yes. A session is in the validation set of one outer fold and
    in the test set of another; each set is pooled over the folds. Intervals come from leaving out dyads.

    The test against the bound is explained in `gain_over_constant`. Its difference is a mean over dyads that weigh
    the same, so it is not exactly test_accuracy minus bound_accuracy; and where the bound takes q of the whole data
    set, as the paper did, the constant answer is still the one that suits the scored codings best.

    Fraile et al. (ICMI 2022, doi 10.1145/3536221.3556629), Table 2, Fig. 3, Table 3.
    """
    coded = Segments.read(segments)
    empirical = {
        target: empirical_probability(coded, specs[target], kinds, sheet_phases=sheet_phases)
        for target in dict.fromkeys(cell["target"] for cell in cells)
    }
    score_rows = []
    tiles: dict[tuple[str, ...], dict[str, pd.DataFrame]] = {}
    for cell in cells:
        rows = read_snippets(cell["snippets"], score_coders[cell["protocol"]], kinds)
        preset = presets[cell["protocol"]]
        score_rows.append(
            {name: cell[name] for name in KEY} | _score(cell, rows, preset, empirical[cell["target"]], level, seed))
        group = tuple(cell[name] for name in ("protocol", "stream", "model"))
        tiles.setdefault(group, {})[cell["target"]] = choose(rows, "test", "tiled")
    for row, p in zip(score_rows, correct_by_holm([row["p"] for row in score_rows]), strict=True):
        row["p_holm"] = p
    rater_rows, kappa_rows = [], []
    for group, by_target in tiles.items():
        key = dict(zip(("protocol", "stream", "model"), group, strict=True))
        found = compare_raters(by_target, level=level)
        rater_rows += [key | row for row in found]
        kappa_rows += [key | {"target": target} | average_kappas(found, target) for target in by_target]
    write_table(pd.DataFrame(score_rows, columns=list(SCORE_COLUMNS)), scores)
    write_table(pd.DataFrame(rater_rows, columns=list(RATER_COLUMNS)), raters)
    write_table(pd.DataFrame(kappa_rows, columns=list(KAPPA_COLUMNS)), kappas)


def empirical_probability(
    segments: Segments,
    target: Mapping[str, Any],
    kinds: Mapping[tuple[str, str], str],
    *,
    sheet_phases: Mapping[str, Sequence[Sequence[Any]]] | None = None,
) -> float:
    """Share of the coded time that is positive, over all human coding.

    Parameters
    ----------
    segments
        All segments of the study.
    target
        One of the targets of `label_spec`, with two classes and one phase.
    kinds
        Kind of each (session, coder).
    sheet_phases
        For the sessions whose phases stand in the study's sheet: name, onset_s, offset_s of each.

    Returns
    -------
    float
        From 0 to 1; NaN if no human marked the phase. The time that two coders coded counts twice.
    """
    spans = [
        span
        for session, by_coder in coded_spans(segments, target, sheet_phases=sheet_phases).items()
        for coder, span in by_coder.items() if kinds.get((session, coder)) == "human"
    ]
    coded_s = sum(span.offset_s - span.onset_s for span in spans)
    positive_s = sum(float((span.positive[:, 1] - span.positive[:, 0]).sum()) for span in spans)
    return positive_s / coded_s if coded_s else float("nan")


def _score(
    cell: Mapping[str, str], rows: pd.DataFrame, preset: str, empirical: float, level: float, seed: int
) -> dict[str, Any]:
    """The row of one cell, without its key and Holm's correction."""
    knobs = PRESETS[preset]
    test = choose(rows, "test", knobs.evaluation_snippets)
    if test.empty:
        raise DyadflowError(
            f"target {cell['target']} has no test snippet that a scoring coder of protocol {cell['protocol']} coded",
            where=str(cell["snippets"]), fix="name human coders of the test sessions in the protocol's score_coders",
        )
    validation = choose(rows, "validation", knobs.evaluation_snippets)
    counts = confusion_by_dyad(test.dyad, test.label, test.predicted)
    validated = confusion_by_dyad(validation.dyad, validation.label, validation.predicted).sum(0)
    scored = float(test.label.mean())
    chance = {"scored": scored, "dataset": empirical}[knobs.bound]
    found = {
        "empirical_probability": empirical, "scored_probability": scored,
        "validation_accuracy": _accuracy(validated), "validation_f1": _f1(validated),
        "bound_accuracy": best_random_accuracy(chance), "bound_f1": best_random_f1(chance),
        "snippets": len(test[["session", "start"]].drop_duplicates()), "codings": len(test),
    }
    for name, statistic in (("test_accuracy", _accuracy), ("test_f1", _f1)):
        low, high = jackknife_interval(counts, statistic, level=level)
        found |= {name: statistic(counts.sum(0)), f"{name}_low": low, f"{name}_high": high}
    gain = sum_up_differences(gain_over_constant(counts), level=level, seed=seed)
    return found | gain | {"difference_low": gain["low"], "difference_high": gain["high"]}


def _accuracy(confusion: NDArray[Any]) -> float:
    """Share of the counts on the diagonal; NaN without any."""
    units = confusion.sum()
    return float(np.trace(confusion) / units) if units else float("nan")


def _f1(confusion: NDArray[Any]) -> float:
    """F1 of the second class; NaN where it is neither true nor said anywhere."""
    said_or_true = confusion[1].sum() + confusion[:, 1].sum()
    return float(2 * confusion[1, 1] / said_or_true) if said_or_true else float("nan")

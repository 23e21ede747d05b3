"""The figures of results: labels, folds, learning curves, searches, curves of classes, reliability."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dyadflow.annotations.scheme import read_scheme
from dyadflow.report.search_effects import tabulate_effects
from dyadflow.tables import write_table

#: What a figure is written to: one file for each format; the ending says which (``.pdf``, ``.svg``, ``.png``).
Files = Path | Sequence[Path]


def draw_results(
    *,
    cells: Path,
    fold_scores: Path,
    labels: Path,
    classes: Path,
    curves: Path,
    calibration: Path,
    reliability: Path,
    searches: Sequence[Mapping[str, Any]],
    histories: Sequence[Mapping[str, Any]],
    scheme: Mapping[str, Any],
    headline: Mapping[str, str] | None,
    targets: Sequence[str],
    tested: Mapping[str, str],
    labels_figure: Files,
    folds_figure: Files,
    learning_figure: Files,
    search_figure: Files,
    curves_figure: Files,
    reliability_figure: Files,
    search_table: Path,
) -> None:
    """Draw all figures of results of a study, and write the table of what hyperparameters did.

    Parameters
    ----------
    cells, fold_scores, classes, curves, calibration, reliability
        Tables of room evaluation.
    labels
        Index of frame labels.
    searches, histories
        For each cell of a network on streams: protocol, target, stream, model, path.
    scheme
        The coding scheme as plain data.
    headline
        The cell that the study named beforehand: protocol, stream, model.
    targets
        Those that are modelled, in order.
    tested
        How each protocol's folds are tested (`evaluation.scored.Request`).
    labels_figure, folds_figure, learning_figure, search_figure, curves_figure, reliability_figure
        Where to write each, one file a format.
    search_table
        TSV to write (`search_effects.tabulate_effects`).

    Notes
    -----
    Figures 4, 6 and 7 of Withanage Don et al. (ICMI 2024, doi 10.1145/3678957.3685704) are `labels` and `folds`. The
    same tables give the same bytes. Where there is nothing to draw, the figure is a sentence that says why.
    """
    from dyadflow.report.paper import style
    from dyadflow.report.paper.class_curves import draw_curves
    from dyadflow.report.paper.fold_boxes import draw_folds
    from dyadflow.report.paper.label_distribution import draw_labels
    from dyadflow.report.paper.learning_curves import draw_learning
    from dyadflow.report.paper.reliability_diagram import draw_reliability
    from dyadflow.report.paper.search_effects import draw_search

    plan, effects = read_scheme(scheme), tabulate_effects(searches)
    write_table(effects, search_table)
    with style.drawing():
        for figure, files, title in (
            (draw_labels(labels, plan, targets), labels_figure, "Distribution of labels"),
            (draw_folds(cells, fold_scores, plan, targets, tested), folds_figure, "Results by fold"),
            (draw_learning(histories, plan, targets, tested), learning_figure, "Learning curves"),
            (draw_search(effects, tested), search_figure, "Which hyperparameters mattered"),
            (draw_curves(classes, curves, plan, headline, targets, tested), curves_figure, "Curves by class"),
            (
                draw_reliability(calibration, reliability, plan, headline, targets, tested), reliability_figure,
                "Reliability",
            ),
        ):
            style.save_figure(figure, files, title)

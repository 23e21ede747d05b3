"""Draw the figures of results: labels, folds, learning curves, searches, curves of classes, reliability."""

from dyadflow.provenance.stage import stage
from dyadflow.report.result_figures import draw_results

with stage(snakemake) as job:  # noqa: F821
    inputs, outputs, params = job.input, job.output, job.params
    draw_results(
        cells=inputs.cells, fold_scores=inputs.fold_scores, labels=inputs.labels, classes=inputs.classes,
        curves=inputs.curves, calibration=inputs.calibration, reliability=inputs.reliability,
        searches=[{**cell, "path": path} for cell, path in zip(params.cells, inputs.searches, strict=True)],
        histories=[{**cell, "path": path} for cell, path in zip(params.cells, inputs.histories, strict=True)],
        scheme=params.scheme, headline=params.headline, targets=params.targets, tested=params.tested,
        labels_figure=outputs.labels_figure, folds_figure=outputs.folds_figure,
        learning_figure=outputs.learning_figure, search_figure=outputs.search_figure,
        curves_figure=outputs.curves_figure, reliability_figure=outputs.reliability_figure,
        search_table=outputs.search_table,
    )

"""Score the probabilities of every cell, before calibration and after."""

from dyadflow.evaluation.reliability import score_calibration
from dyadflow.evaluation.scored import request_of
from dyadflow.provenance.stage import stage

with stage(snakemake) as job:  # noqa: F821
    params = job.params
    request = request_of(
        probabilities=job.input.probabilities, cells=params.cells, labels=job.input.labels, folds=job.input.folds,
        protocols=params.protocols, kinds=params.kinds, score_coders=params.score_coders, tested=params.tested,
    )
    score_calibration(request, level=params.level, calibration=job.output.calibration, bins=job.output.bins)
